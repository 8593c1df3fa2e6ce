/** `/`: a file in work is seen to move in every tab, also after a reload, and after the service was killed and came back. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { generated, stockGenerated } from '../support/http.ts';
import { ingest, startService } from '../support/service.ts';
import { expectComplaints, openPage } from './support/browser.ts';
import { choose, row } from './support/files-page.ts';

const GONE = /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|ERR_NETWORK/;
const PATIENCE = { timeout: 60_000 };

const percentOf = async (page: Page, name: string): Promise<number> =>
  Number(await row(page, name).getByRole('progressbar').getAttribute('value'));

/** Waits until the row has come further than it is. */
async function moves(page: Page, name: string): Promise<void> {
  await row(page, name).getByRole('progressbar').waitFor();
  const before = await percentOf(page, name);
  await expect.poll(() => percentOf(page, name), PATIENCE).toBeGreaterThan(before);
}

const orders = (rows: number, startAt = 1) => generated({ rows, startAt });

// The file is large enough to be seen on its way on a fast machine, so a busy one needs its time.
test('progress moves in every tab, after a reload, and after the service was killed and came back', {
  timeout: 120_000,
}, async () => {
  const service = await startService();
  await stockGenerated(service);
  const [page, other] = [await openPage(service.url), await openPage(service.url)];
  for (const tab of [page, other]) expectComplaints(tab, GONE);
  await choose(page, { name: 'large.csv', buffer: orders(280_000) });
  for (const tab of [page, other]) await moves(tab, 'large.csv');
  await page.reload();
  await moves(page, 'large.csv');
  await row(page, 'large.csv')
    .getByText(/\d % · [\d,]+ rows\/s · .+ left/)
    .waitFor();

  await service.kill('SIGKILL');
  for (const tab of [page, other]) await tab.getByText('The service cannot be reached since').waitFor();
  const before = await percentOf(page, 'large.csv');
  expect(before).toBeLessThan(100);
  const again = await startService({
    dataDirectory: service.dataDirectory,
    env: { OMS_PORT: new URL(service.url).port },
  });
  for (const tab of [page, other])
    await tab.getByText('The service cannot be reached since').waitFor({ state: 'detached' });
  for (const tab of [page, other]) await row(tab, 'large.csv').getByText('Completed').waitFor(PATIENCE);
  const cells = await row(other, 'large.csv').getByRole('cell').allTextContents();
  expect(cells.slice(3, 5)).toEqual(['280,000', '0']);
  await page
    .getByRole('status')
    .filter({ hasText: 'large.csv: Completed. 280,000 accepted, 0 invalid.' })
    .waitFor({ state: 'attached' });

  // Of others, by other ways.
  await ingest(again, orders(10, 300_001), '?name=by-curl.csv');
  for (const tab of [page, other]) await row(tab, 'by-curl.csv').getByText('Completed').waitFor();
});
