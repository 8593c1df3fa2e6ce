/** A bound of the machine: a bare Hono server that parses an order, validates it with the schema of the service, and answers 201. */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { newOrderBody } from '../../../src/http/order-bodies.ts';

const app = new Hono();
app.post('/orders', async (c) => {
  const order = newOrderBody.safeParse(await c.req.json());
  if (!order.success) return c.json({ errors: order.error.issues }, 422);
  const { order_id, customer, items, shipping_address } = order.data;
  const now = new Date().toISOString();
  return c.json(
    {
      ...{ order_id, status: 'on_hold', version: 1, actor: null, customer },
      items: items.map((item) => ({ ...item, line_total: item.unit_price })),
      ...{ total_amount: items[0]!.unit_price, order_date: now, shipping_address },
      ...{ source: { file_id: null, row: null }, created_at: now, updated_at: now },
    },
    201,
    { location: `/orders/${order_id}`, etag: '"1"' },
  );
});
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
  process.stdout.write(`listening on http://127.0.0.1:${port}\n`),
);
