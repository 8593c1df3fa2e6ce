/** `/inventory` in a browser: filters, sorting and pages, and changes row by row and by CSV with their outcomes. */
import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';
import { accessibilityProblems, expectComplaints, LOOKS, openPage } from './support/browser.ts';

const PAGE = 50;
const ROWS = 130;
const ODD_SKU = '<img src=x onerror=alert(1)>';

interface Level {
  sku: string;
  hub_id: string;
  available: number;
}

let service: Service;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [
    ...Array.from({ length: ROWS }, (_, i): [string, string, number] => [
      `S-${String(i).padStart(3, '0')}`,
      i % 10 === 0 ? 'HUB-2' : 'HUB-1',
      1_000 + i,
    ]),
    ['EMPTY', 'HUB-3', 0],
    ['LOW', 'HUB-3', 9],
    ['ENOUGH', 'HUB-3', 10],
    [ODD_SKU, 'HUB-3', 4_000],
  ]);
});

const row = (page: Page, sku: string): Locator =>
  page.locator('.inventory-table tbody tr').filter({ has: page.getByTitle(sku, { exact: true }) });
const skus = (page: Page) => page.locator('.inventory-table tbody td:first-child').allTextContents();
const query = (page: Page) => Object.fromEntries(new URL(page.url()).searchParams);
const api = async (search: string) => (await getJson<{ items: Level[] }>(service, `/inventory?${search}`)).items;
const available = async (sku: string) =>
  (await api(new URLSearchParams({ sku }).toString())).map((level) => level.available);

async function openInventory(search = '', options = {}): Promise<Page> {
  const page = await openPage(service.url, `/inventory${search}`, options);
  await page.locator('.inventory-table tbody tr').first().waitFor();
  return page;
}

async function choose(page: Page, name: string, text: string): Promise<Locator> {
  await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
  return page.getByRole('region', { name });
}

async function adjust(page: Page, sku: string, direction: 'Add' | 'Remove', by: string): Promise<void> {
  await row(page, sku).getByRole('button', { name: 'Adjust' }).click();
  await page.getByLabel(direction, { exact: true }).check();
  await page.getByLabel('Quantity').fill(by);
  await page.getByRole('button', { name: 'Save' }).click();
}

