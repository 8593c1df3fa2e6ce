/** The decision service over HTTP: what is sent, which answers are decisions, and what its outages are. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createHttpDecider } from '../../../src/adapters/decider.http.ts';
import { limits } from '../../../src/limits.ts';
import { type Order, orderJson } from '../../../src/model/order.ts';

interface Call {
  request: IncomingMessage;
  body: string;
  answer(status: number, body?: unknown): void;
}

/** The breaker reads the wall clock; nothing else that runs here does. */
const BREAKER_OPEN_MS = 60_000;

const servers: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const server of servers.splice(0)) await server.stop();
});

async function serviceThat(handle: (call: Call, n: number) => void) {
  let calls = 0;
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const n = ++calls;
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const answer = (status: number, body: unknown = '') => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    handle({ request, body: Buffer.concat(parts).toString(), answer }, n);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push({
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  });
  const { port } = server.address() as AddressInfo;
  return { port, calls: () => calls };
}

const ORDER: Order = {
  ...{ orderId: 'A-1', status: 'on_hold', version: 2, actor: null, fileId: null, row: null },
  ...{ customerName: 'Ada', customerEmail: 'ada@example.com', totalMinor: 3998, orderDateMs: 0 },
  items: [{ sku: 'S', hubId: 'H', productName: 'Engine', quantity: 2, unitPriceMinor: 1999, lineTotalMinor: 3998 }],
  ...{ shippingAddress: '12 St James Square', createdAtMs: 1_000, updatedAtMs: 2_000 },
};

const quick = { finalizerRetryDelayMs: 1, finalizerMaxRetryDelayMs: 2, finalizerBreakerOpenMs: 20 };
const deciderAt = (port: number, path = '', bounds: object = {}) =>
  createHttpDecider({ url: `http://127.0.0.1:${port}${path}`, bounds: { ...quick, ...bounds } });
const never = new AbortController().signal;

test('the order is posted as it is shown, under its key, to the address with its path, query and credentials', async () => {
  const seen: Call[] = [];
  const { port } = await serviceThat((call) => {
    seen.push(call);
    call.answer(200, { decision: 'confirm' });
  });
  const decider = createHttpDecider({ url: `http://oms:p%40ss@127.0.0.1:${port}/decide?shop=1` });
  expect(await decider.decide(ORDER, 'A-1:created:1', never)).toEqual({ decision: 'confirm', reason: null });
  expect(JSON.parse(seen[0]!.body)).toEqual(orderJson(ORDER));
  expect(seen[0]!.request).toMatchObject({
    method: 'POST',
    url: '/decide?shop=1',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': 'A-1:created:1',
      authorization: `Basic ${Buffer.from('oms:p@ss').toString('base64')}`,
    },
  });
});

describe('an answer', () => {
  test.each<[given: unknown, decision: object]>([
    [{ decision: 'confirm' }, { decision: 'confirm', reason: null }],
    [
      { decision: 'cancel', reason: ' too\n much ' },
      { decision: 'cancel', reason: 'too much' },
    ],
    [
      { decision: 'cancel', reason: 'x'.repeat(1_000) },
      { decision: 'cancel', reason: 'x'.repeat(limits.maxTextChars) },
    ],
    [
      { decision: 'confirm', reason: null, score: 0.9 },
      { decision: 'confirm', reason: null },
    ],
    [{ decision: 'hold' }, { decision: 'hold', reason: null, retryAfterMs: null }],
    [
      { decision: 'hold', retry_after_seconds: 0.5 },
      { decision: 'hold', reason: null, retryAfterMs: 500 },
    ],
  ])('%j is a decision', async (given, decision) => {
    const { port } = await serviceThat((call) => call.answer(200, given));
    expect(await deciderAt(port).decide(ORDER, 'k', never)).toEqual(decision);
  });

  test.each<[status: number, given: unknown, answer: string]>([
    [200, { decision: 'maybe' }, 'answered 200 OK: "{"decision":"maybe"}"'],
    [
      200,
      { decision: 'hold', retry_after_seconds: -1 },
      'answered 200 OK: "{"decision":"hold","retry_after_seconds":-1}"',
    ],
    [200, '{"decision":"hold","retry_after_seconds":1e999}', expect.stringMatching(/^answered 200/)],
    [200, { decision: 'cancel', reason: 7 }, expect.stringMatching(/^answered 200/)],
    [200, '<html>', 'answered 200 OK: "<html>"'],
    [204, '', 'answered 204 No Content'],
    [400, { detail: 'no\nsuch shop' }, 'answered 400 Bad Request: "no such shop"'],
    [404, '', 'answered 404 Not Found'],
    [422, 'x'.repeat(9_000), `answered 422 Unprocessable Entity: "${'x'.repeat(limits.finalizerWordsChars)}"`],
    [
      200,
      ' '.repeat(limits.finalizerResponseBytes + 1),
      `answered 200 with more than ${limits.finalizerResponseBytes} bytes`,
    ],
  ])('%i %j is none, and is not asked for again', async (status, given, answer) => {
    const { port, calls } = await serviceThat((call) => call.answer(status, given));
    expect(await deciderAt(port).decide(ORDER, 'k', never)).toEqual({ decision: 'none', answer });
    expect(calls()).toBe(1);
  });
});

