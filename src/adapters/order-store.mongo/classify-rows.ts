/** Classifies the rows of a chunk before its plan: some take part, the others are rejected. */
import type { FileRecord } from '../../model/file.ts';
import { DELETED, differingFields } from '../../model/order-change.ts';
import {
  deletedOrder,
  duplicateOrder,
  orderConflict,
  outOfStock,
  repeatedOrder,
  takenId,
} from '../../model/reasons.ts';
import type { Reason, Rejection } from '../../model/rejection.ts';
import { seesOrder } from '../../model/views.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import { type OrderDocument, VOID } from './documents.ts';
import { orderDocument } from './insert-orders.ts';
import { toOrder, toStoredOrder } from './order-document.ts';
import { stockKeysOf } from './stock-keys.ts';
import type { StockView } from './take-stock.ts';

/**
 * Rejects rows whose order is stored from another file or row, second rows of an order id within the chunk, and rows without a stock row;
 * the others take part. `existing`: the stored orders by id. `stock`: null when stock is not tracked.
 */
export function classifyRows(
  { fileId, hubs }: { fileId: string; hubs: FileRecord['hubs'] },
  orders: OrderBatch,
  ids: string[],
  existing: Map<string, OrderDocument>,
  stock: Map<string, StockView> | null,
): { taking: number[]; rejections: Rejection[] } {
  const taking: number[] = [];
  const rejections: Rejection[] = [];
  const first = new Map<string, number>();
  const shape = { file: fileId, n: 0, created_at: new Date(0), track_stock: true };
  const document = (i: number) => orderDocument(orders, i, shape);
  const reject = (i: number, reason: Reason) =>
    rejections.push({ row: orders.row(i), reasons: [reason], values: orders.values(i) });
  const keyOf = stockKeysOf(orders);

  for (const [i, orderId] of ids.entries()) {
    const stored = existing.get(orderId);
    if (stored && stored.status !== VOID && !(stored.file === fileId && stored.row === orders.row(i))) {
      reject(i, repeatOf(stored, document(i), hubs));
      continue;
    }
    const earlier = first.get(orderId);
    if (earlier !== undefined) {
      const differing = differingFields(toOrder(document(earlier)), toOrder(document(i)));
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

/** Why a row is rejected whose order id is stored already. It is compared with what that order says now.
 * `hubs`: those of the row's file, which must not tell of orders that are only of others. */
export function repeatOf(existing: OrderDocument, document: OrderDocument, hubs: FileRecord['hubs']): Reason {
  const { _id, file, row } = existing;
  if (!seesOrder({ hubs, email: null }, toStoredOrder(existing))) return takenId(document._id);
  if (existing.status === DELETED) return deletedOrder(document._id);
  const differing = differingFields(toOrder(existing), toOrder(document));
  return differing.length === 0 ? duplicateOrder(_id, file, row) : orderConflict(_id, differing, file, row);
}
