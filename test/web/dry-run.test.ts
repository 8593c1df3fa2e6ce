/** A file that is only tried, and then taken for real. */
import { expect, test } from 'vitest';
import { listAll } from '../support/http.ts';
import { csv, orderLine, setStock, startService } from '../support/service.ts';
import { accessibilityProblems, openPage } from './support/browser.ts';
import { choose, row } from './support/files-page.ts';

test('a file is tried, says that nothing was stored, and is run for real', async () => {
  const service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 3]]);
  const page = await openPage(service.url, '/');
  const onlyTry = page.getByRole('checkbox', { name: 'Only try' });
  await onlyTry.check();
  await choose(page, { name: 'week.csv', buffer: Buffer.from(csv(orderLine('A'), orderLine('B'))) });
  await row(page, 'week.csv').getByText('dry run').waitFor();
  await row(page, 'week.csv').getByText('Completed, 1 to fix').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);

  await row(page, 'week.csv').getByRole('link', { name: 'week.csv', exact: true }).click();
  await page.getByText('no order was made, and no stock was taken').waitFor();
  await page.getByText('quantity 2 is more than the 1 left').first().waitFor();
  expect(await page.getByRole('link', { name: 'Show its orders' }).count()).toBe(0);
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(await listAll(service, '/orders')).toEqual([]);

  await page.getByRole('button', { name: 'Run it for real' }).click();
  await page.getByRole('link', { name: 'Show its orders' }).waitFor();
  await page.getByRole('button', { name: 'Run it for real' }).waitFor({ state: 'detached' });
  expect(await listAll(service, '/orders')).toMatchObject([{ order_id: 'A' }]);

  // What is uploaded next is taken at once, unless it is asked for again.
  await page.getByRole('link', { name: 'All files' }).click();
  await onlyTry.uncheck();
  await choose(page, {
    name: 'next.csv',
    buffer: Buffer.from(csv(orderLine('C', { quantity: '1', total_amount: '19.99' }))),
  });
  await row(page, 'next.csv').getByText('Completed').waitFor();
  expect((await listAll(service, '/orders')).length).toBe(2);
});
