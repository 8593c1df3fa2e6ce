/** `/`: uploads and the stream of progress resume by themselves when the service was down or busy, or the tab hidden. */
import { writeFile } from 'node:fs/promises';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { FileResponse } from '../../src/http/responses.ts';
import { generated, listAll, stockGenerated } from '../support/http.ts';
import { ingest, type Service, startService, temporaryDirectory } from '../support/service.ts';
import { expectComplaints, hide, openPage } from './support/browser.ts';
import { choose, row, uploadOf } from './support/files-page.ts';

const GONE = /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|ERR_NETWORK|ERR_UPLOAD_FILE_CHANGED/;

const orders = (rows: number, startAt = 1) => generated({ rows, startAt });

test('an upload waits for a service that is down and resumes; leaving meanwhile warns; a file changed meanwhile is reported', async () => {
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
  await uploadOf(page, 'patient.csv')
    .getByText('The connection was lost. The upload is retried automatically.')
    .waitFor();
  await page.getByLabel('CSV files to upload').setInputFiles(changing);
  await uploadOf(page, 'changing.csv').getByText('The connection was lost.').waitFor();
  await writeFile(changing, 'other bytes');

  // Browsers ask only users who have interacted with the page.
  await page.getByRole('heading', { level: 1 }).click();
  const asked = page.waitForEvent('dialog');
  await page.close({ runBeforeUnload: true });
  const question = await asked;
  expect(question.type()).toBe('beforeunload');
  await question.dismiss();

  await uploadOf(page, 'changing.csv').getByText('The file was changed, moved or deleted').waitFor();
  const again = await startService({
    dataDirectory: service.dataDirectory,
    env: { OMS_PORT: new URL(service.url).port },
  });
  await row(page, 'patient.csv').getByText('Completed').waitFor();
  const files = await listAll<FileResponse>(again, '/files?limit=10');
  expect(files.map(({ name }) => name)).toEqual(['patient.csv']);
});

describe('behind a gateway that responds in place of the service', () => {
  const gateways = new Set<{ close(): void; closeAllConnections(): void }>();
  afterAll(() => {
    for (const gateway of gateways) {
      gateway.close();
      gateway.closeAllConnections();
    }
  });

  /** Forwards requests, but refuses those for the given paths with 503. Counts the open streams. */
  async function startGateway(service: Service, refused: Set<string>) {
    const streams = { open: 0, opened: 0 };
    const gateway = createServer((incoming, outgoing) => {
      const path = incoming.url!.split('?')[0]!;
      if (refused.has(path)) {
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

  test('an upload refused as busy says so and is retried, and the stream opens again', async () => {
    const service = await startService();
    await stockGenerated(service);
    const refused = new Set(['/upload', '/progress']);
    const { url, streams } = await startGateway(service, refused);
    const page = await openPage(url);
    expectComplaints(page, /status of 503/);
    await page.getByText('The service cannot be reached since').waitFor();
    await choose(page, { name: 'busy.csv', buffer: orders(20) });
    await uploadOf(page, 'busy.csv').getByText('The service is busy. The upload is retried automatically.').waitFor();
    refused.clear();
    await row(page, 'busy.csv').getByText('Completed').waitFor();
    await page.getByText('The service cannot be reached since').waitFor({ state: 'detached' });
    expect(streams).toEqual({ open: 1, opened: 1 });
  });

  test('a hidden tab has no stream; visible again, it shows what it missed', async () => {
    const service = await startService();
    await stockGenerated(service);
    const { url, streams } = await startGateway(service, new Set());
    const page = await openPage(url);
    await page.getByRole('heading', { name: 'No files yet' }).waitFor();
    await expect.poll(() => streams.open).toBe(1);
    await hide(page, true);
    await expect.poll(() => streams.open).toBe(0);
    await ingest(service, orders(20), '?name=missed.csv');
    await expect.poll(() => row(page, 'missed.csv').count()).toBe(0);
    await hide(page, false);
    await row(page, 'missed.csv').getByText('Completed').waitFor();
    expect(streams).toEqual({ open: 1, opened: 2 });
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await expect.poll(() => streams).toEqual({ open: 1, opened: 3 });
    await expect.poll(() => page.getByText('The service cannot be reached since').count()).toBe(0);
  });
});
