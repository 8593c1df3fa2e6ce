/** The dashboard: its figures are those of the API, it updates without a reload, and it shows which dependency is down. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { generated, stockGenerated } from '../support/http.ts';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService, upload } from '../support/service.ts';
import { accessibilityProblems, expectComplaints, LOOKS, openPage } from './support/browser.ts';

interface Stats {
  files: Record<string, number>;
  rows: Record<'total' | 'accepted' | 'invalid', number>;
  orders: { total: number; by_hub: Record<string, number>; amount: string };
  events: { published: number; pending: number };
}

const HOSTILE = '<img src=x onerror=alert(1)>';

let service: Service;
beforeAll(async () => {
  service = await startService();
  await stockGenerated(service);
  await setStock(service, [['SKU-1', HOSTILE, 100]]);
  await ingest(service, generated({ rows: 2_000, invalidShare: 0.05 }), '?name=generated.csv');
  const invalid = Array.from({ length: 3 }, (_, i) => orderLine(`Q-${i}`, { quantity: 'two' }));
  await ingest(service, csv(...invalid, orderLine('H-1', { hub_id: HOSTILE, customer_name: HOSTILE })));
  await ingest(service, 'a,b\n1,2\n', '?name=failed.csv');
});

const figure = (page: Page, name: string) =>
  page.locator('dt', { hasText: new RegExp(`^${name}$`) }).locator('xpath=following-sibling::dd[1]');
const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
/** The label and the count of each entry of a list. */
const entries = (page: Page, name: string) =>
  section(page, name)
    .getByRole('listitem')
    .evaluateAll((all) => all.map((entry) => [entry.children[0]!.textContent, entry.children[1]!.textContent]));
const said = (value: number) => value.toLocaleString('en-GB');
const search = (page: Page) => new URL(page.url()).search;

describe('the figures', () => {
  test('are those of the API: totals, files, hubs, reasons in plain words', async () => {
    await expect.poll(async () => (await getJson<Stats>(service, '/stats')).events.pending).toBe(0);
    const stats = await getJson<Stats>(service, '/stats');
    const page = await openPage(service.url, '/stats');
    await figure(page, 'Rows read').waitFor();
    const shown = (name: string) => figure(page, name).textContent();
    await expect.poll(() => shown('Rows read')).toBe(said(stats.rows.total));
    await expect.poll(() => shown('Accepted')).toBe(said(stats.rows.accepted));
    await expect.poll(() => shown('Invalid')).toBe(said(stats.rows.invalid));
    await expect.poll(() => shown('Events published')).toBe(said(stats.orders.total));
    expect((await shown('Value of orders'))?.replaceAll(',', '')).toBe(stats.orders.amount);

    await expect
      .poll(() => entries(page, 'Files by status'))
      .toEqual([
        ['Queued', '0'],
        ['Processing', '0'],
        ['Waiting', '0'],
        ['Paused', '0'],
        ['Completed', '2'],
        ['Failed', '1'],
        ['Cancelled', '0'],
      ]);
    // In the order of the workflow.
    await expect
      .poll(() => entries(page, 'Orders by status'))
      .toEqual([
        ['On hold', said(stats.orders.total)],
        ['Confirmed', '0'],
        ['Shipped', '0'],
        ['Delivered', '0'],
        ['Cancelled', '0'],
      ]);

    // The hubs after the first ten are summed up.
    const counts = Object.entries(stats.orders.by_hub).sort(([a, n], [b, m]) => m - n || a.localeCompare(b));
    const hubs = counts.slice(0, 10).map(([hub, count]) => [hub, said(count)]);
    const rest = counts.slice(10).reduce((sum, [, count]) => sum + count, 0);
    await expect
      .poll(() => entries(page, 'Orders by hub'))
      .toEqual([...hubs, [counts.length === 11 ? '1 other' : `${counts.length - 10} others`, said(rest)]]);

    const reasons = await entries(page, 'Invalid rows by reason');
    expect(reasons).toContainEqual(['Invalid quantity', String((await invalidByCode()).invalid_quantity)]);
    expect(reasons.length).toBe(Object.keys(await invalidByCode()).length);
  });

  test('link to what they count', async () => {
    const page = await openPage(service.url, '/stats');
    await section(page, 'Files by status').getByRole('link', { name: 'Failed' }).click();
    await page.waitForURL((url) => url.pathname === '/' && url.search === '?status=failed');
    await page.goBack();
    await section(page, 'Orders by hub').getByRole('link', { name: 'HUB-1', exact: true }).click();
    await page.waitForURL((url) => url.pathname === '/orders' && url.searchParams.get('hub_id') === 'HUB-1');
  });

  test('update during an import without a reload', async () => {
    const page = await openPage(service.url, '/stats');
    await figure(page, 'Rows read').waitFor();
    await page.evaluate('window.notReloaded = true');
    await ingest(service, generated({ rows: 500, startAt: 1_000_000 }));
    const { rows } = await getJson<Stats>(service, '/stats');
    await expect.poll(() => figure(page, 'Rows read').textContent()).toBe(said(rows.total));
    expect(await page.evaluate('window.notReloaded')).toBe(true);
  });
});

