/** Uploads with a stop rule, and the list of the files that need attention. */
import { expect, test } from 'vitest';
import { generated, stockGenerated } from '../support/http.ts';
import { csv, ingest, orderLine, setStock, startService } from '../support/service.ts';
import { accessibilityProblems, openPage } from './support/browser.ts';
import { choose, row } from './support/files-page.ts';

test('an upload with a stop rule pauses, and says at what; what is no rule is said at once', async () => {
  const service = await startService();
  await stockGenerated(service);
  const page = await openPage(service.url);
  const rule = page.getByLabel('Stop at so many invalid rows');
  await rule.fill('a few');
  await page.getByText('Write a number of rows such as 100').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await rule.fill('5');
  await page.getByText('The import then pauses').waitFor();
  const body = generated({ rows: 20 }).toString().replaceAll('@', ' at ');
  await choose(page, { name: 'wrong.csv', buffer: Buffer.from(body) });
  await row(page, 'wrong.csv').getByText('Too many rows are invalid').waitFor();
  await row(page, 'wrong.csv').getByRole('link', { name: 'wrong.csv', exact: true }).click();
  await page.getByText('5 invalid rows', { exact: true }).waitFor();
});

test('the files that need attention are listed, and leave the list when their rows are fixed', async () => {
  const service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 100]]);
  await ingest(service, csv(orderLine('A-1')), '?name=good.csv');
  const { file_id } = await ingest(service, csv(orderLine('A-2', { quantity: 'two' })), '?name=bad.csv');
  const page = await openPage(service.url);
  await row(page, 'good.csv').waitFor();
  await page.getByRole('link', { name: 'Needs attention' }).click();
  await expect.poll(() => page.getByRole('link', { name: 'good.csv', exact: true }).count()).toBe(0);
  await row(page, 'bad.csv').getByText('Completed, 1 to fix').waitFor();
  expect(new URL(page.url()).search).toBe('?needs_attention=true');
  expect(await accessibilityProblems(page)).toEqual([]);
  await ingest(service, csv(orderLine('A-2')), `?name=fix.csv&parent_file_id=${file_id}`);
  await page.getByText('No file needs attention').waitFor();
});
