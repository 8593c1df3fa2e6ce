/** `oms orders` and `oms stress`, each as a process of its own beside a running service: output, effects and exit codes. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whatIsWrong } from '../../src/commands/stress/stock.ts';
import { getJson, runOms, type Service, setStock, startService, temporaryDirectory } from '../support/service.ts';

interface OrderJson {
  order_id: string;
  status: string;
  version: number;
}

let service: Service;
let env: Record<string, string>;
let names = 0;
beforeAll(async () => {
  service = await startService();
  env = { OMS_DATA_DIR: service.dataDirectory };
  await setStock(service, [['SKU-1', 'HUB-1', 1_000_000]]);
});
afterAll(() => service.stop());

const oms = (args: string[], input?: string) => runOms(args, env, undefined, input);

async function create(count = 1, content: object = {}): Promise<string[]> {
  const ids = Array.from({ length: count }, () => `O-${++names}`);
  for (let from = 0; from < count; from += 1_000) {
    const orders = ids.slice(from, from + 1_000).map((order_id) => ({
      order_id,
      customer: { name: 'Ada Lovelace', email: 'ada@example.com' },
      items: [{ sku: 'SKU-1', hub_id: 'HUB-1', product_name: 'Engine', quantity: 2, unit_price: '19.99' }],
      shipping_address: '12 St James Square\nLondon',
      ...content,
    }));
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ orders });
    const response = await fetch(`${service.url}/orders/batch`, { method: 'POST', headers, body });
    const { results } = (await response.json()) as { results: { status: number }[] };
    expect(results.map(({ status }) => status)).toEqual(ids.slice(from, from + 1_000).map(() => 201));
  }
  return ids;
}

const order = (id: string) => getJson<OrderJson>(service, `/orders/${id}`);
const available = async () =>
  (await getJson<{ items: { available: number }[] }>(service, '/inventory?sku=SKU-1')).items[0]!.available;

describe('oms orders', () => {
  test('shows, changes and deletes an order, and tells its history', async () => {
    const [id] = (await create()) as [string];
    const shown = await oms(['orders', 'show', id]);
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining(`${id}  on_hold, version 1\n`) });
    expect(shown.stdout).toContain('Ada Lovelace <ada@example.com>');
    expect(shown.stdout).toContain('12 St James Square\\u000aLondon\n');
    const before = await available();

    const confirmed = await oms(['orders', 'set-status', 'confirmed', id, '--reason', 'paid']);
    expect(confirmed).toEqual({ code: 0, stdout: `${id}: confirmed, version 2\n`, stderr: '' });
    const again = await oms(['orders', 'set-status', 'confirmed', id]);
    expect(again).toEqual(confirmed);
    const stale = await oms(['orders', 'cancel', id, '--if-version', '1']);
    expect(stale).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^O-\d+: version_mismatch: .*\n$/),
    });
    const cancelled = await oms(['orders', 'cancel', id, '--if-version', '2', '--json']);
    expect(JSON.parse(cancelled.stdout)).toMatchObject({ order_id: id, status: 'cancelled', version: 3 });
    expect(await available()).toBe(before + 2);

    const history = await oms(['orders', 'history', id]);
    expect(history.stdout.replaceAll(/\d{4}-\S+Z/g, 'TIME')).toBe(
      [
        id,
        '   1  TIME  created  on_hold',
        '   2  TIME  status_changed  on_hold -> confirmed: paid',
        '   3  TIME  status_changed  confirmed -> cancelled\n',
      ].join('\n'),
    );
    expect(await oms(['orders', 'delete', id])).toEqual({ code: 0, stdout: `${id}: deleted\n`, stderr: '' });
    expect(await oms(['orders', 'show', id])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^O-\d+: order_deleted: .*\n$/),
    });
  });

  test('takes ids from standard input, in requests of a thousand, and says what was refused', async () => {
    const ids = await create(1_100);
    const shipped = ids.slice(0, 2);
    expect((await oms(['orders', 'set-status', 'confirmed', ...shipped])).code).toBe(0);
    expect((await oms(['orders', 'set-status', 'shipped', ...shipped])).code).toBe(0);
    const lines = [...ids, '', 'nowhere', 'x'.repeat(501)].join('\r\n');
    const { code, stdout, stderr } = await oms(['orders', 'cancel'], lines);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '1098 orders are now cancelled, 4 refused\n' });
    expect(stderr.split('\n').map((line) => line.split(':').slice(0, 2).join(':'))).toEqual([
      `${ids[0]}: invalid_transition`,
      `${ids[1]}: invalid_transition`,
      'nowhere: not_found',
      `${'x'.repeat(501)}: invalid_id`,
      '',
    ]);
    expect(await order(ids.at(-1)!)).toMatchObject({ status: 'cancelled', version: 2 });
    const deleted = await oms(['orders', 'delete'], ids.slice(2, 60).join('\n'));
    expect(deleted).toEqual({ code: 0, stdout: '58 orders are deleted, 0 refused\n', stderr: '' });
  });

  test('lists by the filters of the API: as a table, as JSON, as ids', async () => {
    const ids = await create(3, { customer: { name: 'Grace Hopper', email: 'grace@example.com' } });
    const filters = ['--customer-email', 'grace@example.com', '--status', 'on_hold'];
    const table = await oms(['orders', 'list', ...filters]);
    expect(table.code).toBe(0);
    expect(table.stdout.split('\n')[0]).toMatch(/^ORDER +STATUS +VERSION +CUSTOMER +ITEMS +TOTAL +CREATED$/);
    expect(table.stdout.match(/^O-\d+ +on_hold +1 +Grace Hopper +1 +39\.98 +\d{4}-\S+$/gm)).toHaveLength(3);
    const json = await oms(['orders', 'list', ...filters, '--json', '--limit', '2']);
    expect(
      json.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as OrderJson).order_id),
    ).toHaveLength(2);
    const listed = await oms(['orders', 'list', ...filters, '--ids', '--limit', 'all']);
    expect(listed.stdout.trim().split('\n').sort()).toEqual(ids);
    expect(await oms(['orders', 'list', '--status', 'nowhere'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^oms orders: invalid_parameter: status=.*\n$/),
    });
  });

  test('repeats a request whose answer was lost, and one that is answered 503: nothing changes twice', async () => {
    const [first, second] = (await create(2)) as [string, string];
    const proxy = await troubled(service.url);
    const args = ['orders', 'set-status', 'confirmed', first, second, '--url', proxy.url];
    expect(await oms(args)).toEqual({
      code: 0,
      stdout: `${first}: confirmed, version 2\n${second}: confirmed, version 2\n`,
      stderr: '',
    });
    expect(proxy.requests).toBe(3);
    expect(new Set(proxy.keys).size).toBe(1);
    const gone = await oms(['orders', 'delete', first, '--url', proxy.url]);
    expect(gone).toMatchObject({ code: 0, stdout: `${first}: deleted\n` });
    await proxy.close();
  });

  test('says in one line what is wrong with a call, and where the service should be', async () => {
    for (const args of [
      [],
      ['explode'],
      ['list', 'x'],
      ['set-status'],
      ['list', '--limit', '0'],
      ['cancel', 'x', '--if-version', 'one'],
      ['show', 'x', '--url', 'ftp://x'],
    ])
      expect(await oms(['orders', ...args], '')).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^oms orders: .*\n$/),
      });
    const nowhere = { OMS_DATA_DIR: join(await temporaryDirectory(), 'none'), OMS_PORT: '9' };
    expect(await runOms(['orders', 'list'], nowhere)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^oms orders: the service at http:\/\/127\.0\.0\.1:9 cannot be reached .*\n$/),
    });
  });
});

describe('oms stress', () => {
  test('sells exactly the stock, and shows rate, latencies and refusals', async () => {
    const { code, stdout } = await oms(['stress', '--num', '300', '--concurrency', '20', '--stock', '137']);
    expect(stdout).toMatch(/^300 orders of stress-\S+ at STRESS-HUB, 1 in a request, from 20 clients\n/);
    expect(stdout).toMatch(
      / rate +\d+ orders\/s, .* s in all\n +latency +p50 [\d.]+, p95 [\d.]+, p99 [\d.]+, max [\d.]+ ms\n/,
    );
    expect(stdout).toMatch(/ accepted +137\n +refused +163 out_of_stock, such as: /);
    expect(stdout).toMatch(/ stock +137 before, 0 after: 137 sold, 137 orders stored\n/);
    expect(code).toBe(0);
    const batches = await oms(['stress', '--num', '250', '--batch', '100', '--json']);
    expect(JSON.parse(batches.stdout)).toMatchObject({ accepted: 250, before: 250, after: 0, stored: 250, ok: true });
  });

  test('takes from the stock of a product that was named', async () => {
    await setStock(service, [['HOT-1', 'HUB-9', 30]]);
    const { code, stdout } = await oms(['stress', '--num', '20', '--sku', 'HOT-1', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ sku: 'HOT-1', hubId: 'HUB-9', before: 30, after: 10, accepted: 20 });
    expect(code).toBe(0);
    expect(await oms(['stress', '--sku', 'NONE'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--stock'),
    });
    expect(await oms(['stress', '--num', 'many'])).toMatchObject({ code: 1, stderr: expect.stringContaining('--num') });
  });

  test('checks that all orders are stored where stock is not tracked', async () => {
    const untracked = await startService({ env: { OMS_STOCK: 'untracked' } });
    const stress = (...args: string[]) => oms(['stress', '--url', untracked.url, '--num', '30', ...args]);
    const { code, stdout } = await stress('--stock', '7');
    expect(stdout).toMatch(
      / stock +7 before, 7 after: not tracked, 30 orders stored\n +exactly what was accepted is stored\n/,
    );
    expect(code).toBe(0);
    const { items } = await getJson<{ items: { sku: string; hub_id: string }[] }>(untracked, '/inventory');
    const named = await stress('--sku', items[0]!.sku, '--hub', items[0]!.hub_id, '--json');
    expect(JSON.parse(named.stdout)).toMatchObject({ accepted: 30, stored: 30, tracked: false, ok: true });
    await untracked.stop();
    const load = { accepted: 30, unknown: 0, orders: 30, tracked: false };
    expect(whatIsWrong(7, 7, 29, load)).toHaveLength(2);
    expect(whatIsWrong(7, 6, 30, load)).toHaveLength(1);
  });

  test('fails when more or less is sold than is there', () => {
    const load = { accepted: 137, unknown: 0, orders: 1_000, tracked: true };
    expect(whatIsWrong(137, 0, 137, load)).toEqual([]);
    expect(whatIsWrong(2_000, 1_000, 1_000, { ...load, accepted: 1_000 })).toEqual([]);
    expect(whatIsWrong(137, 0, 138, { ...load, accepted: 138 })).toHaveLength(2);
    expect(whatIsWrong(137, 1, 136, { ...load, accepted: 136 })).toHaveLength(1);
    expect(whatIsWrong(137, 1, 137, load)).toHaveLength(1);
    expect(whatIsWrong(137, 0, 137, { ...load, accepted: 136, unknown: 1 })).toEqual([]);
    expect(whatIsWrong(137, 0, 137, { ...load, accepted: 135, unknown: 1 })).toHaveLength(1);
  });
});

/** Loses the first answer that has a key, and answers the second of them 503. The rest goes to and fro. */
async function troubled(target: string) {
  const keys: string[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const key = request.headers['idempotency-key'];
    const headers: Record<string, string> = { 'content-type': request.headers['content-type'] ?? 'text/plain' };
    if (typeof key === 'string') {
      keys.push(key);
      headers['idempotency-key'] = key;
    }
    if (keys.length === 2) {
      response.writeHead(503, { 'retry-after': '0' }).end();
      return;
    }
    const answer = await fetch(`${target}${request.url}`, {
      method: request.method!,
      headers,
      ...(body.length > 0 && { body }),
    });
    const text = await answer.text();
    if (keys.length === 1) request.socket.destroy();
    else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys,
    get requests() {
      return keys.length;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
