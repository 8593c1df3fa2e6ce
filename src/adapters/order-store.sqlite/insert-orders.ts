/**
 * Inserts the accepted orders of a chunk. The values that they have in common are part of the statement, which each chunk prepares anew.
 */
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { Database } from '../sqlite/database.ts';
import { runForRows } from '../sqlite/many-rows.ts';

/** The values that the orders of a chunk have in common, and the number of the first. */
export interface Common {
  fileNo: number;
  firstSeq: number;
  status: string;
  stockTaken: 0 | 1;
  atMs: number;
}

const PARAMETERS = 12;

/** Inserts in this order. SQLite numbers the orders behind the first, from the highest number on. */
export function insertOrders(
  db: Database,
  rows: OrderBatch,
  orderIds: readonly string[],
  accepted: Uint32Array,
  common: Common,
): void {
  const { skus, hubIds } = rows.pairs;
  const insert = (from: number, count: number, sqlOf: (count: number) => string) =>
    runForRows(db, count, PARAMETERS, sqlOf, (values, at, n) => {
      const i = accepted[from + n]!;
      const pair = rows.pair(i);
      values[at] = orderIds[i]!;
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
      values[at + 11] = rows.totalMinor(i);
    });
  if (accepted.length === 0) return;
  insert(0, 1, () => insertOf(1, common, common.firstSeq));
  insert(1, accepted.length - 1, (count) => insertOf(count, common, null));
}

/** A violated constraint ends the transaction anyway, so SQLite need not be able to undo the statement alone (ON CONFLICT FAIL). */
function insertOf(count: number, { fileNo, status, stockTaken, atMs }: Common, seq: number | null): string {
  const text = `'${status.replaceAll("'", "''")}'`;
  const row = `(${seq}, ${Array(PARAMETERS).fill('?').join(', ')}, ${fileNo}, ${text}, ${stockTaken}, ${atMs}, ${atMs})`;
  return `insert or fail into orders (seq, order_id, row, customer_name, customer_email, product_name, sku, hub_id, shipping_address,
      quantity, unit_price_minor, order_date, total_minor, file_no, status, stock_taken, created_at, updated_at)
    values ${Array(count).fill(row).join(', ')}`;
}
