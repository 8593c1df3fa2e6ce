/** Classifies the orders of a chunk before its plan: some take part, the rows of the others are rejected. */
import { type ExistingOrder, existingOrder, isTakenAgain, repeatOf } from '../../model/existing-order.ts';
import type { FileRecord } from '../../model/file.ts';
import { differingFields } from '../../model/order-change.ts';
import { outOfStock, repeatedOrder } from '../../model/reasons.ts';
import type { Reason, Rejection } from '../../model/rejection.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import { rejectOrder } from '../../order-batch/reject-order.ts';
import { type OrderDocument, VOID } from './documents.ts';
import { toStoredOrder } from './order-document.ts';
import { stockKeysOf } from './stock-keys.ts';
import type { StockView } from './take-stock.ts';

/** The order that is there already under the id of an order whose first row is this; null when there is none. */
export type FindExisting = (orderId: string, row: number) => ExistingOrder | null;

/** Those that are not of the row itself. `stored`: the stored orders by id. */
export const foreignOrders =
  (fileId: string, stored: ReadonlyMap<string, OrderDocument>): FindExisting =>
  (orderId, row) => {
    const found = stored.get(orderId);
    if (!found || found.status === VOID || (found.file === fileId && found.row === row)) return null;
    const existing = existingOrder(toStoredOrder(found));
    // Under another form of its id it would not be met by the insert.
    return found._id === orderId ? existing : { ...existing, undone: false };
  };

/**
 * Rejects orders that are stored from another file or row and were not undone, second orders of an id within the chunk, and those with a row that has no stock
 * row; the others take part. `findExisting`: see `foreignOrders`. `stock`: null when stock is not tracked.
 */
export function classifyRows(
  { hubs }: Pick<FileRecord, 'hubs'>,
  orders: OrderBatch,
  ids: string[],
  findExisting: FindExisting,
  stock: ReadonlyMap<string, StockView> | null,
): { taking: number[]; rejections: Rejection[] } {
  const taking: number[] = [];
  const rejections: Rejection[] = [];
  const firstOfId = new Map<string, number>();
  const reject = (order: number, reasonOf: (i: number) => Reason | undefined) =>
    rejections.push(...rejectOrder(orders, order, reasonOf));
  const keyOf = stockKeysOf(orders);
  const withoutStock = (i: number): Reason | undefined =>
    stock === null || stock.has(keyOf(i))
      ? undefined
      : outOfStock(orders.text(i, 'sku'), orders.text(i, 'hub_id'), orders.quantity(i), 0);

  for (const [order, orderId] of ids.entries()) {
    const first = orders.first(order);
    const existing = findExisting(orderId, orders.row(first));
    if (existing && !isTakenAgain(existing, hubs)) {
      const reason = repeatOf(existing, orderId, orders.content(order), hubs);
      reject(order, () => reason);
      continue;
    }
    const earlier = firstOfId.get(orderId);
    if (earlier !== undefined) {
      const differing = differingFields(orders.content(earlier), orders.content(order));
      const reason = repeatedOrder(orderId, differing, orders.row(orders.first(earlier)));
      reject(order, () => reason);
      continue;
    }
    firstOfId.set(orderId, order);
    let takes = true;
    for (let i = first; i < orders.end(order) && takes; i++) takes = withoutStock(i) === undefined;
    if (takes) taking.push(order);
    else reject(order, withoutStock);
  }
  return { taking, rejections };
}
