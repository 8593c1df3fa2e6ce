/**
 * Orders through the API, one item each, from 1,000 connections that are always busy: one product, and many products, also with keys and the
 * audit log; beside a server that only validates, and one as it is written in an hour. And changes of status in bulk.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SendOptions, Sent } from './contenders/send-orders.ts';
import { grouped, median, medianRatio } from './measure.ts';
import { contender, cpuSeconds, runToEnd, type Server, startOms, startServer } from './processes.ts';
import type { Bench } from './report.ts';

const CONNECTIONS = 1_000;
const ORDERS = 60_000;
/** What a server does before it is measured, so that its code is compiled. */
const WARM_UP = 20_000;
/** A transaction each: more would only take longer. */
const HOUR_ORDERS = 4_000;
const MANY_SKUS = Array.from({ length: 5_000 }, (_, n) => `SKU-${n}`);
const HOT_SKU = ['SKU-0'];
const STOCK = 10_000_000;
const CHANGES_OF_REQUEST = 1_000;
const CHANGE_REQUESTS = 2;

interface Run {
  ordersPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  cpuMicros: number;
}

type Who =
  | 'OMS, many SKUs'
  | 'OMS, many SKUs, keys and audit log'
  | 'OMS, one SKU'
  | 'only validates'
  | 'written in an hour';

export async function orders(bench: Bench): Promise<void> {
  const count = bench.scaled(ORDERS);
  const runs: Record<Who, Run[]> = {
    ...{
      'OMS, many SKUs': [],
      'OMS, many SKUs, keys and audit log': [],
      'OMS, one SKU': [],
      'only validates': [],
      'written in an hour': [],
    },
  };
  const changes: number[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    // Beside one another, as they are compared.
    runs['OMS, many SKUs, keys and audit log'].push(await measureWithKeys(bench, count));
    runs['OMS, many SKUs'].push(await measureOms(bench, MANY_SKUS, count));
    runs['OMS, one SKU'].push(await measureOms(bench, HOT_SKU, count, changes));
    runs['only validates'].push(await measureBare(count));
    runs['written in an hour'].push(await measureHour(bench, bench.scaled(HOUR_ORDERS)));
  }
  report(bench, count, runs, changes);
}

function report({ say, ratio }: Bench, count: number, runs: Record<Who, Run[]>, changes: number[]): void {
  const rates = (who: Who) => runs[who].map(({ ordersPerSecond }) => ordersPerSecond);
  const ours = rates('OMS, many SKUs');
  say(`## ${grouped(count)} orders through the API, ${grouped(CONNECTIONS)} connections`);
  say();
  say('| who | orders/s | OMS / it | p50 ms | p99 ms | CPU of the server, µs an order |');
  say('|---|---|---|---|---|---|');
  for (const who of Object.keys(runs) as Who[]) {
    const of = (figure: keyof Run) => median(runs[who].map((run) => run[figure]));
    const times = medianRatio(ours, rates(who));
    say(
      `| ${who} | ${grouped(Math.round(of('ordersPerSecond')))} | ${times.toFixed(2)} | ${of('p50Ms').toFixed(0)} | ${of('p99Ms').toFixed(0)} | ${of('cpuMicros').toFixed(0)} |`,
    );
  }
  say();
  say(`${grouped(Math.round(median(changes)))} changes of status a second, ${grouped(CHANGES_OF_REQUEST)} a request`);
  say();
  ratio('orders, OMS / only validates', medianRatio(ours, rates('only validates')));
  ratio('orders, OMS / written in an hour', medianRatio(ours, rates('written in an hour')));
  ratio('orders, keys and audit log / access off', medianRatio(rates('OMS, many SKUs, keys and audit log'), ours));
  ratio('orders, one SKU / many SKUs', medianRatio(rates('OMS, one SKU'), ours));
  ratio('status changes / orders of OMS', medianRatio(changes, rates('OMS, one SKU')));
}

async function measureOms({ work }: Bench, skus: string[], count: number, changes?: number[]): Promise<Run> {
  const directory = await mkdtemp(join(work, 'orders-'));
  const oms = await startOms(directory);
  try {
    await setStock(oms, skus);
    const run = await measure(oms, { skus, orders: count });
    changes?.push(await changeAll(oms, count));
    return run;
  } finally {
    await oms.stop();
    await rm(directory, { recursive: true });
  }
}

