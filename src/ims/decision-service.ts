/**
 * The reference decision service: a small service with the interface that the finalizer expects of any. It confirms all orders, or decides
 * by their amount. The same order gets the same decision, whenever it is asked about.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as z from 'zod';
import { OmsError } from '../errors.ts';
import { noForeignOrigin } from '../http/foreign-origin.ts';
import { localOnly } from '../http/local-only.ts';
import { respondToUnrouted } from '../http/methods.ts';
import { problem } from '../http/problem.ts';
import { limits } from '../limits.ts';
import { isLoopback } from '../model/loopback.ts';
import { parseMinor } from '../model/money.ts';

export interface DecisionRules {
  /** Orders of more than this amount are cancelled. */
  cancelOverMinor: number | null;
  /** Orders of more than this amount are held at the first ask. */
  holdOverMinor: number | null;
  holdSeconds: number;
}

const orderSchema = z.object({ order_id: z.string(), total_amount: z.string() });

export function decisionService(rules: DecisionRules, guards: MiddlewareHandler[] = []): Hono {
  const app = new Hono();
  for (const guard of guards) app.use(guard);
  const bounded = bodyLimit({
    maxSize: limits.decisionServiceBodyBytes,
    onError: (c) => problem(c, 413, 'body_too_large', `At most ${limits.decisionServiceBodyBytes} bytes are an order.`),
  });
  app.post('/', bounded, async (c) => {
    const order = orderSchema.safeParse(await c.req.json().catch(() => undefined));
    const totalMinor = order.success ? parseMinor(order.data.total_amount) : null;
    const ask = Number(/:(\d+)$/.exec(c.req.header('idempotency-key') ?? '')?.[1] ?? Number.NaN);
    if (totalMinor === null)
      return problem(c, 400, 'invalid_body', 'Expected an order with order_id and total_amount.');
    if (Number.isNaN(ask))
      return problem(c, 400, 'invalid_key', 'Expected an Idempotency-Key that ends with the number of the ask.');
    return c.json(decisionOn(totalMinor, ask, rules));
  });
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.notFound((c) => respondToUnrouted(app, c));
  app.onError((error, c) => problem(c, 500, 'internal', error.message));
  return app;
}

function decisionOn(totalMinor: number, ask: number, { cancelOverMinor, holdOverMinor, holdSeconds }: DecisionRules) {
  if (cancelOverMinor !== null && totalMinor > cancelOverMinor)
    return { decision: 'cancel', reason: 'the amount is too high' };
  if (holdOverMinor !== null && totalMinor > holdOverMinor && ask === 1)
    return { decision: 'hold', reason: 'the amount is checked', retry_after_seconds: holdSeconds };
  return { decision: 'confirm' };
}

/** Listens. Throws `address_in_use`. */
export async function startDecisionService(host: string, port: number, rules: DecisionRules) {
  const guards = [noForeignOrigin([]), ...(isLoopback(host) ? [localOnly([])] : [])];
  const server = createAdaptorServer({ fetch: decisionService(rules, guards).fetch });
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new OmsError('address_in_use', `another program listens on ${host}, port ${port}: take another --port`, {
      cause: error,
    });
  }
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      await closed;
    },
  };
}
