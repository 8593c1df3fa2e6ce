/** Names of columns in messages: quoted, shortened, not too many. */
import type { OrderColumn } from '../../model/columns.ts';

const MAX_NAMES_SHOWN = 20;
const MAX_NAME_CHARS = 40;

/** How a reason calls a column of an order that stands in the file under these names. */
export const shownAs = (column: OrderColumn, names: readonly string[]): string =>
  names.length === 0 || (names.length === 1 && names[0]!.trim().toLowerCase() === column)
    ? column
    : names.map(shownName).join(' and ');

export function shownNames(names: readonly string[]): string {
  const more = names.length > MAX_NAMES_SHOWN ? ` and ${names.length - MAX_NAMES_SHOWN} more` : '';
  return names.slice(0, MAX_NAMES_SHOWN).map(shownName).join(', ') + more;
}

export function shownName(name: string): string {
  return JSON.stringify(name.length > MAX_NAME_CHARS ? `${name.slice(0, MAX_NAME_CHARS)}…` : name);
}

/** Behind what is wrong with a header. */
export const SEE_PREVIEW = 'POST /preview shows by which format it could be read.';
