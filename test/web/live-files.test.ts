/** `/`: a file being imported moves in every tab, also after a reload and after the service was killed and restarted. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { generated, stockGenerated } from '../support/http.ts';
import { ingest, startService, temporaryDirectory } from '../support/service.ts';
import { expectComplaints, openPage } from './support/browser.ts';
import { row } from './support/files-page.ts';

const GONE = /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|ERR_NETWORK/;

const percentOf = async (page: Page, name: string): Promise<number> =>
  Number(await row(page, name).getByRole('progressbar').getAttribute('value'));

/** Waits until the row has moved. */
async function moves(page: Page, name: string): Promise<void> {
  await row(page, name).getByRole('progressbar').waitFor();
  const before = await percentOf(page, name);
  await expect.poll(() => percentOf(page, name)).toBeGreaterThan(before);
}

const orders = (rows: number, startAt = 1) => generated({ rows, startAt });

test('progress moves in every tab, after a reload, and after the service was killed and restarted', async () => {
  const service = await startService();
  await stockGenerated(service);
  const [page, other] = [await openPage(service.url), await openPage(service.url)];
  for (const tab of [page, other]) expectComplaints(tab, GONE);
  const large = join(await temporaryDirectory(), 'large.csv');
  await writeFile(large, orders(280_000));
  await page.getByLabel('CSV files to upload').setInputFiles(large);
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
  for (const tab of [page, other]) await row(tab, 'large.csv').getByText('Completed').waitFor();
  const cells = await row(other, 'large.csv').getByRole('cell').allTextContents();
  expect(cells.slice(3, 5)).toEqual(['280,000', '0']);
  await page
    .getByRole('status')
    .filter({ hasText: 'large.csv: Completed. 280,000 accepted, 0 invalid.' })
    .waitFor({ state: 'attached' });

  // A file that another client uploads.
  await ingest(again, orders(10, 300_001), '?name=by-curl.csv');
  for (const tab of [page, other]) await row(tab, 'by-curl.csv').getByText('Completed').waitFor();
});

test('while a step takes long, its seconds are counted, and start again with the next step', async () => {
  const service = await startService();
  await stockGenerated(service);
  const ended = await ingest(service, orders(20), '?name=slow.csv');
  // The responses of a service whose steps take as long as this test wants.
  let percent = 40;
  const inWork = () => ({
    ...ended,
    status: 'processing',
    finished_at: null,
    progress: { ...ended.progress, percent, rows_per_second: 5_000, eta_seconds: 30 },
  });
  const page = await openPage(service.url, 'about:blank');
  await page.route('**/progress', () => {});
  await page.route(`**/files/${ended.file_id}`, (route) =>
    route.request().isNavigationRequest() ? route.continue() : route.fulfill({ json: inWork() }),
  );
  await page.route(/\/files(\?.*)?$/, (route) => route.fulfill({ json: { items: [inWork()], next_cursor: null } }));

  const seconds = async () =>
    Number(/next step for (\d+) s/.exec((await page.locator('main').textContent())!)?.[1] ?? 0);
  for (const path of ['/', `/files/${ended.file_id}`]) {
    percent = 40;
    await page.goto(path);
    await expect.poll(seconds).toBeGreaterThan(0);
    const before = await seconds();
    await expect.poll(seconds).toBeGreaterThan(before + 1);
    expect(Number(await page.getByRole('progressbar').getAttribute('value'))).toBe(40);
    const atStep = await seconds();
    percent = 60;
    // As when the window gets the focus: the page asks again for what it shows.
    await page.evaluate(() => dispatchEvent(new Event('visibilitychange')));
    await expect.poll(() => page.getByRole('progressbar').getAttribute('value')).toBe('60');
    expect(await seconds()).toBeLessThan(atStep);
  }
});
