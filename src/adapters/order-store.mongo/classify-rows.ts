/** Classifies the rows of a chunk before its plan: some take part, the others are rejected. */
import { type ExistingOrder, existingOrder, repeatOf } from '../../model/existing-order.ts';
import type { FileRecord } from '../../model/file.ts';
import { differingFields } from '../../model/order-change.ts';
import { outOfStock, repeatedOrder } from '../../model/reasons.ts';
import type { Reason, Rejection } from '../../model/rejection.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import { type OrderDocument, VOID } from './documents.ts';
import { orderDocument } from './insert-orders.ts';
import { toOrder, toStoredOrder } from './order-document.ts';
import { stockKeysOf } from './stock-keys.ts';
import type { StockView } from './take-stock.ts';

/** The order that is there already under the id of this row; null when there is none. */
export type FindExisting = (orderId: string, row: number) => ExistingOrder | null;

/** Those that are not of the row itself. `stored`: the stored orders by id. */
export const foreignOrders =
  (fileId: string, stored: ReadonlyMap<string, OrderDocument>): FindExisting =>
  (orderId, row) => {
    const found = stored.get(orderId);
    if (!found || found.status === VOID || (found.file === fileId && found.row === row)) return null;
    return existingOrder(toStoredOrder(found));
  };

/**
 * Rejects rows whose order is stored from another file or row, second rows of an order id within the chunk, and rows without a stock row;
 * the others take part. `findExisting`: see `foreignOrders`. `stock`: null when stock is not tracked.
 */
export function classifyRows(
  { fileId, hubs }: { fileId: string; hubs: FileRecord['hubs'] },
  orders: OrderBatch,
  ids: string[],
  findExisting: FindExisting,
  stock: ReadonlyMap<string, StockView> | null,
): { taking: number[]; rejections: Rejection[] } {
  const taking: number[] = [];
  const rejections: Rejection[] = [];
  const first = new Map<string, number>();
  const shape = { file: fileId, n: 0, created_at: new Date(0), track_stock: true };
  const orderOf = (i: number) => toOrder(orderDocument(orders, i, shape));
  const reject = (i: number, reason: Reason) =>
    rejections.push({ row: orders.row(i), reasons: [reason], values: orders.values(i) });
  const keyOf = stockKeysOf(orders);

  for (const [i, orderId] of ids.entries()) {
    const existing = findExisting(orderId, orders.row(i));
    if (existing) {
      reject(i, repeatOf(existing, orderId, orderOf(i), hubs));
      continue;
    }
    const earlier = first.get(orderId);
    if (earlier !== undefined) {
      const differing = differingFields(orderOf(earlier), orderOf(i));
      reject(i, repeatedOrder(orderId, differing, orders.row(earlier)));
      continue;
    }
    first.set(orderId, i);
    if (stock && !stock.has(keyOf(i)))
      reject(i, outOfStock(orders.text(i, 'sku'), orders.text(i, 'hub_id'), orders.quantity(i), 0));
    else taking.push(i);
  }
  return { taking, rejections };
}
