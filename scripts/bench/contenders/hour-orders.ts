/**
 * What a developer writes in an hour: Hono, zod and node:sqlite, a transaction for each request, on disk before the answer. It takes stock,
 * refuses a repeated id, and keeps an event. No idempotency keys, history, edits, or sums.
 */
import { DatabaseSync } from 'node:sqlite';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { newOrderBody } from '../../../src/http/order-bodies.ts';

const [path, stock] = process.argv.slice(2) as [string, string];
const db = new DatabaseSync(path);
db.exec(`
  pragma journal_mode = wal;
  pragma synchronous = full;
  create table orders (order_no integer primary key, order_id text not null unique, status text, customer_name text,
    customer_email text, shipping_address text, total_minor integer, created_at integer);
  create table items (order_no integer, n integer, sku text, hub_id text, product_name text, quantity integer, price_minor integer,
    primary key (order_no, n)) without rowid;
  create table stock (sku text, hub_id text, available integer check (available >= 0), primary key (sku, hub_id)) without rowid;
  create table events (seq integer primary key, order_no integer, type text);
`);
const setStock = db.prepare(`insert into stock values (?, 'HUB-1', ?)`);
for (const [sku, available] of Object.entries(JSON.parse(stock) as Record<string, number>))
  setStock.run(sku, available);
const insertOrder = db.prepare(`insert into orders values (null, ?, 'on_hold', ?, ?, ?, ?, ?)`);
const insertItem = db.prepare('insert into items values (?, ?, ?, ?, ?, ?, ?)');
const insertEvent = db.prepare(`insert into events values (null, ?, 'order.created')`);
const take = db.prepare('update stock set available = available - ? where sku = ? and hub_id = ? and available >= ?');

const app = new Hono();
app.post('/orders', async (c) => {
  const parsed = newOrderBody.safeParse(await c.req.json());
  if (!parsed.success) return c.json({ errors: parsed.error.issues }, 422);
  const { order_id, customer, items, shipping_address } = parsed.data;
  const now = Date.now();
  const minor = (text: string) => Math.round(Number(text) * 100);
  const total = items.reduce((sum, item) => sum + minor(item.unit_price) * item.quantity, 0);
  db.exec('begin immediate');
  try {
    const order = insertOrder.run(order_id!, customer.name, customer.email, shipping_address, total, now);
    for (const [n, { sku, hub_id, product_name, quantity, unit_price }] of items.entries()) {
      if (take.run(quantity, sku, hub_id, quantity).changes === 0) throw new Error('out of stock');
      insertItem.run(order.lastInsertRowid, n, sku, hub_id, product_name, quantity, minor(unit_price));
    }
    insertEvent.run(order.lastInsertRowid);
    db.exec('commit');
  } catch (error) {
    db.exec('rollback');
    return c.json({ error: (error as Error).message }, 409);
  }
  return c.json({ order_id, status: 'on_hold', customer, items, total, shipping_address, created_at: now }, 201);
});
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
  process.stdout.write(`listening on http://127.0.0.1:${port}\n`),
);
