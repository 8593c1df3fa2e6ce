/**
 * Inserts the accepted orders of a chunk. What all of them have in common is written into the statement, which is made anew for each
 * chunk.
 */
import type { PackedOrders } from '../../model/packed-orders.ts';
import type { Database } from '../sqlite/database.ts';
import { runForRows } from '../sqlite/many-rows.ts';

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
  runForRows(
    db,
    accepted.length,
    (count) => insertOf(count, common),
    (values, n) => {
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
    },
  );
}

/** A broken constraint ends the transaction, so SQLite need not be able to undo the statement alone (ON CONFLICT FAIL). */
function insertOf(rows: number, { fileNo, stockTaken, atMs }: Common): string {
  const bound = Array(BOUND).fill('?').join(', ');
  return `insert or fail into orders (seq, order_id, row, customer_name, customer_email, product_name, sku, hub_id, quantity,
      unit_price_minor, total_minor, order_date, shipping_address, file_no, status, stock_taken, created_at, updated_at)
    values ${Array(rows).fill(`(${bound}, ${fileNo}, 'on_hold', ${stockTaken}, ${atMs}, ${atMs})`).join(', ')}`;
}
