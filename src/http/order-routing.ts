/** What the routes that create and change orders share. */
import type { Context } from 'hono';
import * as z from 'zod';
import type { OrderChanger, OrderPorts } from '../orders/change-orders.ts';
import type { OrderReader, Read } from '../orders/read-order.ts';
import type { Asker } from '../orders/requests.ts';
import { principalOf } from './access-guard.ts';
import { readIfMatch } from './conditional.ts';
import { readIdempotencyKey } from './idempotency-key.ts';
import type { JsonBodies } from './json-body.ts';
import { invalidOrder } from './order-answers.ts';
import type { ProblemCode } from './problem-codes.ts';
import type { BodyDescription, HttpEnv } from './route.ts';

export interface ChangeRouting {
  ports: OrderPorts;
  changer: OrderChanger;
  reader: OrderReader;
  bodies: JsonBodies;
}

export const orderParams = { order_id: z.string().describe('The `order_id` of the order.') };

export const jsonBody = (schema: z.ZodType, description: string): BodyDescription => ({
  required: true,
  description,
  content: { 'application/json': schema },
});

/** The problems of any request with a JSON body that may carry an Idempotency-Key. */
export const BODY_PROBLEMS: readonly ProblemCode[] = [
  ...(['invalid_parameter', 'invalid_body', 'unfinished_upload', 'too_large', 'invalid_order'] as const),
  ...(['key_reused', 'too_many_bodies', 'upgrade_unfinished'] as const),
];
/** Throws `invalid_parameter`. */
export function askerOf(c: Context<HttpEnv>, routeId: string): Asker {
  const { name: principal, hubs } = principalOf(c);
  return {
    ...{ principal, hubs, route: routeId },
    key: readIdempotencyKey(c.req.header('idempotency-key')),
    ifMatch: readIfMatch(c.req.header('if-match')),
  };
}

/** The value of a body; throws `invalid_order` with all mistakes in it. */
export function valueIn<Value>(read: Read<Value>): Value {
  if ('mistakes' in read) throw invalidOrder(read.mistakes);
  return read.value;
}
