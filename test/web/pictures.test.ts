/**
 * The pictures of the documentation: each view of a service that has data. `UPDATE_SCREENSHOTS=1` writes them to `docs/images`.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, test } from 'vitest';
import { generated, setSwitches, stockGenerated, until } from '../support/http.ts';
import {
  csv,
  type FileJson,
  getJson,
  ingest,
  orderLine,
  ROOT,
  type Service,
  startService,
  upload,
} from '../support/service.ts';
import { expectComplaints, openPage, screenshot } from './support/browser.ts';
import { choose } from './support/files-page.ts';
import { editOrder, moveOrder } from './support/orders-api.ts';

const VIEWPORT = { width: 1280, height: 800 };

let service: Service;
let sampleId: string;

beforeAll(async () => {
  service = await startService();
  await stockGenerated(service);
  const [stock, sample] = await Promise.all(
    ['sample_stock.csv', 'sample_orders.csv'].map((name) => readFile(join(ROOT, name), 'utf8')),
  );
  await fetch(`${service.url}/inventory`, { method: 'PUT', headers: { 'content-type': 'text/csv' }, body: stock! });
  sampleId = (await ingest(service, sample!, '?name=sample_orders.csv')).file_id;
  await ingest(service, generated({ rows: 20_000, invalidShare: 0.02 }), '?name=marketplace-2026-11.csv');
  await changeSome();
  await ingest(service, 'order_id;sku;quantity\n1;55120;2\n', '?name=export-of-the-shop.csv');
  await setSwitches(service, { outage: true });
  const waiting = csv(...Array.from({ length: 500 }, (_, i) => orderLine(`W-${i}`, { sku: `NEW-${i}` })));
  const { file_id } = (await (await upload(service, waiting, '?name=spring-catalog.csv')).json()) as FileJson;
  await until(service, file_id, ({ status }) => status === 'waiting');
});

/** Some orders of the sample have moved on. */
async function changeSome(): Promise<void> {
  for (const id of ['A-1026', 'A-1025', 'A-1020', 'A-1018', 'A-1011', 'A-1003'])
    await moveOrder(service, id, 'confirmed');
  for (const id of ['A-1020', 'A-1011']) await moveOrder(service, id, 'shipped');
  for (const id of ['A-1023', 'A-1003']) await moveOrder(service, id, 'cancelled');
  await editOrder(service, 'A-1026', {
    shipping_address: '14 Harbour Road, Wellington 6011',
    reason: 'the customer moved',
  });
}

const open = (path: string, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> =>
  openPage(service.url, path, { viewport: VIEWPORT, colorScheme });

test('files', async () => {
  const page = await open('/');
  for (const name of ['sample_orders.csv', 'marketplace-2026-11.csv', 'export-of-the-shop.csv', 'spring-catalog.csv'])
    await page.getByRole('link', { name, exact: true }).waitFor();
  await screenshot(page, 'files');
});

test('files, when there are none', async () => {
  const fresh = await startService();
  const page = await openPage(fresh.url, '/', { viewport: VIEWPORT });
  await page.getByRole('link', { name: 'sample' }).first().waitFor();
  await screenshot(page, 'files-empty');
});

test('a file', async () => {
  const page = await open(`/files/${sampleId}`);
  await page.setViewportSize({ ...VIEWPORT, height: 1400 });
  await page.getByRole('heading', { name: 'sample_orders.csv' }).waitFor();
  await page.getByRole('rowheader').first().waitFor();
  await screenshot(page, 'file');
});

test('orders, and one of them', async () => {
  const page = await open(`/orders?file_id=${sampleId}`);
  await page.getByRole('checkbox', { name: 'Select A-1025' }).check();
  await page.getByRole('checkbox', { name: 'Select A-1028' }).check();
  await page.getByRole('button', { name: 'Move to Shipped' }).waitFor();
  await screenshot(page, 'orders');
  await page.getByRole('link', { name: 'A-1026', exact: true }).click();
  await page.getByText('“the customer moved”').waitFor();
  await page.getByText('order.created').first().waitFor();
  await page.setViewportSize({ ...VIEWPORT, height: 1100 });
  await screenshot(page, 'order');
});

test('what the columns of a file are', async () => {
  const page = await open('/');
  const orders = ['4,20;21.11.2026', '18,90;22.11.2026', '7,00;1.12.2026'].map(
    (end, i) => `B-${i + 1};Zoë Baker;zoe@example.com;Notizbuch;55120;${i + 1};${end};Weg ${i + 3};89073 Ulm`,
  );
  const header = 'Bestell-Nr.;Kunde;E-Mail;Artikel;Art.-Nr.;Menge;Einzelpreis;Bestelldatum;Straße;Ort';
  const buffer = Buffer.from(['Bestellungen November;;;;;;;;;', header, ...orders].join('\n'));
  await choose(page, { name: 'bestellungen.csv', buffer });
  await page.getByLabel('Hub of every row').fill('HUB-1');
  await page.getByRole('cell', { name: 'HUB-1' }).first().waitFor();
  await page.setViewportSize({ ...VIEWPORT, height: 1200 });
  await page.getByRole('heading', { level: 1 }).click();
  await screenshot(page, 'columns');
});

test('inventory', async () => {
  const page = await open('/inventory');
  await page.getByRole('table').getByRole('button').first().waitFor();
  await screenshot(page, 'inventory');
});

test('the dashboard', async () => {
  const page = await open('/stats');
  // It asks `/readyz`, and the inventory service is down.
  expectComplaints(page, /readyz/);
  await page.locator('canvas').first().waitFor();
  await page.getByText('On hold').waitFor();
  await screenshot(page, 'dashboard');
});

test('live events', async () => {
  const page = await open('/live?after=0', 'dark');
  const { events } = await getJson<{ events: { published: number } }>(service, '/stats');
  await page.getByText(`${events.published.toLocaleString('en-GB')} received`).waitFor();
  await screenshot(page, 'live');
});
