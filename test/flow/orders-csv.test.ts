/** `GET /orders.csv`: all orders as one file, as they were when the request came, which the format `oms` reads. */

import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, test } from 'vitest';
import { send } from '../support/http.ts';
import { bearer, newKey, startClosedService } from '../support/keys.ts';
import { itemBody, made, moved } from '../support/orders.ts';
import {
  csv,
  ended,
  getJson,
  ingest,
  orderLine,
  type Service,
  setStock,
  startService,
  upload,
} from '../support/service.ts';

let service: Service;
const HEADER =
  'order_id,customer_name,customer_email,product_name,sku,hub_id,quantity,unit_price,total_amount,order_date,shipping_address,status,version';

const stockOf = (of: Pick<Service, 'url'>) =>
  setStock(of, [
    ['SKU-1', 'HUB-1', 10_000],
    ['SKU-1', 'HUB-2', 10_000],
    ['00417-BLK', 'HUB-1', 10_000],
  ]);

beforeAll(async () => {
  service = await startService();
  await stockOf(service);
});

const exported = async (query = '', of: Pick<Service, 'url'> = service) => {
  const response = await fetch(`${of.url}/orders.csv${query}`);
  expect(response.status).toBe(200);
  return response.text();
};
const rows = (text: string) => parse(text, { columns: true }) as Record<string, string>[];
const ids = (text: string) => rows(text).map(({ order_id }) => order_id);

describe('the export of orders', () => {
  test('has a row for each item, newest first, and is read back by the format oms as the very same orders', async () => {
    await ingest(service, csv(orderLine('X-1'), orderLine('X-2', { customer_name: '=1+1', product_name: "'quoted" })));
    await made(service, 'X-3', {
      customer: { name: 'Ada "the first", Lovelace', email: 'ada@example.com' },
      items: [
        itemBody({ sku: 'SKU-1', hub_id: 'HUB-2', quantity: 2, product_name: '+plus' }),
        itemBody({ sku: '00417-BLK', hub_id: 'HUB-1', quantity: 1 }),
      ],
    });
    const text = await exported();
    expect(text.split('\n')[0]).toBe(HEADER);
    expect(ids(text)).toEqual(['X-3', 'X-3', 'X-2', 'X-1']);
    expect(rows(text)[2]).toMatchObject({ customer_name: "'=1+1", status: 'on_hold', version: '1' });

    const other = await startService();
    await stockOf(other);
    const { file_id } = (await (await upload(other, text, '?format=oms')).json()) as { file_id: string };
    expect(await ended(other, file_id)).toMatchObject({ status: 'completed', progress: { accepted: 4, orders: 3 } });
    for (const id of ['X-1', 'X-2', 'X-3']) {
      const [here, there] = await Promise.all([getJson(service, `/orders/${id}`), getJson(other, `/orders/${id}`)]);
      const content = ({ customer, items, total_amount, order_date, shipping_address }: Record<string, unknown>) => ({
        ...{ customer, items, total_amount, order_date, shipping_address },
      });
      expect(content(there)).toEqual(content(here));
    }
    // Where it came from they are the same orders.
    const again = (await (await upload(service, text, '?format=oms')).json()) as { file_id: string };
    expect(await ended(service, again.file_id)).toMatchObject({ invalid_by_code: { duplicate_order: 4 } });
  });

  test('takes the filters of the list, and HEAD', async () => {
    await moved(service, 'X-1', 'confirmed');
    expect(ids(await exported('?status=confirmed'))).toEqual(['X-1']);
    expect(ids(await exported('?sku=SKU-1&hub_id=HUB-2'))).toEqual(['X-3', 'X-3']);
    expect(ids(await exported('?q=x-2'))).toEqual(['X-2']);
    expect((await fetch(`${service.url}/orders.csv?status=none`)).status).toBe(400);
    const head = await fetch(`${service.url}/orders.csv`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-disposition'), await head.text()]).toEqual([
      ...[200, 'attachment; filename="orders.csv"', ''],
    ]);
  });

  test('shows persons to those who may see them, and to a key of a hub what is in it', async () => {
    const closed = await startClosedService();
    const admin = (await newKey(closed, { name: 'all', role: 'admin' })).key;
    const write = (method: string, path: string, body: object) => send(closed, method, path, body, bearer(admin));
    await write('PUT', '/inventory', {
      items: ['HUB-1', 'HUB-2'].map((hub_id) => ({ sku: 'SKU-1', hub_id, available: 10 })),
    });
    for (const [n, hub_id] of ['HUB-1', 'HUB-2'].entries()) {
      const response = await write('POST', '/orders', {
        ...{ order_id: `K-${n}`, customer: { name: 'Ada', email: 'ada@example.com' }, shipping_address: 'Here' },
        items: [itemBody({ sku: 'SKU-1', hub_id, quantity: 1 })],
      });
      expect(response.status).toBe(201);
    }
    const seen = async (body: object) => {
      const { key } = await newKey(closed, body);
      return rows(await (await fetch(`${closed.url}/orders.csv`, { headers: bearer(key) })).text());
    };
    expect((await seen({ role: 'viewer' })).map(({ order_id, customer_email }) => [order_id, customer_email])).toEqual([
      ['K-1', ''],
      ['K-0', ''],
    ]);
    const [only, ...others] = await seen({ role: 'operator', hubs: ['HUB-2'] });
    expect([only, others]).toMatchObject([{ order_id: 'K-1', customer_email: 'ada@example.com' }, []]);
    const { key } = await newKey(closed, { role: 'viewer' });
    expect((await fetch(`${closed.url}/orders.csv?q=ada`, { headers: bearer(key) })).status).toBe(403);
  });
});
