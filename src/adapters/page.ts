/** Positions in the lists of this store: a JSON array of the last item's sort key, checked when it comes back. */
import { OmsError } from '../errors.ts';
import type { Page } from '../ports/page.ts';

export function readPosition<Position extends (string | number)[]>(
  after: string | null,
  ...types: ('string' | 'number')[]
): Position | null {
  if (after === null) return null;
  let position: unknown;
  try {
    position = JSON.parse(after);
  } catch {
    position = null;
  }
  if (
    !Array.isArray(position) ||
    position.length !== types.length ||
    !position.every((part, i) => typeof part === types[i] && (typeof part === 'string' || Number.isSafeInteger(part)))
  )
    throw new OmsError('invalid_cursor', 'the cursor is not one that this list gave: start again without it');
  return position as Position;
}

/** Makes a page of up to `limit` items from one item more than that. */
export function toPage<Row, Item>(
  rows: Row[],
  limit: number,
  position: (row: Row) => (string | number)[],
  item: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  return {
    items: shown.map(item),
    next: rows.length > limit ? JSON.stringify(position(shown.at(-1)!)) : null,
  };
}
