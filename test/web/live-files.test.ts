/** `/`: what is seen of files while they are worked on, in every tab, whatever becomes of the connection and of the service. */
import { writeFile } from 'node:fs/promises';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, describe, expect, test } from 'vitest';
import type { FileAnswer } from '../../src/http/answers.ts';
import { generated, listAll, setSwitches, stockGenerated, until } from '../support/http.ts';
import { ingest, type Service, startService, temporaryDirectory } from '../support/service.ts';
import { accessibilityProblems, expectComplaints, openPage, screenshot } from './support/browser.ts';
import { choose, row, uploadOf } from './support/files-page.ts';

const GONE = /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|ERR_NETWORK|ERR_UPLOAD_FILE_CHANGED/;
const PATIENCE = { timeout: 40_000 };

const startAgain = ({ dataDirectory, url }: Service) =>
  startService({ dataDirectory, env: { OMS_PORT: new URL(url).port } });

const percentOf = async (page: Page, name: string): Promise<number> =>
  Number(await row(page, name).getByRole('progressbar').getAttribute('value'));

/** Waits until the row has come further than it is. */
async function moves(page: Page, name: string): Promise<void> {
  await row(page, name).getByRole('progressbar').waitFor();
  const before = await percentOf(page, name);
  await expect.poll(() => percentOf(page, name), PATIENCE).toBeGreaterThan(before);
}

const orders = (rows: number, startAt = 1) => generated({ rows, startAt });

test('progress moves in every tab, after a reload, and after the service was killed and came back', async () => {
  const service = await startService();
  await stockGenerated(service);
  const [page, other] = [await openPage(service.url), await openPage(service.url)];
  for (const tab of [page, other]) expectComplaints(tab, GONE);
  await choose(page, { name: 'large.csv', buffer: orders(100_000) });
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
  const again = await startAgain(service);
  for (const tab of [page, other])
    await tab.getByText('The service cannot be reached since').waitFor({ state: 'detached' });
  for (const tab of [page, other]) await row(tab, 'large.csv').getByText('Completed').waitFor(PATIENCE);
  const cells = await row(other, 'large.csv').getByRole('cell').allTextContents();
  expect(cells.slice(3, 5)).toEqual(['100,000', '0']);
  await page
    .getByRole('status')
    .filter({ hasText: 'large.csv: Completed. 100,000 accepted, 0 invalid.' })
    .waitFor({ state: 'attached' });

  // Of others, by other ways.
  await ingest(again, orders(10, 200_001), '?name=by-curl.csv');
  for (const tab of [page, other]) await row(tab, 'by-curl.csv').getByText('Completed').waitFor();
});

test('a file that waits says for what; it is cancelled, and tried again, by keyboard alone', async () => {
  const service = await startService();
  await stockGenerated(service);
  await setSwitches(service, { outage: true });
  const page = await openPage(service.url);
  await choose(page, { name: 'held.csv', buffer: orders(100) });
  await row(page, 'held.csv').getByText('The inventory service does not answer.').waitFor(PATIENCE);
  expect(await accessibilityProblems(page)).toEqual([]);
  await screenshot(page, 'files-waiting');

  const dialog = page.getByRole('dialog', { name: 'Cancel the import of held.csv?' });
  await page.getByRole('button', { name: 'Cancel the import of held.csv' }).press('Enter');
  await dialog.getByText('No order has been stored yet.').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe(
    'Cancel the import of held.csv',
  );
  await page.keyboard.press('Enter');
  await dialog.waitFor();
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Keep importing');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  await row(page, 'held.csv').getByText('Cancelled').waitFor(PATIENCE);
  await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('held.csv');

  await setSwitches(service, { outage: false });
  await page.getByRole('button', { name: 'Retry the import of held.csv' }).press('Enter');
  await row(page, 'held.csv').getByText('Completed').waitFor(PATIENCE);
});

test('a cancel that comes too late is told in the words of the service', async () => {
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
  const [late] = await listAll<FileAnswer>(service, '/files?limit=10');
  await until(service, late!.file_id, ({ status }) => status === 'completed');
  await dialog.getByRole('button', { name: 'Cancel the import' }).click();
  await dialog.getByRole('alert').waitFor();
  await dialog.getByRole('button', { name: 'Keep importing' }).click();
  await row(page, 'late.csv').getByText('Completed').waitFor();
});

