/**
 * Finds the delimiter and the header of a file whose names are not known: the header names columns of orders as people call them, has no
 * data in its cells, and the rows below have as many cells. Lines above it are titles.
 */
import { isOmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { ORDER_COLUMNS } from '../../model/columns.ts';
import { type Format, keysOf } from '../../model/format.ts';
import type { Delimiter } from '../../model/intake.ts';
import type { RawRow } from '../../model/raw-row.ts';
import { trim } from '../../model/trim.ts';
import { sliceTurn } from '../../ports/event-loop.ts';
import { keysIn, type PossibleHeader, possibleHeaders } from '../read/file-head.ts';
import { isStandardHeader } from '../read/header.ts';
import { delimitersFrom } from '../read/intake.ts';
import { dataCellsIn } from '../read/no-header.ts';
import { SHEET_DELIMITER } from '../read/xlsx/sheet-rows.ts';
import { type Beginning, recordsOf } from './beginning.ts';
import { knownName, wordsOf } from './name-match.ts';

export interface FoundHeader {
  delimiter: Delimiter;
  /** The record of the header. */
  record: RawRow;
  /** The records above it. */
  titles: RawRow[];
  /** How many columns of orders it names. */
  names: number;
}

/** Null: no row looks like a header. `delimiter`: the only one that is tried. */
export async function findHeader(beginning: Beginning, delimiter: Delimiter | null): Promise<FoundHeader | null> {
  let best: (FoundHeader & { score: number }) | null = null;
  for (const each of delimitersOf(beginning, delimiter)) {
    const rows = await firstRows(beginning, each, limits.previewHeadRows, limits.previewHeadChars);
    for (let at = 0; at < rows.length && at <= limits.previewTitles; at++) {
      // A format cannot skip more.
      if (rows[at]!.row > limits.maxSkippedRows) break;
      if (rows[at]!.cells.length > CELLS_OF_SLICE) await sliceTurn();
      const { score, names } = scoreOf(rows, at);
      if (score > (best?.score ?? 0))
        best = { delimiter: each, record: rows[at]!, titles: rows.slice(0, at), names, score };
    }
  }
  return best;
}

/** The header of a file that is read by this format: the first row below those that it skips. */
export async function headerOfFormat(beginning: Beginning, format: Format): Promise<FoundHeader | null> {
  const keys = keysOf(format);
  const above = rowsAbove(beginning) + format.header.skip_rows;
  let best: FoundHeader | null = null;
  for (const delimiter of delimitersOf(beginning, format.delimiter)) {
    const rows = await firstRows(beginning, delimiter, above + 1, limits.formatSearchChars);
    const record = rows.find(({ row }) => row > above);
    if (record === undefined) continue;
    const names = keysIn(record.cells, keys);
    if (best === null || names > best.names)
      best = { delimiter, record, titles: rows.filter(({ row }) => row < record.row), names };
  }
  return best;
}

/** The rows that an upload compares with the headers of saved formats: none of a standard file. */
export async function headersToRecognise(beginning: Beginning): Promise<PossibleHeader[]> {
  const headers: PossibleHeader[] = [];
  for (const delimiter of delimitersOf(beginning, null)) {
    const rows = await firstRows(beginning, delimiter, limits.maxSkippedRows + 1, limits.formatSearchChars);
    if (isStandardHeader(rows[0]?.cells ?? [])) return [];
    const possible = possibleHeaders(rows, rowsAbove(beginning));
    headers.push(...possible.filter(({ columns }) => columns.length <= limits.maxColumns));
  }
  return headers;
}

/** The line `sep=` stands above all that a format skips. */
export const rowsAbove = ({ named }: Beginning): number => (named === undefined ? 0 : 1);

function delimitersOf({ sheet, named }: Beginning, only: Delimiter | null): Delimiter[] {
  if (sheet !== null) return [SHEET_DELIMITER];
  return only === null ? delimitersFrom(named) : [only];
}

async function firstRows(beginning: Beginning, delimiter: Delimiter, count: number, chars: number): Promise<RawRow[]> {
  const rows: RawRow[] = [];
  try {
    for await (const row of recordsOf(beginning, delimiter, chars)) {
      if (rows.push(row) >= count) break;
    }
  } catch (error) {
    // What is wrong with the record is told when the rows are read.
    if (!isOmsError(error)) throw error;
  }
  return rows;
}

/** Names of so many cells are compared without a pause: less than a millisecond. */
const CELLS_OF_SLICE = 50;
/** A name that people use is worth more than a shape that fits, and a cell with data counts against both. */
const NAME_WEIGHT = 2;
const DATA_WEIGHT = 2;
/** The score of a name that counts as one. */
const MIN_NAME = 0.6;
/** No header at all: an order that is first has three such cells or more. */
const NONE = { score: 0, names: 0 };

function scoreOf(rows: readonly RawRow[], at: number): { score: number; names: number } {
  const { cells, malformedQuote } = rows[at]!;
  if (malformedQuote || cells.length > limits.maxColumns) return NONE;
  const filled = cells.filter((cell) => trim(cell) !== '');
  const data = dataCellsIn(filled);
  if (data > ORDER_COLUMNS.length) return NONE;
  const names = namesIn(filled);
  const below = rows.slice(at + 1, at + 1 + SHAPE_ROWS);
  const fitting = below.filter((row) => row.cells.length === cells.length).length;
  const fits = below.length === 0 ? 0.5 : fitting / below.length;
  const shape = fits * Math.log2(filled.length) * (filled.length / cells.length);
  const score = NAME_WEIGHT * names + shape - DATA_WEIGHT * data;
  return data > names ? NONE : { score, names };
}

const SHAPE_ROWS = 20;

/** How many columns of orders the cells name, each by another cell. */
function namesIn(cells: readonly string[]): number {
  const named = new Set<string>();
  for (const cell of cells) {
    const words = wordsOf(cell);
    const column = ORDER_COLUMNS.find((each) => !named.has(each) && knownName(words, each) >= MIN_NAME);
    if (column !== undefined) named.add(column);
  }
  return named.size;
}
