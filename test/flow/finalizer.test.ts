/** The finalizer in the service: orders of files are decided on, whatever is killed, and people see how far it is. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import * as responses from '../../src/http/responses.ts';
import { limits } from '../../src/limits.ts';
import { CONFIRM, type DecisionService, startDecisions } from '../support/decisions.ts';
import { send } from '../support/http.ts';
import {
  csv,
  getJson,
  ingest,
  orderLine,
  runOms,
  type Service,
  setStock,
  startService,
  temporaryDirectory,
} from '../support/service.ts';

interface Stats {
  orders: { by_status: Record<string, number> };
  finalizer: { events_behind: number; held: number; aside: number } | null;
}

const DONE = { events_behind: 0, held: 0, aside: 0 };
const services: DecisionService[] = [];
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
});

async function decisions(answer?: DecisionService['answer']) {
  const service = await startDecisions(answer);
  services.push(service);
  return service;
}

const stats = (service: Service) => getJson<Stats>(service, '/stats');
const lagOf = async (service: Service) => (await stats(service)).finalizer;
const statusesOf = async (service: Service) => (await stats(service)).orders.by_status;
const lines = (count: number, prefix = 'A') => Array.from({ length: count }, (_, i) => orderLine(`${prefix}-${i}`));
const stocked = async (service: Service) => {
  await setStock(service, [['SKU-1', 'HUB-1', 1_000_000]]);
  return service;
};

test('OMS_FINALIZER=confirm confirms the orders of a file, and the service shows how far it is', async () => {
  const service = await stocked(await startService({ env: { OMS_FINALIZER: 'confirm' } }));
  await ingest(service, csv(...lines(3_000)));
  await expect.poll(() => statusesOf(service)).toMatchObject({ confirmed: 3_000 });
  await expect.poll(() => lagOf(service)).toEqual(DONE);
  const ready = await getJson<{ finalizer: unknown }>(service, '/readyz');
  expect(ready.finalizer).toEqual(DONE);
  expect(responses.readyResponse.safeParse(ready).error).toBeUndefined();
  expect(responses.statsResponse.safeParse(await stats(service)).error).toBeUndefined();
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  for (const line of [
    'oms_finalizer_events_behind 0',
    'oms_finalizer_orders{state="held"} 0',
    'oms_finalizer_orders{state="aside"} 0',
  ])
    expect(metrics.split('\n')).toContain(line);
  expect(await service.stop()).toBe(0);
});

test('without a finalizer orders stay, and nothing tells of one', async () => {
  const service = await stocked(await startService());
  await ingest(service, csv(orderLine('A-1')));
  expect(await stats(service)).toMatchObject({ orders: { by_status: { on_hold: 1 } }, finalizer: null });
  expect(await getJson(service, '/readyz')).not.toHaveProperty('finalizer');
  expect(await (await fetch(`${service.url}/metrics`)).text()).not.toContain('finalizer');
  await service.stop();
});

test('orders that came before its first start are left, or decided on with OMS_FINALIZER_FROM=beginning', async () => {
  for (const [from, left] of [
    ['newest', 1],
    ['beginning', 0],
  ] as const) {
    const dataDirectory = await temporaryDirectory();
    const before = await stocked(await startService({ dataDirectory }));
    await ingest(before, csv(orderLine('OLD')));
    await before.stop();
    const env = { OMS_FINALIZER: 'confirm', OMS_FINALIZER_FROM: from };
    const service = await startService({ dataDirectory, env });
    await expect.poll(() => lagOf(service)).toEqual(DONE);
    await ingest(service, csv(orderLine('NEW')));
    await expect.poll(() => statusesOf(service)).toMatchObject({ confirmed: 2 - left });
    await service.stop();
  }
});

test('kill -9 at any moment: each order is asked about and decided on, once for its history', {
  timeout: 120_000,
}, async () => {
  const decider = await decisions(async ({ orderId, key }) => {
    await delay(2);
    const n = Number(orderId.split('-')[1]);
    if (n % 5 === 1) return [200, { decision: 'cancel', reason: 'fraud' }];
    if (n % 5 === 2 && key.endsWith(':1')) return [200, { decision: 'hold', retry_after_seconds: 1 }];
    return CONFIRM;
  });
  const dataDirectory = await temporaryDirectory();
  const env = { OMS_FINALIZER: decider.url };
  let service = await stocked(await startService({ dataDirectory, env }));
  await ingest(service, csv(...lines(1_000)));
  for (const share of [150, 400, 700, 950]) {
    while (decider.asked.length < share) await delay(5);
    await service.kill('SIGKILL');
    service = await startService({ dataDirectory, env });
  }
  await expect.poll(() => lagOf(service), { timeout: 90_000 }).toEqual(DONE);
  expect(await statusesOf(service)).toEqual({ confirmed: 800, cancelled: 200 });
  const numbersAsked = new Set(decider.asked.map(({ key }) => key));
  expect(numbersAsked.size).toBe(1_200);
  for (const orderId of ['A-0', 'A-1', 'A-2']) {
    const response = await send(service, 'GET', `/orders/${orderId}`);
    expect(await response.json()).toMatchObject({ version: 2, actor: 'finalizer' });
  }
  await service.stop();
  expect((await runOms(['verify'], { OMS_DATA_DIR: dataDirectory })).code).toBe(0);
});

test('a stop in the middle of calls is quick, and the next start goes on', async () => {
  let isHanging = true;
  const decider = await decisions(() => (isHanging ? new Promise(() => {}) : CONFIRM));
  const dataDirectory = await temporaryDirectory();
  const env = { OMS_FINALIZER: decider.url };
  const service = await stocked(await startService({ dataDirectory, env }));
  await ingest(service, csv(...lines(50)));
  await expect.poll(() => decider.asked.length).toBe(limits.finalizerCalls);
  expect((await lagOf(service))!.events_behind).toBe(50);
  expect(await service.stop()).toBe(0);
  expect(service.output).toContain('stopped');
  isHanging = false;
  const again = await startService({ dataDirectory, env });
  await expect.poll(() => statusesOf(again)).toMatchObject({ confirmed: 50 });
  await again.stop();
});

describe('orders that are answered nonsense', () => {
  async function withOneAside() {
    const decider = await decisions(({ orderId }) => (orderId === 'BAD' ? [400, { detail: 'no' }] : CONFIRM));
    const dataDirectory = await temporaryDirectory();
    const env = { OMS_FINALIZER: decider.url };
    const service = await stocked(await startService({ dataDirectory, env }));
    await ingest(service, csv(orderLine('BAD'), orderLine('GOOD')));
    await expect.poll(() => lagOf(service)).toEqual({ events_behind: 0, held: 0, aside: 1 });
    return { decider, dataDirectory, env, service };
  }
  const redriven = { code: 0, stdout: '0 files queued again\n1 orders are decided on again\n', stderr: '' };

  test('are listed with the answer, and oms redrive has them decided on again, beside the service', async () => {
    const { decider, dataDirectory, service } = await withOneAside();
    const page = await getJson(service, '/finalizer/orders');
    expect(page).toEqual({
      items: [{ order_id: 'BAD', asks: 1, next_ask_at: null, answer: 'answered 400 Bad Request: "no"' }],
      next_cursor: null,
    });
    expect(responses.finalizerOrdersResponse.safeParse(page).error).toBeUndefined();
    expect(await getJson(service, '/finalizer/orders?state=held')).toEqual({ items: [], next_cursor: null });
    decider.answer = () => CONFIRM;
    expect(await runOms(['redrive'], { OMS_DATA_DIR: dataDirectory })).toEqual(redriven);
    await expect.poll(() => statusesOf(service)).toMatchObject({ confirmed: 2 });
    expect(await lagOf(service)).toEqual(DONE);
    await service.stop();
  });

  test('are decided on again after an oms redrive while the service is stopped', async () => {
    const { decider, dataDirectory, env, service } = await withOneAside();
    await service.stop();
    decider.answer = () => CONFIRM;
    expect(await runOms(['redrive'], { OMS_DATA_DIR: dataDirectory, OMS_IMS_PORT: '0' })).toEqual(redriven);
    const again = await startService({ dataDirectory, env });
    await expect.poll(() => statusesOf(again)).toMatchObject({ confirmed: 2 });
    expect(decider.keysOf('BAD')).toEqual(['BAD:created:1', 'BAD:created:2']);
    await again.stop();
  });
});

test('the reference decision service decides by the amount', async () => {
  const { startDecisionService } = await import('../../src/ims/decision-service.ts');
  const rules = { cancelOverMinor: 100_000, holdOverMinor: 50_000, holdSeconds: 1 };
  const decider = await startDecisionService('127.0.0.1', 0, rules);
  const service = await stocked(await startService({ env: { OMS_FINALIZER: decider.url } }));
  const priced = (orderId: string, price: string) =>
    orderLine(orderId, { quantity: '1', unit_price: price, total_amount: price });
  await ingest(service, csv(priced('LOW', '500.00'), priced('MIDDLE', '500.01'), priced('HIGH', '1000.01')));
  await expect.poll(() => statusesOf(service)).toEqual({ confirmed: 2, cancelled: 1 });
  expect(await getJson(service, '/orders/HIGH')).toMatchObject({ status: 'cancelled', actor: 'finalizer' });
  for (const [body, headers] of [
    ['{', {}],
    ['{"order_id":"A","total_amount":"x"}', { 'idempotency-key': 'A:created:1' }],
    ['{"order_id":"A","total_amount":"1.00"}', {}],
  ] as const)
    expect((await fetch(decider.url, { method: 'POST', body, headers })).status).toBe(400);
  await service.stop();
  await decider.close();
});

describe('a start is refused with one line when', () => {
  const refused = async (args: string[], env: Record<string, string>) => {
    const { code, stderr } = await runOms(['start', ...args], { OMS_PORT: '0', OMS_IMS_PORT: '0', ...env });
    return { code, stderr };
  };
  test.each([
    [
      { OMS_FINALIZER: 'sometimes' },
      [],
      'oms start: OMS_FINALIZER="sometimes" is neither "off", "confirm" nor an http(s) URL\n',
    ],
    [
      { OMS_FINALIZER_FROM: 'yesterday' },
      [],
      'oms start: OMS_FINALIZER_FROM="yesterday" is neither "newest" nor "beginning"\n',
    ],
    [
      { OMS_FINALIZER: 'http://oms:secret@decisions.example', OMS_WORKFLOW: 'ordered' },
      [],
      'oms start: OMS_FINALIZER="http://decisions.example" needs to know where to move orders: name "finalize" in the workflow, or set OMS_FINALIZER=off\n',
    ],
    [
      {},
      ['--role', 'finalizer'],
      'oms start: --role finalizer: OMS_FINALIZER is off: set it to confirm, or to the address of a decision service\n',
    ],
  ])('%j %j', async (env, args, stderr) => {
    expect(await refused(args, { ...env, OMS_DATA_DIR: await temporaryDirectory() })).toEqual({ code: 1, stderr });
  });
});
