/** The live events: they arrive by themselves, wait while the view is paused, and resume after the last one received. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { generated, stockGenerated } from '../support/http.ts';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';
import { accessibilityProblems, expectComplaints, hide, LOOKS, openPage } from './support/browser.ts';
import { editOrder, moveOrder } from './support/orders-api.ts';

const HOSTILE = '<img src=x onerror=alert(1)>';

let service: Service;
let files = 0;
beforeAll(async () => {
  service = await startService();
  await prepare(service);
});

async function prepare(one: Service): Promise<void> {
  await setStock(one, [
    ['SKU-1', 'HUB-1', 1_000_000],
    ['SKU-2', 'HUB-2', 1_000_000],
  ]);
}

/** Imports new orders, and returns their ids in the order of the file. */
async function order(count: number, values: Partial<Record<string, string>> = {}, one = service): Promise<string[]> {
  const prefix = `L${++files}`;
  const ids = Array.from({ length: count }, (_, i) => `${prefix}-${String(i).padStart(4, '0')}`);
  await ingest(one, csv(...ids.map((id) => orderLine(id, values))));
  return ids;
}

const rows = (page: Page) => page.locator('.live-table tbody tr:not([aria-hidden])');
/** The orders in the window. */
const shown = (page: Page) => page.locator('.live-table tbody .live-order').allTextContents();
const status = (page: Page, text: string) => page.getByRole('status').getByText(text, { exact: true });
const reversed = (ids: string[]) => [...ids].reverse();

async function openLive(address = '/live', one = service, options = {}): Promise<Page> {
  const page = await openPage(one.url, address, options);
  await status(page, 'Live').waitFor();
  return page;
}

describe('events', () => {
  test('arrive by themselves, the newest on top', async () => {
    await order(2);
    const page = await openLive();
    await page.getByText('Waiting for orders').waitFor();
    const ids = await order(3);
    await expect.poll(() => shown(page)).toEqual(reversed(ids));
    const more = await order(2);
    await expect.poll(() => shown(page)).toEqual([...reversed(more), ...reversed(ids)]);
    await page.getByText('5 received').waitFor();
    await expect.poll(() => page.locator('.live-state').textContent()).toMatch(/\d per second/);
  });

  test('start from the beginning on request, which is in the address', async () => {
    const ids = await order(2);
    const page = await openLive();
    await page.getByLabel('Show events').selectOption('from the beginning');
    await page.waitForURL((url) => url.search === '?after=0');
    await expect.poll(() => shown(page)).toEqual(expect.arrayContaining(ids));
    const all = await getJson<{ events: { published: number } }>(service, '/stats');
    await page.getByText(`${all.events.published} received`).waitFor();
  });

  test('are kept to the newest 200, also when thousands arrive at once', async () => {
    const own = await startService();
    await stockGenerated(own);
    await ingest(own, generated({ rows: 5_000 }));
    await expect.poll(async () => (await stats(own)).events.pending).toBe(0);
    const page = await openLive('/live?after=0', own);
    await page.getByText('5,000 received, the newest 200 are shown').waitFor();
    expect((await shown(page))[0]).toBe('ORD-0000005000');
    await expect.poll(() => page.getByRole('table').getAttribute('aria-rowcount')).toBe('201');
    await expect.poll(() => rows(page).count()).toBeLessThan(100);
    await page.keyboard.press('End');
    await expect.poll(async () => (await shown(page)).at(-1)).toBe('ORD-0000004801');
    await expect.poll(() => rows(page).last().getAttribute('aria-rowindex')).toBe('201');
  });
});

test('what happens to an order is told in words; when it was deleted its events have no content', async () => {
  const page = await openLive();
  const [id] = await order(1);
  await moveOrder(service, id!, 'confirmed');
  await editOrder(service, id!, { shipping_address: '1 New Street', reason: 'she moved' });
  const told = () => rows(page).evaluateAll((all) => all.map((row) => row.textContent!.replace(/^[\d:]+|JSON$/g, '')));
  await expect
    .poll(told)
    .toEqual([
      `Edited${id}Shipping address · “she moved”`,
      `Moved${id}On hold → Confirmed`,
      `Created${id}Ada Lovelace2 × SKU-1 · HUB-139.98`,
    ]);
  await page.getByLabel('Filter').fill('she moved');
  await expect.poll(() => rows(page).count()).toBe(1);
  await page.getByRole('button', { name: `JSON of the event of order ${id}` }).click();
  await page.getByRole('dialog', { name: `${id}:3` }).waitFor();
  await page.keyboard.press('Escape');

  await fetch(`${service.url}/orders/${id}`, { method: 'DELETE' });
  await page.goto(`/live?after=0&filter=${id}`);
  await expect.poll(() => rows(page).count()).toBe(4);
  for (const row of await told())
    expect(row).toContain('The order was deleted, or its customer erased since: the content is gone');
});

