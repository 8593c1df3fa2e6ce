/** Which responses are compressed, and for whom. */
import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { csv, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 1_000]]);
  await ingest(service, csv(...Array.from({ length: 200 }, (_, i) => orderLine(`Z-${i}`))));
});

/** The bytes as they are sent. */
const bytesOf = (path: string, headers: Record<string, string>) =>
  new Promise<{ encoding: string | undefined; vary: string | undefined; bytes: Buffer }>((resolve, reject) => {
    const asked = request(`${service.url}${path}`, { headers }, async (response) => {
      const blocks: Buffer[] = [];
      for await (const block of response) blocks.push(block as Buffer);
      const { 'content-encoding': encoding, vary } = response.headers;
      resolve({ encoding, vary, bytes: Buffer.concat(blocks) });
    });
    asked.on('error', reject).end();
  });

test.each(['/orders?limit=200', '/orders.csv', '/files', '/orders?limit=200&status=on_hold'])(
  '%s is the same with and without gzip, and much smaller',
  async (path) => {
    const plain = await bytesOf(path, {});
    expect(plain).toMatchObject({ encoding: undefined, vary: expect.stringContaining('Accept-Encoding') });
    for (const accepted of ['gzip', 'br, gzip;q=0.5']) {
      const small = await bytesOf(path, { 'accept-encoding': accepted });
      if (plain.bytes.length < 1_400) expect(small.encoding).toBeUndefined();
      else {
        expect(small).toMatchObject({ encoding: 'gzip', vary: plain.vary });
        expect(gunzipSync(small.bytes).equals(plain.bytes)).toBe(true);
        if (plain.bytes.length > 20_000) expect(small.bytes.length).toBeLessThan(plain.bytes.length / 5);
      }
    }
    expect(await bytesOf(path, { 'accept-encoding': 'gzip;q=0' })).toMatchObject({ encoding: undefined });
  },
);

test('what is small, a stream, or about a single thing is sent as it is', async () => {
  const headers = { 'accept-encoding': 'gzip' };
  for (const path of ['/orders/Z-1', '/orders?limit=1', '/stats', '/healthz'])
    expect(await bytesOf(path, headers)).toMatchObject({ encoding: undefined });
  const events = await fetch(`${service.url}/events?after=0`, { headers });
  expect(events.headers.get('content-encoding')).toBeNull();
  await events.body!.cancel();
});
