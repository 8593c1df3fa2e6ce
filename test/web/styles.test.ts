/** Each view looks the same however it is opened: directly, from any other view, and while others are preloaded. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { generated, stockGenerated } from '../support/http.ts';
import { csv, getJson, ingest, orderLine, type Service, startService } from '../support/service.ts';
import { openPage } from './support/browser.ts';

const LONG_NAME = `${'a-very-long-name-of-an-export-'.repeat(6)}.csv`;

let service: Service;
/** Each with what is present when it is complete. */
let views: { name: string; path: string; whole: (page: Page) => Promise<unknown> }[];

beforeAll(async () => {
  service = await startService();
  await stockGenerated(service);
  await ingest(service, generated({ rows: 300, invalidShare: 0.1 }), '?name=orders.csv');
  const { file_id } = await ingest(service, csv(orderLine('BAD-1', { quantity: 'two' })), `?name=${LONG_NAME}`);
  await ingest(service, 'order_id,customer_name\nA,B\n', '?name=short.csv');
  const { items } = await getJson<{ items: { order_id: string }[] }>(service, '/orders?limit=1');
  views = [
    { name: 'files', path: '/', whole: (page) => page.getByRole('link', { name: 'short.csv' }).waitFor() },
    { name: 'file', path: `/files/${file_id}`, whole: (page) => page.getByRole('rowheader', { name: '2' }).waitFor() },
    { name: 'orders', path: '/orders', whole: (page) => page.getByRole('table').getByRole('link').last().waitFor() },
    {
      name: 'order',
      path: `/orders/${items[0]!.order_id}`,
      whole: (page) => page.getByText('"specversion"').waitFor(),
    },
    { name: 'inventory', path: '/inventory', whole: (page) => page.getByRole('table').waitFor() },
    {
      name: 'dashboard',
      path: '/stats',
      whole: (page) => page.getByText('Everything that the service depends on').waitFor(),
    },
    {
      name: 'live events',
      path: '/live?after=0',
      whole: (page) => page.getByRole('status').getByText('Live', { exact: true }).waitFor(),
    },
  ];
  // The shown speed keeps changing until then.
  while ((await getJson<{ rows_per_second: number }>(service, '/stats')).rows_per_second > 0) await delay(100);
});

/** The place of each element, and what of its look a rule could change. */
const look = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    Array.from(document.querySelectorAll('body *'), (element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      const seen = ['display', 'color', 'background', 'font', 'margin', 'padding', 'border', 'overflow', 'box-shadow'];
      const values = [...seen, 'white-space', 'text-align', 'position', 'cursor'].map((name) =>
        style.getPropertyValue(name),
      );
      const place = [x, y, width, height].map(Math.round).join(' ');
      return `${element.tagName} ${element.getAttribute('class') ?? ''} | ${place} | ${values.join(' | ')}`;
    }),
  );

/** The look once it no longer changes: figures and charts come a moment after the words. */
async function settledLook(page: Page): Promise<string[]> {
  let last: string[] = [];
  const isStill = async () => {
    const before = last;
    last = await look(page);
    return before.length === last.length && before.every((line, i) => line === last[i]);
  };
  await expect.poll(isStill, { interval: 300 }).toBe(true);
  return last;
}

test.each([0, 1, 2, 3, 4, 5, 6])('view %s looks the same loaded directly and after each other view', async (number) => {
  const view = views[number]!;
  const page = await openPage(service.url, view.path);
  await view.whole(page);
  const expected = await settledLook(page);
  for (const other of views) {
    if (other === view) continue;
    await page.goto(other.path);
    await other.whole(page);
    // As a link navigates.
    await page.evaluate((path) => history.pushState(null, '', path), view.path);
    await view.whole(page);
    await expect.poll(() => look(page), { message: `${view.name} after ${other.name}` }).toEqual(expected);
  }
});

test('a view does not change while others are preloaded', async () => {
  for (const view of views) {
    const page = await openPage(service.url, view.path);
    await view.whole(page);
    const before = await settledLook(page);
    const links = page.getByRole('navigation', { name: 'Main' }).getByRole('link');
    for (const link of [
      ...(await links.all()),
      ...(await page.getByRole('main').getByRole('link').all()).slice(0, 3),
    ]) {
      await link.focus();
      // The router preloads after 50 ms of focus.
      await delay(100);
    }
    const loaded = () =>
      page.evaluate(
        () => performance.getEntriesByType('resource').filter(({ name }) => /-page-.*\.js$/.test(name)).length,
      );
    await expect.poll(loaded, { message: view.name }).toBeGreaterThanOrEqual(await links.count());
    await page.evaluate(() => {
      (document.activeElement as HTMLElement).blur();
      for (const element of document.querySelectorAll('*')) element.scrollTo(0, 0);
      scrollTo(0, 0);
    });
    await expect.poll(() => look(page), { message: view.name }).toEqual(before);
    await page.close();
  }
});
