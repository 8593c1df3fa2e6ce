/** The rows of a preview by their columns, and what the values of a column look like. */
import { nameKey } from '../../model/column-names.ts';
import type { RawRow } from '../../model/raw-row.ts';
import { trim } from '../../model/trim.ts';
import { sliceTurn } from '../../ports/event-loop.ts';
import { dateShape } from './date-shape.ts';
import { wordsOf } from './name-match.ts';
import { numberShape } from './number-shape.ts';

export type Kind = 'email' | 'date' | 'whole' | 'amount' | 'code' | 'text';

export interface FileColumn {
  /** Its place in the file, from 0. */
  index: number;
  name: string;
  key: string;
  /** Of its name, see `wordsOf`. */
  words: string[];
  /** Another column has this name: a format cannot tell which is meant. */
  isAmbiguous: boolean;
  /** Values that are not empty. */
  filled: number;
  distinct: number;
  /** Of the values that are not empty, how many look like this. */
  kinds: Record<Kind, number>;
  /** The first different values. */
  examples: string[];
}

export interface Table {
  columns: FileColumn[];
  /** With as many cells as the header, and without malformed quotes. */
  rows: readonly RawRow[];
}

export const valueAt = (row: RawRow, { index }: FileColumn): string => trim(row.cells[index] ?? '');

const EXAMPLES = 3;
/** More characters of a value are not looked at. */
const MAX_VALUE_CHARS = 500;
const MAX_CODE_CHARS = 64;
const CELLS_OF_SLICE = 1_000;

export async function makeTable(names: readonly string[], rows: readonly RawRow[]): Promise<Table> {
  const fitting = rows.filter(({ cells, malformedQuote }) => cells.length === names.length && !malformedQuote);
  const keys = names.map(nameKey);
  const columns: FileColumn[] = [];
  let cells = 0;
  for (const [index, name] of names.entries()) {
    const key = keys[index]!;
    const isAmbiguous = keys.indexOf(key) !== index || keys.indexOf(key, index + 1) !== -1;
    columns.push({ index, name, key, words: wordsOf(name), isAmbiguous, ...looksOf(fitting, index) });
    cells += fitting.length;
    if (cells < CELLS_OF_SLICE) continue;
    cells = 0;
    await sliceTurn();
  }
  return { columns, rows: fitting };
}

function looksOf(
  rows: readonly RawRow[],
  index: number,
): Pick<FileColumn, 'filled' | 'distinct' | 'kinds' | 'examples'> {
  const kinds = { email: 0, date: 0, whole: 0, amount: 0, code: 0, text: 0 };
  const seen = new Set<string>();
  let filled = 0;
  for (const { cells } of rows) {
    const value = trim(cells[index]!).slice(0, MAX_VALUE_CHARS);
    if (value === '') continue;
    filled++;
    seen.add(value);
    kinds[kindOf(value)]++;
  }
  const examples = [...seen].slice(0, EXAMPLES);
  return { filled, distinct: seen.size, kinds, examples };
}

function kindOf(value: string): Kind {
  if (isEmail(value)) return 'email';
  if (dateShape(value) !== null) return 'date';
  const number = numberShape(value);
  if (number !== null) return number.plain ? 'whole' : 'amount';
  return value.length <= MAX_CODE_CHARS && !/\s/.test(value) && /[\d_-]/.test(value) ? 'code' : 'text';
}

function isEmail(value: string): boolean {
  const at = value.indexOf('@');
  return at > 0 && value.indexOf('.', at + 2) > 0 && value.indexOf('@', at + 1) === -1 && !/\s/.test(value);
}
