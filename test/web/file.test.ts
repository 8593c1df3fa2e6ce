/** The page of one file: what it says about failed rows and files, and how they are fixed. */
import { readFile } from 'node:fs/promises';
import type { Locator } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  csv,
  type FileJson,
  getJson,
  ingest,
  ORDER_HEADER,
  orderLine,
  type Service,
  setStock,
  startService,
} from '../support/service.ts';
import { accessibilityProblems, expectComplaints, LOOKS, openPage } from './support/browser.ts';
import { badge, failedRow, figure, openFile, reasonLink, region } from './support/file-page.ts';
import { row } from './support/files-page.ts';

const MARKUP = '<img src=x onerror=alert(1)>';

let service: Service;
let halfBad: FileJson;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 1_000_000]]);
  halfBad = await ingest(service, halfBadFile('H'), '?name=half-bad.csv');
});

/** Rows 2 to 4 are valid, 5 to 7 are not: 5 for two reasons, 7 with markup as a name. */
const halfBadFile = (prefix: string): string =>
  csv(
    ...[1, 2, 3].map((i) => orderLine(`${prefix}-${i}`)),
    orderLine(`${prefix}-4`, { quantity: 'two', customer_email: 'ada at example' }),
    orderLine(`${prefix}-5`, { order_date: '' }),
    orderLine(`${prefix}-6`, { quantity: '-1', customer_name: MARKUP }),
  );

const inside = (inner: Locator, outer: Locator) =>
  expect.poll(async () => {
    const [a, b] = [await inner.boundingBox(), await outer.boundingBox()];
    return a !== null && b !== null && a.x >= b.x - 1 && a.x + a.width <= b.x + b.width + 1;
  });

