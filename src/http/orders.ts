/** `/orders`: an order by its id, and lists with filters, newest first. Changes are in `order-changes.ts`. */
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import type { Config } from '../config.ts';
import { OmsError } from '../errors.ts';
import { sees } from '../model/access.ts';
import type { Order } from '../model/order.ts';
import { seesOrder, shownOrder } from '../model/views.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { OrderFilter } from '../ports/orders.ts';
import type { PageRequest } from '../ports/page.ts';
import { principalOf, refuseWithout, viewFor } from './access-guard.ts';
import { namesTag } from './conditional.ts';
import { notFound } from './errors.ts';
import { etagOf } from './order-answers.ts';
import { orderParams } from './order-routing.ts';
import { pageShape, readPage, respondWithPage } from './pages.ts';
import { key, oneOf, text, timeIn } from './parameters.ts';
import { type OrderResponse, orderResponse, ordersResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

type Orders = Pick<OrderStore, 'orders'>;

export function orderRoutes({ store }: { store: Orders }, config: Pick<Config, 'timeZone' | 'workflow'>) {
  const app = new Hono<HttpEnv>();
  app.get('/orders', listOrders(store, config));
  app.get('/orders/:order_id', getOrder(store));
  return app;
}

/** The filters of lists of orders. `timeZone`: of times without an offset. */
export function orderFilters({ timeZone, workflow }: Pick<Config, 'timeZone' | 'workflow'>) {
  const time = timeIn(timeZone);
  return {
    status: oneOf(Object.keys(workflow.states)),
    hub_id: key,
    sku: key,
    file_id: text,
    customer_email: key,
    from: time,
    to: time,
    created_from: time,
    created_to: time,
    updated_from: time,
    q: key.describe('How the order id, the email address or any word of the customer’s name begins.'),
  };
}

type Filters = Partial<z.infer<z.ZodObject<ReturnType<typeof orderFilters>>>>;

/** What of the orders the sender sees by these filters. Throws `forbidden` where they are about persons who are hidden. */
export function readOrderFilter(c: Context<HttpEnv>, query: Filters): OrderFilter {
  const view = viewFor(c);
  if (!view.personal && (query.q !== undefined || query.customer_email !== undefined))
    refuseWithout(principalOf(c), 'personal:read');
  return Object.fromEntries(
    Object.entries({
      status: query.status,
      hubId: query.hub_id,
      sku: query.sku,
      fileId: query.file_id,
      customerEmail: query.customer_email,
      fromMs: query.from,
      toMs: query.to,
      createdFromMs: query.created_from,
      createdToMs: query.created_to,
      updatedFromMs: query.updated_from,
      q: query.q,
      seenBy: sees.allOrders(view) ? undefined : view,
    }).filter(([, value]) => value !== undefined),
  );
}

const listOrders = (store: Orders, config: Pick<Config, 'timeZone' | 'workflow'>) =>
  route(
    {
      id: 'listOrders',
      tag: 'Orders',
      summary: 'List and search orders, newest first',
      query: { ...pageShape, ...orderFilters(config), sort: oneOf(['created']) },
      responses: { 200: json(ordersResponse, 'A page of orders.') },
      problems: ['invalid_parameter', 'invalid_cursor', 'too_many_reads'],
      engines: ['store'],
    },
    async (c, readQuery) => {
      const query = readQuery(c);
      const filter = readOrderFilter(c, query);
      const view = viewFor(c);
      const { limit: _, cursor: __, sort: ___, ...filters } = query;
      const list = ['orders', filters];
      const read = (slice: PageRequest) => store.orders.list(filter, slice);
      const itemJson = (order: Order): OrderResponse => shownOrder(view, order);
      return respondWithPage(c, list, readPage(list, query), read, itemJson, ({ reachedMs }) => ({
        searched_to: reachedMs === null ? null : new Date(reachedMs).toISOString(),
      }));
    },
  );

const getOrder = (store: Orders) =>
  route(
    {
      id: 'getOrder',
      tag: 'Orders',
      summary: 'Get an order',
      params: orderParams,
      headers: { 'If-None-Match': z.string().describe('Entity tags: 304 when one matches.') },
      responses: {
        200: json(orderResponse, 'The order.', ['etag']),
        304: { description: 'The client has this version.', headers: ['etag'] },
      },
      problems: ['not_found', 'order_deleted'],
      engines: ['store'],
    },
    async (c) => {
      const orderId = c.req.param('order_id');
      const stored = await store.orders.get(orderId);
      const view = viewFor(c);
      if (!stored || !seesOrder(view, stored)) throw notFound('order', orderId);
      const { order, deleted } = stored;
      if (deleted) throw new OmsError('order_deleted', `order "${order.orderId}" was deleted`);
      const etag = etagOf(order);
      c.header('etag', etag);
      if (namesTag(c.req.header('if-none-match'), etag)) return c.body(null, 304);
      return c.json(shownOrder(view, order) satisfies OrderResponse);
    },
  );
