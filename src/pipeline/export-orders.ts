/**
 * Orders as they all were at one moment, newest first, however long it takes to read them: one that has changed since is taken back to the
 * version of then. One that was deleted since is not there.
 */
import { limits } from '../limits.ts';
import type { Order } from '../model/order.ts';
import { orderAt } from '../model/order-change.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import { takes } from '../ports/order-filter.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { OrderFilter } from '../ports/orders.ts';
import { pagesOf } from '../ports/page.ts';

type Stores = Pick<OrderStore, 'orders' | 'changes'>;

/** `beforeMs`: what was done at this time or later does not count. */
export async function* ordersAsOf(store: Stores, filter: OrderFilter, beforeMs: number): AsyncGenerator<Order[]> {
  const createdToMs = Math.min(filter.createdToMs ?? Number.POSITIVE_INFINITY, beforeMs);
  const wider = { ...filter, createdToMs, orChangedSinceMs: beforeMs };
  for await (const orders of pagesOf((page) => store.orders.list(wider, page), limits.sliceItems)) {
    await sliceTurn();
    const changed = orders.filter(({ updatedAtMs }) => updatedAtMs >= beforeMs);
    const former = new Map<string, Order | null>();
    for (const { orderId } of changed) former.set(orderId, await orderBefore(store, orderId, beforeMs));
    yield orders.flatMap((order) => {
      const then = former.get(order.orderId);
      if (then === undefined) return order;
      return then !== null && takes(filter, then) ? then : [];
    });
  }
}

async function orderBefore({ changes }: Stores, orderId: string, beforeMs: number): Promise<Order | null> {
  const history = await changes.history(orderId);
  if (!history || history.stored.deleted) return null;
  const last = history.changes.findLast(({ atMs }) => atMs < beforeMs);
  return last ? orderAt(history.stored.order, history.changes, last.version) : null;
}
