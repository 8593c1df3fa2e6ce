/** `/orders`: one by its id, and lists with filters, newest first. */
import { Hono } from 'hono';
import { ORDER_STATUSES, orderJson } from '../model/order.ts';
import type { OrderFilter, OrderStore } from '../ports/order-store.ts';
import { notFound } from './errors.ts';
import { oneOf, pageJson, pageShape, readPage, readQuery, text, time } from './parameters.ts';

export function orderRoutes({ store }: { store: OrderStore }) {
  const app = new Hono();

  app.get('/orders', async (c) => {
    const query = readQuery(c, {
      ...pageShape,
      status: oneOf(ORDER_STATUSES),
      hub_id: text,
      sku: text,
      file_id: text,
      customer_email: text,
      from: time,
      to: time,
      q: text,
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
    return c.json(pageJson(list, await store.orders.list(filter, readPage(list, query)), orderJson));
  });

  app.get('/orders/:id', async (c) => {
    const order = await store.orders.get(c.req.param('id'));
    if (!order) throw notFound('order', c.req.param('id'));
    return c.json(orderJson(order));
  });
  return app;
}
