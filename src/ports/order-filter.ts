/** A filter of orders against one of them, for an order that was found otherwise: by its id. `q` is not looked at. */
import type { Order } from '../model/order.ts';
import { seesOrder } from '../model/views.ts';
import type { OrderFilter } from './orders.ts';

export function takes(filter: OrderFilter, order: Order): boolean {
  const { status, hubId, sku, fileId, customerEmail, fromMs = -Infinity, toMs = Infinity } = filter;
  const { createdFromMs = -Infinity, createdToMs = Infinity, updatedFromMs = -Infinity, seenBy } = filter;
  return (
    (status === undefined || order.status === status) &&
    (fileId === undefined || order.fileId === fileId) &&
    (customerEmail === undefined || order.customerEmail === customerEmail) &&
    order.orderDateMs >= fromMs &&
    order.orderDateMs < toMs &&
    order.createdAtMs >= createdFromMs &&
    order.createdAtMs < createdToMs &&
    order.updatedAtMs >= updatedFromMs &&
    (seenBy === undefined || seesOrder(seenBy, { order, deleted: false })) &&
    order.items.some((item) => (hubId === undefined || item.hubId === hubId) && (sku === undefined || item.sku === sku))
  );
}
