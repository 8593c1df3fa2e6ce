/** `GET /search`: one question about orders, customers, products and files. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { SearchResponse } from '../../src/http/responses.ts';
import { problemOf, send } from '../support/http.ts';
import { bearer, newKey, startClosedService } from '../support/keys.ts';
import { itemBody, made } from '../support/orders.ts';
import { csv, ended, getJson, orderLine, type Service, setStock, startService } from '../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [['LAMP-1', 'HUB-1', 100]]);
});

const caughtUp = (of: Pick<Service, 'url'>) =>
  expect.poll(async () => (await getJson<{ projector: { behind: number } }>(of, '/stats')).projector.behind).toBe(0);

async function found(q: string, key?: string, of: Pick<Service, 'url'> = service) {
  const response = await fetch(`${of.url}/search?q=${encodeURIComponent(q)}`, key ? { headers: bearer(key) } : {});
  expect(response.status).toBe(200);
  const { orders, customers, products, files } = (await response.json()) as SearchResponse;
  return {
    orders: orders.map(({ order_id }) => order_id),
    customers: customers.map(({ email }) => email),
    products: products.map(({ sku }) => sku),
    files: files.map(({ name }) => name),
  };
}

const NOTHING = { orders: [], customers: [], products: [], files: [] };
const lamp = [itemBody({ sku: 'LAMP-1', hub_id: 'HUB-1', quantity: 1, product_name: 'Désk lamp' })];

test('an order is found by its id at once, then all by the beginnings of words', async () => {
  await made(service, 'S-1', { customer: { name: 'Zoë Müller', email: 'Zoe@Example.org' }, items: lamp });
  expect((await found('S-1')).orders).toEqual(['S-1']);
  await made(service, 'S-2', { customer: { name: 'Zora', email: 'zora@example.org' }, items: lamp });
  await caughtUp(service);
  expect(await found('zo')).toEqual({
    ...NOTHING,
    orders: ['S-2', 'S-1'],
    customers: ['zoe@example.org', 'zora@example.org'],
  });
  expect((await found('desk muller')).orders).toEqual(['S-1']);
  expect(await found('LAMP')).toEqual({ ...NOTHING, orders: ['S-2', 'S-1'], products: ['LAMP-1'] });
  expect((await found('S-1')).orders[0]).toBe('S-1');
  for (const q of ['"', '*', 'nobody', '\u0000', '%', "') nobody"]) expect(await found(q)).toEqual(NOTHING);
  await problemOf(await fetch(`${service.url}/search`), 400, 'invalid_parameter');
  await problemOf(await fetch(`${service.url}/search?q=`), 400, 'invalid_parameter');
});

test('a file is found by its name and its id', async () => {
  const form = new FormData();
  form.set('file', new Blob([csv(orderLine('F-1', { sku: 'LAMP-1' }))]), 'Autumn sale.csv');
  const response = await fetch(`${service.url}/upload`, { method: 'POST', body: form });
  const { file_id } = (await response.json()) as { file_id: string };
  await ended(service, file_id);
  expect((await found('autumn')).files).toEqual(['Autumn sale.csv']);
  expect((await found(file_id)).files).toEqual(['Autumn sale.csv']);
});

describe('where access is required', () => {
  test('nobody finds what they may not see', async () => {
    const closed = await startClosedService();
    const { key: all } = await newKey(closed, { role: 'admin' });
    const write = (method: string, path: string, body: object) => send(closed, method, path, body, bearer(all));
    await write('PUT', '/inventory', {
      items: ['HUB-1', 'HUB-2'].map((hub_id) => ({ sku: 'LAMP-1', hub_id, available: 10 })),
    });
    for (const [n, hub_id] of ['HUB-1', 'HUB-2'].entries())
      await write('POST', '/orders', {
        ...{ order_id: `K-${n}`, customer: { name: 'Ada', email: 'ada@example.com' }, shipping_address: 'Here' },
        items: [{ ...lamp[0], hub_id }],
      });
    await expect.poll(async () => (await found('ada', all, closed)).orders).toEqual(['K-1', 'K-0']);
    const { key: masked } = await newKey(closed, { role: 'viewer' });
    expect(await found('ada', masked, closed)).toEqual(NOTHING);
    expect(await found('K-0', masked, closed)).toEqual({ ...NOTHING, orders: ['K-0'] });
    expect(await found('LAMP', masked, closed)).toEqual({ ...NOTHING, products: ['LAMP-1'] });
    const { key: limited } = await newKey(closed, { role: 'operator', hubs: ['HUB-2'] });
    expect(await found('ada', limited, closed)).toEqual({ ...NOTHING, orders: ['K-1'] });
    expect(await found('K-0', limited, closed)).toEqual(NOTHING);
  });
});
