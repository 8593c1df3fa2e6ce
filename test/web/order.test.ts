/** `/orders/{order_id}` in a browser: what it holds, where it comes from, its event, and what is said of an unknown one. */
import { beforeAll, expect, test } from 'vitest';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';
import { accessibilityProblems, expectComplaints, openPage } from './support/browser.ts';

const ODD_ID = 'A/1 %2F%';
const ODD_NAME = '<img src=x onerror=alert(1)>';
const ODD_PATH = `/orders/${encodeURIComponent(ODD_ID)}`;

let service: Service;
let fileId: string;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 10_000]]);
  const file = await ingest(
    service,
    csv(
      orderLine('X-1', { quantity: 'two' }),
      orderLine(ODD_ID, { customer_name: ODD_NAME, quantity: '1000', total_amount: '19990.00' }),
      orderLine('O-001'),
      orderLine('O-002'),
    ),
    '?name=odd.csv',
  );
  fileId = file.file_id;
});

test('an order with any id is reached from its row, and kept by a reload', async () => {
  const page = await openPage(service.url, '/orders');
  await page.getByRole('link', { name: ODD_ID }).click();
  const heading = page.getByRole('heading', { level: 1, name: ODD_ID, exact: true });
  await heading.waitFor();
  expect(new URL(page.url()).pathname).toBe(ODD_PATH);
  await page.reload();
  await heading.waitFor();
  await page.getByText(ODD_NAME).first().waitFor();
  await expect.poll(() => page.locator('img').count()).toBe(0);
  for (const text of ['12 St James Square', '1000', '19.99', '19990.00', '2026-11-20', 'On hold'])
    await page.getByText(text, { exact: true }).first().waitFor();
});

test('an order leads to the file and the row that it comes from', async () => {
  const page = await openPage(service.url, ODD_PATH);
  const { source } = await getJson<{ source: { row: number } }>(service, ODD_PATH);
  const origin = page.locator('section', { has: page.getByRole('heading', { name: 'Source' }) });
  await origin.getByText(String(source.row), { exact: true }).waitFor();
  await origin.getByRole('link', { name: 'odd.csv' }).click();
  await expect.poll(() => new URL(page.url()).pathname).toBe(`/files/${fileId}`);
});

test.each([ODD_ID, 'O-001'])('order %s has its event as the API gives it, to be copied', async (id) => {
  const page = await openPage(service.url, `/orders/${encodeURIComponent(id)}`, {
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const { items } = await getJson<{ items: unknown[] }>(service, `/orders/${encodeURIComponent(id)}/events`);
  const shown = page.locator('pre');
  expect(JSON.parse((await shown.textContent())!)).toEqual(items[0]);
  await page.getByRole('button', { name: 'Copy: Event order.created' }).click();
  await page.getByText('Copied').waitFor();
  await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toBe(await shown.textContent());
});

test('an order that is unknown is told in plain words, with a way on', async () => {
  const page = await openPage(service.url, '/orders/O-00');
  expectComplaints(page, /status of 404/);
  await page.getByRole('heading', { level: 1, name: 'There is no order “O-00”' }).waitFor();
  await page.getByRole('link', { name: 'Search for orders that start with this id' }).click();
  await expect.poll(() => page.locator('tbody tr').count()).toBe(2);
});

test('axe finds nothing in both themes, and a narrow window is wide enough', async () => {
  const page = await openPage(service.url, ODD_PATH);
  await page.locator('pre').waitFor();
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [360, 1280]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      expect(await accessibilityProblems(page)).toEqual([]);
      expect(await page.locator('html').evaluate((html) => html.scrollWidth)).toBeLessThanOrEqual(width);
    }
});