test('an upload waits for a service that is gone and goes on by itself; leaving meanwhile warns; a file changed meanwhile is told', async () => {
  const service = await startService();
  await stockGenerated(service);
  const directory = await temporaryDirectory();
  const changing = join(directory, 'changing.csv');
  await writeFile(changing, orders(20, 1_001));
  const page = await openPage(service.url);
  expectComplaints(page, GONE);
  await page.getByRole('heading', { name: 'No files yet' }).waitFor();
  await service.kill('SIGKILL');
  await choose(page, { name: 'patient.csv', buffer: orders(20) });
  await uploadOf(page, 'patient.csv').getByText('The connection broke. The upload is tried again by itself.').waitFor();
  await page.getByLabel('CSV files to upload').setInputFiles(changing);
  await uploadOf(page, 'changing.csv').getByText('The connection broke.').waitFor();
  await writeFile(changing, 'other bytes');

  // Browsers ask only those who have touched the page.
  await page.getByRole('heading', { level: 1 }).click();
  const asked = page.waitForEvent('dialog');
  await page.close({ runBeforeUnload: true });
  const question = await asked;
  expect(question.type()).toBe('beforeunload');
  await question.dismiss();

  await uploadOf(page, 'changing.csv').getByText('The file was changed, moved or removed').waitFor();
  const again = await startAgain(service);
  await row(page, 'patient.csv').getByText('Completed').waitFor(PATIENCE);
  const files = await listAll<FileAnswer>(again, '/files?limit=10');
  expect(files.map(({ name }) => name)).toEqual(['patient.csv']);
});

describe('behind a gateway that answers in place of the service', () => {
  const gateways = new Set<{ close(): void; closeAllConnections(): void }>();
  afterAll(() => {
    for (const gateway of gateways) {
      gateway.close();
      gateway.closeAllConnections();
    }
  });

  /** Forwards all but what has to be refused: so many requests of each path, with 503. Counts the streams that are open. */
  async function startGateway(service: Service, refusals: Record<string, number>) {
    const streams = { open: 0, opened: 0 };
    const gateway = createServer((incoming, outgoing) => {
      const path = incoming.url!.split('?')[0]!;
      if ((refusals[path] ?? 0) > 0) {
        refusals[path]!--;
        incoming.resume().on('end', () => outgoing.writeHead(503, { 'retry-after': '1' }).end('busy'));
        return;
      }
      const { method, url, headers } = incoming;
      const forwarded = send(new URL(url!, service.url), { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
      });
      forwarded.on('error', () => outgoing.destroy());
      incoming.pipe(forwarded);
      if (path === '/progress') {
        streams.open++;
        streams.opened++;
      }
      outgoing.on('close', () => {
        forwarded.destroy();
        if (path === '/progress') streams.open--;
      });
    });
    gateways.add(gateway);
    await new Promise<void>((listening) => gateway.listen(0, '127.0.0.1', listening));
    return { url: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`, streams };
  }

  test('an upload that is told to wait says so and goes on by itself, and the stream opens again', async () => {
    const service = await startService();
    await stockGenerated(service);
    const { url, streams } = await startGateway(service, { '/upload': 1, '/progress': 1 });
    const page = await openPage(url);
    expectComplaints(page, /status of 503/);
    await page.getByText('The service cannot be reached since').waitFor();
    await choose(page, { name: 'busy.csv', buffer: orders(20) });
    await uploadOf(page, 'busy.csv').getByText('The service is busy. The upload goes on by itself.').waitFor();
    await row(page, 'busy.csv').getByText('Completed').waitFor(PATIENCE);
    await page.getByText('The service cannot be reached since').waitFor({ state: 'detached' });
    expect(streams).toEqual({ open: 1, opened: 1 });
  });

  test('a tab that is hidden has no stream; seen again it shows what it missed', async () => {
    const service = await startService();
    await stockGenerated(service);
    const { url, streams } = await startGateway(service, {});
    const page = await openPage(url);
    await page.getByRole('heading', { name: 'No files yet' }).waitFor();
    await expect.poll(() => streams.open).toBe(1);
    // Tabs of a browser without a window are always seen, so the document is made to say that it is not.
    const hide = (hidden: boolean) =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { value, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);
    await hide(true);
    await expect.poll(() => streams.open).toBe(0);
    await ingest(service, orders(20), '?name=missed.csv');
    expect(await row(page, 'missed.csv').count()).toBe(0);
    await hide(false);
    await row(page, 'missed.csv').getByText('Completed').waitFor();
    expect(streams).toEqual({ open: 1, opened: 2 });
    expect(await page.getByText('The service cannot be reached since').count()).toBe(0);
  });
});
