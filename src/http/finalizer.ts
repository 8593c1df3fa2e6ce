/** `/finalizer`: the orders that the finalizer keeps, with what was answered about them, and the redrive of those that it put aside. */
import { Hono } from 'hono';
import type { Clock } from '../ports/clock.ts';
import type { KeptOrder } from '../ports/finalizing.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { PageRequest } from '../ports/page.ts';
import { auditTarget } from './audit-trail.ts';
import { pageShape, readPage, respondWithPage } from './pages.ts';
import { oneOf } from './parameters.ts';
import {
  type FinalizerOrderResponse,
  type FinalizerRedriveResponse,
  finalizerOrdersResponse,
  finalizerRedriveResponse,
} from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

interface FinalizerPorts {
  store: Pick<OrderStore, 'finalizing'>;
  clock: Clock;
}

export function finalizerRoutes(ports: FinalizerPorts) {
  const app = new Hono<HttpEnv>();
  app.get('/finalizer/orders', listKept(ports));
  app.post('/finalizer/redrive', postRedrive(ports));
  return app;
}

const listKept = ({ store }: FinalizerPorts) =>
  route(
    {
      id: 'listFinalizerOrders',
      tag: 'Orders',
      summary: 'List the orders that the decision service holds, or that were put aside',
      query: { ...pageShape, state: oneOf(['held', 'aside']).describe('By default `aside`.') },
      responses: { 200: json(finalizerOrdersResponse, 'A page of orders, by their ids.') },
      problems: ['invalid_parameter', 'invalid_cursor', 'too_many_reads'],
      engines: ['store'],
    },
    async (c, readQuery) => {
      const query = readQuery(c);
      const state = query.state ?? 'aside';
      const list = ['finalizer', state];
      const read = (slice: PageRequest) => store.finalizing.list(state, slice);
      return respondWithPage(c, list, readPage(list, query), read, keptJson);
    },
  );

const keptJson = ({ orderId, asks, dueMs, answer }: KeptOrder): FinalizerOrderResponse => ({
  order_id: orderId,
  asks,
  next_ask_at: dueMs === null ? null : new Date(dueMs).toISOString(),
  answer,
});

const postRedrive = ({ store, clock }: FinalizerPorts) =>
  route(
    {
      id: 'redriveFinalizer',
      tag: 'Orders',
      summary: 'Ask again about all orders that were put aside',
      responses: { 200: json(finalizerRedriveResponse, 'How many orders they are.') },
      engines: ['store'],
    },
    async (c) => {
      const orders = await store.finalizing.askAgain(clock.now());
      auditTarget(c, `${orders} orders`);
      return c.json({ orders } satisfies FinalizerRedriveResponse);
    },
  );
