/**
 * The events that a view shows. An event does not say whose its order is now, so the orders of a batch are looked up together; where the
 * view shows all orders, none is.
 */
import { limits } from '../limits.ts';
import { sees, type View } from '../model/access.ts';
import type { PublishedEvent } from '../model/event.ts';
import { seesOrder, shownEvent } from '../model/views.ts';
import type { EventBatch } from '../ports/event-stream.ts';
import type { Orders } from '../ports/orders.ts';

type Lookup = Pick<Orders, 'getMany'>;

/** The batch without what the view does not show; its cursor stays. An event whose order is deleted, or not there, is shown to none. */
export async function seenBatch(orders: Lookup, view: View, batch: EventBatch): Promise<EventBatch> {
  if (sees.everything(view)) return batch;
  const events: PublishedEvent[] = [];
  for (let start = 0; start < batch.events.length; start += limits.eventBatch) {
    const part = batch.events.slice(start, start + limits.eventBatch);
    const seen = sees.allOrders(view) ? null : await seenOrders(orders, view, part);
    for (const event of part)
      if (seen === null || seen.has(event.orderId)) events.push({ ...event, json: shownEvent(view, event.json) });
  }
  return { events, cursor: batch.cursor };
}

async function seenOrders(orders: Lookup, view: View, events: readonly PublishedEvent[]): Promise<Set<string>> {
  const found = await orders.getMany([...new Set(events.map(({ orderId }) => orderId))]);
  return new Set(found.filter((stored) => seesOrder(view, stored)).map(({ order }) => order.orderId));
}