describe('a failure', () => {
  test.each([500, 503, 408, 425, 429, 401, 403, 407, 302])('%i is tried again under the same key', async (status) => {
    const keys: unknown[] = [];
    const { port } = await serviceThat((call, n) => {
      keys.push(call.request.headers['idempotency-key']);
      call.answer(n < 3 ? status : 200, { decision: 'confirm' });
    });
    expect(await deciderAt(port).decide(ORDER, 'k:1', never)).toMatchObject({ decision: 'confirm' });
    expect(keys).toEqual(['k:1', 'k:1', 'k:1']);
  });

  test('for one order among others is told as that', async () => {
    const { port } = await serviceThat((call) => {
      const isBad = JSON.parse(call.body).order_id === 'BAD';
      call.answer(isBad ? 500 : 200, { decision: 'confirm' });
    });
    const decider = deciderAt(port);
    const bad = decider.decide({ ...ORDER, orderId: 'BAD' }, 'k', never);
    expect(await bad).toEqual({
      decision: 'failed',
      answer: `The decision service at http://127.0.0.1:${port}/ answered 500 Internal Server Error: "{"decision":"confirm"}".`,
    });
    expect(await decider.decide(ORDER, 'k', never)).toMatchObject({ decision: 'confirm' });
  });

  test('of all is an outage, in which the service is hardly asked, and which ends by itself', async () => {
    let isOut = true;
    const { port, calls } = await serviceThat((call) => call.answer(isOut ? 503 : 200, { decision: 'confirm' }));
    const decider = deciderAt(port, '', { finalizerBreakerOpenMs: BREAKER_OPEN_MS });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) => decider.decide({ ...ORDER, orderId: `A-${i}` }, `k${i}`, never)),
    );
    const outages = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(outages.length).toBeGreaterThan(40);
    for (const { reason } of outages) expect(reason).toMatchObject({ code: 'decisions_unavailable', retryable: true });
    expect(calls()).toBeLessThan(limits.finalizerBreakerFailures + limits.finalizerCalls);
    isOut = false;
    await expect(decider.decide(ORDER, 'k', never)).rejects.toMatchObject({ code: 'decisions_unavailable' });
    vi.setSystemTime(Date.now() + BREAKER_OPEN_MS);
    expect(await decider.decide(ORDER, 'k', never)).toMatchObject({ decision: 'confirm' });
  });

  test('is a service that hangs, that breaks off, and one that is not there', async () => {
    const hanging = await serviceThat(() => {});
    const broken = await serviceThat(({ request }) => void request.socket.destroy());
    const gone = await serviceThat(() => {});
    await servers.at(-1)!.stop();
    const words = async (port: number) => {
      const decision = await deciderAt(port, '', { finalizerTimeoutMs: 30 }).decide(ORDER, 'k', never);
      return 'answer' in decision ? decision.answer : '';
    };
    expect(await words(hanging.port)).toContain('did not answer within 30 ms');
    expect(await words(broken.port)).toContain('could not be reached or broke off');
    expect(await words(gone.port)).toContain('could not be reached or broke off');
  });
});

test('calls end with the signal, and are an outage then', async () => {
  const { port } = await serviceThat(() => {});
  const stop = new AbortController();
  const deciding = Promise.allSettled([1, 2].map((n) => deciderAt(port).decide(ORDER, `k${n}`, stop.signal)));
  stop.abort();
  for (const outcome of await deciding)
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'decisions_unavailable', retryable: true } });
});

test('a bounded number of calls is under way together', async () => {
  let together = 0;
  let most = 0;
  const waiting: (() => void)[] = [];
  const { port } = await serviceThat((call) => {
    together++;
    most = Math.max(most, together);
    waiting.push(() => {
      together--;
      call.answer(200, { decision: 'confirm' });
    });
  });
  const decider = deciderAt(port, '', { finalizerCalls: 3 });
  const all = Promise.all(Array.from({ length: 9 }, (_, i) => decider.decide(ORDER, `k${i}`, never)));
  for (let round = 0; round < 3; round++) {
    await expect.poll(() => waiting.length).toBe(3);
    for (const answer of waiting.splice(0)) answer();
  }
  expect(await all).toHaveLength(9);
  expect(most).toBe(3);
});
