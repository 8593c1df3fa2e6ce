/**
 * The header of a file that is read by a format: where the format finds the columns that it names. Names match by their keys
 * (`column-names.ts`). Throws the file failures of headers that lack what the format needs.
 */
import { nameKey } from '../../model/column-names.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../../model/columns.ts';
import { fileFailure } from '../../model/file-failure.ts';
import { type Format, keysOf, namesOf, type Source } from '../../model/format.ts';
import type { Header } from '../../model/header.ts';
import { SEE_PREVIEW, shownName, shownNames } from './shown-names.ts';

/** What a format adds to the header of a file. */
export type FormatHeader = Pick<Header, 'orderColumns' | 'made' | 'sources'>;

export function findColumns(format: Format, columns: readonly string[], row: number): FormatHeader {
  const found = indicesOf(format, columns, row);
  const sources = sourcesOf(format, found);
  const missing = missingNames(format, found);
  if (missing.length > 0)
    throw fileFailure(
      'missing_column',
      `The header lacks ${missing.join(', ')}, which the format ${format.name} reads; it has ${shownNames(columns)}. ${SEE_PREVIEW}`,
      row,
    );
  const made = ORDER_COLUMNS.filter((column) => !isCell(format, column, sources[column]));
  const placeOf = (column: OrderColumn) => {
    const place = made.indexOf(column);
    return place === -1 ? sources[column][0]! : columns.length + place;
  };
  const orderColumns = byColumn(placeOf);
  return { orderColumns, made, sources };
}

const byColumn = <Value>(of: (column: OrderColumn) => Value): Record<OrderColumn, Value> =>
  Object.fromEntries(ORDER_COLUMNS.map((column) => [column, of(column)])) as Record<OrderColumn, Value>;

/** The columns of the file that the format names, by their keys. */
function indicesOf(format: Format, columns: readonly string[], row: number): Map<string, number> {
  const named = keysOf(format);
  const found = new Map<string, number>();
  for (const [index, name] of columns.entries()) {
    const key = nameKey(name);
    if (name.startsWith('_') || !named.has(key)) continue;
    const other = found.get(key);
    if (other !== undefined)
      throw fileFailure(
        'duplicate_column',
        `The header names the column ${shownName(name)} twice, as columns ${other + 1} and ${index + 1}: remove or rename one.`,
        row,
      );
    found.set(key, index);
  }
  return found;
}

const sourcesOf = ({ columns }: Format, found: Map<string, number>): Record<OrderColumn, number[]> =>
  byColumn((column) => namesOf(columns[column]).flatMap((name) => found.get(nameKey(name)) ?? []));

/** Of the names in `from` one must be there, of those in `join` all. */
function missingNames({ columns, only }: Format, found: Map<string, number>): string[] {
  const isMissing = (name: string) => !found.has(nameKey(name));
  const missing = ORDER_COLUMNS.flatMap((column) => {
    const source = columns[column];
    const names = namesOf(source);
    const lacking = 'join' in source || names.every(isMissing) ? names.filter(isMissing) : [];
    return lacking.length === 0 ? [] : [`${lacking.map(shownName).join(' and ')} (for ${column})`];
  });
  return only && isMissing(only.column) ? [...missing, `${shownName(only.column)} (for only)`] : missing;
}

/** Whether the value is a cell of the file as it is. */
function isCell(
  { columns, numbers, dates, escaped }: Format,
  column: OrderColumn,
  indices: readonly number[],
): boolean {
  const source: Source = columns[column];
  if (!('from' in source) || source.divide_by !== undefined || indices.length !== 1) return false;
  if (column === 'order_date') return dates.length === 0;
  const isAmount = column === 'unit_price' || column === 'total_amount';
  if (column !== 'quantity' && !isAmount) return !escaped;
  return numbers.group === '' && (!isAmount || (numbers.decimal === '.' && numbers.currency === null));
}
