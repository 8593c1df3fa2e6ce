/** A file that was a mistake is undone after a question; what stays is said, and linked. */
import { expect, test } from 'vitest';
import type { FileResponse } from '../../src/http/responses.ts';
import { listAll } from '../support/http.ts';
import { csv, getJson, ingest, orderLine, setStock, startService } from '../support/service.ts';
import { accessibilityProblems } from './support/browser.ts';
import { badge, openFile } from './support/file-page.ts';
import { moveOrder } from './support/orders-api.ts';

test('an import is undone, and the orders that were moved on are listed', async () => {
  const service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 100]]);
  const file = await ingest(service, csv(orderLine('U-1'), orderLine('U-2'), orderLine('U-3')), '?name=wrong.csv');
  await moveOrder(service, 'U-2', 'confirmed');
  const page = await openFile(service, file);
  const button = page.getByRole('button', { name: 'Undo the import…' });
  await button.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Undo the import of wrong.csv?' });
  await dialog.getByText('become “Cancelled”, and their stock is back').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  expect(await getJson<FileResponse>(service, `/files/${file.file_id}`)).toMatchObject({ undo: null });

  await button.click();
  await dialog.getByRole('button', { name: 'Undo the import', exact: true }).click();
  await page.getByText('2 orders undone, stock included. 1 order stayed, as somebody had changed them.').waitFor();
  await badge(page).getByText('Undone').waitFor();
  await expect.poll(() => button.count()).toBe(0);
  await page.getByText('Show the orders that stayed').click();
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.getByRole('link', { name: 'U-2', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'U-2' }).waitFor();
  expect(await listAll(service, '/inventory')).toMatchObject([{ available: 98 }]);
});