async function measureWithKeys({ work }: Bench, count: number): Promise<Run> {
  const directory = await mkdtemp(join(work, 'orders-'));
  const key = randomBytes(32).toString('hex');
  const keyFile = join(directory, 'key');
  await writeFile(keyFile, key);
  const oms = await startOms(join(directory, 'data'), {
    OMS_AUTH: 'required',
    OMS_ADMIN_KEY_FILE: keyFile,
    OMS_RATE_LIMIT: 'off',
  });
  try {
    await setStock(oms, MANY_SKUS, key);
    return await measure(oms, { skus: MANY_SKUS, orders: count, key });
  } finally {
    await oms.stop();
    await rm(directory, { recursive: true });
  }
}

async function measureBare(count: number): Promise<Run> {
  const server = await startServer(process.execPath, [contender('parse-orders.ts')]);
  try {
    return await measure(server, { skus: MANY_SKUS, orders: count });
  } finally {
    await server.stop();
  }
}

async function measureHour({ work }: Bench, count: number): Promise<Run> {
  const directory = await mkdtemp(join(work, 'hour-'));
  const stock = JSON.stringify(Object.fromEntries(HOT_SKU.map((sku) => [sku, STOCK])));
  const server = await startServer(process.execPath, [contender('hour-orders.ts'), join(directory, 'hour.db'), stock]);
  try {
    return await measure(server, { skus: HOT_SKU, orders: count, warmUp: 0 });
  } finally {
    await server.stop();
    await rm(directory, { recursive: true });
  }
}

interface Measured extends Pick<SendOptions, 'skus' | 'orders' | 'key'> {
  warmUp?: number;
}

async function measure({ url, child }: Server, { skus, orders, key = null, warmUp = WARM_UP }: Measured): Promise<Run> {
  const options = { url, skus, key, connections: CONNECTIONS };
  if (warmUp > 0) await send({ ...options, orders: warmUp, name: 'W' });
  const cpuBefore = await cpuSeconds(child.pid!);
  const { seconds, latencyMs } = await send({ ...options, orders, name: 'N' });
  const cpu = (await cpuSeconds(child.pid!)) - cpuBefore;
  return {
    ordersPerSecond: orders / seconds,
    p50Ms: latencyMs.p50,
    p99Ms: latencyMs.p99,
    cpuMicros: (cpu / orders) * 1e6,
  };
}

async function send(options: SendOptions): Promise<Sent> {
  const { output } = await runToEnd(process.execPath, [contender('send-orders.ts'), JSON.stringify(options)]);
  const sent = JSON.parse(output) as Sent;
  if (sent.byStatus['201'] !== options.orders)
    throw new Error(`of ${options.orders} orders the answers were ${JSON.stringify(sent.byStatus)}`);
  return sent;
}

async function setStock({ url }: Server, skus: string[], key: string | null = null): Promise<void> {
  const items = skus.map((sku) => ({ sku, hub_id: 'HUB-1', available: STOCK }));
  await sendJson('PUT', `${url}/inventory`, { items }, key);
}

/** All orders of the measurement, in requests of which some are under way. Returns the changes a second. */
async function changeAll({ url }: Server, count: number): Promise<number> {
  let next = 0;
  const started = performance.now();
  const work = async () => {
    while (next < count) {
      const from = next;
      next += CHANGES_OF_REQUEST;
      const length = Math.min(CHANGES_OF_REQUEST, count - from);
      const order_ids = Array.from({ length }, (_, i) => `N-${from + i}`);
      const answer = await sendJson('POST', `${url}/orders/status`, { order_ids, status: 'confirmed' });
      const { results } = (await answer.json()) as { results: { status: number }[] };
      if (results.length !== length || results.some(({ status }) => status !== 200))
        throw new Error('a change of status was refused');
    }
  };
  await Promise.all(Array.from({ length: CHANGE_REQUESTS }, work));
  return count / ((performance.now() - started) / 1000);
}

async function sendJson(method: string, url: string, body: unknown, key: string | null = null): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...(key !== null && { authorization: `Bearer ${key}` }) };
  const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${await answer.text()}`);
  return answer;
}
