/**
 * Inserts the accepted orders of a chunk. The values that they have in common are part of the statement, which each chunk prepares anew.
 */
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { Database } from '../sqlite/database.ts';
import { runForRows } from '../sqlite/many-rows.ts';
import { totalOf } from './record-sums.ts';

/** The values that the orders of a chunk have in common, and the number of the first. */
export interface Common {
  fileNo: number;
  firstSeq: number;
  status: string;
  stockTaken: 0 | 1;
  atMs: number;
}

/** The columns of an order with one item; those with several have one more. */
const COLUMNS = [
  ...['order_id', 'row', 'customer_name', 'customer_email', 'product_name', 'sku', 'hub_id', 'shipping_address'],
  ...['quantity', 'unit_price_minor', 'order_date', 'total_minor'],
];
const ITEM_COLUMNS = ['order_no', 'n', 'sku', 'hub_id', 'product_name', 'quantity', 'unit_price_minor'];

/** Inserts in this order. SQLite numbers the orders behind the first, from the highest number on. */
export function insertOrders(
  db: Database,
  rows: OrderBatch,
  orderIds: readonly string[],
  accepted: Uint32Array,
  common: Common,
): void {
  if (accepted.length === 0) return;
  const { skus, hubIds } = rows.pairs;
  const hasItems = rows.orders < rows.length;
  const columns = hasItems ? [...COLUMNS, 'more_items'] : COLUMNS;
  const insert = (from: number, count: number, seq: number | null) =>
    runForRows(
      db,
      count,
      columns.length,
      (many) => insertOf(columns, many, common, seq),
      (values, at, n) => {
        const order = accepted[from + n]!;
        const i = rows.first(order);
        const pair = rows.pair(i);
        values[at] = orderIds[order]!;
        values[at + 1] = rows.row(i);
        values[at + 2] = rows.text(i, 'customer_name');
        values[at + 3] = rows.text(i, 'customer_email');
        values[at + 4] = rows.text(i, 'product_name');
        values[at + 5] = skus[pair]!;
        values[at + 6] = hubIds[pair]!;
        values[at + 7] = rows.text(i, 'shipping_address');
        values[at + 8] = rows.quantity(i);
        values[at + 9] = rows.unitPriceMinor(i);
        values[at + 10] = rows.orderDateMs(i);
        values[at + 11] = totalOf(rows, order);
        if (hasItems) values[at + 12] = rows.end(order) - i - 1;
      },
    );
  insert(0, 1, common.firstSeq);
  insert(1, accepted.length - 1, null);
  if (hasItems) insertItems(db, rows, accepted, common.firstSeq);
}

/** The items behind the first of each order. */
function insertItems(db: Database, rows: OrderBatch, accepted: Uint32Array, firstSeq: number): void {
  const { skus, hubIds } = rows.pairs;
  const items: { seq: number; n: number; i: number }[] = [];
  for (const [at, order] of accepted.entries()) {
    const first = rows.first(order);
    for (let i = first + 1; i < rows.end(order); i++) items.push({ seq: firstSeq + at, n: i - first, i });
  }
  const row = `(${ITEM_COLUMNS.map(() => '?').join(', ')})`;
  const sqlOf = (count: number) =>
    `insert into order_items (${ITEM_COLUMNS.join(', ')}) values ${Array(count).fill(row).join(', ')}`;
  runForRows(db, items.length, ITEM_COLUMNS.length, sqlOf, (values, at, m) => {
    const { seq, n, i } = items[m]!;
    const pair = rows.pair(i);
    values[at] = seq;
    values[at + 1] = n;
    values[at + 2] = skus[pair]!;
    values[at + 3] = hubIds[pair]!;
    values[at + 4] = rows.text(i, 'product_name');
    values[at + 5] = rows.quantity(i);
    values[at + 6] = rows.unitPriceMinor(i);
  });
}

/** A violated constraint ends the transaction anyway, so SQLite need not be able to undo the statement alone (ON CONFLICT FAIL). */
function insertOf(
  columns: readonly string[],
  count: number,
  { fileNo, status, stockTaken, atMs }: Common,
  seq: number | null,
): string {
  const text = `'${status.replaceAll("'", "''")}'`;
  const parameters = columns.map(() => '?').join(', ');
  const row = `(${seq}, ${parameters}, ${fileNo}, ${text}, ${stockTaken}, ${atMs}, ${atMs})`;
  return `insert or fail into orders (seq, ${columns.join(', ')}, file_no, status, stock_taken, created_at, updated_at)
    values ${Array(count).fill(row).join(', ')}`;
}
