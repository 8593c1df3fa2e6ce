/** `/orders`: an order by its id, its events, and lists with filters, newest first. */
import { Hono } from 'hono';
import * as z from 'zod';
import { orderCreated } from '../model/event.ts';
import { type Order, orderJson } from '../model/order.ts';
import { DEFAULT_WORKFLOW } from '../model/workflow.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { OrderFilter } from '../ports/orders.ts';
import type { PageRequest } from '../ports/page.ts';
import { notFound } from './errors.ts';
import { pageShape, readPage, respondWithPage } from './pages.ts';
import { key, oneOf, text, timeIn } from './parameters.ts';
import { type OrderResponse, orderEventsResponse, orderResponse, ordersResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

type Orders = Pick<OrderStore, 'orders'>;

export function orderRoutes({ store }: { store: Orders }, { timeZone }: { timeZone: string }) {
  const app = new Hono<HttpEnv>();
  app.get('/orders', listOrders(store, timeZone));
  app.get('/orders/:order_id', getOrder(store));
  app.get('/orders/:order_id/events', listEventsOfOrder(store));
  return app;
}

const params = { order_id: z.string().describe('The `order_id` of the row.') };

async function find({ orders }: Orders, orderId: string): Promise<Order> {
  const order = (await orders.get(orderId))?.order;
  if (!order) throw notFound('order', orderId);
  return order;
}

function listOrders(store: Orders, timeZone: string) {
  const time = timeIn(timeZone);
  return route(
    {
      id: 'listOrders',
      tag: 'Orders',
      summary: 'List and search orders, newest first',
      query: {
        ...pageShape,
        status: oneOf(Object.keys(DEFAULT_WORKFLOW.states)),
        hub_id: key,
        sku: key,
        file_id: text,
        customer_email: key,
        from: time,
        to: time,
        q: key.describe('How the order id, the email address or any word of the customer’s name begins.'),
      },
      responses: { 200: json(ordersResponse, 'A page of orders.') },
      problems: ['invalid_parameter', 'invalid_cursor', 'too_many_reads'],
      engines: ['store'],
    },
    async (c, readQuery) => {
      const query = readQuery(c);
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
      return respondWithPage(c, list, readPage(list, query), read, itemJson, ({ reachedMs }) => ({
        searched_to: reachedMs === null ? null : new Date(reachedMs).toISOString(),
      }));
    },
  );
}

const getOrder = (store: Orders) =>
  route(
    {
      id: 'getOrder',
      tag: 'Orders',
      summary: 'Get an order',
      params,
      responses: { 200: json(orderResponse, 'The order.') },
      problems: ['not_found'],
      engines: ['store'],
    },
    async (c) => c.json(orderJson(await find(store, c.req.param('order_id'))) satisfies OrderResponse),
  );

const listEventsOfOrder = (store: Orders) =>
  route(
    {
      id: 'listEventsOfOrder',
      tag: 'Orders',
      summary: 'List the events of an order',
      params,
      responses: { 200: json(orderEventsResponse, 'Its events, each with the bytes that subscribers receive.') },
      problems: ['not_found'],
      engines: ['store'],
    },
    // The bytes are a function of the order (INV-3).
    async (c) => {
      const order = await find(store, c.req.param('order_id'));
      return c.body(`{"items":[${orderCreated(order).json}]}`, 200, { 'content-type': 'application/json' });
    },
  );