describe('a file with failed rows', () => {
  test('links a row whose order is already stored to that order and its file', async () => {
    const bad = await ingest(
      service,
      csv(orderLine('H-1', { quantity: '3', total_amount: '59.97' }), orderLine('N-1')),
    );
    const page = await openFile(service, bad);
    const words = page.locator('.rows-words');
    await expect.poll(() => words.textContent()).toContain('with another quantity');
    await words.getByRole('link', { name: 'See the stored order' }).click();
    await expect.poll(() => new URL(page.url()).pathname).toBe('/orders/H-1');
    await page.goBack();
    await words.getByRole('link', { name: halfBad.file_id }).click();
    await expect.poll(() => new URL(page.url()).pathname).toBe(`/files/${halfBad.file_id}`);
  });

  test('shows how many rows were accepted, how many failed, and why', async () => {
    const page = await openFile(service, halfBad);
    await expect.poll(() => badge(page).textContent()).toBe('Completed, 3 to fix');
    await expect.poll(() => page.locator('nav [aria-current]').allTextContents()).toEqual(['Files']);
    await expect.poll(() => figure(page, 'Rows read').textContent()).toBe('6');
    await expect.poll(() => figure(page, 'Accepted').textContent()).toBe('3');
    await expect.poll(() => figure(page, 'Invalid').textContent()).toBe('3');
    const counts = async () => {
      const texts = await page.locator('.reasons').getByRole('link').allInnerTexts();
      return texts.map((text) => text.split(/\s*\n\s*/).filter(Boolean));
    };
    await expect.poll(counts).toEqual([
      ['Invalid quantity', '2'],
      ['A value is missing', '1'],
      ['Invalid e-mail address', '1'],
      ['All reasons', '3'],
    ]);
    await page.getByText('UTF-8, comma separated', { exact: true }).waitFor();
    await page.getByText('1, without interruption').waitFor();
    await expect.poll(() => page.locator('.facts code').allTextContents()).toEqual([halfBad.file_id, halfBad.sha256]);
  });

  test('marks the wrong cells, with their reasons next to them', async () => {
    const page = await openFile(service, halfBad);
    const row = failedRow(page, '5');
    await expect.poll(() => row.locator('mark').allTextContents()).toEqual(['ada at example', 'two']);
    await row.getByRole('cell', { name: 'two quantity "two" is not a whole number from 1 to 1,000,000' }).waitFor();
    const words = await row.locator('.rows-reasons').textContent();
    expect(words).toContain('Invalid e-mail address');
    expect(words).toContain('quantity "two" is not a whole number');
    await expect.poll(() => failedRow(page, '6').locator('mark').allTextContents()).toEqual(['empty']);
    await expect
      .poll(() => page.getByRole('columnheader').allTextContents())
      .toEqual(['Row', 'What is wrong', ...ORDER_HEADER.split(',')]);
  });

  test('shows markup in a cell and in a name as the text it is', async () => {
    const { file_id } = await ingest(service, csv(orderLine('X-1', { quantity: MARKUP })), `?name=${MARKUP}.csv`);
    const page = await openFile(service, { file_id, name: `${MARKUP}.csv` });
    await expect.poll(() => failedRow(page, '2').locator('mark').textContent()).toBe(MARKUP);
    await page.goto(`/files/${halfBad.file_id}`);
    await failedRow(page, '7').getByText(MARKUP, { exact: true }).waitFor();
    await expect.poll(() => page.locator('main img').count()).toBe(0);
  });

  test('shows the rows of one reason, which the address keeps', async () => {
    const page = await openFile(service, halfBad);
    await reasonLink(page, /Invalid quantity/).click();
    await failedRow(page, '6').waitFor({ state: 'detached' });
    expect(new URL(page.url()).search).toBe('?code=invalid_quantity');
    await page.reload();
    await failedRow(page, '7').waitFor();
    await expect.poll(() => page.getByRole('rowheader').allTextContents()).toEqual(['5', '7']);
    await expect.poll(() => page.locator('.reasons [aria-current]').allTextContents()).toEqual(['Invalid quantity2']);
    await inside(page.getByRole('columnheader', { name: 'quantity' }), region(page)).toBe(true);
    await reasonLink(page, /All reasons/).click();
    await failedRow(page, '6').waitFor();
    expect(new URL(page.url()).search).toBe('');
  });

  test('can be filtered, and its rows be read, by the keyboard alone', async () => {
    const page = await openFile(service, halfBad);
    await failedRow(page, '5').waitFor();
    const focused = () => page.evaluate('document.activeElement.innerText') as Promise<string>;
    const tabTo = async (text: string) => {
      for (let presses = 0; !(await focused()).startsWith(text); presses++) {
        expect(presses, `to ${text}`).toBeLessThan(40);
        await page.keyboard.press('Tab');
      }
    };
    await tabTo('A value is missing');
    await page.keyboard.press('Enter');
    await failedRow(page, '5').waitFor({ state: 'detached' });
    await expect.poll(() => focused()).toContain('A value is missing');
    await tabTo('Row');
    const scrolled = () => region(page).evaluate((element) => element.scrollLeft);
    // By then the filter has scrolled the column into view, and no longer moves it.
    let before = 0;
    const isStill = async () => {
      const last = before;
      before = await scrolled();
      return before > 0 && before === last;
    };
    await expect.poll(isStill).toBe(true);
    await page.keyboard.press('ArrowLeft');
    await expect.poll(scrolled).toBeLessThan(before);
  });

  test('starts the rows at a given one, which the address keeps', async () => {
    const page = await openFile(service, halfBad);
    await page.getByLabel('Start at row').fill('6');
    await page.getByLabel('Start at row').press('Enter');
    await failedRow(page, '5').waitFor({ state: 'detached' });
    await failedRow(page, '6').waitFor();
    expect(new URL(page.url()).search).toBe('?from_row=6');
    await page.getByLabel('Start at row').fill('8');
    await page.getByRole('button', { name: 'Go' }).click();
    await page.getByText('No rows failed from row 8 on.').waitFor();
    await page.getByRole('link', { name: 'Start at the first' }).click();
    await failedRow(page, '5').waitFor();
  });

  test.each(LOOKS)(
    'has nothing that axe finds and every column within reach in the %s theme on %s pixels',
    async (colorScheme, width) => {
      const page = await openFile(service, halfBad, {
        viewport: { width, height: 740 },
        colorScheme,
        search: '?code=invalid_quantity',
      });
      await failedRow(page, '5').waitFor();
      expect(await accessibilityProblems(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      await region(page).evaluate((element) => element.scrollTo({ left: element.scrollWidth }));
      await inside(page.getByRole('columnheader', { name: 'shipping_address' }), region(page)).toBe(true);
      await inside(page.getByRole('rowheader', { name: '5' }), region(page)).toBe(true);
    },
  );
});

describe('fixing', () => {
  test('goes by the report, dropped on the page once fixed, to a new file that links to its parent', async () => {
    const parent = await ingest(service, halfBadFile('M'), '?name=to-fix.csv');
    const page = await openFile(service, parent);
    const downloading = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download the report' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe(parent.invalid_file);
    const report = await readFile(await download.path(), 'utf8');
    expect(report).toBe(`\ufeff${await (await fetch(`${service.url}/invalid-files/${parent.invalid_file}`)).text()}`);
    await page.getByText(/^3 rows, [\d.,]+ (KiB|bytes)/).waitFor();

    const fixed = report
      .replace(/^(M-4.*?),ada at example,(.*?),two,/m, '$1,ada@example.com,$2,2,')
      .replace(/^(M-5.*?),39\.98,,/m, '$1,39.98,2026-11-20,')
      .replace(/^(M-6.*?),'?-1,/m, '$1,2,');
    const transfer = await page.evaluateHandle((text) => {
      const data = new DataTransfer();
      data.items.add(new File([text], 'fixed.csv'));
      return data;
    }, fixed);
    await page.getByRole('heading', { level: 1 }).dispatchEvent('drop', { dataTransfer: transfer });
    const child = page.locator('.fixes li');
    await child.getByText('3 accepted, 0 invalid').waitFor();
    await child.getByText('Completed').waitFor();
    await expect.poll(() => child.count()).toBe(1);
    expect(new URL(page.url()).pathname).toBe(`/files/${parent.file_id}`);

    await child.getByRole('link', { name: 'fixed.csv' }).click();
    await page.getByRole('heading', { level: 1, name: 'fixed.csv' }).waitFor();
    await page.getByText('Every row became an order.').waitFor();
    await page.getByRole('link', { name: 'to-fix.csv' }).click();
    await page.getByRole('heading', { level: 1, name: 'to-fix.csv' }).waitFor();
    expect((await getJson<FileJson>(service, `/files/${parent.file_id}`)).name).toBe('to-fix.csv');
  });

  test('shows on the parent how many rows are fixed since, and how many are still to fix', async () => {
    const bad = (from: number, to: number, quantity: string) =>
      Array.from({ length: to - from }, (_, i) => orderLine(`FX-${from + i}`, { quantity }));
    const parent = await ingest(service, csv(...bad(0, 30, 'two')), '?name=thirty.csv');
    const list = await openPage(service.url, '/');
    // The name is in its own row and in that of the file that fixes it.
    const listed = row(list, 'thirty.csv').last();
    const page = await openFile(service, parent);
    await expect.poll(() => badge(page).textContent()).toBe('Completed, 30 to fix');
    const colour = (element: Locator) => element.evaluate((it) => getComputedStyle(it).color);
    const amber = await colour(badge(page));
    await expect.poll(() => figure(page, 'Fixed since').count()).toBe(0);

    const child = await ingest(
      service,
      csv(...bad(0, 6, '2'), ...bad(6, 30, 'two')),
      `?name=six.csv&parent_file_id=${parent.file_id}`,
    );
    await expect.poll(() => badge(page).textContent()).toBe('Completed, 24 to fix');
    await expect.poll(() => figure(page, 'Fixed since').textContent()).toBe('6');
    await expect.poll(() => figure(page, 'Still to fix').textContent()).toBe('24');
    await listed.getByText('Completed, 24 to fix').waitFor();
    expect(await getJson(service, `/files/${parent.file_id}`)).toMatchObject({ fixed: 6, open: 24 });

    await ingest(service, csv(...bad(6, 30, '2')), `?name=rest.csv&parent_file_id=${child.file_id}`);
    await expect.poll(() => badge(page).textContent()).toBe('Completed');
    await page.getByText('Every failed row has been fixed').waitFor();
    expect(await colour(badge(page))).not.toBe(amber);
    await listed.getByText('0 to fix', { exact: true }).waitFor();
  });

  test('asks when the same file was already uploaded, and uploads it anyway on request', async () => {
    const parent = await ingest(service, halfBadFile('D'), '?name=original.csv');
    const page = await openFile(service, parent);
    const same = { name: 'same.csv', mimeType: 'text/csv', buffer: Buffer.from(halfBadFile('D')) };
    await page.locator('input[type=file]').setInputFiles(same);
    expectComplaints(page, /status of 409/);
    await page.getByText('Exactly this file was already uploaded.').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    const existing = page.getByRole('link', { name: 'Open that file' });
    await expect.poll(() => existing.getAttribute('href')).toBe(`/files/${parent.file_id}`);
    await page.getByRole('button', { name: 'Upload anyway' }).click();
    await page.locator('.fixes li').getByText('0 accepted, 6 invalid').waitFor();
  });

  test('shows what the service refuses, until it is dismissed', async () => {
    const page = await openFile(service, halfBad);
    await page.locator('input[type=file]').setInputFiles({ name: 'no.csv', mimeType: '', buffer: Buffer.alloc(0) });
    expectComplaints(page, /status of 400/);
    await page.locator('.fixes .note-bad').getByText('Check that the file was saved').waitFor();
    await expect.poll(() => page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.locator('.fixes').waitFor({ state: 'detached' });
  });
});

test('a file that failed as a whole says why and what to do, and accepts the fixed one', async () => {
  const failed = await ingest(service, 'order_id,customer_name\nA,B\n', '?name=short.csv');
  const page = await openFile(service, failed, { colorScheme: 'dark' });
  await page.getByRole('heading', { name: 'A column is missing' }).waitFor();
  await page.getByText('The header lacks customer_email').waitFor();
  await page.getByText('Add the column to the header').waitFor();
  await expect.poll(() => page.getByRole('button', { name: 'Retry' }).count()).toBe(0);
  expect(await accessibilityProblems(page)).toEqual([]);
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'whole.csv', mimeType: 'text/csv', buffer: Buffer.from(csv(orderLine('F-1'))) });
  await page.locator('.fixes li').getByText('1 accepted, 0 invalid').waitFor();
});

test('an unknown file shows the message of the service', async () => {
  const page = await openPage(service.url, '/files/f_none');
  expectComplaints(page, /status of 404/);
  await page.getByRole('alert').getByText('there is no file "f_none"').waitFor();
});

test('a valid but suspicious file says what is suspicious, how often and where', async () => {
  const file = await ingest(service, csv(orderLine('4.00638E+12'), orderLine('4.1E+12')), '?name=shortened.csv');
  const page = await openFile(service, file);
  await expect.poll(() => badge(page).textContent()).toBe('Completed');
  const warnings = page.getByRole('region', { name: 'Worth a look' });
  await warnings.getByText('looks like a number shortened by a spreadsheet').waitFor();
  await warnings.getByText('2 rows, first in row 2').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  const clean = await openFile(service, halfBad);
  await expect.poll(() => badge(clean).textContent()).toBe('Completed, 3 to fix');
  expect(await clean.getByRole('region', { name: 'Worth a look' }).count()).toBe(0);
});
