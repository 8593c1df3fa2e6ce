/** Requests that are broken, hostile or cut off, and queries with bad values: each gets a clear response, which arrives (INV-5). */
import { connect } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectSound, openFiles, problemOf, sendRaw, stockUp, uploadHead } from '../support/bad-input.ts';
import { csv, ingest, orderLine, type Service, startService, upload } from '../support/service.ts';

let service: Service;
let orders = 0;
const newId = () => `R-${++orders}`;
const order = () => csv(orderLine(newId()));

beforeAll(async () => {
  service = await startService();
  await stockUp(service);
});
afterEach(() => expectSound(service));

describe('a complete request gets its response', () => {
  const STATS = 'GET /stats HTTP/1.1\r\nhost: localhost\r\n';

  test('before the bytes behind it, which are not HTTP, are refused', async () => {
    expect(await statusesOf([`${STATS}\r\n\x16\x03\x01 no request`])).toEqual([200, 400]);
    expect(await statusesOf([`${STATS}\r\n`.repeat(3), 'NONE none\r\n\r\n'])).toEqual([200, 200, 200, 400]);
  });

  test('when it ends the connection, and the requests behind it get none', async () => {
    expect(await statusesOf([`${STATS}connection: close\r\n\r\n${STATS}\r\n`])).toEqual([200]);
    const body = order();
    const head = uploadHead('content-type: text/csv', `content-length: ${body.length}`, 'connection: close');
    expect(await statusesOf([`${head}${body}${STATS}\r\n`])).toEqual([202]);
  });

  test.each(['GET /events?after=0', 'GET /stats', 'GET /invalid-files', 'HEAD /stats'])(
    'when it only reads, as %s does, even if it announces a body that never arrives',
    async (line) => {
      for (const announced of ['content-length: 10', 'transfer-encoding: chunked']) {
        const response = await firstLine(`${line} HTTP/1.1\r\nhost: localhost\r\n${announced}\r\n\r\n`);
        expect(response).toBe('HTTP/1.1 200 OK');
      }
    },
  );

  /** The statuses of all responses until the service ends the connection. */
  async function statusesOf(requests: string[]): Promise<number[]> {
    const { hostname, port } = new URL(service.url);
    const socket = connect({ host: hostname, port: Number(port) });
    for (const bytes of requests) socket.write(bytes, 'latin1');
    const text = Buffer.concat(await socket.toArray()).toString('latin1');
    return Array.from(text.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status));
  }

  async function firstLine(request: string): Promise<string> {
    const { hostname, port } = new URL(service.url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.write(request);
    for await (const bytes of socket) return String(bytes).split('\r\n')[0]!;
    return '';
  }
});

