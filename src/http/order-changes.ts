/** `POST /orders`, and the routes that change one order: its status, its content, its deletion. */
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import type { Config } from '../config.ts';
import { limits } from '../limits.ts';
import type { Ask } from '../model/change-request.ts';
import { OrderChanger, type OrderPorts } from '../orders/change-orders.ts';
import { OrderReader } from '../orders/read-order.ts';
import { type Asker, changeRequest, creationRequest } from '../orders/requests.ts';
import { auditTarget } from './audit-trail.ts';
import { idempotencyKey } from './idempotency-key.ts';
import { JsonBodies } from './json-body.ts';
import { respondWith } from './order-answers.ts';
import { batchRoutes } from './order-batches.ts';
import { newOrderBody, orderPatchBody, statusBody } from './order-bodies.ts';
import { askerOf, BODY_PROBLEMS, type ChangeRouting, jsonBody, orderParams, valueIn } from './order-routing.ts';
import type { ProblemCode } from './problem-codes.ts';
import { orderResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

export function orderChangeRoutes(ports: OrderPorts, config: Pick<Config, 'workflow' | 'trackStock' | 'timeZone'>) {
  const { workflow, trackStock, timeZone } = config;
  const routing: ChangeRouting = {
    ports,
    changer: new OrderChanger(ports, { workflow, trackStock }),
    reader: new OrderReader(timeZone),
    bodies: new JsonBodies(),
  };
  const app = new Hono<HttpEnv>();
  app.post('/orders', createOrder(routing));
  app.route('/', batchRoutes(routing));
  app.put('/orders/:order_id/status', setStatus(routing));
  app.patch('/orders/:order_id', editOrder(routing));
  app.delete('/orders/:order_id', deleteOrder(routing));
  return app;
}

const changeHeaders = {
  'If-Match': z
    .string()
    .regex(/^(\*|(W\/)?"[0-9]+"(, (W\/)?"[0-9]+")*)$/)
    .describe('The `ETag` of the order: 412 when it has another version by now. `*`: any.'),
  'Idempotency-Key': idempotencyKey,
};

/** The problems of any change of an order that exists. */
const CHANGE_PROBLEMS: readonly ProblemCode[] = ['not_found', 'order_deleted', 'version_mismatch', 'too_many_changes'];

const createOrder = ({ ports, changer, reader, bodies }: ChangeRouting) =>
  route(
    {
      id: 'createOrder',
      tag: 'Orders',
      summary: 'Create an order',
      description:
        'The stock of all items is taken, or of none. The same order again is answered with the stored one, whatever its status.',
      headers: { 'Idempotency-Key': idempotencyKey },
      body: jsonBody(newOrderBody, `At most ${limits.maxOrderBytes} bytes.`),
      responses: {
        200: json(orderResponse, 'The order is already stored with this content.', ['etag']),
        201: json(orderResponse, 'The order.', ['etag', 'location']),
      },
      problems: [...BODY_PROBLEMS, 'order_conflict', 'order_deleted', 'out_of_stock'],
      problemStatus: { order_deleted: 409 },
      engines: ['store', 'ims'],
    },
    (c) => {
      const asker = { ...askerOf(c, 'createOrder'), ifMatch: null };
      return bodies.read(c, { maxBytes: limits.maxOrderBytes, isBatch: false }, async (body) => {
        const read = reader.newOrder(body, asker.hubs);
        if ('mistakes' in read) await changer.tellUnknown([read]);
        const order = valueIn(read);
        auditTarget(c, `order ${order.orderId}`);
        const [settled] = await changer.settle([creationRequest(asker, order, ports.clock.now())]);
        return respondWith(c, settled!, true);
      });
    },
  );

const setStatus = ({ changer, reader, bodies }: ChangeRouting) =>
  route(
    {
      id: 'setOrderStatus',
      tag: 'Orders',
      summary: 'Move an order to another status',
      params: orderParams,
      headers: changeHeaders,
      body: jsonBody(statusBody, 'The status, and why.'),
      responses: { 200: json(orderResponse, 'The order, in that status.', ['etag']) },
      problems: [...BODY_PROBLEMS, ...CHANGE_PROBLEMS, 'invalid_transition'],
      engines: ['store'],
    },
    (c) => {
      const asker = askerOf(c, 'setOrderStatus');
      return bodies.read(c, { maxBytes: limits.maxStatusBytes, isBatch: false }, async (body) =>
        change(c, changer, asker, { kind: 'status', ...valueIn(reader.move(body)) }),
      );
    },
  );

const editOrder = ({ changer, reader, bodies }: ChangeRouting) =>
  route(
    {
      id: 'editOrder',
      tag: 'Orders',
      summary: 'Edit an order, or move it to another status',
      description: 'An edit takes and gives back stock for all items, or not at all.',
      params: orderParams,
      headers: changeHeaders,
      body: jsonBody(orderPatchBody, 'Either a status, or what is to change of the content.'),
      responses: { 200: json(orderResponse, 'The order as it is now.', ['etag']) },
      problems: [...BODY_PROBLEMS, ...CHANGE_PROBLEMS, 'not_editable', 'invalid_transition', 'out_of_stock'],
      engines: ['store', 'ims'],
    },
    (c) => {
      const asker = askerOf(c, 'editOrder');
      return bodies.read(c, { maxBytes: limits.maxOrderBytes, isBatch: false }, async (body) =>
        change(c, changer, asker, valueIn(reader.patch(body, asker.hubs))),
      );
    },
  );

const deleteOrder = ({ changer }: ChangeRouting) =>
  route(
    {
      id: 'deleteOrder',
      tag: 'Orders',
      summary: 'Delete an order',
      description:
        'The stock that it holds is given back, and its content is erased, in its history and events, too. Its id stays taken.',
      params: orderParams,
      headers: changeHeaders,
      responses: { 204: { description: 'The order is deleted.' } },
      problems: [
        'invalid_parameter',
        'key_reused',
        'not_found',
        'version_mismatch',
        'too_many_changes',
        'not_deletable',
      ],
      engines: ['store'],
    },
    (c) => change(c, changer, askerOf(c, 'deleteOrder'), { kind: 'delete' }),
  );

async function change(c: Context<HttpEnv>, changer: OrderChanger, asker: Asker, ask: Ask): Promise<Response> {
  const [settled] = await changer.settle([changeRequest(asker, c.req.param('order_id')!, ask)]);
  return respondWith(c, settled!);
}
