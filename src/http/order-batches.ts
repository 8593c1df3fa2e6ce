/** `POST /orders/batch` and `POST /orders/status`: many orders in one request, each judged by itself, in order. */
import { type Context, Hono } from 'hono';
import { limits } from '../limits.ts';
import type { ChangeRequest } from '../model/change-request.ts';
import type { Settled } from '../orders/change-orders.ts';
import type { WrongBody } from '../orders/read-order.ts';
import { changeRequest, creationRequest } from '../orders/requests.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import { auditTarget } from './audit-trail.ts';
import { idempotencyKey } from './idempotency-key.ts';
import { resultOf } from './order-answers.ts';
import { newOrdersBody, statusesBody } from './order-bodies.ts';
import { askerOf, BODY_PROBLEMS, type ChangeRouting, jsonBody, valueIn } from './order-routing.ts';
import { orderResultsResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

export function batchRoutes(routing: ChangeRouting) {
  const app = new Hono<HttpEnv>();
  app.post('/orders/batch', createOrders(routing));
  app.post('/orders/status', setStatuses(routing));
  return app;
}

const description = `Each order is judged by itself, in order, as if the requests were sent one after the other. Under an Idempotency-Key each
order has a key of its own: the key and its index. Only an outage of the store before the first order is a problem of the whole request.`;

const createOrders = ({ ports, changer, reader, bodies }: ChangeRouting) =>
  route(
    {
      id: 'createOrders',
      tag: 'Orders',
      summary: 'Create up to a thousand orders',
      description,
      headers: { 'Idempotency-Key': idempotencyKey },
      body: jsonBody(newOrdersBody, `At most ${limits.maxOrderBatchBytes} bytes.`),
      responses: { 200: json(orderResultsResponse, 'What became of each order, in order.') },
      problems: BODY_PROBLEMS,
      engines: ['store'],
    },
    (c) => {
      const asker = { ...askerOf(c, 'createOrders'), ifMatch: null };
      return bodies.read(c, { maxBytes: limits.maxOrderBatchBytes, isBatch: true }, async (body) => {
        const read: (ChangeRequest | WrongBody)[] = [];
        for (const [index, one] of valueIn(reader.newOrders(body)).entries()) {
          if (index % limits.ordersOfSlice === limits.ordersOfSlice - 1) await sliceTurn();
          const order = reader.newOrder(one, asker.hubs);
          read.push('mistakes' in order ? order : creationRequest(asker, order.value, ports.clock.now(), index));
        }
        await changer.tellUnknown(read.filter((one) => 'mistakes' in one));
        const settled = (await changer.settle(read.filter((one) => 'ask' in one))).values();
        const results = read.map(
          (one): Settled => ('ask' in one ? settled.next().value! : { outcome: 'invalid', mistakes: one.mistakes }),
        );
        return respondWithResults(c, results, true);
      });
    },
  );

const setStatuses = ({ changer, reader, bodies }: ChangeRouting) =>
  route(
    {
      id: 'setOrderStatuses',
      tag: 'Orders',
      summary: 'Move up to a thousand orders to another status',
      description,
      headers: { 'Idempotency-Key': idempotencyKey },
      body: jsonBody(statusesBody, `At most ${limits.maxOrderBytes} bytes.`),
      responses: { 200: json(orderResultsResponse, 'What became of each order, in order.') },
      problems: BODY_PROBLEMS,
      engines: ['store'],
    },
    (c) => {
      const asker = { ...askerOf(c, 'setOrderStatuses'), ifMatch: null };
      return bodies.read(c, { maxBytes: limits.maxOrderBytes, isBatch: true }, async (body) => {
        const { orderIds, ...move } = valueIn(reader.moves(body));
        const requests = orderIds.map((id, index) => changeRequest(asker, id, { kind: 'status', ...move }, index));
        return respondWithResults(c, await changer.settle(requests), false);
      });
    },
  );

/** Serialized in slices. When nothing happened because the store is down, so is the request. */
async function respondWithResults(
  c: Context<HttpEnv>,
  settled: readonly Settled[],
  isCreation: boolean,
): Promise<Response> {
  auditTarget(c, `${settled.length} orders`);
  const [first] = settled;
  if (first?.outcome === 'failed' && settled.every((one) => one.outcome === 'failed')) throw first.error;
  const results: string[] = [];
  for (const one of settled) {
    results.push(JSON.stringify(resultOf(one, isCreation)));
    if (results.length % limits.ordersOfSlice === 0) await sliceTurn();
  }
  return c.body(`{"results":[${results.join(',')}]}`, 200, { 'content-type': 'application/json' });
}
