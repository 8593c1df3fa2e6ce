/** `/orders/{order_id}` in a browser: its content, its source, its event, and an unknown one. */
import { beforeAll, expect, test } from 'vitest';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';
import { accessibilityProblems, expectComplaints, LOOKS, openPage } from './support/browser.ts';

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

test('an order with any id is opened from its row, and a reload keeps it', async () => {
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

test('an order names its row and links to its file', async () => {
  const page = await openPage(service.url, ODD_PATH);
  const { source } = await getJson<{ source: { row: number } }>(service, ODD_PATH);
  const origin = page.locator('section', { has: page.getByRole('heading', { name: 'Source' }) });
  await origin.getByText(String(source.row), { exact: true }).waitFor();
  await origin.getByRole('link', { name: 'odd.csv' }).click();
  await expect.poll(() => new URL(page.url()).pathname).toBe(`/files/${fileId}`);
});

test.each([ODD_ID, 'O-001'])('order %s shows its event as the API returns it, with a copy button', async (id) => {
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

test('an unknown order says so, with a link to a search', async () => {
  const page = await openPage(service.url, '/orders/O-00');
  expectComplaints(page, /status of 404/);
  await page.getByRole('heading', { level: 1, name: 'There is no order “O-00”' }).waitFor();
  await page.getByRole('link', { name: 'Search for orders that start with this id' }).click();
  await expect.poll(() => page.locator('tbody tr').count()).toBe(2);
});

test('axe finds nothing in both themes, and the view fits a narrow window', async () => {
  const page = await openPage(service.url, ODD_PATH);
  await page.locator('pre').waitFor();
  for (const [colorScheme, width] of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await page.locator('html').evaluate((html) => html.scrollWidth)).toBeLessThanOrEqual(width);
  }
});
