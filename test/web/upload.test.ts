/** `/`: files are chosen or dropped, show their progress, are asked about when already uploaded, and say why when refused. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { FileResponse } from '../../src/http/responses.ts';
import { generated, listAll, stockGenerated } from '../support/http.ts';
import {
  csv,
  getJson,
  ingest,
  orderLine,
  type Service,
  setStock,
  startService,
  temporaryDirectory,
} from '../support/service.ts';
import { accessibilityProblems, expectComplaints, LOOKS, openPage } from './support/browser.ts';
import { choose, drag, row, uploadOf } from './support/files-page.ts';

const HOSTILE = '<img src=x onerror=alert(1)>.csv';

let service: Service;
let orders = 0;
beforeAll(async () => {
  service = await startService();
  await stockGenerated(service);
});

/** A file with new orders. */
const file = (name: string, rows = 20, invalidShare = 0) => {
  orders += rows;
  return { name, buffer: generated({ rows, invalidShare, startAt: orders - rows + 1 }) };
};

test('without files the page shows the format and the commands, and offers a sample', async () => {
  const own = await startService();
  await setStock(own, [['00417-BLK', 'HUB-1', 100]]);
  const page = await openPage(own.url, '/', { permissions: ['clipboard-read', 'clipboard-write'] });
  await page.getByRole('heading', { name: 'No files yet' }).waitFor();
  await page.getByText('shipping_address', { exact: true }).waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.getByRole('button', { name: 'Copy: the commands' }).click();
  await page.getByText('Copied').waitFor();
  await expect
    .poll(() => page.evaluate('navigator.clipboard.readText()'))
    .toContain(`curl -F file=@orders.csv ${own.url}/upload`);

  await page.getByRole('button', { name: 'Try it with the sample' }).click();
  const sample = row(page, 'sample_orders.csv');
  await sample.getByText('Completed').waitFor();
  const [stored] = await listAll<FileResponse>(own, '/files?limit=10');
  expect(stored!.progress).toMatchObject({ rows: 30, accepted: 18, invalid: 12 });
  await sample.getByText('Completed, 12 to fix').waitFor();
  await page.getByText('Stock for the sample: 11 rows added, 1 row already set.').waitFor();
  const stock = await getJson<{ items: unknown[] }>(own, '/inventory?sku=00417-BLK&hub_id=HUB-1');
  // The 100, less what the sample takes. The stock of the sample would be 40.
  expect(stock.items).toMatchObject([{ available: expect.toSatisfy((left: number) => left > 60 && left < 100) }]);
  const cells = await sample.getByRole('cell').allTextContents();
  expect(cells.slice(3, 5)).toEqual([String(stored!.progress.accepted), `${stored!.progress.invalid}Report`]);
  await page.getByRole('status').filter({ hasText: 'sample_orders.csv: Completed. ' }).waitFor({ state: 'attached' });

  const downloading = page.waitForEvent('download');
  await sample.getByRole('link', { name: 'Report of the invalid rows of sample_orders.csv' }).click();
  expect((await downloading).suggestedFilename()).toBe(stored!.invalid_file);
});

