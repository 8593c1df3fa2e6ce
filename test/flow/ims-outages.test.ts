/** An IMS that is down, fails, hangs or is slow, as a user sees it: files wait and resume by themselves, no row is rejected (INV-7). */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startReferenceIms } from '../../src/ims/reference-ims.ts';
import { setSwitches } from '../support/http.ts';
import {
  csv,
  ended,
  type FileJson,
  getJson,
  ingest,
  orderLine,
  type Service,
  setStock,
  startService,
  upload,
} from '../support/service.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

const WELL = { outage: false, error_rate: 0, latency_ms: 0 };
const WAIT = { interval: 100 };

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterEach(() => setSwitches(service, WELL));

let names = 0;
/** Two orders of which the IMS knows one. No other file has their SKUs, so the service has to ask. */
async function newFile(at: Service): Promise<string> {
  const sku = `A-${++names}`;
  await setStock(at, [[sku, 'HUB-1', 5]]);
  return csv(orderLine(`O-${names}-1`, { sku }), orderLine(`O-${names}-2`, { sku: `NOBODY-KNOWS-${names}` }));
}

async function accept(at: Service, bytes: string): Promise<string> {
  const response = await upload(at, bytes);
  const { file_id } = (await response.json()) as { file_id: string };
  expect(response.status).toBe(202);
  return file_id;
}

const expectWait = (at: Service, fileId: string) =>
  expect
    .poll(() => getJson<FileJson>(at, `/files/${fileId}`), WAIT)
    .toMatchObject({ status: 'waiting', waiting_for: 'ims', progress: { rows: 0 } });

const done = {
  status: 'completed',
  waiting_for: null,
  attempts: 1,
  progress: { rows: 2, accepted: 1, invalid: 1 },
  invalid_by_code: { unknown_sku: 1 },
};

describe('a file', () => {
  test.each([
    ['is out', { outage: true }],
    ['responds only with errors', { error_rate: 1 }],
    ['takes longer than anybody waits', { latency_ms: 60_000 }],
  ])('waits for an IMS that %s, shows it, and resumes when the IMS is back', async (_, switches) => {
    const bytes = await newFile(service);
    await setSwitches(service, switches);
    const fileId = await accept(service, bytes);
    await expectWait(service, fileId);
    await setSwitches(service, WELL);
    expect(await ended(service, fileId)).toMatchObject(done);
  });

  test('shows when it tries next, and since when it waits, which stays the same', async () => {
    const bytes = await newFile(service);
    await setSwitches(service, { outage: true });
    const fileId = await accept(service, bytes);
    await expectWait(service, fileId);
    const file = () => getJson<FileJson>(service, `/files/${fileId}`);
    const first = await file();
    expect(Date.parse(first.next_try_at!)).toBeGreaterThan(Date.parse(first.waiting_since!));
    await expect
      .poll(async () => Date.parse((await file()).next_try_at!), WAIT)
      .toBeGreaterThan(Date.parse(first.next_try_at!));
    expect((await file()).waiting_since).toBe(first.waiting_since);
    await setSwitches(service, WELL);
    expect(await ended(service, fileId)).toMatchObject({ ...done, waiting_since: null, next_try_at: null });
  });

  test('waits for an IMS that accepts connections and sends nothing', async () => {
    const ims = await startReferenceIms({
      port: 0,
      alsoKnown: async ({ skus, hubIds }) => ({ skus: skus.filter((sku) => sku.startsWith('A-')), hubIds }),
    });
    const proxy = await startTcpProxy(new URL(ims.url).host);
    const separate = await startService({ env: { OMS_IMS: `http://${proxy.address}` } });
    expect(await ingest(separate, await newFile(separate))).toMatchObject(done);
    proxy.hang();
    const fileId = await accept(separate, await newFile(separate));
    await expectWait(separate, fileId);
    await proxy.start();
    expect(await ended(separate, fileId)).toMatchObject(done);
    expect(await separate.stop()).toBe(0);
    await proxy.close();
    await ims.close();
  });

  test('waits for an IMS that refuses every request, because that says nothing about its rows', async () => {
    let refusing = false;
    const ims = createServer(async (request, response) => {
      const { items } = (await json(request)) as { items: { sku: string; hub_id: string }[] };
      const results = items.map((item) => ({ ...item, sku_valid: item.sku.startsWith('A-'), hub_valid: true }));
      const [status, body] = refusing ? [400, { error: 'this version has ended' }] : [200, { results }];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await once(ims.listen(0, '127.0.0.1'), 'listening');
    const { port } = ims.address() as AddressInfo;
    const separate = await startService({ env: { OMS_IMS: `http://oms:secret@127.0.0.1:${port}/?token=hidden` } });
    expect((await fetch(`${separate.url}/readyz`)).status).toBe(200);
    refusing = true;
    const fileId = await accept(separate, await newFile(separate));
    await expectWait(separate, fileId);
    const ready = await fetch(`${separate.url}/readyz`);
    const body = await ready.text();
    expect(ready.status).toBe(503);
    expect(body).toContain('this version has ended');
    refusing = false;
    expect(await ended(separate, fileId)).toMatchObject(done);
    expect(`${body}${JSON.stringify(separate.log)}${separate.output.join()}`).not.toMatch(/secret|hidden/);
    expect(await separate.stop()).toBe(0);
    ims.close();
  });

  test.each([
    ['fails every other time', { error_rate: 0.5 }],
    ['is slow', { latency_ms: 1_000 }],
  ])('is not charged for an IMS that %s', async (_, switches) => {
    const bytes = await newFile(service);
    await setSwitches(service, switches);
    expect(await ended(service, await accept(service, bytes))).toMatchObject(done);
  });

  test('that waits can be cancelled', async () => {
    const bytes = await newFile(service);
    await setSwitches(service, { outage: true });
    const fileId = await accept(service, bytes);
    await expectWait(service, fileId);
    await fetch(`${service.url}/files/${fileId}/cancel`, { method: 'POST' });
    expect(await ended(service, fileId)).toMatchObject({ status: 'cancelled', waiting_for: null });
  });

  test('that waits does not keep the service from stopping, and resumes after the next start', async () => {
    const first = await startService();
    const bytes = await newFile(first);
    await setSwitches(first, { outage: true });
    const fileId = await accept(first, bytes);
    await expectWait(first, fileId);
    expect(await first.stop()).toBe(0);
    const second = await startService({ dataDirectory: first.dataDirectory });
    expect(await ended(second, fileId)).toMatchObject({ ...done, attempts: expect.any(Number) });
    expect(await second.stop()).toBe(0);
  });
});
