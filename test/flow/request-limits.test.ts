/** What one principal, or one address that nobody has signed in from, may take: others are served meanwhile. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type ClientRequest, get, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { problemOf, setSwitches } from '../support/http.ts';
import { csv, orderLine, type Service, startService, temporaryDirectory } from '../support/service.ts';

const ADMIN = 'the-secret-of-the-first-admin-of-tests';
const as = (key: string) => ({ authorization: `Bearer ${key}` });

let keyFile: string;
beforeAll(async () => {
  keyFile = join(await temporaryDirectory(), 'admin.key');
  await writeFile(keyFile, ADMIN);
});

const start = (env: Record<string, string>) =>
  startService({ env: { OMS_AUTH: 'required', OMS_ADMIN_KEY_FILE: keyFile, ...env } });

async function newKey(service: Service, name: string): Promise<string> {
  const response = await fetch(`${service.url}/keys`, {
    method: 'POST',
    headers: { ...as(ADMIN), 'content-type': 'application/json' },
    body: JSON.stringify({ name, role: 'operator' }),
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { key: string }).key;
}

describe('requests', () => {
  let service: Service;
  let keys: { mine: string; other: string };
  beforeAll(async () => {
    // Slow enough that no machine is slower.
    service = await start({ OMS_RATE_LIMIT: '1', OMS_TRUSTED_PROXIES: '127.0.0.1' });
    keys = { mine: await newKey(service, 'mine'), other: await newKey(service, 'other') };
  });

  const ask = (headers: Record<string, string>, path = '/workflow') => fetch(`${service.url}${path}`, { headers });

  /** Sends until it is refused. */
  async function exhaust(headers: Record<string, string>): Promise<Response> {
    for (let i = 0; i < 1_000; i++) {
      const response = await ask(headers);
      if (response.status === 429) return response;
      await response.arrayBuffer();
    }
    throw new Error('was never refused');
  }

  test('of one key are refused beyond its rate, with when it may send again; another key and health are served', async () => {
    const first = await ask(as(keys.mine));
    expect(first.headers.get('ratelimit-policy')).toBe('"requests";q=4;w=4');
    expect(first.headers.get('ratelimit')).toBe('"requests";r=3;t=1');
    const refused = await exhaust(as(keys.mine));
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('ratelimit')).toBe('"requests";r=0;t=1');
    await problemOf(refused, 429, 'rate_limited');
    expect((await ask(as(keys.other))).status).toBe(200);
    for (let i = 0; i < 20; i++) expect((await ask(as(keys.mine), '/healthz')).status).toBe(200);
    expect((await ask(as(keys.mine), '/readyz')).headers.get('ratelimit')).toBe(null);
    await expect.poll(async () => (await ask(as(keys.mine))).status).toBe(200);
  });

  test('of an address with wrong keys are refused, but not those of who has a key there, nor of another address', async () => {
    const from = (address: string) => ({ 'x-forwarded-for': address });
    const wrong = as(`${keys.mine.slice(0, -1)}${keys.mine.endsWith('0') ? '1' : '0'}`);
    expect((await ask({ ...wrong, ...from('198.51.100.1') })).status).toBe(401);
    expect((await exhaust({ ...wrong, ...from('198.51.100.1') })).headers.get('retry-after')).toBe('1');
    expect((await ask({ ...wrong, ...from('198.51.100.2') })).status).toBe(401);
    expect((await ask({ ...as(await otherKey()), ...from('198.51.100.1') })).status).toBe(200);
    // What a client itself writes in front changes nothing.
    expect((await exhaust({ ...wrong, ...from('203.0.113.9, 198.51.100.1') })).status).toBe(429);
  });

  /** When it may send. */
  async function otherKey(): Promise<string> {
    await expect.poll(async () => (await ask(as(keys.other))).headers.get('ratelimit')).toMatch(/r=[123];/);
    return keys.other;
  }
});

describe('with the rate lifted', () => {
  let service: Service;
  let keys: { mine: string; other: string };
  beforeAll(async () => {
    service = await start({ OMS_RATE_LIMIT: 'off' });
    keys = { mine: await newKey(service, 'mine'), other: await newKey(service, 'other') };
  });

  const open: (ClientRequest | IncomingMessage)[] = [];
  afterEach(() => {
    for (const one of open.splice(0)) one.destroy();
  });

  /** An upload whose last byte does not come. */
  function beginUpload(key: string): ClientRequest {
    const sent = request(`${service.url}/upload`, {
      method: 'POST',
      agent: false,
      headers: { ...as(key), 'content-type': 'text/csv', 'transfer-encoding': 'chunked' },
    });
    open.push(sent.on('error', () => {}));
    sent.write(csv(orderLine(`L-${open.length}`)));
    return sent;
  }

  const uploadAs = (key: string, orderId: string) =>
    fetch(`${service.url}/upload`, {
      method: 'POST',
      headers: { ...as(key), 'content-type': 'text/csv' },
      body: csv(orderLine(orderId)),
    });

  test('one key has 20 uploads at once; the next is refused, and that of another key is not', async () => {
    for (let i = 0; i < 20; i++) beginUpload(keys.mine);
    // They arrive in any order beside the refused ones, which take no place.
    await expect
      .poll(async () => {
        const response = (await once(beginUpload(keys.mine), 'response')) as [IncomingMessage];
        return [response[0].statusCode, await text(response[0])];
      })
      .toEqual([429, expect.stringContaining('20 uploads at the same time')]);
    expect((await uploadAs(keys.other, 'OTHER-1')).status).toBe(202);
  });

  test('one key has 100 open files; the next is refused, and the file of another key is ingested', async () => {
    await setSwitches(service, { outage: true });
    const uploader = await newKey(service, 'uploader');
    for (let i = 0; i < 100; i++) expect((await uploadAs(uploader, `OPEN-${i}`)).status).toBe(202);
    await problemOf(await uploadAs(uploader, 'OPEN-100'), 429, 'too_many_open_files');
    const uploaded = await uploadAs(keys.other, 'OTHER-2');
    expect(uploaded.status).toBe(202);
    const { links } = (await uploaded.json()) as { links: { self: string } };
    await setSwitches(service, { outage: false });
    const status = async () =>
      ((await (await fetch(`${service.url}${links.self}`, { headers: as(ADMIN) })).json()) as { status: string })
        .status;
    await expect.poll(status).toBe('completed');
    await expect.poll(async () => (await uploadAs(uploader, 'OPEN-101')).status).toBe(202);
  });

  async function openStream(key: string): Promise<{ hasEnded: () => boolean }> {
    const sent = get(`${service.url}/events`, { agent: false, headers: as(key) });
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    open.push(response);
    expect(response.statusCode).toBe(200);
    let ended = false;
    response.resume().on('end', () => {
      ended = true;
    });
    return { hasEnded: () => ended };
  }

  test('one key has 8 streams: a ninth takes the place of its oldest, and of nobody else', async () => {
    const others = await openStream(keys.other);
    const mine: Awaited<ReturnType<typeof openStream>>[] = [];
    for (let i = 0; i < 9; i++) mine.push(await openStream(keys.mine));
    await expect.poll(() => mine.map(({ hasEnded }) => hasEnded())).toEqual([true, ...Array(8).fill(false)]);
    expect(others.hasEnded()).toBe(false);
  });

  test('no request is limited, and no field says so', async () => {
    const response = await fetch(`${service.url}/workflow`, { headers: as(keys.mine) });
    expect(response.headers.get('ratelimit')).toBe(null);
    expect(response.headers.get('ratelimit-policy')).toBe(null);
  });
});
