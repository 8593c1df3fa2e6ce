/** `/orders`: one by its id, its events, and lists with filters, newest first. */
import { Hono } from 'hono';
import { orderCreatedJson } from '../model/event.ts';
import { ORDER_STATUSES, type Order, orderJson } from '../model/order.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { OrderFilter } from '../ports/orders.ts';
import type { PageRequest } from '../ports/page.ts';
import { notFound } from './errors.ts';
import { answerPage, key, oneOf, pageShape, readPage, readQuery, text, timeIn } from './parameters.ts';
import type { OrderResponse } from './responses.ts';

export function orderRoutes({ store }: { store: Pick<OrderStore, 'orders'> }, { timeZone }: { timeZone: string }) {
  const app = new Hono();
  const time = timeIn(timeZone);
  const find = async (orderId: string): Promise<Order> => {
    const order = await store.orders.get(orderId);
    if (!order) throw notFound('order', orderId);
    return order;
  };

  app.get('/orders', async (c) => {
    const query = readQuery(c, {
      ...pageShape,
      status: oneOf(ORDER_STATUSES),
      hub_id: key,
      sku: key,
      file_id: text,
      customer_email: key,
      from: time,
      to: time,
      q: key,
    });
    const { limit: _, cursor: __, ...filters } = query;
    const list = ['orders', filters];
    const filter = Object.fromEntries(
      Object.entries({
        status: query.status,
        hubId: query.hub_id,
        sku: query.sku,
        fileId: query.file_id,
        customerEmail: query.customer_email,
        fromMs: query.from,
        toMs: query.to,
        q: query.q,
      }).filter(([, value]) => value !== undefined),
    ) as OrderFilter;
    const read = (slice: PageRequest) => store.orders.list(filter, slice);
    const itemJson = (order: Order): OrderResponse => orderJson(order);
    return answerPage(c, list, readPage(list, query), read, itemJson, ({ reachedMs }) => ({
      searched_to: reachedMs === null ? null : new Date(reachedMs).toISOString(),
    }));
  });

  app.get('/orders/:id', async (c) => c.json(orderJson(await find(c.req.param('id'))) satisfies OrderResponse));

  // Each event as the bytes that subscribers get, which depend on the order alone (INV-3).
  app.get('/orders/:id/events', async (c) => {
    const order = await find(c.req.param('id'));
    return c.body(`{"items":[${orderCreatedJson(order)}]}`, 200, { 'content-type': 'application/json' });
  });
  return app;
}