test('while the view is paused events wait, and are shown when it resumes', async () => {
  const page = await openLive();
  const first = await order(1);
  await expect.poll(() => shown(page)).toEqual(first);
  await page.getByRole('button', { name: 'Pause' }).click();
  await status(page, 'Paused').waitFor();
  const waiting = await order(3);
  await page.getByText('3 waiting').waitFor();
  await expect.poll(() => shown(page)).toEqual(first);
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect.poll(() => shown(page)).toEqual([...reversed(waiting), ...first]);

  await page.getByRole('button', { name: 'Pause' }).click();
  const many = await order(1_200);
  await page.getByText('1,000 waiting, 200 older ones were dropped').waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect.poll(async () => (await shown(page)).slice(0, 15)).toEqual(reversed(many).slice(0, 15));
});

test('a filter searches id, SKU, hub and customer, and is in the address', async () => {
  const page = await openLive();
  const plain = await order(2);
  const other = await order(1, { sku: 'SKU-2', hub_id: 'HUB-2', customer_name: 'Grace "Amazing" Hopper' });
  await expect.poll(() => shown(page)).toEqual([...other, ...reversed(plain)]);
  const filter = page.getByLabel('Filter');
  for (const text of ['sku-2', 'HUB-2', '"amazing" h', other[0]!]) {
    await filter.fill('');
    await filter.pressSequentially(text);
    await expect.poll(() => shown(page)).toEqual(other);
    await expect.poll(() => filter.inputValue()).toBe(text);
    await expect.poll(() => new URL(page.url()).searchParams.get('filter')).toBe(text);
  }
  await filter.fill('nothing like it');
  await page.getByText('No event received so far matches the filter.').waitFor();

  await filter.fill('hub-2');
  await order(2);
  const later = await order(1, { sku: 'SKU-2', hub_id: 'HUB-2' });
  await expect.poll(() => shown(page)).toEqual([...later, ...other]);
  await page.reload();
  await expect.poll(() => filter.inputValue()).toBe('hub-2');
});

test('the JSON of an event is opened, copied and closed by the keyboard', async () => {
  const page = await openLive('/live', service, { permissions: ['clipboard-read', 'clipboard-write'] });
  const [id] = await order(1, { customer_name: HOSTILE });
  const button = page.getByRole('button', { name: `JSON of the event of order ${id}` });
  await button.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: `${id}:created` });
  const json = await dialog.locator('pre').textContent();
  const { items } = await getJson<{ items: unknown[] }>(service, `/orders/${id}/events`);
  expect(JSON.parse(json!)).toEqual(items[0]);
  await dialog.getByRole('button', { name: 'Copy' }).press('Enter');
  await dialog.getByText('Copied').waitFor();
  await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toBe(json);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  await expect.poll(() => button.evaluate((element) => element === document.activeElement)).toBe(true);
  // The customer's name is text, in the row and in the JSON.
  await rows(page).getByText(HOSTILE, { exact: true }).waitFor();
  await expect.poll(() => page.locator('img').count()).toBe(0);
});

test('after a restart of the service, and in a tab that was hidden, the view resumes and shows each event once', async () => {
  const own = await startService();
  await prepare(own);
  const page = await openLive('/live', own);
  expectComplaints(page, /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|status of 503/);
  const before = await order(3, {}, own);
  await expect.poll(() => shown(page)).toEqual(reversed(before));
  await own.kill('SIGKILL');
  await status(page, 'Reconnecting').waitFor();
  const env = { OMS_PORT: new URL(own.url).port };
  const again = await startService({ dataDirectory: own.dataDirectory, env });
  const after = await order(3, {}, again);
  await status(page, 'Live').waitFor();
  await expect.poll(() => shown(page)).toEqual([...reversed(after), ...reversed(before)]);
  const ended = page.waitForEvent('requestfailed', (request) => request.url().includes('/events'));
  await hide(page, true);
  await ended;
  const last = await order(1, {}, again);
  await hide(page, false);
  await expect.poll(() => shown(page)).toEqual([...last, ...reversed(after), ...reversed(before)]);
});

test.each(LOOKS)(
  'axe finds nothing in the %s theme on %s pixels, with and without an event opened',
  async (colorScheme, width) => {
    await order(3, { customer_name: HOSTILE });
    const page = await openLive('/live?after=0', service, { colorScheme, viewport: { width, height: 800 } });
    await rows(page).first().waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    await page
      .getByRole('button', { name: /^JSON of/ })
      .first()
      .click();
    await page.getByRole('dialog').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
  },
);

const stats = (one: Service) => getJson<{ events: { pending: number } }>(one, '/stats');
