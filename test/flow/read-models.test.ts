/** Customers, products and reports, as people see them over HTTP and on the command line. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { problemOf, send } from '../support/http.ts';
import { bearer, newKey, startClosedService } from '../support/keys.ts';
import { itemBody, made, moved } from '../support/orders.ts';
import {
  csv,
  ended,
  getJson,
  ingest,
  orderLine,
  runOms,
  type Service,
  setStock,
  startService,
} from '../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService({ env: { OMS_TIME_ZONE: 'Europe/Berlin' } });
  await setStock(service, [
    ['SKU-1', 'HUB-1', 1_000],
    ['SKU-1', 'HUB-2', 50],
    ['SKU-2', 'HUB-1', 1_000],
  ]);
});

const behind = async (of: Pick<Service, 'url'>) =>
  (await getJson<{ projector: { behind: number } }>(of, '/stats')).projector.behind;
const caughtUp = (of: Pick<Service, 'url'>) => expect.poll(() => behind(of)).toBe(0);
const item = (sku: string, hub: string, quantity: number) => itemBody({ sku, hub_id: hub, quantity });

test('customers, products and reports follow files, API orders and their changes', async () => {
  await ingest(
    service,
    csv(
      orderLine('R-1', { customer_email: 'Ada@Example.com' }),
      orderLine('R-2', { customer_email: 'zoe@example.com' }),
    ),
  );
  await made(service, 'R-3', {
    ...{ customer: { name: 'Ada King', email: 'ada@example.com' }, order_date: '2026-03-31T22:30:00Z' },
    items: [item('SKU-1', 'HUB-2', 2), item('SKU-2', 'HUB-1', 1)],
  });
  await caughtUp(service);
  const ada = await getJson(service, '/customers/ADA@example.com');
  expect(ada).toMatchObject({ email: 'ada@example.com', name: 'Ada King', orders: 2, cancelled: 0 });
  expect((ada.newest_orders as { order_id: string }[]).map(({ order_id }) => order_id)).toEqual(['R-3', 'R-1']);
  expect(await getJson(service, '/products/SKU-2')).toMatchObject({
    ...{ sku: 'SKU-2', orders: 1, units: 1, available: [{ hub_id: 'HUB-1', available: 999 }] },
  });
  expect((await getJson<{ items: object[] }>(service, '/customers?q=ADA')).items).toHaveLength(1);
  // In Berlin it was April.
  expect(await getJson(service, '/reports/orders?from=2026-04-01&to=2026-04-02')).toMatchObject({
    ...{ items: [{ key: '2026-04-01', orders: 1, units: 3 }], next_cursor: null, time_zone: 'Europe/Berlin' },
  });
  expect((await getJson<{ items: object[] }>(service, '/reports/orders?from=2026-04-02&to=2026-04-02')).items).toEqual(
    [],
  );

  await moved(service, 'R-3', 'cancelled');
  await send(service, 'DELETE', '/orders/R-2');
  await send(service, 'PATCH', '/orders/R-1', { customer: { name: 'Bob', email: 'bob@example.com' } });
  await caughtUp(service);
  expect(await getJson(service, '/customers/ada@example.com')).toMatchObject({
    ...{ orders: 1, units: 0, amount: '0.00', cancelled: 1, by_status: { cancelled: 1 } },
    ...{ first_order: '2026-04-01', last_order: '2026-04-01' },
  });
  expect(
    (await getJson<{ items: { email: string }[] }>(service, '/customers')).items.map(({ email }) => email),
  ).toEqual([...['ada@example.com', 'bob@example.com']]);
  expect((await getJson<{ items: object[] }>(service, '/reports/orders?by=status')).items).toMatchObject([
    { key: 'cancelled', orders: 1, units: 0, cancelled: 1 },
    { key: 'on_hold', orders: 1, cancelled: 0 },
  ]);
});

test('a report is CSV for who accepts that, whole, and safe in a spreadsheet', async () => {
  await made(service, 'R-4', {
    ...{ customer: { name: '=1+1', email: 'eve@example.com' } },
    items: [item('SKU-1', 'HUB-1', 1)],
  });
  await caughtUp(service);
  const response = await fetch(`${service.url}/reports/orders?by=customer`, { headers: { accept: 'text/csv' } });
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  const lines = (await response.text()).split('\n');
  expect(lines[0]).toBe('customer,name,orders,units,amount,cancelled');
  expect(lines.find((line) => line.startsWith('eve@'))).toMatch(/^eve@example\.com,'=1\+1,1,1,\d+\.\d\d,0$/);
  const { stdout } = await runOms(['report', '--by', 'customer', '--csv', '--url', service.url]);
  expect(stdout.split('\n')).toEqual(lines);
});

test('pages of a report go on where they ended', async () => {
  const whole = await getJson<{ items: object[] }>(service, '/reports/orders?by=day');
  const items: object[] = [];
  for (let query = ''; ; ) {
    const page = await getJson<{ items: object[]; next_cursor: string | null }>(
      service,
      `/reports/orders?by=day&limit=1${query}`,
    );
    items.push(...page.items);
    if (page.next_cursor === null) break;
    query = `&cursor=${page.next_cursor}`;
  }
  expect(items).toEqual(whole.items);
  await problemOf(await fetch(`${service.url}/reports/orders?by=week`), 400, 'invalid_parameter');
  await problemOf(await fetch(`${service.url}/customers/nobody@example.com`), 404, 'not_found');
  await problemOf(await fetch(`${service.url}/products/none`), 404, 'not_found');
});

test('all is made anew when it is asked for, and when the file is gone', async () => {
  const before = await getJson(service, '/reports/orders?by=product');
  const { stdout } = await runOms(['rebuild', '--url', service.url]);
  expect(stdout).toMatch(/made anew/);
  await caughtUp(service);
  expect(await getJson(service, '/reports/orders?by=product')).toEqual(before);
  expect(await service.stop()).toBe(0);
  rmSync(join(service.dataDirectory, 'views.db'));
  const again = await startService({ dataDirectory: service.dataDirectory, env: { OMS_TIME_ZONE: 'Europe/Berlin' } });
  await caughtUp(again);
  expect(await getJson(again, '/reports/orders?by=product')).toEqual(before);
});

describe('where access is required', () => {
  test('people need the right to see persons, and all hubs', async () => {
    const closed = await startClosedService();
    const keys = await Promise.all(
      [
        { name: 'masked', role: 'viewer' },
        { name: 'seeing', role: 'viewer', scopes: ['personal:read'] },
        { name: 'limited', role: 'operator', hubs: ['HUB-1'] },
      ].map((body) => newKey(closed, body)),
    );
    const status = (path: string) =>
      Promise.all(keys.map(async ({ key }) => (await fetch(`${closed.url}${path}`, { headers: bearer(key) })).status));
    for (const path of ['/customers', '/reports/orders?by=customer'])
      expect(await status(path)).toEqual([403, 200, 403]);
    expect(await status('/customers/a@example.com')).toEqual([403, 404, 403]);
    for (const path of ['/products', '/reports/orders']) expect(await status(path)).toEqual([200, 200, 403]);
  });

  test('a person who was erased is no customer any more', async () => {
    const closed = await startService();
    await setStock(closed, [['SKU-1', 'HUB-1', 10]]);
    await ended(closed, (await ingest(closed, csv(orderLine('E-1', { customer_email: 'gone@example.com' })))).file_id);
    await caughtUp(closed);
    expect(await getJson(closed, '/customers/gone@example.com')).toMatchObject({ orders: 1 });
    await send(closed, 'DELETE', '/customers/gone@example.com');
    await expect.poll(async () => (await fetch(`${closed.url}/customers/gone@example.com`)).status).toBe(404);
    expect((await getJson<{ items: object[] }>(closed, '/reports/orders?by=status')).items).toMatchObject([
      { orders: 1 },
    ]);
  });
});
