/** The audit log through HTTP: who did what to what, what was refused, and that a kept log shows any change of it (INV-9). */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEntryResponse } from '../../src/http/responses.ts';
import { hashOf } from '../../src/model/audit-entry.ts';
import { problemOf } from '../support/http.ts';
import { csv, orderLine, runOms, type Service, startService, temporaryDirectory } from '../support/service.ts';

const SECRET = '3f1c'.repeat(16);
let service: Service;
let env: Record<string, string>;
let operator: { id: string; key: string };
let viewer: { id: string; key: string };

beforeAll(async () => {
  const dataDirectory = await temporaryDirectory();
  const keyFile = join(await temporaryDirectory(), 'admin-key');
  await writeFile(keyFile, SECRET);
  env = { OMS_AUTH: 'required', OMS_ADMIN_KEY_FILE: keyFile, OMS_RATE_LIMIT: 'off' };
  service = await startService({ dataDirectory, env });
  operator = await newKey('operator');
  viewer = await newKey('viewer');
  await ask('PUT', '/inventory', { items: [{ sku: 'SKU-1', hub_id: 'HUB-1', available: 1_000 }] });
});
afterAll(() => service?.stop());

const ask = (method: string, path: string, body?: unknown, { key = SECRET, ...headers }: Record<string, string> = {}) =>
  fetch(`${service.url}${path}`, {
    method,
    headers: {
      ...(key !== '' && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && typeof body !== 'string' && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });

async function newKey(role: string): Promise<{ id: string; key: string }> {
  const response = await ask('POST', '/keys', { name: role, role });
  expect(response.status).toBe(201);
  return (await response.json()) as { id: string; key: string };
}

type Page = { items: AuditEntryResponse[]; next_cursor: string | null };

async function audit(query: string): Promise<AuditEntryResponse[]> {
  const items: AuditEntryResponse[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const response = await ask('GET', `/audit?${query}${cursor && `&cursor=${cursor}`}`);
    expect(response.status).toBe(200);
    const page = (await response.json()) as Page;
    items.push(...page.items);
    cursor = page.next_cursor;
  }
  return items;
}

const order = (orderId: string) => ({
  order_id: orderId,
  customer: { name: 'Ada Lovelace', email: 'ada@example.com' },
  shipping_address: '12 St James Square',
  items: [{ sku: 'SKU-1', hub_id: 'HUB-1', product_name: 'Engine', quantity: 1, unit_price: '19.99' }],
});

describe('a request that changes something', () => {
  test('has its entry when it is answered', async () => {
    const headers = { key: operator.key, 'x-request-id': 'mine.1' };
    const created = await ask('POST', '/orders', order('A-1'), headers);
    expect([created.status, created.headers.get('x-request-id')]).toEqual([201, 'mine.1']);
    const moved = await ask('PUT', '/orders/A-1/status', { status: 'confirmed' }, headers);
    expect(moved.status).toBe(200);
    const again = await ask(
      'PUT',
      '/orders/A-1/status',
      { status: 'on_hold' },
      { key: operator.key, 'x-request-id': 'a b' },
    );
    expect(again.status).toBe(409);
    const entry = { principal: `key:${operator.id}`, target: 'order A-1', address: '127.0.0.1', count: 1 };
    expect(await audit('target=order%20A-1')).toEqual([
      expect.objectContaining({
        ...{ ...entry, action: 'setOrderStatus', status: 409, code: 'invalid_transition' },
        request_id: again.headers.get('x-request-id'),
      }),
      expect.objectContaining({ ...entry, action: 'setOrderStatus', status: 200, code: null, request_id: 'mine.1' }),
      expect.objectContaining({ ...entry, action: 'createOrder', status: 201, code: null, request_id: 'mine.1' }),
    ]);
    expect(again.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('names what it was about: a file, the number of a batch, a key', async () => {
    const uploaded = await ask('POST', '/upload?name=a.csv', csv(orderLine('F-1')), {
      key: operator.key,
      'content-type': 'text/csv',
    });
    const { file_id } = (await uploaded.json()) as { file_id: string };
    const file = (await (await ask('GET', `/files/${file_id}`)).json()) as { uploaded_by: string };
    expect(file.uploaded_by).toBe(`key:${operator.id}`);
    await ask('POST', '/orders/batch', { orders: [order('B-1'), order('B-2')] });
    await ask('POST', '/inventory/adjust', { items: [{ sku: 'SKU-1', hub_id: 'HUB-1', delta: 5 }] });
    await ask('POST', `/files/${file_id}/cancel`);
    const other = await newKey('viewer');
    await ask('DELETE', `/keys/${other.id}`);
    const told = new Map((await audit('limit=100')).map(({ action, target }) => [action, target]));
    expect(Object.fromEntries(told)).toMatchObject({
      uploadFile: `file ${file_id}`,
      createOrders: '2 orders',
      adjustStock: '1 stock rows',
      cancelFile: `file ${file_id}`,
      revokeKey: `key ${other.id}`,
    });
    expect(JSON.stringify(await audit(''))).not.toContain(other.key);
  });

  test('cannot write a line of its own', async () => {
    await ask('DELETE', `/orders/${encodeURIComponent('X\n{"principal":"key:evil"}\u202e')}`);
    const [entry] = await audit('action=deleteOrder&limit=1');
    expect(entry!.target).toBe('order X\\u000a{"principal":"key:evil"}\\u202e');
  });

  test('that only reads has none', async () => {
    const before = await audit('');
    for (const path of ['/orders', '/files', '/stats', '/audit', '/orders/unknown']) await ask('GET', path);
    await ask('OPTIONS', '/orders');
    await ask('POST', '/unknown');
    expect(await audit('')).toEqual(before);
  });
});

describe('refused requests', () => {
  test('of a principal are counted', async () => {
    const key = viewer.key;
    for (let n = 0; n < 30; n++) await problemOf(await ask('PUT', '/orders/A-1/status', {}, { key }), 403, 'forbidden');
    await problemOf(await ask('GET', '/audit', undefined, { key }), 403, 'forbidden');
    const refused = () => audit(`principal=key:${viewer.id}`);
    await expect.poll(async () => (await refused()).reduce((sum, { count }) => sum + count, 0)).toBe(31);
    const entries = await refused();
    expect(entries.at(-1)).toMatchObject({
      action: 'setOrderStatus',
      status: 403,
      code: 'forbidden',
      address: '127.0.0.1',
    });
    // At most one a second.
    const seconds = entries.map(({ at }) => Date.parse(at)).reverse();
    for (const [i, ms] of seconds.slice(1).entries()) expect(ms - seconds[i]!).toBeGreaterThanOrEqual(900);
  });

  test('of nobody are counted by address, reads and streams among them', async () => {
    const paths = ['/orders', '/events', '/orders/A-1'];
    for (const path of paths) await problemOf(await ask('GET', path, undefined, { key: '' }), 401, 'unauthenticated');
    await problemOf(await ask('POST', '/orders', order('N-1'), { key: 'oms_wrong' }), 401, 'unauthenticated');
    const refused = async () => (await audit('limit=100')).filter(({ status }) => status === 401);
    await expect.poll(async () => (await refused()).reduce((sum, { count }) => sum + count, 0)).toBe(4);
    expect((await refused()).at(-1)).toMatchObject({ principal: null, address: '127.0.0.1', code: 'unauthenticated' });
  });
});

describe('GET /audit', () => {
  test('takes every filter, and gives pages', async () => {
    const all = await audit('limit=3');
    expect(all.length).toBeGreaterThan(10);
    expect(all.map(({ n }) => n)).toEqual(Array.from(all, (_, i) => all.length - i));
    const by = (keep: (entry: AuditEntryResponse) => boolean) => all.filter(keep);
    expect(await audit('action=createKey')).toEqual(by(({ action }) => action === 'createKey'));
    const who = `key:${operator.id}`;
    expect(await audit(`principal=${who}&action=createOrder`)).toEqual(
      by(({ principal, action }) => principal === who && action === 'createOrder'),
    );
    const { at } = all[5]!;
    expect(await audit(`from=${at}`)).toEqual(by((entry) => entry.at >= at));
    expect(await audit(`to=${at}&limit=1000`)).toEqual(by((entry) => entry.at < at));
    await problemOf(await ask('GET', '/audit?from=soon'), 400, 'invalid_parameter');
    await problemOf(await ask('GET', '/audit?cursor=abc'), 400, 'invalid_cursor');
  });

  test('sends all as JSON lines, which can be verified elsewhere', async () => {
    const response = await ask('GET', '/audit', undefined, { accept: 'application/x-ndjson' });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = (await response.text()).trimEnd().split('\n');
    const entries = lines.map((line) => JSON.parse(line) as AuditEntryResponse);
    expect(entries).toEqual(await audit('limit=1000'));
    let before = '';
    for (const { at, request_id, hash, ...rest } of entries.toReversed()) {
      expect(hashOf(before, { ...rest, atMs: Date.parse(at), requestId: request_id })).toBe(hash);
      before = hash;
    }
  });
});

test('a stop ends the chain, what a command does past the service has its own, and verify finds no gap', async () => {
  const { dataDirectory } = service;
  await service.stop();
  const redriven = await runOms(['redrive'], { OMS_DATA_DIR: dataDirectory, ...env });
  expect(redriven.code).toBe(0);
  service = await startService({ dataDirectory, env });
  await ask('DELETE', '/orders/unknown');
  const [deletion, begin, endOfCommand, command, beginOfCommand, end] = await audit('limit=1000');
  expect([deletion, begin, endOfCommand, command, beginOfCommand, end].map((entry) => entry!.action)).toEqual([
    ...['deleteOrder', 'audit.begin', 'audit.end', 'oms redrive', 'audit.begin', 'audit.end'],
  ]);
  expect(command).toMatchObject({ principal: 'local', target: '0 files, 0 orders', address: null });
  expect(beginOfCommand!.target).toBe(`${end!.chain} ${end!.n} ${end!.hash}`);
  const verified = await runOms(['verify'], { OMS_DATA_DIR: dataDirectory });
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringMatching(/INV-9 {2}ok .* entries/) });
});