describe('a report', () => {
  test('that is requested by HEAD, or by clients that disconnect, is not kept open', async () => {
    const rows = Array.from({ length: 2_000 }, () =>
      orderLine(newId(), { quantity: '0', shipping_address: 'x'.repeat(500) }),
    );
    const file = await ingest(service, csv(...rows));
    const path = `/invalid-files/${file.invalid_file}`;
    for (let i = 0; i < 20; i++) {
      const head = await fetch(service.url + path, { method: 'HEAD' });
      expect(head.status).toBe(200);
      expect(Number(head.headers.get('content-length'))).toBeGreaterThan(1_000_000);
      const gone = new AbortController();
      await fetch(service.url + path, { signal: gone.signal });
      gone.abort();
    }
    await expect.poll(() => openFiles(service).filter((name) => name.includes('reports'))).toEqual([]);
    expect(service.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });
});

describe('a query', () => {
  test.each([
    '/files?status=done',
    '/files?limit=0',
    '/files?limit=1001',
    '/files?limit=1e2',
    '/files?limit=10&limit=20',
    '/orders?status=nope',
    '/orders?from=yesterday',
    '/orders?from=2026-02-30',
    '/orders?q=',
    `/orders?sku=${'x'.repeat(501)}`,
    '/inventory?sort=price',
    '/events?type=order.lost',
    '/stats/history?bucket=week',
  ])('with a bad value, %s, is 400', async (path) => {
    const response = await problemOf(await fetch(service.url + path));
    expect(response).toMatchObject({ status: 400, code: 'invalid_parameter' });
  });

  test('of an upload with a bad value is 400, and 404 for an unknown parent', async () => {
    for (const [query, status, code] of [
      ['?force=maybe', 400, 'invalid_parameter'],
      ['?name=a&name=b', 400, 'invalid_parameter'],
      ['?encoding=klingon', 400, 'unsupported_encoding'],
      ['?encoding=', 400, 'invalid_parameter'],
      ['?parent_file_id=f_nope', 404, 'not_found'],
    ] as const)
      expect(await problemOf(await upload(service, order(), query))).toMatchObject({ status, code });
    const key = await problemOf(await upload(service, order(), '', { 'idempotency-key': 'k'.repeat(256) }));
    expect(key).toMatchObject({ status: 400, code: 'invalid_parameter' });
  });

  test.each(['/orders', '/files', '/inventory', '/invalid-files'])(
    'to %s with a garbage cursor is 400',
    async (path) => {
      const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const cursors = [
        'x',
        '%00',
        '😀',
        'a'.repeat(4_001),
        encode('['.repeat(2_000)),
        encode(JSON.parse(`${'['.repeat(900)}${']'.repeat(900)}`)),
        encode({ version: 1 }),
        encode([2, '[]', '']),
        encode([1, '["orders",{"sku":"other"}]', '[1,"x"]']),
      ];
      for (const cursor of cursors) {
        const response = await problemOf(await fetch(`${service.url}${path}?cursor=${encodeURIComponent(cursor)}`));
        expect(response.status, cursor).toBe(400);
      }
    },
  );

  test.each([
    ['/orders', ['orders', {}]],
    ['/files', ['files', null, null]],
    ['/inventory', ['inventory', null, null, 'key']],
    ['/invalid-files', ['invalid-files']],
  ])('to %s with a forged cursor is 400', async (path, list) => {
    for (const position of ['garbage', '[]', '{}', 'null', '["a"]', '[0.5]', '[null,null]', '[{},{}]']) {
      const cursor = Buffer.from(JSON.stringify([1, JSON.stringify(list), position])).toString('base64url');
      const response = await problemOf(await fetch(`${service.url}${path}?cursor=${cursor}`));
      expect(response, position).toMatchObject({ status: 400, code: 'invalid_cursor' });
    }
  });

  test('of 100 kB is 431 with a problem document', async () => {
    const response = await sendRaw(service, [
      `GET /orders?q=${'x'.repeat(100_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
    ]);
    expect(response).toMatchObject({ status: 431, body: { code: 'headers_too_large' } });
  });
});

describe('a request that the service cannot accept', () => {
  test('with a flood of headers is 431, and without headers 400', async () => {
    const flood = Array.from({ length: 5_000 }, (_, i) => `x-${i}: 1\r\n`).join('');
    const flooded = await sendRaw(service, [`GET /files HTTP/1.1\r\nhost: localhost\r\n${flood}\r\n`]);
    expect(flooded).toMatchObject({ status: 431, body: { code: 'headers_too_large' } });
    const bare = await sendRaw(service, ['GET /files HTTP/1.0\r\n\r\n']);
    expect(bare).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  test.each([
    ['that is not HTTP', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'],
    ['with a line break in a header', 'GET /files HTTP/1.1\r\nhost: localhost\r\nx: a\0b\r\n\r\n'],
    ['without a usable address', 'OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    ['with a user name in its host', 'GET /files HTTP/1.1\r\nhost: localhost@evil.example\r\n\r\n'],
  ])('%s is 400', async (_, bytes) => {
    expect(await sendRaw(service, [bytes])).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  test('from a page of another site is 403 and creates no file', async () => {
    const response = await upload(service, order(), '', { origin: 'https://evil.example' });
    expect(await problemOf(response)).toMatchObject({ status: 403, code: 'foreign_origin' });
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test.each([
    '/invalid-files/..%2f..%2foms.db',
    '/invalid-files/%2e%2e%2f%2e%2e%2foms.db',
    '/orders/%00',
    '/orders/%E0%A4%A',
    '/files/..%2f..',
    `/files/${'x'.repeat(10_000)}`,
    '//evil.example/files',
    '/../../etc/passwd',
  ])('for %s is 404', async (path) => {
    const response = await sendRaw(service, [`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`]);
    expect(response).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });
});