/** The next change reaches the service, but its response never reaches the page. */
async function loseAnswer(page: Page): Promise<void> {
  await page.route(
    /\/inventory\/adjust(\?.*)?$/,
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
}

describe('the list of stock', () => {
  test('is filtered by SKU and by hub, in the address, kept over reload and back', async () => {
    const page = await openInventory();
    for (const [label, value, expected, count] of [
      ['SKU', 'S-001', { sku: 'S-001' }, 1],
      ['Hub', 'HUB-2', { hub_id: 'HUB-2' }, 13],
    ] as const) {
      const field = page.getByLabel(label, { exact: true });
      await field.fill(value);
      await expect.poll(() => query(page)).toEqual(expected);
      await expect.poll(() => skus(page)).toHaveLength(count);
      await page.reload();
      await expect.poll(() => skus(page)).toHaveLength(count);
      await expect.poll(() => field.inputValue()).toBe(value);
      await page.goBack();
      await expect.poll(() => query(page)).toEqual({});
      await expect.poll(() => field.inputValue()).toBe('');
    }
    await page.getByLabel('SKU', { exact: true }).fill('nothing');
    await page.getByText('No stock has this SKU and hub').waitFor();
    await page.getByRole('button', { name: 'Clear all' }).click();
    await expect.poll(() => skus(page)).toHaveLength(PAGE);
  });

  test('has low and empty rows first, marked, unless it is sorted by SKU', async () => {
    const page = await openInventory();
    await expect.poll(async () => (await skus(page)).slice(0, 4)).toEqual(['EMPTY', 'LOW', 'ENOUGH', 'S-000']);
    await row(page, 'EMPTY').getByText('Empty', { exact: true }).waitFor();
    await row(page, 'LOW').getByText('Low', { exact: true }).waitFor();
    await expect.poll(() => row(page, 'ENOUGH').locator('.status-badge').count()).toBe(0);
    await page.getByLabel('Sort').selectOption('By SKU and hub');
    await expect.poll(() => query(page)).toEqual({ sort: 'key' });
    await expect.poll(async () => (await skus(page))[1]).toBe('EMPTY');
    await page.reload();
    await expect.poll(async () => (await skus(page))[1]).toBe('EMPTY');
    expect((await skus(page))[0]).toBe(ODD_SKU);
    await expect.poll(() => page.locator('img').count()).toBe(0);
    await page.goBack();
    await expect.poll(async () => (await skus(page)).slice(0, 3)).toEqual(['EMPTY', 'LOW', 'ENOUGH']);
  });

  test('is paged forth and back, also over a reload', async () => {
    const all = (await api('limit=1000&sort=available')).map(({ sku }) => sku);
    const page = await openInventory();
    const go = async (name: string, from: number) => {
      await page.getByRole('button', { name, exact: true }).click();
      await expect.poll(() => skus(page)).toEqual(all.slice(from, from + PAGE));
    };
    await go('Next', PAGE);
    await go('Next', 2 * PAGE);
    await page.reload();
    await expect.poll(() => skus(page)).toEqual(all.slice(2 * PAGE));
    await go('Previous', PAGE);
    await page.goBack();
    await expect.poll(() => skus(page)).toEqual(all.slice(2 * PAGE));
    await go('First page', 0);
  });
});

describe('stock of one row', () => {
  test('is set and adjusted, with the result at the row', async () => {
    await setStock(service, [['C-1', 'H', 5]]);
    const page = await openInventory('?hub_id=H&sku=C-1');
    await row(page, 'C-1').getByRole('button', { name: 'Set' }).click();
    await page.getByRole('heading', { name: 'Set C-1 at H' }).waitFor();
    await page.getByLabel('New quantity').fill('1200');
    await page.getByRole('button', { name: 'Save' }).click();
    await row(page, 'C-1').getByText('Set to 1,200').waitFor();
    await row(page, 'C-1').getByText('1,200', { exact: true }).waitFor();
    await adjust(page, 'C-1', 'Remove', '200');
    await row(page, 'C-1').getByText('-200, now 1,000').waitFor();
    await adjust(page, 'C-1', 'Add', '34');
    await row(page, 'C-1').getByText('+34, now 1,034').waitFor();
    await expect.poll(() => available('C-1')).toEqual([1_034]);
  });

  test('does not go below zero, as the dialog and the row say', async () => {
    await setStock(service, [['C-2', 'H', 3]]);
    const page = await openInventory('?sku=C-2');
    await row(page, 'C-2').getByRole('button', { name: 'Adjust' }).click();
    await page.getByLabel('Remove').check();
    await page.getByLabel('Quantity').fill('2');
    await page.getByText('3 becomes 1').waitFor();
    await page.getByLabel('Quantity').fill('4');
    await page.getByText('Stock cannot go below zero: this would be refused.').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await row(page, 'C-2').getByText('Refused: Stock cannot go below zero. Available: 3').waitFor();
    await expect.poll(() => available('C-2')).toEqual([3]);
  });

  test('adjusted without a response is adjusted once when tried again', async () => {
    await setStock(service, [['C-3', 'H', 10]]);
    const page = await openInventory('?sku=C-3');
    expectComplaints(page, /ERR_FAILED|status of 503/);
    const json = { code: 'store_unavailable', detail: 'the database does not answer' };
    await page.route('**/inventory/adjust', (route) => route.fulfill({ status: 503, json }), { times: 1 });
    await adjust(page, 'C-3', 'Add', '7');
    await row(page, 'C-3').getByText('the database does not answer. It is safe to try again').waitFor();
    await loseAnswer(page);
    await row(page, 'C-3').getByRole('button', { name: 'Try again' }).click();
    await row(page, 'C-3').getByText('The service did not answer').waitFor();
    await expect.poll(() => available('C-3')).toEqual([17]);
    await row(page, 'C-3').getByRole('button', { name: 'Try again' }).click();
    await row(page, 'C-3').getByText('+7, now 17').waitFor();
    await expect.poll(() => available('C-3')).toEqual([17]);
    await page.getByText('The service cannot be reached since').waitFor({ state: 'detached' });
  });

  test('is set and adjusted with the keyboard alone', async () => {
    await setStock(service, [['C-4', 'H', 1]]);
    const page = await openInventory('?sku=C-4');
    const focused = () => page.evaluate('document.activeElement.getAttribute("aria-label")');
    const tabTo = async (name: string) => {
      for (let presses = 0; presses < 40 && (await focused()) !== name; presses++) await page.keyboard.press('Tab');
      await expect.poll(() => focused()).toBe(name);
    };
    await tabTo('Set: C-4 at H');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Set C-4 at H' }).waitFor();
    await page.keyboard.type('20');
    await page.keyboard.press('Enter');
    await row(page, 'C-4').getByText('Set to 20').waitFor();
    await expect.poll(() => focused()).toBe('Set: C-4 at H');
    await tabTo('Adjust: C-4 at H');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Adjust C-4 at H' }).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Tab');
    await page.keyboard.type('3');
    await page.keyboard.press('Enter');
    await row(page, 'C-4').getByText('-3, now 17').waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await expect.poll(() => focused()).toBe('Adjust: C-4 at H');
    await expect.poll(() => available('C-4')).toEqual([17]);
  });

  test('is added, and shown outside the list if the list does not have it', async () => {
    const page = await openInventory('?hub_id=HUB-2');
    await page.getByRole('button', { name: 'Add a row' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('SKU').fill(' NEW-1 ');
    await dialog.getByLabel('Hub').fill('HUB-9');
    await dialog.getByLabel('New quantity').fill('7');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('NEW-1 at HUB-9', { exact: true }).waitFor();
    await page.getByText('Set to 7', { exact: true }).waitFor();
    await expect.poll(() => available('NEW-1')).toEqual([7]);
    await page.getByRole('link', { name: 'Show the row' }).click();
    await expect.poll(() => query(page)).toEqual({ sku: 'NEW-1', hub_id: 'HUB-9' });
    await row(page, 'NEW-1').getByText('Set to 7').waitFor();
  });
});

describe('a CSV of stock', () => {
  test('sets or adjusts rows, as its header says, with each refusal listed', async () => {
    const page = await openInventory();
    const set = await choose(page, 'set.csv', '\ufeffSKU;hub_id;Available\nV-1;H;5\nV-2;H;6\n');
    await set.getByText('0 rows would change, 2 rows would be new, 0 rows would stay the same.').waitFor();
    expect([await available('V-1'), await available('V-2')]).toEqual([[], []]);
    await set.getByRole('button', { name: 'Set 2 rows' }).click();
    await set.getByText('set.csv: 2 rows set').waitFor();
    expect([await available('V-1'), await available('V-2')]).toEqual([[5], [6]]);
    const changed = await choose(page, 'returns.csv', 'sku,hub_id,delta\nV-1,H,-2\nV-2,H,-7\nV-3,H,-1\n');
    await changed.getByText('2 rows would be refused.').waitFor();
    await changed.getByRole('button', { name: 'Adjust 1 row' }).click();
    await changed.getByText('returns.csv: 1 row adjusted, 2 refused').waitFor();
    const refused = await changed.locator('tbody tr').allTextContents();
    expect(refused).toEqual(['V-2H6Stock cannot go below zero', 'V-3H0Stock cannot go below zero']);
    expect([await available('V-1'), await available('V-2'), await available('V-3')]).toEqual([[3], [6], []]);
    await changed.getByRole('button', { name: 'Dismiss' }).click();
    await changed.waitFor({ state: 'detached' });
  });

  test.each([
    ['available', 'W-1,H,5\nW-2,H,many\n', 'line 3 of the stock CSV: available is not a whole number'],
    ['delta', 'W-1,H,5\n,H,1\n', 'line 3 of the stock CSV: sku is empty'],
  ])('of %s with a bad line changes nothing, and the line is named', async (kind, lines, detail) => {
    const page = await openInventory();
    expectComplaints(page, /status of 400/);
    const outcome = await choose(page, 'bad.csv', `sku,hub_id,${kind}\n${lines}`);
    await outcome.getByText(detail).waitFor();
    await outcome.getByText('Nothing was changed').waitFor();
    await expect.poll(() => available('W-1')).toEqual([]);
  });

  test('whose response was lost counts once when it is tried again', async () => {
    await setStock(service, [['V-4', 'H', 5]]);
    const page = await openInventory('?sku=V-4');
    expectComplaints(page, /ERR_FAILED/);
    const outcome = await choose(page, 'more.csv', 'sku,hub_id,delta\nV-4,H,2\n');
    const confirm = outcome.getByRole('button', { name: 'Adjust 1 row' });
    await confirm.waitFor();
    await loseAnswer(page);
    await confirm.click();
    await outcome.getByText('The service did not answer').waitFor();
    await outcome.getByRole('button', { name: 'Try again' }).click();
    await outcome.getByText('more.csv: 1 row adjusted').waitFor();
    await expect.poll(() => available('V-4')).toEqual([7]);
  });

  test('is previewed before it is applied, the largest changes first, and can be discarded', async () => {
    await setStock(service, [
      ['P-1', 'H', 100],
      ['P-2', 'H', 7],
      ['P-3', 'H', 3],
    ]);
    const page = await openInventory();
    const text = 'sku,hub_id,available\nP-1,H,10\nP-2,H,8\nP-3,H,3\nP-4,H,20\n';
    const preview = await choose(page, 'count.csv', text);
    await preview.getByText('2 rows would change, 1 row would be new, 1 row would stay the same.').waitFor();
    const listed = await preview.locator('tbody tr').allTextContents();
    expect(listed).toEqual(['P-1H10010-90', 'P-4Hnew20+20', 'P-2H78+1']);
    expect(await accessibilityProblems(page)).toEqual([]);
    await preview.getByRole('button', { name: 'Discard' }).click();
    await preview.waitFor({ state: 'detached' });
    expect([await available('P-1'), await available('P-4')]).toEqual([[100], []]);
  });

  test('can be undone, and what orders took meanwhile stays taken', async () => {
    await setStock(service, [
      ['U-1', 'HUB-1', 10],
      ['U-2', 'HUB-1', 1],
    ]);
    const page = await openInventory();
    const text = 'sku,hub_id,available\nU-1,HUB-1,50\nU-2,HUB-1,9\nU-3,HUB-1,4\n';
    const outcome = await choose(page, 'mistake.csv', text);
    await outcome.getByText('2 rows would change').waitFor();
    // An order takes two between the preview and the change, two more take four after it.
    await ingest(service, csv(orderLine('U-a', { sku: 'U-1' })));
    await outcome.getByRole('button', { name: 'Set 3 rows' }).click();
    await outcome.getByText('mistake.csv: 3 rows set').waitFor();
    await ingest(service, csv(orderLine('U-b', { sku: 'U-1' }), orderLine('U-c', { sku: 'U-1' })));
    const ordered = await ingest(service, csv(orderLine('U-d', { sku: 'U-2' })));
    expect(ordered.progress.accepted).toBe(1);
    await outcome.getByRole('button', { name: 'Undo this upload' }).click();
    await outcome.getByText('mistake.csv: 2 rows undone, 1 refused').waitFor();
    expect([await available('U-1'), await available('U-2'), await available('U-3')]).toEqual([[4], [7], [0]]);
  });

  test('with many errors lists each with its line', async () => {
    const page = await openInventory();
    expectComplaints(page, /status of 400/);
    const lines = Array.from({ length: 130 }, (_, i) => `Q-${i},H,${i % 2 ? 'many' : -1}`);
    const outcome = await choose(page, 'bad-count.csv', `sku,hub_id,available\n${lines.join('\n')}\n`);
    await outcome.getByText('130 errors.').waitFor();
    const listed = await outcome.locator('tbody tr').allTextContents();
    expect(listed.slice(0, 2)).toEqual([
      '2availableavailable is less than 0',
      '3availableavailable is not a whole number',
    ]);
    expect(listed).toHaveLength(100);
    await outcome.getByText('… and 30 more, not listed here.').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test('of neither kind is not sent', async () => {
    const page = await openInventory();
    for (const header of ['sku,hub_id', 'sku,hub_id,available,delta', 'a,b,c', '']) {
      const outcome = await choose(page, `${header}.csv`, `${header}\nX,H,1\n`);
      await outcome.getByText('The header needs sku, hub_id and either available').waitFor();
    }
  });
});

test('without stock there is an example and a command to upload it', async () => {
  const own = await startService();
  const page = await openPage(own.url, '/inventory');
  await page.getByRole('heading', { name: 'No stock yet' }).waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  const [example, command] = await page.locator('pre').allTextContents();
  expect(command).toBe(`curl -X PUT -H 'content-type: text/csv' --data-binary @stock.csv ${own.url}/inventory`);
  const outcome = await choose(page, 'stock.csv', example!);
  await outcome.getByRole('button', { name: 'Set 3 rows' }).click();
  await outcome.getByText('stock.csv: 3 rows set').waitFor();
  await expect.poll(() => skus(page)).toEqual(['00417-BLK', '10233-M', '00417-BLK']);
});

test('axe finds nothing in both themes, and the view fits a narrow window', async () => {
  const page = await openInventory('?hub_id=HUB-3&sort=available');
  await adjust(page, 'LOW', 'Remove', '90');
  await row(page, 'LOW').getByText('Refused').waitFor();
  await (await choose(page, 'returns.csv', 'sku,hub_id,delta\nLOW,HUB-3,-90\n'))
    .getByText('1 row would be refused')
    .waitFor();
  for (const [colorScheme, width] of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await page.locator('html').evaluate((html) => html.scrollWidth)).toBeLessThanOrEqual(width);
    await row(page, 'LOW').getByRole('button', { name: 'Adjust' }).click();
    await page.getByLabel('Quantity').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  }
});
