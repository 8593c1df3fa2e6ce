/** `/`: a waiting file says why, is cancelled after a question, and is retried; files are paused and resumed. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { FileResponse } from '../../src/http/responses.ts';
import { generated, listAll, setSwitches, stockGenerated, until } from '../support/http.ts';
import { startService, upload } from '../support/service.ts';
import { accessibilityProblems, expectComplaints, openPage } from './support/browser.ts';
import { choose, row } from './support/files-page.ts';

const orders = (rows: number, startAt = 1) => generated({ rows, startAt });

test('a waiting file says for what; the keyboard alone cancels and retries it', async () => {
  const service = await startService();
  await stockGenerated(service);
  await setSwitches(service, { outage: true });
  const page = await openPage(service.url);
  await choose(page, { name: 'held.csv', buffer: orders(100) });
  await row(page, 'held.csv').getByText('The inventory service does not answer.').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);

  const dialog = page.getByRole('dialog', { name: 'Cancel the import of held.csv?' });
  await page.getByRole('button', { name: 'Cancel the import of held.csv' }).press('Enter');
  await dialog.getByText('No orders have been stored yet.').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  await expect
    .poll(() => page.evaluate('document.activeElement.getAttribute("aria-label")'))
    .toBe('Cancel the import of held.csv');
  await page.keyboard.press('Enter');
  await dialog.waitFor();
  await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Keep importing');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  await row(page, 'held.csv').getByText('Cancelled').waitFor();
  await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('held.csv');

  await setSwitches(service, { outage: false });
  await page.getByRole('button', { name: 'Retry the import of held.csv' }).press('Enter');
  await row(page, 'held.csv').getByText('Completed').waitFor();
});

test('a cancel that comes too late shows the message of the service', async () => {
  const service = await startService();
  await stockGenerated(service);
  await setSwitches(service, { outage: true });
  const page = await openPage(service.url);
  expectComplaints(page, /status of 409/);
  await choose(page, { name: 'late.csv', buffer: orders(10) });
  await page.getByRole('button', { name: 'Cancel the import of late.csv' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await setSwitches(service, { outage: false });
  const [late] = await listAll<FileResponse>(service, '/files?limit=10');
  await until(service, late!.file_id, ({ status }) => status === 'completed');
  await dialog.getByRole('button', { name: 'Cancel the import' }).click();
  await dialog.getByRole('alert').waitFor();
  await dialog.getByRole('button', { name: 'Keep importing' }).click();
  await row(page, 'late.csv').getByText('Completed').waitFor();
});

test('a file in work is paused and resumed, in the list and on its page, which says why a stop rule has paused one', async () => {
  const service = await startService();
  await stockGenerated(service);
  await setSwitches(service, { outage: true });
  const page = await openPage(service.url);
  await choose(page, { name: 'held.csv', buffer: orders(100) });
  await page.getByRole('button', { name: 'Pause the import of held.csv' }).press('Enter');
  await row(page, 'held.csv').getByText('The import was paused').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await row(page, 'held.csv').getByRole('link', { name: 'held.csv', exact: true }).click();
  await page.getByText('Resume goes on where it stopped.').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await setSwitches(service, { outage: false });
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByText('Every row became an order.').waitFor();

  const body = orders(20, 1_000).toString().replaceAll('@', ' at ');
  const sent = await upload(service, body, '?stop_at_invalid=5&name=wrong.csv');
  const { file_id } = (await sent.json()) as FileResponse;
  await until(service, file_id, ({ status }) => status === 'paused');
  await page.goto(`${service.url}/?status=paused`);
  await row(page, 'wrong.csv').getByText('Too many rows are invalid').waitFor();
  await page.goto(`${service.url}/files/${file_id}`);
  await page.getByText('20 of 20 rows are invalid, and the upload asked to stop at 5').waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  const [report] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download the report' }).click(),
  ]);
  expect((await readFile(await report.path())).subarray(0, 3)).toEqual(Buffer.from('\ufeff'));
});
