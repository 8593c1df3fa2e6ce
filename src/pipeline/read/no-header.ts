/** What a file is whose first row is not its header: a header below titles, text of another kind, or orders without a header. */
import type { OmsError } from '../../errors.ts';
import { ORDER_COLUMNS } from '../../model/columns.ts';
import { fileFailure, notCsv } from '../../model/file-failure.ts';
import { DELIMITERS, type Delimiter } from '../../model/intake.ts';
import type { RawRow } from '../../model/raw-row.ts';
import { orderColumnsIn, shownNames } from './header.ts';

/** A row that names so many of the columns is a header. */
export const isHeaderLike = (names: number): boolean => names * 2 >= ORDER_COLUMNS.length;

/** By what the text begins with. */
const FORMATS: readonly (readonly [RegExp, string])[] = [
  [
    /^<(?:html|head|body|table|meta|title|style|script|div|pre)\b|^<.*<(?:html|body|table)\b|^<!doctype html/is,
    'an HTML page',
  ],
  [/^<\?xml\b|^<[a-z!].*(?:<\/|\/>)/is, 'an XML document'],
  [/^\{\s*["}]|^\[\s*[[{"\]]/, 'JSON'],
  [/^\{\\rtf/, 'an RTF document'],
];

/** Cells as the orders of a file have them, and its header has not: amounts, dates, addresses for e-mail. */
const DATA = /^[-+]?\d[\d.,' ]{0,20}$|^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b|^\S+@\S+\.\S+$/;
const MIN_DATA_CELLS = 3;
const MAX_DATA_CHARS = 254;

/**
 * Throws what is known of a file whose first row names so few columns: `missing_column` or `not_csv`; nothing when nothing is.
 * `records` returns the first of them by a delimiter, `start` is the beginning of the text.
 */
export function refuseWithoutHeader(names: number, start: string, records: (delimiter: Delimiter) => RawRow[]): void {
  const heads = DELIMITERS.map((delimiter) => ({ delimiter, rows: records(delimiter) }));
  for (const { rows } of heads) {
    const header = rows.find(({ cells }) => isHeaderLike(orderColumnsIn(cells).size));
    if (header !== undefined) throw headerBelow(header.row);
  }
  if (names > 0) return;
  const text = start.trimStart();
  const format = FORMATS.find(([begins]) => begins.test(text));
  if (format !== undefined) throw notCsv(`The file is ${format[1]}`);
  const first = heads.map(({ delimiter, rows: [row] }) => ({ delimiter, row, data: dataCells(row) }));
  const best = first.reduce((most, each) => (each.data > most.data ? each : most));
  if (best.data >= MIN_DATA_CELLS) throw orderFirst(best.row!, best.delimiter);
}

const dataCells = (row: RawRow | undefined): number =>
  row?.cells.filter((cell) => cell.length <= MAX_DATA_CHARS && DATA.test(cell.trim())).length ?? 0;

function headerBelow(row: number): OmsError {
  return fileFailure('missing_column', `The header seems to be in row ${row}: delete the rows above it.`, row);
}

function orderFirst({ cells, row }: RawRow, delimiter: Delimiter): OmsError {
  return fileFailure(
    'missing_column',
    `The first row looks like an order, not like a header: put a line with the names ${ORDER_COLUMNS.join(delimiter)} above it, in the order of its cells; it has ${shownNames(cells)}.`,
    row,
  );
}
