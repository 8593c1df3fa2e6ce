/** Orders that change: status, edits, deletion, their history and events, and clients that change one at the same time. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { EventResponse, OrderResponse, OrderResultsResponse } from '../../src/http/responses.ts';
import { listAll, problemOf, send } from '../support/http.ts';
import { availableOf, historyOf, itemBody, made, moved, moveTo, orderBody } from '../support/orders.ts';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';

let service: Service;
let skus = 0;
const newSku = async (available: number) => {
  const sku = `SKU-E${++skus}`;
  await setStock(service, [[sku, 'HUB-1', available]]);
  return sku;
};
const edit = (id: string, body: unknown, headers: Record<string, string> = {}) =>
  send(service, 'PATCH', `/orders/${id}`, body, headers);
const remove = (id: string, headers: Record<string, string> = {}) =>
  send(service, 'DELETE', `/orders/${id}`, undefined, headers);
const eventsOf = async (id: string) =>
  (await getJson<{ items: EventResponse[] }>(service, `/orders/${id}/events`)).items;

beforeAll(async () => {
  service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 10_000]]);
});

describe('a status', () => {
  test('moves along the workflow, with a version, an entry of the history and an event each time', async () => {
    await made(service, 'MOVE-1');
    const response = await send(service, 'PUT', '/orders/MOVE-1/status', { status: ' confirmed ', reason: 'paid' });
    expect([response.status, response.headers.get('etag')]).toEqual([200, '"2"']);
    expect(await response.json()).toMatchObject({ status: 'confirmed', version: 2, actor: null });
    await moved(service, 'MOVE-1', 'shipped', 'delivered');
    expect(await historyOf(service, 'MOVE-1')).toMatchObject([
      { version: 1, action: 'created', from: null, to: 'on_hold', reason: null, changes: [] },
      { version: 2, action: 'status_changed', from: 'on_hold', to: 'confirmed', reason: 'paid' },
      { version: 3, action: 'status_changed', from: 'confirmed', to: 'shipped', reason: null },
      { version: 4, action: 'status_changed', from: 'shipped', to: 'delivered' },
    ]);
    expect((await eventsOf('MOVE-1')).map(({ id, type }) => [id, type])).toEqual([
      ['MOVE-1:created', 'order.created'],
      ['MOVE-1:2', 'order.status_changed'],
      ['MOVE-1:3', 'order.status_changed'],
      ['MOVE-1:4', 'order.status_changed'],
    ]);
  });

  test('without a way to it is refused, with those that there are', async () => {
    await made(service, 'MOVE-2');
    for (const status of ['shipped', 'nowhere', 'deleted', '__proto__'])
      expect(await problemOf(await moveTo(service, 'MOVE-2', status), 409, 'invalid_transition')).toMatchObject({
        ...{ from: 'on_hold', to: status, allowed: ['confirmed', 'cancelled'] },
      });
    expect(await historyOf(service, 'MOVE-2')).toHaveLength(1);
  });

  test('that gives stock back gives it back once, also of an order from a file', async () => {
    const sku = await newSku(10);
    await ingest(service, csv(orderLine('MOVE-3', { sku }), orderLine('MOVE-4', { sku })));
    expect(await availableOf(service, sku)).toBe(6);
    const cancelled = await Promise.all(Array.from({ length: 6 }, () => moveTo(service, 'MOVE-3', 'cancelled')));
    expect(cancelled.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(await availableOf(service, sku)).toBe(8);
    expect(await historyOf(service, 'MOVE-3')).toHaveLength(2);
    await moved(service, 'MOVE-4', 'confirmed', 'shipped');
    expect(await availableOf(service, sku)).toBe(8);
    expect(await getJson(service, '/orders/MOVE-4')).toMatchObject({ source: { row: 3 } });
  });

  test('is set for many orders, each by itself', async () => {
    for (const id of ['MANY-1', 'MANY-2', 'MANY-3']) await made(service, id);
    await moved(service, 'MANY-2', 'cancelled');
    await remove('MANY-3');
    const body = { order_ids: ['MANY-1', 'NO-SUCH', 'MANY-2', 'MANY-1', 'MANY-3'], status: 'confirmed', reason: 'all' };
    const headers = { 'idempotency-key': 'many-1' };
    const set = async () =>
      ((await (await send(service, 'POST', '/orders/status', body, headers)).json()) as OrderResultsResponse).results;
    const results = await set();
    expect(results.map((one) => [one.status, 'problem' in one ? one.problem.code : one.order.version])).toEqual([
      [200, 2],
      [404, 'not_found'],
      [409, 'invalid_transition'],
      [200, 2],
      [410, 'order_deleted'],
    ]);
    await moved(service, 'MANY-1', 'shipped');
    expect(await set()).toEqual(results);
  });
});

describe('an edit', () => {
  test('changes what it names, and shows in the history from what to what', async () => {
    await made(service, 'EDIT-1');
    const response = await edit('EDIT-1', {
      ...{ customer: { email: ' grace@example.com ' }, shipping_address: 'Paris', order_date: '2026-11-21' },
      reason: 'moved',
    });
    expect([response.status, response.headers.get('etag')]).toEqual([200, '"2"']);
    expect(await response.json()).toMatchObject({
      ...{ version: 2, status: 'on_hold', customer: { name: 'Ada Lovelace', email: 'grace@example.com' } },
      ...{ shipping_address: 'Paris', order_date: '2026-11-21T00:00:00.000Z', total_amount: '39.98' },
    });
    expect((await historyOf(service, 'EDIT-1'))[1]).toMatchObject({
      ...{ action: 'edited', from: 'on_hold', to: 'on_hold', reason: 'moved' },
      changes: [
        { field: 'customer_email', from: 'ada@example.com', to: 'grace@example.com' },
        { field: 'order_date', from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' },
        { field: 'shipping_address', from: '12 St James Square', to: 'Paris' },
      ],
    });
    // What it says already.
    for (const body of [
      {},
      { shipping_address: 'Paris ' },
      await getJson(service, '/orders/EDIT-1').then(({ status: _, ...rest }) => rest),
    ])
      expect((await (await edit('EDIT-1', body)).json()) as OrderResponse).toMatchObject({ version: 2 });
    const [created] = await eventsOf('EDIT-1');
    expect(created!.data).toMatchObject({ shipping_address: '12 St James Square' });
  });

  test('of items takes and gives back stock for all of them, or not at all', async () => {
    const [one, other] = [await newSku(5), await newSku(5)];
    await made(service, 'EDIT-2', { items: [itemBody({ sku: one, quantity: 4 })] });
    const items = [itemBody({ sku: one, quantity: 1 }), itemBody({ sku: other, quantity: 6 })];
    const problem = await problemOf(await edit('EDIT-2', { items }), 409, 'out_of_stock');
    expect(problem.errors).toMatchObject([{ pointer: '/items/1/quantity', available: 5 }]);
    expect([await availableOf(service, one), await availableOf(service, other)]).toEqual([1, 5]);
    items[1]!.quantity = 5;
    expect(await (await edit('EDIT-2', { items })).json()).toMatchObject({ total_amount: '119.94', version: 2 });
    expect([await availableOf(service, one), await availableOf(service, other)]).toEqual([4, 0]);
    await moved(service, 'EDIT-2', 'cancelled');
    expect([await availableOf(service, one), await availableOf(service, other)]).toEqual([5, 5]);
  });

  test('names an item that nobody knows', async () => {
    await made(service, 'EDIT-3');
    const items = [itemBody(), itemBody({ hub_id: 'NOWHERE' }), itemBody({ sku: 'NOBODY' })];
    const problem = await problemOf(await edit('EDIT-3', { items }), 422, 'invalid_order');
    expect(problem.errors).toMatchObject([
      { pointer: '/items/1/hub_id', code: 'unknown_hub' },
      { pointer: '/items/2/sku', code: 'unknown_sku' },
    ]);
  });

  test('that several make of one version is made once; the others see the version that won', async () => {
    await made(service, 'EDIT-4');
    const edits = await Promise.all(
      Array.from({ length: 6 }, (_, n) => edit('EDIT-4', { shipping_address: `Road ${n}` }, { 'if-match': '"1"' })),
    );
    expect(edits.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
    const lost = edits.find(({ status }) => status === 412)!;
    expect(await problemOf(lost, 412, 'version_mismatch')).toMatchObject({ current_version: 2, actor: null });
    // Without a version all are made, one after the other.
    const all = await Promise.all(
      Array.from({ length: 6 }, (_, n) => edit('EDIT-4', { items: [itemBody({ quantity: n + 3 })] })),
    );
    expect(all.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(await getJson(service, '/orders/EDIT-4')).toMatchObject({ version: 8 });
  });

  test('under a key is made once, and repeated with the order as it was then', async () => {
    await made(service, 'EDIT-5');
    const key = { 'idempotency-key': 'edit-1' };
    const body = { items: [itemBody({ quantity: 3 })] };
    const first = await (await edit('EDIT-5', body, key)).json();
    await edit('EDIT-5', { shipping_address: 'Later', items: [itemBody()] });
    expect(await (await edit('EDIT-5', body, key)).json()).toEqual(first);
    await problemOf(await edit('EDIT-5', { shipping_address: 'x' }, key), 422, 'key_reused');
    await made(service, 'EDIT-6');
    await problemOf(await edit('EDIT-6', body, key), 422, 'key_reused');
  });
});

describe('a deletion', () => {
  test('gives the stock back, erases the content everywhere, and keeps the id', async () => {
    const sku = await newSku(9);
    await made(service, 'DEL-1', { items: [itemBody({ sku })] });
    await edit('DEL-1', { shipping_address: 'Paris', reason: 'secret' });
    const responses = await Promise.all([remove('DEL-1'), remove('DEL-1'), remove('DEL-1')]);
    for (const response of responses) expect([response.status, await response.text()]).toEqual([204, '']);
    expect(await availableOf(service, sku)).toBe(9);
    await problemOf(await fetch(`${service.url}/orders/DEL-1`), 410, 'order_deleted');
    await problemOf(await moveTo(service, 'DEL-1', 'confirmed'), 410, 'order_deleted');
    await problemOf(await edit('DEL-1', { shipping_address: 'x' }), 410, 'order_deleted');
    await problemOf(await send(service, 'POST', '/orders', orderBody({ order_id: 'DEL-1' })), 409, 'order_deleted');
    const history = await historyOf(service, 'DEL-1');
    expect(history.map(({ action, to }) => [action, to])).toEqual([
      ['created', 'on_hold'],
      ['edited', 'on_hold'],
      ['deleted', 'deleted'],
    ]);
    const events = await eventsOf('DEL-1');
    expect(events.map(({ data }) => 'erased' in data && data.erased)).toEqual([true, true, true]);
    expect(JSON.stringify([history, events])).not.toMatch(/Ada|Paris|secret|St James|19\.99/);
    expect(await listAll(service, '/orders?q=DEL-1')).toEqual([]);
  });

  test('is only possible before the goods have left, and again once they are back', async () => {
    for (const id of ['DEL-2', 'DEL-3']) await made(service, id);
    await moved(service, 'DEL-2', 'confirmed', 'shipped');
    expect(await problemOf(await remove('DEL-2'), 409, 'not_deletable')).toMatchObject({ order_status: 'shipped' });
    await moved(service, 'DEL-3', 'cancelled');
    await problemOf(await remove('DEL-3', { 'if-match': '"1"' }), 412, 'version_mismatch');
    expect((await remove('DEL-3', { 'if-match': '"2"' })).status).toBe(204);
  });
});

describe('an order that is read', () => {
  test('is 304 while the client has its version', async () => {
    await made(service, 'READ-1');
    const read = (tag: string, method = 'GET') =>
      fetch(`${service.url}/orders/READ-1`, { method, headers: { 'if-none-match': tag } });
    const unchanged = await read('"1"');
    expect([unchanged.status, unchanged.headers.get('etag'), await unchanged.text()]).toEqual([304, '"1"', '']);
    expect((await read('W/"1"')).status).toBe(304);
    expect((await read('"1"', 'HEAD')).status).toBe(304);
    await moved(service, 'READ-1', 'confirmed');
    expect((await read('"1"')).status).toBe(200);
  });

  test('that does not exist is 404, its history and events, too', async () => {
    for (const path of ['', '/history', '/events'])
      await problemOf(await fetch(`${service.url}/orders/NO-SUCH${path}`), 404, 'not_found');
  });

  test('is listed under its new status, and no longer under the old one', async () => {
    await made(service, 'LIST-1');
    await moved(service, 'LIST-1', 'confirmed', 'shipped', 'delivered');
    const listed = async (status: string) => (await listAll(service, `/orders?q=LIST-1&status=${status}`)).length;
    expect([await listed('on_hold'), await listed('delivered')]).toEqual([0, 1]);
  });
});

test('every route is also there under /api/v1, with links to there', async () => {
  const under = { url: `${service.url}/api/v1` };
  const response = await send(under, 'POST', '/orders', orderBody({ order_id: 'V1-1' }));
  expect([response.status, response.headers.get('location')]).toEqual([201, '/api/v1/orders/V1-1']);
  await moved(under, 'V1-1', 'confirmed');
  expect(await historyOf(under, 'V1-1')).toEqual(await historyOf(service, 'V1-1'));
  const file = await ingest(under, csv(orderLine('V1-2'), orderLine('V1-3', { quantity: 'x' })));
  expect(file.links.self).toBe(`/api/v1/files/${file.file_id}`);
  const { items } = await getJson<{ items: { url: string }[] }>(under, '/invalid-files');
  expect(items[0]!.url).toMatch('/api/v1/invalid-files/');
  expect((await fetch(`${service.url}${items[0]!.url}`)).status).toBe(200);
  // For browsers, too, this is the API.
  const html = await fetch(`${under.url}/orders/V1-1`, { headers: { accept: 'text/html' } });
  expect(html.headers.get('content-type')).toMatch('application/json');
  expect((await getJson<{ servers: { url: string }[] }>(under, '/openapi.json')).servers[1]!.url).toBe('/api/v1');
  for (const path of ['/api/v1', '/api/v2/orders', '/api/v1/live', '/api/v1/api/v1/orders'])
    await problemOf(await fetch(`${service.url}${path}`), 404, 'not_found');
});
