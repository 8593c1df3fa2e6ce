/**
 * Inserts the accepted orders of a chunk, many rows a statement: half of what a row costs by itself is its way into SQLite. What all
 * orders of a chunk have in common is written into the statement, which is made anew for each chunk.
 */
import type { SQLInputValue } from 'node:sqlite';
import { limits } from '../../limits.ts';
import type { PackedOrders } from '../../model/packed-orders.ts';
import type { Database } from '../sqlite/database.ts';

/** What the orders of a chunk have in common: integers. */
export interface Common {
  fileNo: number;
  stockTaken: 0 | 1;
  atMs: number;
}

const BOUND = 13;

/** In this order, numbered from `firstSeq` on. */
export function insertOrders(
  db: Database,
  rows: PackedOrders,
  orderIds: readonly string[],
  accepted: Uint32Array,
  firstSeq: number,
  common: Common,
): void {
  const { skus, hubIds } = rows.pairs;
  const full = Math.floor(accepted.length / limits.sqliteRowsAtOnce);
  const left = accepted.length % limits.sqliteRowsAtOnce;
  const insertMany = full > 0 ? db.prepare(insertOf(limits.sqliteRowsAtOnce, common)) : null;
  const values: SQLInputValue[] = [];
  for (let n = 0; n < accepted.length; n++) {
    const i = accepted[n]!;
    const pair = rows.pair(i);
    values.push(
      firstSeq + n,
      orderIds[i]!,
      rows.row(i),
      rows.text(i, 'customer_name'),
      rows.text(i, 'customer_email'),
      rows.text(i, 'product_name'),
      skus[pair]!,
      hubIds[pair]!,
      rows.quantity(i),
      rows.unitPriceMinor(i),
      rows.totalMinor(i),
      rows.orderDateMs(i),
      rows.text(i, 'shipping_address'),
    );
    if (values.length === limits.sqliteRowsAtOnce * BOUND) {
      insertMany!.run(...values);
      values.length = 0;
    }
  }
  if (left > 0) db.prepare(insertOf(left, common)).run(...values);
}

function insertOf(rows: number, { fileNo, stockTaken, atMs }: Common): string {
  const bound = Array(BOUND).fill('?').join(', ');
  return `insert or fail into orders (seq, order_id, row, customer_name, customer_email, product_name, sku, hub_id, quantity,
      unit_price_minor, total_minor, order_date, shipping_address, file_no, status, stock_taken, created_at, updated_at)
    values ${Array(rows).fill(`(${bound}, ${fileNo}, 'on_hold', ${stockTaken}, ${atMs}, ${atMs})`).join(', ')}`;
}
