/** `/orders/{order_id}/history` and `/orders/{order_id}/events`: what happened to an order, for people and as events, oldest first. */
import { Hono } from 'hono';
import { limits } from '../limits.ts';
import type { View } from '../model/access.ts';
import { orderEvent } from '../model/event.ts';
import type { OrderChange } from '../model/order-change.ts';
import { seesOrder, shownChange, shownEvent } from '../model/views.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { OrderHistory } from '../ports/order-changes.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { viewFor } from './access-guard.ts';
import { notFound } from './errors.ts';
import { orderParams } from './order-routing.ts';
import { orderEventsResponse, orderHistoryResponse } from './responses.ts';
import { type HttpEnv, json, type ResponseDescription, route } from './route.ts';

type Changes = Pick<OrderStore, 'changes'>;

export function orderHistoryRoutes({ store }: { store: Changes }) {
  const app = new Hono<HttpEnv>();
  const history = describe('listChangesOfOrder', 'List the changes of an order', {
    200: json(orderHistoryResponse, 'Its changes. Of a deleted order without what was changed.'),
  });
  const events = describe('listEventsOfOrder', 'List the events of an order', {
    200: json(orderEventsResponse, 'Its events, each with the bytes that subscribers receive.'),
  });
  app.get(
    '/orders/:order_id/history',
    listOf(store, history, (view, _, change) => JSON.stringify(shownChange(view, change))),
  );
  app.get(
    '/orders/:order_id/events',
    // The bytes are a function of the order and its changes (INV-3).
    listOf(store, events, (view, { stored, changes }, { version }) =>
      shownEvent(view, orderEvent(stored, changes, version).json),
    ),
  );
  return app;
}

const describe = (id: string, summary: string, responses: Record<number, ResponseDescription>) => ({
  id,
  tag: 'Orders' as const,
  summary,
  params: orderParams,
  responses,
  problems: ['not_found'] as const,
  engines: ['store'] as const,
});

/** An entry for each change, in slices: a change of a hundred items is as large as two orders. */
const listOf = (
  store: Changes,
  description: ReturnType<typeof describe>,
  entry: (view: View, history: OrderHistory, change: OrderChange) => string,
) =>
  route(description, async (c) => {
    const orderId = c.req.param('order_id');
    const history = await store.changes.history(orderId);
    const view = viewFor(c);
    if (!history || !seesOrder(view, history.stored)) throw notFound('order', orderId);
    const entries: string[] = [];
    let chars = 0;
    for (const change of history.changes) {
      const json = entry(view, history, change);
      entries.push(json);
      chars += json.length;
      if (chars < limits.historySliceChars) continue;
      chars = 0;
      await sliceTurn();
    }
    return c.body(`{"items":[${entries.join(',')}]}`, 200, { 'content-type': 'application/json' });
  });
