/** Explains a first row that is not a header: the header is below titles, the file is another kind of text, or it has no header. */
import type { OmsError } from '../../errors.ts';
import { ORDER_COLUMNS } from '../../model/columns.ts';
import { fileFailure, notCsv } from '../../model/file-failure.ts';
import { DELIMITERS, type Delimiter } from '../../model/intake.ts';
import type { RawRow } from '../../model/raw-row.ts';
import { orderColumnsIn } from './header.ts';
import { SEE_PREVIEW, shownNames } from './shown-names.ts';

/** A row that names so many of the columns is a header. */
export const isHeaderLike = (names: number): boolean => names * 2 >= ORDER_COLUMNS.length;

/** Recognised by the beginning of the text. */
const FORMATS: readonly (readonly [RegExp, string])[] = [
  [
    /^<(?:html|head|body|table|meta|title|style|script|div|pre)\b|^<.*<(?:html|body|table)\b|^<!doctype html/is,
    'an HTML page',
  ],
  [/^<\?xml\b|^<[a-z!].*(?:<\/|\/>)/is, 'an XML document'],
  [/^\{\s*["}]|^\[\s*[[{"\]]/, 'JSON'],
  [/^\{\\rtf/, 'an RTF document'],
];

/** Cells that occur in orders and never in a header: amounts, dates, e-mail addresses. */
const DATA = /^[-+]?\d[\d.,' ]{0,20}$|^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b|^[^\s@]+@[^\s@.]+\.\S+$/;
const MIN_DATA_CELLS = 3;
const MAX_DATA_CHARS = 254;

/**
 * Throws `missing_column` or `not_csv` for a file whose first row names so few columns, when the cause is recognised. `start` is the
 * beginning of the text, `records` returns its first records for a delimiter.
 */
export function refuseWithoutHeader(names: number, start: string, records: (delimiter: Delimiter) => RawRow[]): void {
  const heads = DELIMITERS.map((delimiter) => ({ delimiter, rows: records(delimiter) }));
  for (const { rows } of heads) {
    const header = rows.find(({ cells }) => isHeaderLike(orderColumnsIn(cells).size));
    if (header !== undefined) throw headerBelow(header.row);
  }
  if (names > 0) return;
  refuseOtherText(start);
  const first = heads.map(({ delimiter, rows: [row] }) => ({ delimiter, row, data: dataCells(row) }));
  const best = first.reduce((most, each) => (each.data > most.data ? each : most));
  if (best.data >= MIN_DATA_CELLS) throw orderFirst(best.row!, best.delimiter);
}

/** Throws `not_csv` for the beginning of a text that is no CSV. */
export function refuseOtherText(start: string): void {
  const text = start.trimStart();
  const format = FORMATS.find(([begins]) => begins.test(text));
  if (format !== undefined) throw notCsv(`The file is ${format[1]}`);
}

/** How many cells occur in orders and never in a header. */
export const dataCellsIn = (cells: readonly string[]): number =>
  cells.filter((cell) => cell.length <= MAX_DATA_CHARS && DATA.test(cell.trim())).length;

const dataCells = (row: RawRow | undefined): number => (row === undefined ? 0 : dataCellsIn(row.cells));

function headerBelow(row: number): OmsError {
  return fileFailure(
    'missing_column',
    `The header seems to be in row ${row}: delete the rows above it. ${SEE_PREVIEW}`,
    row,
  );
}

function orderFirst({ cells, row }: RawRow, delimiter: Delimiter): OmsError {
  return fileFailure(
    'missing_column',
    `The first row looks like an order, not like a header: put a line with the names ${ORDER_COLUMNS.join(delimiter)} above it, in the order of its cells; it has ${shownNames(cells)}. ${SEE_PREVIEW}`,
    row,
  );
}
