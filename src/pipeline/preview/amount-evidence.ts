/** Whether the totals of a file are quantity x price, of a row or of an order of several rows, and which rows say so. */
import { createAmountReader, createQuantityReader, type NumberForm } from '../../model/locale-numbers.ts';
import { parseMinor } from '../../model/money.ts';
import type { RawRow } from '../../model/raw-row.ts';
import { PROOFS } from './number-evidence.ts';
import { type FileColumn, valueAt } from './table.ts';

export interface AmountColumns {
  order_id: FileColumn | undefined;
  quantity: FileColumn | undefined;
  unit_price: FileColumn | undefined;
  total_amount: FileColumn | undefined;
}

/** A row with its numbers, as they are in the file. */
export interface Sum {
  row: number;
  quantity: string;
  price: string;
  total: string;
}

export interface AmountsSeen {
  /** Rows with all three numbers, and those in which the total is quantity x price. */
  checked: number;
  exact: number;
  /** The first rows in which it is not. */
  against: Sum[];
  /** Rows with more than one piece, and those in which the price is the total: then it is the price of all pieces. */
  several: number;
  priceIsTotal: number;
}

/** What neighbouring rows with one order id are. */
export interface LinesSeen {
  /** Orders of several rows, and the first such rows. */
  orders: number;
  rows: number[];
  /** Of those orders, how many were added up, and how many have the sum of their rows in their first row. */
  added: number;
  exact: number;
}

export const NO_AMOUNTS: AmountsSeen = { checked: 0, exact: 0, against: [], several: 0, priceIsTotal: 0 };
export const NO_LINES: LinesSeen = { orders: 0, rows: [], added: 0, exact: 0 };

interface Amounts {
  quantity: number;
  price: number;
  total: number;
}

export function seeAmounts(rows: readonly RawRow[], columns: AmountColumns, form: NumberForm): AmountsSeen {
  const seen: AmountsSeen = { ...NO_AMOUNTS, against: [] };
  if (columns.total_amount === undefined) return seen;
  const read = readerOf(columns, form);
  for (const row of rows) {
    const amounts = read(row);
    if (amounts === null) continue;
    const { quantity, price, total } = amounts;
    seen.checked++;
    if (quantity > 1) {
      seen.several++;
      if (price === total) seen.priceIsTotal++;
    }
    if (quantity * price === total) seen.exact++;
    else if (seen.against.length < PROOFS) seen.against.push(sumOf(row, columns));
  }
  return seen;
}

/** Of a row that has all three. */
const sumOf = (row: RawRow, { quantity, unit_price, total_amount }: AmountColumns): Sum => ({
  row: row.row,
  quantity: valueAt(row, quantity!),
  price: valueAt(row, unit_price!),
  total: valueAt(row, total_amount!),
});

export function seeLines(rows: readonly RawRow[], columns: AmountColumns, form: NumberForm): LinesSeen {
  const seen: LinesSeen = { ...NO_LINES, rows: [] };
  const { order_id } = columns;
  if (order_id === undefined) return seen;
  const read = readerOf({ ...columns, total_amount: undefined }, form);
  const totalOf = readAmount(columns.total_amount, form);
  for (let at = 0; at < rows.length; ) {
    const first = rows[at]!;
    const id = valueAt(first, order_id);
    let end = at + 1;
    while (end < rows.length && id !== '' && valueAt(rows[end]!, order_id) === id) end++;
    const group = rows.slice(at, end);
    at = end;
    // The same row twice is a mistake, not an order of two items.
    if (group.length === 1 || group.every((row) => isSame(row, first))) continue;
    seen.orders++;
    if (seen.rows.length < PROOFS) seen.rows.push(group[1]!.row);
    const total = totalOf(first);
    const lines = group.map(read);
    if (total === null || lines.includes(null)) continue;
    seen.added++;
    if (lines.reduce((sum, line) => sum + line!.quantity * line!.price, 0) === total) seen.exact++;
  }
  return seen;
}

const isSame = (a: RawRow, b: RawRow): boolean => a.cells.every((cell, i) => cell === b.cells[i]);

/** Reads the numbers of a row; null when one of them is none. Without a column of totals the total is 0. */
function readerOf(columns: AmountColumns, form: NumberForm): (row: RawRow) => Amounts | null {
  const { quantity, unit_price, total_amount } = columns;
  const quantityOf = createQuantityReader(form);
  const priceOf = readAmount(unit_price, form);
  const totalOf = readAmount(total_amount, form);
  return (row) => {
    const pieces = quantity === undefined ? null : quantityOf(valueAt(row, quantity));
    const price = priceOf(row);
    const total = total_amount === undefined ? 0 : totalOf(row);
    return pieces === null || price === null || total === null ? null : { quantity: Number(pieces), price, total };
  };
}

function readAmount(column: FileColumn | undefined, form: NumberForm): (row: RawRow) => number | null {
  if (column === undefined) return () => null;
  const read = createAmountReader(form);
  return (row) => {
    const text = read(valueAt(row, column));
    return text === null ? null : parseMinor(text);
  };
}
