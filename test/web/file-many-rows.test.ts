/** The page of a file with very many failed rows. */
import { expect, test } from 'vitest';
import { csv, type FileJson, orderLine, setStock, startService, upload } from '../support/service.ts';
import { failedRow, figure, openFile, region } from './support/file-page.ts';

const MANY = 200_000;
/** The page must not freeze. Measured: 70 to 190 ms on two busy cores. */
const MAX_TASK_MS = 1_000;

test(`of ${MANY} failed rows few are in the document, and scrolling far never blocks the page`, async () => {
  const service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 1]]);
  const lines = Array.from({ length: MANY }, (_, i) => orderLine(`N-${i}`, { quantity: 'two' })).join('\n');
  const { file_id } = (await (await upload(service, csv(lines), '?name=many.csv')).json()) as FileJson;
  // The stream ends with the file.
  await (await fetch(`${service.url}/files/${file_id}/progress`)).text();
  const page = await openFile(service, { file_id, name: 'many.csv' });
  await page.evaluate(() => {
    const longest = { ms: 0 };
    Object.assign(window, { longest });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest.ms = Math.max(longest.ms, duration);
    }).observe({ type: 'longtask', buffered: true });
  });
  await failedRow(page, '2').waitFor();
  await expect.poll(() => figure(page, 'Invalid').textContent()).toBe('200,000');

  const lastRow = async () => {
    const row = await page.getByRole('rowheader').last().textContent();
    return Number(row!.replaceAll(',', ''));
  };
  await region(page).hover();
  for (let turns = 0; turns < 30; turns++) await page.mouse.wheel(0, 2_000);
  await expect.poll(lastRow).toBeGreaterThan(200);
  await region(page).focus();
  await expect
    .poll(async () => {
      await page.keyboard.press('End');
      return lastRow();
    })
    .toBeGreaterThan(5_000);
  await expect.poll(() => page.getByRole('row').count()).toBeLessThan(100);
  await page.keyboard.press('Home');
  await failedRow(page, '2').waitFor();
  await page.getByLabel('Start at row').fill('150000');
  await page.getByLabel('Start at row').press('Enter');
  await failedRow(page, '150,000').waitFor();
  expect(await page.evaluate('window.longest.ms')).toBeLessThan(MAX_TASK_MS);
});