describe('the history', () => {
  const drawn = (page: Page) =>
    page.evaluate(() => {
      const canvas = document.querySelector('canvas');
      const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      const colours = new Set<string>();
      for (let at = 0; at < pixels.length; at += 4)
        if (pixels[at + 3] === 255) colours.add(`${pixels[at]} ${pixels[at + 1]} ${pixels[at + 2]}`);
      return [...colours];
    });
  const colour = (page: Page, token: string) =>
    page.evaluate((name) => {
      const hex = getComputedStyle(document.documentElement).getPropertyValue(name);
      return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(' ');
    }, token);

  test('is drawn in the colours of the theme, also when it changes', async () => {
    const page = await openPage(service.url, '/stats?bucket=day');
    // A warning about this test, which reads the pixels more than once.
    expectComplaints(page, /willReadFrequently/);
    for (const other of ['dark', 'light']) {
      await expect.poll(() => drawn(page)).toContain(await colour(page, '--accent'));
      await expect.poll(() => drawn(page)).toContain(await colour(page, '--bad'));
      await page.getByRole('button', { name: `Use the ${other} theme` }).click();
    }
  });

  test('is also a table, with the figures of the API', async () => {
    const { items } = await getJson<{ items: Record<string, number>[] }>(service, '/stats/history?bucket=day');
    const page = await openPage(service.url, '/stats?bucket=day&range=90d');
    await page.getByText('The figures as a table').click();
    const rows = section(page, 'Orders over time').locator('tbody tr');
    await rows.first().waitFor();
    const cells = await rows.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
    expect(cells.map(([, ...counts]) => counts)).toEqual(
      items.reverse().map(({ rows, accepted, invalid }) => [rows, accepted, invalid].map((count) => said(count!))),
    );
  });

  test('keeps the width of a bar and the period in the address, and fits its window', async () => {
    const page = await openPage(service.url, '/stats', { viewport: { width: 1280, height: 800 } });
    await page.getByLabel('One bar is').selectOption('an hour');
    await expect.poll(() => search(page)).toBe('?bucket=hour');
    await page.getByLabel('The last').selectOption('7 days');
    await expect.poll(() => search(page)).toBe('?bucket=hour&range=7d');
    await page.reload();
    await expect.poll(() => page.getByLabel('The last').inputValue()).toBe('7d');
    await page.setViewportSize({ width: 360, height: 740 });
    await expect
      .poll(() => page.evaluate('document.querySelector("canvas").getBoundingClientRect().width'))
      .toBeLessThan(360);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });

  test('is operated by the keyboard', async () => {
    const page = await openPage(service.url, '/stats');
    await page.getByText('The figures as a table').waitFor();
    await page.getByLabel('One bar is').focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => search(page)).toBe('?bucket=hour');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await section(page, 'Orders over time').getByRole('table').waitFor();
  });
});

test('a hub named like markup is shown as text', async () => {
  const own = await startService();
  await setStock(own, [['SKU-1', HOSTILE, 5]]);
  await ingest(own, csv(orderLine('H-1', { hub_id: HOSTILE, customer_name: HOSTILE })));
  const page = await openPage(own.url, '/stats');
  await section(page, 'Orders by hub').getByText(HOSTILE).waitFor();
  await expect.poll(() => page.locator('img').count()).toBe(0);
});

test('a service without files explains how to import one', async () => {
  const own = await startService();
  const page = await openPage(own.url, '/stats', { viewport: { width: 360, height: 740 } });
  await page.getByText(`${own.url}/upload?name=sample_orders.csv`).waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  await page.getByRole('link', { name: 'Upload a file' }).click();
  await page.waitForURL((url) => url.pathname === '/');
});

test('a dependency that is down is shown, with what it means', async () => {
  const own = await startService({ env: { OMS_IMS: 'http://127.0.0.1:9' } });
  await upload(own, csv(orderLine('A-1')));
  const page = await openPage(own.url, 'about:blank');
  expectComplaints(page, /status of 503.*readyz/);
  const health = section(page, 'Health');
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  await page.route('**/readyz', (route) => asked.then(() => route.continue()), { times: 1 });
  await page.goto('/stats');
  await health.getByText('Loading…').waitFor();
  ask();
  await health.getByText('Something that the service depends on is down.').waitFor();
  const line = (name: string) => health.getByRole('listitem').filter({ hasText: name });
  await line('Inventory service').getByText('Down').waitFor();
  await line('Inventory service').getByText('Imports wait, and continue when it is back.').waitFor();
  for (const name of ['File storage', 'Job queue', 'Database', 'Event stream'])
    await line(name).getByText('Up', { exact: true }).waitFor();
  await expect.poll(async () => (await entries(page, 'Files by status'))[2]).toEqual(['Waiting', '1']);
});

test.each(LOOKS)('axe finds nothing in the %s theme on %s pixels, with the table open', async (colorScheme, width) => {
  const page = await openPage(service.url, '/stats', { colorScheme, viewport: { width, height: 800 } });
  await page.getByText('The figures as a table').click();
  await section(page, 'Health').getByRole('listitem').first().waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
});

const invalidByCode = async () =>
  (await getJson<{ invalid_by_code: Record<string, number> }>(service, '/stats')).invalid_by_code;
