/** The page of a file whose inventory service is down, and cancel and retry. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { csv, type FileJson, getJson, orderLine, runOms, setStock, startService, upload } from '../support/service.ts';
import { accessibilityProblems } from './support/browser.ts';
import { badge, figure, openFile } from './support/file-page.ts';

test('a file waits for an inventory service that is down and says so, is cancelled, retried, and completes when it is back', async () => {
  const port = await freePort();
  const own = await startService({ env: { OMS_IMS: `http://127.0.0.1:${port}` } });
  await setStock(own, [['SKU-1', 'HUB-1', 10]]);
  const uploaded = await upload(own, csv(orderLine('W-1'), orderLine('W-2')), '?name=waiting.csv');
  const file = (await uploaded.json()) as FileJson;
  const page = await openFile(own, file);
  await page.getByRole('heading', { name: 'Waiting for the inventory service' }).waitFor();
  await page.getByText(/^Waiting since/).waitFor();
  await page.getByText('next try at').waitFor();
  await expect.poll(() => page.title()).toMatch(/^\d+ % · waiting\.csv · OMS$/);
  await page.getByText('Nothing is lost and no row is rejected').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await expect.poll(() => figure(page, 'Invalid').textContent()).toBe('0');

  await page.getByRole('button', { name: 'Cancel the import…' }).click();
  expect(await accessibilityProblems(page)).toEqual([]);
  await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Keep importing');
  await page.keyboard.press('Escape');
  expect((await getJson<FileJson>(own, `/files/${file.file_id}`)).cancel_requested).toBe(false);
  await page.getByRole('button', { name: 'Cancel the import…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the import', exact: true }).click();
  await page.getByText('The import was cancelled.').waitFor();
  await expect.poll(() => badge(page).textContent()).toBe('Cancelled');
  await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('main');

  await page.getByText('Reads the file again').waitFor();
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByRole('heading', { name: 'Waiting for the inventory service' }).waitFor();
  let ims: ChildProcess | undefined;
  const imsSettings = { OMS_DATA_DIR: own.dataDirectory, OMS_IMS_PORT: String(port) };
  const imsEnded = runOms(['ims'], imsSettings, (child) => (ims = child));
  onTestFinished(async () => {
    ims?.kill();
    await imsEnded;
  });
  await page.getByText('Every row became an order.').waitFor();
  await expect.poll(() => figure(page, 'Accepted').textContent()).toBe('2');
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
