/**
 * Where a reader is. In a topic: the offset to read next in each partition, by the partition's number. As text these are in base 36, with
 * dots between them. A partition without an offset is read from its earliest event: so '' is the beginning, and a partition that is added
 * to the topic is read whole.
 *
 * A cursor is `k` and the texts of all topics with `_` between them; '' at its end is left out. So `k` alone is the beginning, and the
 * cursors of the first release, which had one topic, are at the beginning of the others.
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
const OFFSETS = `(?:${OFFSET}(?:\\.${OFFSET})*)?`;
const FORM = new RegExp(`^k${OFFSETS}(?:_${OFFSETS})*$`);

/** `parts`: of each topic. */
export const toCursor = (parts: readonly string[]): string => `k${parts.join('_').replace(/_+$/, '')}`;

/** The part of each topic. Throws `invalid_cursor` for a malformed cursor. */
export function toParts(cursor: string, topics: number): string[] {
  const parts = FORM.test(cursor) ? cursor.slice(1).split('_') : [];
  if (parts.length === 0 || parts.length > topics) throw invalidCursor(cursor);
  return Array.from({ length: topics }, (_, topic) => parts[topic] ?? '');
}

export const toPart = (position: Position): string =>
  Array.from(position, (next) => (next ?? 0).toString(36)).join('.');

/**
 * Throws `invalid_cursor` for a part that is ahead of its topic: that of another one, or of one that was deleted and created again. A part
 * before the earliest event becomes the position of the earliest.
 */
export function toPosition(part: string, watermarks: readonly Watermarks[]): Position {
  const offsets = part === '' ? [] : part.split('.');
  if (offsets.length > watermarks.length) throw invalidCursor(part);
  return watermarks.map(({ low, high }, partition) => {
    const next = Number.parseInt(offsets[partition] ?? '0', 36);
    if (!Number.isSafeInteger(next) || next > high) throw invalidCursor(part);
    return Math.max(next, low);
  });
}

const invalidCursor = (cursor: string) =>
  new OmsError('invalid_cursor', `"${cursor.slice(0, 40)}" is not in this event stream: take the id of an event, or 0`);