describe('files', () => {
  test('are dropped anywhere, with folders, under an overlay', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'week-46/shop'), { recursive: true });
    const paths = ['good.csv', 'week-46/half-bad.csv', 'week-46/shop/deep.csv', 'week-46/.hidden'];
    for (const path of paths)
      await writeFile(join(directory, path), file(path, 20, path.includes('bad') ? 0.5 : 0).buffer);
    const page = await openPage(service.url);
    await page.getByRole('button', { name: 'Choose files' }).waitFor();
    const drop = await drag(page, [join(directory, 'good.csv'), join(directory, 'week-46')]);
    await page.getByText('Drop to upload').waitFor();
    await drop();
    await page.getByText('Drop to upload').waitFor({ state: 'detached' });
    for (const name of ['good.csv', 'half-bad.csv', 'deep.csv']) await row(page, name).getByText('Completed').waitFor();
    await expect
      .poll(async () => (await row(page, 'good.csv').getByRole('cell').allTextContents()).slice(3, 5))
      .toEqual(['20', '0']);
    await expect
      .poll(async () => (await row(page, 'half-bad.csv').getByRole('cell').allTextContents()).slice(3, 5))
      .toEqual(['10', '10Report']);
    await expect.poll(() => page.getByRole('link', { name: '.hidden' }).count()).toBe(0);
  });

  test('are chosen by keyboard alone, and opened from their row', async () => {
    const page = await openPage(service.url);
    const button = page.getByRole('button', { name: 'Choose files' });
    await button.waitFor();
    const choosing = page.waitForEvent('filechooser');
    const focused = () => page.evaluate('document.activeElement.textContent');
    await expect.poll(() => page.keyboard.press('Tab').then(focused)).toBe('Choose files');
    await page.keyboard.press('Enter');
    const chooser = await choosing;
    expect(chooser.isMultiple()).toBe(true);
    await chooser.setFiles([{ ...file('by-keyboard.csv'), mimeType: 'text/csv' }]);
    await row(page, 'by-keyboard.csv').getByText('Completed').waitFor();
    await row(page, 'by-keyboard.csv').getByRole('link', { name: 'by-keyboard.csv' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'by-keyboard.csv' }).waitFor();
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('main');
  });

  test('that are many upload three at a time, each once', async () => {
    const page = await openPage(service.url);
    const names = Array.from({ length: 12 }, (_, index) => `many-${index + 1}.csv`);
    await choose(page, ...names.map((name) => file(name)));
    for (const name of names) await row(page, name).getByText('Completed').waitFor();
    const spans = await page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .filter(({ name }) => name.includes('/upload?'))
        .map((entry) => [entry.startTime, (entry as PerformanceResourceTiming).responseEnd] as const),
    );
    const atOnce = spans.map(([start]) => spans.filter(([from, to]) => from <= start && start < to).length);
    expect([spans.length, Math.max(...atOnce)]).toEqual([12, 3]);
    await page.getByText('and 7 more').waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await expect.poll(() => page.getByRole('region', { name: 'Uploads' }).count()).toBe(0);
  });

  test('that the service refuses say what to do; a header without its columns fails in the list', async () => {
    const page = await openPage(service.url);
    expectComplaints(page, /status of 4(00|15)/);
    await choose(
      page,
      { name: 'book.xlsx', buffer: Buffer.from('PK\x03\x04 and so on') },
      { name: 'nothing.csv', buffer: Buffer.alloc(0) },
    );
    await ingest(service, 'order_id,sku\nA-1,B-1\n', '?name=short-header.csv');
    await uploadOf(page, 'book.xlsx').getByText('the upload is a ZIP archive').waitFor();
    await uploadOf(page, 'book.xlsx').getByText('save it as .xlsx or as CSV').waitFor();
    await uploadOf(page, 'nothing.csv').getByText('Check that the file was saved').waitFor();
    const failed = row(page, 'short-header.csv');
    await failed.getByText('A column is missing').waitFor();
    await failed.getByText('The header lacks customer_name').waitFor();
    for (const name of ['book.xlsx', 'nothing.csv'])
      await page.getByRole('button', { name: `Dismiss: ${name}`, exact: true }).click();
    await expect.poll(() => page.getByRole('region', { name: 'Uploads' }).getByRole('listitem').count()).toBe(0);
  });
});

test('the bytes sent grow on the page, and a cancelled upload leaves nothing', async () => {
  const page = await openPage(service.url);
  const debug = await page.context().newCDPSession(page);
  await debug.send('Network.enable');
  await debug.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: 100_000,
  });
  await choose(page, file('slow.csv', 15_000));
  const upload = uploadOf(page, 'slow.csv');
  const percent = async () => Number(await upload.getByRole('progressbar').getAttribute('value'));
  await expect.poll(percent).toBeGreaterThan(0);
  const first = await percent();
  await expect.poll(percent).toBeGreaterThan(first);
  await expect.poll(() => upload.textContent()).toMatch(/\d MiB · \d+ %/);
  await page.getByRole('button', { name: 'Cancel upload: slow.csv' }).click();
  await upload.waitFor({ state: 'detached' });
  const { items } = await getJson<{ items: FileResponse[] }>(service, '/files?limit=1000');
  expect(items.map(({ name }) => name)).not.toContain('slow.csv');
});

