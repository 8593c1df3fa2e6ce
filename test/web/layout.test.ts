/** Every column is in reach on every width, the rows of a reason come into view, and paper has what the screen has. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { generated, stockGenerated } from '../support/http.ts';
import { csv, type FileJson, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';
import { accessibilityProblems, openPage } from './support/browser.ts';
import { failedRow, openFile, reasonLink, region } from './support/file-page.ts';

const NAME = `${'export-of-the-marketplace-'.repeat(4)}.csv`;
const MANY = 3_200;

let service: Service;
let many: FileJson;
beforeAll(async () => {
  service = await startService();
  await stockGenerated(service);
  await setStock(service, [['SKU-1', 'HUB-1', 5]]);
  await ingest(service, generated({ rows: 60 }), '?name=orders.csv');
  await ingest(service, csv(orderLine('BAD-1', { quantity: 'two' })), `?name=${NAME}`);
  const rows = Array.from({ length: MANY }, (_, i) =>
    orderLine(`M-${i}`, i % 2 ? { quantity: 'two' } : { order_date: '' }),
  );
  many = await ingest(service, csv(...rows), '?name=many.csv');
});

/** What is cut off, out of sight with nothing that says so, or broken inside a word. */
const faults = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = [];
    if (document.documentElement.scrollWidth > innerWidth) found.push('the page scrolls sideways');
    for (const element of document.querySelectorAll('main *')) {
      const style = getComputedStyle(element);
      // The failed rows have more columns than any screen has room for, and say so.
      if (element.closest('.rows-region, .for-readers, .data-cards thead, pre, code, .history-chart')) continue;
      if (['auto', 'scroll'].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1)
        found.push(`scrolls sideways: ${element.className}`);
      if (!['TH', 'BUTTON', 'TIME', 'LABEL'].includes(element.tagName) || !(element as HTMLElement).checkVisibility())
        continue;
      if (element.scrollWidth > element.clientWidth + 1 && style.display !== 'inline')
        found.push(`cut: ${element.textContent}`);
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode())
        for (const { index, 0: word } of node.textContent!.matchAll(/[\p{L}\p{N}:]+/gu)) {
          const range = document.createRange();
          range.setStart(node, index);
          range.setEnd(node, index + word.length);
          if (new Set(Array.from(range.getClientRects(), ({ top }) => Math.round(top))).size > 1)
            found.push(`broken: ${word}`);
        }
    }
    return found;
  });

const views = {
  '/': (page: Page) => page.getByRole('link', { name: 'orders.csv' }).waitFor(),
  '/orders': (page: Page) => page.getByRole('table').getByRole('link').last().waitFor(),
  '/inventory': (page: Page) => page.getByRole('table').waitFor(),
  '/stats': (page: Page) => page.getByText('Everything that the service depends on').waitFor(),
  '/live?after=0': (page: Page) => page.getByRole('table').getByRole('link').first().waitFor(),
};

describe.each(Object.entries(views))('%s', (path, whole) => {
  test('has every column in reach, and no word broken, on every width', async () => {
    const page = await openPage(service.url, path, { locale: 'en-US' });
    await whole(page);
    for (const width of [360, 480, 640, 720, 820, 960, 1090, 1151, 1280, 1920]) {
      await page.setViewportSize({ width, height: 900 });
      await expect.poll(() => faults(page), { message: `${path} on ${width} pixels` }).toEqual([]);
    }
  });

  test('has nothing that axe finds where its rows are cards', async () => {
    const page = await openPage(service.url, path, { viewport: { width: 700, height: 900 }, colorScheme: 'dark' });
    await whole(page);
    expect(await accessibilityProblems(page)).toEqual([]);
  });
});

test.each([360, 1280])(
  'a reason that is chosen brings its rows into view, and says so, on %s pixels',
  async (width) => {
    const page = await openFile(service, many, { viewport: { width, height: 700 } });
    await failedRow(page, '2').waitFor();
    await reasonLink(page, /Invalid quantity/).click();
    await failedRow(page, '3').waitFor();
    const top = () => page.locator('#failed-rows').evaluate((element) => element.getBoundingClientRect().top);
    await expect.poll(top).toBeLessThan(350);
    await expect.poll(top).toBeGreaterThan(-5);
    const said = page.getByRole('status').filter({ hasText: 'shows 1,600 rows with “Invalid quantity”' });
    await said.waitFor({ state: 'attached' });
    await page.getByText('13 columns: scroll sideways').waitFor();
  },
);

test('the key End goes to the last failed row, however many there are, and Home to the first', async () => {
  const page = await openFile(service, many);
  await failedRow(page, '2').waitFor();
  await region(page).focus();
  await page.keyboard.press('End');
  await failedRow(page, '3,201').waitFor();
  const left = () =>
    region(page).evaluate(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight);
  await expect.poll(left).toBeLessThan(3);
  await page.keyboard.press('Home');
  await failedRow(page, '2').waitFor();
  await expect.poll(() => region(page).evaluate(({ scrollTop }) => scrollTop)).toBe(0);
});

describe('on paper', () => {
  const white = (page: Page) =>
    page.evaluate(() => {
      const colours = (element: Element) => {
        const { color, backgroundColor } = getComputedStyle(element);
        return [color, backgroundColor];
      };
      return [colours(document.documentElement), colours(document.querySelector('main td')!)];
    });

  test('failed rows are all there, every column of them, black on white whatever the theme', async () => {
    const lines = Array.from({ length: 620 }, (_, i) => orderLine(`P-${i}`, { quantity: 'two' }));
    const file = await ingest(service, csv(...lines), '?name=paper.csv');
    const page = await openFile(service, file, { colorScheme: 'dark' });
    await failedRow(page, '2').waitFor();
    await page.emulateMedia({ media: 'print' });
    await expect.poll(() => page.locator('.rows tbody tr[data-index]').count()).toBe(620);
    const table = page.locator('.rows');
    expect(await table.evaluate((it) => it.scrollWidth <= document.documentElement.clientWidth)).toBe(true);
    const [ground, cell] = await white(page);
    expect(ground).toEqual(['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
    expect(cell![0]).toBe('rgb(0, 0, 0)');
    await expect.poll(() => page.getByRole('button').filter({ visible: true }).count()).toBe(0);
    await page.emulateMedia({ media: 'screen' });
    await expect.poll(() => page.locator('.rows tbody tr[data-index]').count()).toBeLessThan(100);
  });

  test('it is said how many rows of very many are left out', async () => {
    const page = await openFile(service, many);
    await failedRow(page, '2').waitFor();
    await page.emulateMedia({ media: 'print' });
    await page.getByText('1,000 of 3,200 rows are printed. The report has all of them.').waitFor();
  });

  test('all events are there', async () => {
    const page = await openPage(service.url, '/live?after=0', { colorScheme: 'dark' });
    await views['/live?after=0'](page);
    await page.emulateMedia({ media: 'print' });
    await expect.poll(() => page.locator('.live-table tbody tr:not([aria-hidden])').count()).toBeGreaterThanOrEqual(60);
    expect((await white(page))[0]).toEqual(['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
  });
});
