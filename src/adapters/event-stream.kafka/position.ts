/**
 * The position of a reader: the offset to read next in each partition, by the partition's number. As a cursor it is `k` and these offsets
 * in base 36, with dots between them. A partition without an offset is read from its earliest event: so `k` alone is the beginning, and
 * a partition that is added to the topic is read whole.
 */
import { OmsError } from '../../errors.ts';

export type Position = number[];

/** The offsets of a partition: `low` is that of its earliest event, `high` that of its next one. */
export interface Watermarks {
  low: number;
  high: number;
}

export const BEGINNING = 'k';

const OFFSET = '(?:0|[1-9a-z][0-9a-z]{0,10})';
const FORM = new RegExp(`^k(?:${OFFSET}(?:\\.${OFFSET})*)?$`);

export const toCursor = (position: Position): string =>
  `k${Array.from(position, (next) => (next ?? 0).toString(36)).join('.')}`;

/**
 * Throws `invalid_cursor` for a malformed cursor and for one ahead of the stream: that of another topic, or of one that was deleted and
 * created again. A cursor before the earliest event becomes the position of the earliest.
 */
export function toPosition(cursor: string, watermarks: readonly Watermarks[]): Position {
  if (!FORM.test(cursor)) throw invalidCursor(cursor);
  const offsets = cursor === BEGINNING ? [] : cursor.slice(1).split('.');
  if (offsets.length > watermarks.length) throw invalidCursor(cursor);
  return watermarks.map(({ low, high }, partition) => {
    const next = Number.parseInt(offsets[partition] ?? '0', 36);
    if (!Number.isSafeInteger(next) || next > high) throw invalidCursor(cursor);
    return Math.max(next, low);
  });
}

const invalidCursor = (cursor: string) =>
  new OmsError(
    'invalid_cursor',
    `"${cursor.slice(0, 40)}" is no cursor of this event stream: take the id of an event, or 0`,
  );