describe('a file that was already uploaded', () => {
  test('links to the first file', async () => {
    const once = file('once.csv');
    await ingest(service, once.buffer, '?name=once.csv');
    const page = await openPage(service.url);
    expectComplaints(page, /status of 409/);
    await choose(page, { ...once, name: 'twice.csv' });
    const upload = uploadOf(page, 'twice.csv');
    await upload.getByText('This file was already uploaded as once.csv').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await upload.getByRole('link', { name: 'Open that file' }).click();
    await page.getByRole('heading', { level: 1, name: 'once.csv' }).waitFor();
  });

  test('is uploaded again on request', async () => {
    const once = file('first-time.csv');
    await ingest(service, once.buffer, '?name=first-time.csv');
    const page = await openPage(service.url);
    expectComplaints(page, /status of 409/);
    await choose(page, { ...once, name: 'second-time.csv' });
    await page.getByRole('button', { name: 'Upload anyway: second-time.csv' }).click();
    await row(page, 'second-time.csv').getByText('Completed').waitFor();
    await expect
      .poll(async () => (await row(page, 'second-time.csv').getByRole('cell').allTextContents()).slice(3, 5))
      .toEqual(['0', '20Report']);
  });
});

test('the list shows more on request, is filtered by status in the address, and keeps the filter over a reload', async () => {
  const own = await startService();
  await setStock(own, [['SKU-1', 'HUB-1', 1000]]);
  const first = await ingest(own, csv(orderLine('F-0')), '?name=oldest.csv');
  await Promise.all(
    Array.from({ length: 55 }, (_, index) => ingest(own, csv(orderLine(`F-${index + 1}`)), `?name=n-${index}.csv`)),
  );
  await ingest(own, csv(), '?name=no-rows.csv');
  await ingest(own, csv(orderLine('M-1')), `?name=fixed.csv&parent_file_id=${first.file_id}`);
  const page = await openPage(own.url);
  await row(page, 'fixed.csv').getByText('Fixes oldest.csv').waitFor();
  await expect.poll(() => page.getByRole('row').count()).toBe(1 + 50);
  await page.getByRole('button', { name: 'Show more' }).click();
  await row(page, 'oldest.csv').getByText('Fixed by fixed.csv').waitFor();
  await expect.poll(() => page.getByRole('row').count()).toBe(1 + 58);
  await expect.poll(() => page.getByRole('button', { name: 'Show more' }).count()).toBe(0);
  expect(new URL(page.url()).search).toBe('?pages=2');
  await page.reload();
  await row(page, 'oldest.csv').getByText('Fixed by fixed.csv').waitFor();

  await page.getByRole('link', { name: 'Waiting 0' }).click();
  await page.getByText('No files have the status “Waiting”.').waitFor();
  const { files } = await getJson<{ files: { completed: number; failed: number } }>(own, '/stats');
  await page.getByRole('link', { name: `Failed ${files.failed}` }).click();
  await expect.poll(() => page.getByRole('row').count()).toBe(1 + files.failed);
  expect(new URL(page.url()).search).toBe('?status=failed');
  await page.reload();
  await expect.poll(() => page.getByRole('row').count()).toBe(1 + files.failed);

  await page.goto('/?status=completed');
  await row(page, 'fixed.csv').waitFor();
  await ingest(own, csv(orderLine('L-1')), '?name=late.csv');
  await row(page, 'late.csv').waitFor();
});

test.each(LOOKS)('in the %s theme the page fits %s pixels, and axe finds nothing', async (colorScheme, width) => {
  await ingest(service, file(HOSTILE, 20, 0.2).buffer, `?name=${encodeURIComponent(HOSTILE)}`);
  const page = await openPage(service.url, '/', { colorScheme, viewport: { width, height: 740 } });
  expectComplaints(page, /status of 415/);
  await page.getByRole('link', { name: HOSTILE, exact: true }).first().waitFor();
  await choose(page, { name: `${'a-long-name-'.repeat(12)}.xlsx`, buffer: Buffer.from('PK\x03\x04') });
  await uploadOf(page, 'a-long-name').getByText('save it as .xlsx or as CSV').waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  expect(await accessibilityProblems(page)).toEqual([]);
});
