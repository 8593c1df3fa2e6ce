/** Requests that are broken, hostile, cut off or slow: each gets a clear answer, which arrives, and leaves nothing behind (INV-5). */
import { readdir, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  expectSound,
  fileIds,
  openFiles,
  problemOf,
  repeat,
  sendRaw,
  stockUp,
  uploadHead,
  uploadStream,
} from '../support/bad-input.ts';
import {
  csv,
  ended,
  type FileJson,
  getJson,
  ingest,
  orderLine,
  type Service,
  startService,
  temporaryDirectory,
  upload,
} from '../support/service.ts';

const MAX_UPLOAD_BYTES = 2_000_000;

let service: Service;
let orders = 0;
const newId = () => `R-${++orders}`;
const order = () => csv(orderLine(newId()));

beforeAll(async () => {
  service = await startService({
    dataDirectory: join(await temporaryDirectory(), 'data'),
    env: { OMS_MAX_UPLOAD_BYTES: String(MAX_UPLOAD_BYTES) },
  });
  await stockUp(service);
});
afterEach(() => expectSound(service));

/** For tests whose requests must not make a file. */
function noFileIsMade(): void {
  let before: Set<string>;
  beforeEach(async () => {
    before = await fileIds(service);
  });
  afterEach(async () => {
    // The good file that shows that all is well is one more, when it came first.
    const added = [...(await fileIds(service))].filter((id) => !before.has(id));
    const files = await Promise.all(added.map((id) => getJson<FileJson>(service, `/files/${id}`)));
    expect(files.filter(({ size_bytes }) => size_bytes > 200)).toEqual([]);
    expect(files.length).toBeLessThanOrEqual(1);
  });
}

const part = (field: string, fileName: string, content: string) =>
  `--edge\r\nContent-Disposition: form-data; name="${field}"; filename="${fileName}"\r\nContent-Type: text/csv\r\n\r\n${content}\r\n`;

function postForm(body: string, contentType = 'multipart/form-data; boundary=edge'): Promise<Response> {
  return fetch(`${service.url}/upload`, { method: 'POST', headers: { 'content-type': contentType }, body });
}

describe('a form', () => {
  noFileIsMade();

  test.each<[string, () => string, string, RegExp]>([
    [
      'with two files',
      () => `${part('file', 'a.csv', order())}${part('file', 'b.csv', order())}--edge--\r\n`,
      'several_files',
      /one file at a time/,
    ],
    [
      'with a file in another field',
      () => `${part('orders', 'a.csv', order())}--edge--\r\n`,
      'no_file',
      /the field "orders"/,
    ],
    [
      'with fields and no file',
      () => '--edge\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--edge--\r\n',
      'no_file',
      /as the field "file"/,
    ],
    ['without parts', () => '--edge--\r\n', 'no_file', /has no file/],
    [
      'that is cut off in its file',
      () => part('file', 'a.csv', order()).slice(0, -40),
      'broken_multipart',
      /no complete multipart form/,
    ],
    [
      'that is cut off before its end',
      () => part('file', 'a.csv', order()),
      'broken_multipart',
      /no complete multipart form/,
    ],
    [
      'that is cut off in the head of its part',
      () => '--edge\r\nContent-Disposition: form-da',
      'broken_multipart',
      /no complete multipart form/,
    ],
    [
      'with many fields before its file',
      () =>
        `${'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'.repeat(50)}${part('file', 'a.csv', order())}--edge--\r\n`,
      'broken_multipart',
      /more than 20 fields/,
    ],
    ['that is empty', () => '', 'broken_multipart', /no complete multipart form/],
    [
      'with a boundary that never comes',
      () => part('file', 'a.csv', order()).replaceAll('edge', 'other'),
      'broken_multipart',
      /no complete multipart form/,
    ],
  ])('%s is 400', async (_, body, code, words) => {
    expect(await problemOf(await postForm(body()))).toMatchObject({
      status: 400,
      code,
      detail: expect.stringMatching(words),
      contentType: 'application/problem+json',
    });
  });

  test('without a boundary in its content type is 400', async () => {
    const answer = await problemOf(await postForm(part('file', 'a.csv', order()), 'multipart/form-data'));
    expect(answer).toMatchObject({ status: 400, code: 'broken_multipart' });
  });
});

describe('a file name', () => {
  const names: [string, string, string][] = [
    ['with a path', '../../etc/passwd', 'passwd'],
    ['with a path of Windows', 'C:\\orders\\november.csv', 'november.csv'],
    ['with control characters and line breaks', 'a\r\nSet-Cookie: x=1\0\x1b[31m.csv', 'aSet-Cookie: x=1[31m.csv'],
    ['with characters that turn the line', 'orders\u202evsc.exe', 'ordersvsc.exe'],
    ['of nothing but dots and slashes', '../../', 'orders.csv'],
  ];

  async function listAround(): Promise<string[]> {
    return (await readdir(dirname(service.dataDirectory), { recursive: true })).filter(
      (path) => !/^data\/(objects\/(uploads|reports)\/f_|oms\.db|lock\.db)/.test(path),
    );
  }

  test.each(names)('%s is only shown, and cleaned, in a query and in a form', async (_, name, shown) => {
    const before = await listAround();
    const file = await ingest(service, order(), `?name=${encodeURIComponent(name)}`);
    expect(file).toMatchObject({ name: shown, status: 'completed' });
    const form = new FormData();
    form.append('file', new File([order()], name, { type: 'text/csv' }));
    const response = await fetch(`${service.url}/upload`, { method: 'POST', body: form });
    expect(response.status).toBe(202);
    const uploaded = (await response.json()) as FileJson;
    expect(uploaded.name).not.toMatch(/[/\\\p{Cc}\p{Cf}]/u);
    await ended(service, uploaded.file_id);
    expect(await listAround()).toEqual(before);
  });

  test('of 10,000 characters is shortened to 255', async () => {
    expect((await ingest(service, order(), `?name=${'n'.repeat(10_000)}`)).name).toBe('n'.repeat(255));
    const response = await postForm(`${part('file', `${'m'.repeat(10_000)}.csv`, order())}--edge--\r\n`);
    const { file_id, name } = (await response.json()) as FileJson;
    expect(name).toBe('m'.repeat(255));
    await ended(service, file_id);
  });

  test('cannot put headers into any answer', async () => {
    const bad = orderLine(newId(), { quantity: '0' });
    const file = await ingest(service, csv(bad), '?name=%0d%0aX-Injected:%20yes%22;%20filename=%22evil.exe');
    for (const path of [`/files/${file.file_id}`, `/invalid-files/${file.invalid_file}`]) {
      const { headers } = await fetch(service.url + path);
      expect(headers.has('x-injected')).toBe(false);
      expect(headers.get('content-disposition') ?? '').not.toContain('evil');
    }
  });
});

describe('a client that goes away in the middle of its upload', () => {
  noFileIsMade();

  test.each([
    ['a raw body', uploadHead('content-type: text/csv', 'content-length: 1000000')],
    ['a body in chunks', `${uploadHead('content-type: text/csv', 'transfer-encoding: chunked')}fffff\r\n`],
    [
      'a form',
      `${uploadHead('content-type: multipart/form-data; boundary=edge', 'content-length: 1000000')}${part('file', 'a.csv', '').trimEnd()}\r\n\r\n`,
    ],
  ])('leaves nothing of %s', async (_, head) => {
    const { hostname, port } = new URL(service.url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.write(head);
    socket.write('x'.repeat(100_000));
    // Until some of it is on the disk: then the service is in the middle.
    await expect.poll(() => stagedBytes(), { timeout: 20_000 }).toBeGreaterThan(50_000);
    socket.resetAndDestroy();
  });

  async function stagedBytes(): Promise<number> {
    const staging = join(service.dataDirectory, 'objects/staging');
    const sizes = await Promise.all(
      (await readdir(staging)).map((name) => stat(join(staging, name)).then((found) => found.size)),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }
});

describe('a length that is not true', () => {
  noFileIsMade();

  test('longer than the body is 400, once the client says that no more comes', async () => {
    const body = order();
    const head = uploadHead('content-type: text/csv', `content-length: ${body.length + 100}`);
    expect(await sendRaw(service, [head, body], 'end')).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
  });

  test.each(['-5', 'abc', '1, 2', '0x10'])('such as "%s" is 400', async (length) => {
    const head = uploadHead('content-type: text/csv', `content-length: ${length}`);
    expect(await sendRaw(service, [head, order()])).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  test('beside chunks, by which requests are smuggled, is 400', async () => {
    const head = uploadHead('content-type: text/csv', 'content-length: 5', 'transfer-encoding: chunked');
    expect(await sendRaw(service, [head, '0\r\n\r\n'])).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
  });

  test('of a chunk is 400', async () => {
    const head = uploadHead('content-type: text/csv', 'transfer-encoding: chunked');
    expect(await sendRaw(service, [head, 'zz\r\n', order()])).toMatchObject({ status: 400 });
  });
});

test('a length shorter than the body takes that many bytes as the file, and none of the rest as anything', async () => {
  const body = order();
  const head = uploadHead('content-type: text/csv', `content-length: ${body.length}`);
  const answer = await sendRaw(service, [`${head}${body}${orderLine('R-beyond')}\n`]);
  // The bytes beyond the length are the start of a next request, and are none.
  const files = await getJson<{ items: FileJson[] }>(service, '/files?limit=1');
  expect(answer).toMatchObject({ status: 202, body: { file_id: files.items[0]!.file_id } });
  expect((await fetch(`${service.url}/orders/R-beyond`)).status).toBe(404);
});

describe('a request that came whole is answered', () => {
  const STATS = 'GET /stats HTTP/1.1\r\nhost: localhost\r\n';

  test('before what follows it and is no request is refused', async () => {
    expect(await statusesOf([`${STATS}\r\n\x16\x03\x01 no request`])).toEqual([200, 400]);
    expect(await statusesOf([`${STATS}\r\n`.repeat(3), 'NONE none\r\n\r\n'])).toEqual([200, 200, 200, 400]);
  });

  test('where it ends the connection, and what follows is not', async () => {
    expect(await statusesOf([`${STATS}connection: close\r\n\r\n${STATS}\r\n`])).toEqual([200]);
    const body = order();
    const head = uploadHead('content-type: text/csv', `content-length: ${body.length}`, 'connection: close');
    expect(await statusesOf([`${head}${body}${STATS}\r\n`])).toEqual([202]);
  });

  test.each(['GET /events?after=0', 'GET /stats', 'GET /invalid-files', 'HEAD /stats'])(
    'where it only reads, as %s does, whatever it says of a body that never comes',
    async (line) => {
      for (const said of ['content-length: 10', 'transfer-encoding: chunked']) {
        const answer = await firstLine(`${line} HTTP/1.1\r\nhost: localhost\r\n${said}\r\n\r\n`);
        expect(answer).toBe('HTTP/1.1 200 OK');
      }
    },
  );

  /** Of all answers until the service ends the connection. */
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

describe('an upload that is slow', () => {
  test('byte after byte, is taken like any other', async () => {
    const body = order();
    async function* slowly() {
      yield `${uploadHead('content-type: text/csv', `content-length: ${body.length}`)}${body.slice(0, -12)}`;
      for (const byte of body.slice(-12)) {
        await delay(100);
        yield byte;
      }
    }
    const { status, body: answer } = await sendRaw(service, slowly());
    expect(status).toBe(202);
    expect(await ended(service, answer!.file_id as string)).toMatchObject({ progress: { accepted: 1 } });
  });

  test('and in a form, moving for seconds, is not cut', async () => {
    const lines = Array.from({ length: 30 }, () => orderLine(newId()));
    async function* slowly() {
      yield Buffer.from(part('file', 'slow.csv', csv()).slice(0, -2));
      for (const line of lines) {
        await delay(100);
        yield Buffer.from(`${line}\n`);
      }
      yield Buffer.from('\r\n--edge--\r\n');
    }
    const response = await fetch(`${service.url}/upload`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=edge' },
      body: Readable.toWeb(Readable.from(slowly(), { objectMode: false })) as ReadableStream,
      duplex: 'half',
    });
    expect(response.status).toBe(202);
    const { file_id } = (await response.json()) as FileJson;
    expect(await ended(service, file_id)).toMatchObject({ name: 'slow.csv', progress: { accepted: 30 } });
  });

  test('in chunks without a length, is taken', async () => {
    const response = await uploadStream(service, [csv(), `${orderLine(newId())}\n`, orderLine(newId())]);
    expect(response.status).toBe(202);
    const { file_id } = (await response.json()) as FileJson;
    expect(await ended(service, file_id)).toMatchObject({ progress: { accepted: 2 } });
  });
});

describe('an upload over the limit', () => {
  const block = Buffer.alloc(65_536, 'x');
  const tooLarge = { status: 413, code: 'too_large', detail: expect.stringContaining('OMS_MAX_UPLOAD_BYTES') };

  describe('is 413, which the client receives,', () => {
    noFileIsMade();

    test('by its length, before any byte of it', async () => {
      const head = uploadHead('content-type: text/csv', `content-length: ${MAX_UPLOAD_BYTES * 2}`);
      expect(await sendRaw(service, [head])).toMatchObject({ status: 413, body: { code: 'too_large' } });
    });

    test('while it streams, as a raw body and as a form', async () => {
      expect(await problemOf(await uploadStream(service, repeat(block, 1_000)))).toMatchObject(tooLarge);
      const form = (function* () {
        yield part('file', 'a.csv', '').trimEnd();
        yield '\r\n\r\n';
        yield* repeat(block, 1_000);
      })();
      const type = { 'content-type': 'multipart/form-data; boundary=edge' };
      expect(await problemOf(await uploadStream(service, form, '', type))).toMatchObject(tooLarge);
    });

    test('also when it writes all of its body before it reads', async () => {
      const head = uploadHead('content-type: text/csv', `content-length: ${20_000_000}`);
      const answer = await sendRaw(service, [head, ...repeat(Buffer.alloc(1_000_000, 'x'), 20)]);
      expect(answer).toMatchObject({ status: 413, body: { code: 'too_large' } });
      // Its connection cannot carry a next request, and says so.
      expect(answer.headers).toMatch(/^connection: close$/im);
    });
  });

  test('is one byte over: the limit itself is taken', async () => {
    const start = csv(orderLine(newId()));
    const whole = start + '\n'.repeat(MAX_UPLOAD_BYTES - start.length);
    expect(await ingest(service, whole)).toMatchObject({ size_bytes: MAX_UPLOAD_BYTES, progress: { accepted: 1 } });
    expect(await problemOf(await upload(service, `${whole}\n`))).toMatchObject(tooLarge);
  });

  test('once unpacked fails as too_large', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => orderLine(`R-gz-${i}`));
    expect(await ingest(service, gzipSync(csv(...rows)))).toMatchObject({
      status: 'failed',
      failure: { code: 'too_large', message: expect.stringContaining(`${MAX_UPLOAD_BYTES} bytes`) },
    });
  });
});

describe('a report', () => {
  test('that is asked for by HEAD, or by clients that go away, is not kept open', async () => {
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
    await expect
      .poll(() => openFiles(service).filter((name) => name.includes('reports')), { timeout: 20_000 })
      .toEqual([]);
    expect(service.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });
});

describe('a stock change', () => {
  const put = (body: string | Uint8Array, type = 'application/json', path = '/inventory') =>
    fetch(`${service.url}${path}`, {
      method: path === '/inventory' ? 'PUT' : 'POST',
      headers: { 'content-type': type },
      body: body as string,
    });
  const item = (values: object) => JSON.stringify({ items: [{ sku: 'S', hub_id: 'H', available: 1, ...values }] });

  test.each<[string, string, RegExp]>([
    ['is no JSON', '{"items":[', /neither JSON/],
    ['is empty', '', /neither JSON/],
    ['is a number', '1', /./],
    ['is null', 'null', /./],
    ['has no items', '{}', /items/],
    ['has items that are no list', '{"items":{"length":1}}', /items/],
    ['has an item that is no object', '{"items":["S"]}', /items\.0/],
    ['has less than nothing', item({ available: -1 }), /available is less than 0/],
    ['has a fraction', item({ available: 1.5 }), /not a whole number/],
    ['has a number as text', item({ available: '1' }), /not a whole number/],
    ['has more than can be counted', item({ available: 1e300 }), /available is/],
    ['has an empty SKU', item({ sku: '  ' }), /sku is empty/],
    ['has a control character in a SKU', item({ sku: 'a\0b' }), /control character/],
    ['has a SKU of 501 characters', item({ sku: 'x'.repeat(501) }), /longer than 500/],
    ['nests a million lists', '['.repeat(1_000_000), /neither JSON/],
  ])('that %s is 400 and changes nothing', async (_, body, words) => {
    expect(await problemOf(await put(body))).toMatchObject({
      status: 400,
      code: 'invalid_body',
      detail: expect.stringMatching(words),
    });
    expect(await getJson(service, '/inventory?sku=S')).toMatchObject({ items: [] });
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    ['lacks a column', 'sku,hub_id\nS,H\n', /no column available/],
    ['has a column twice', 'sku,hub_id,available,SKU\nS,H,1,T\n', /the column "sku" twice/],
    ['is packed', gzipSync('sku,hub_id,available\nS,H,1\n'), /no column sku/],
    ['has a bad number in its last line', 'sku,hub_id,available\nS,H,1\nS2,H,1e3\n', /line 3.*not a whole number/],
    ['has a row of another length', 'sku,hub_id,available\nS,H,1\nS2,H\n', /line 3.*more or fewer cells/],
    ['has a quote that is not closed', 'sku,hub_id,available\n"S,H,1\n', /cannot be read/],
    ['has a quote inside a cell', 'sku,hub_id,available\nS"1,H,1\n', /cannot be read/],
    ['is JSON', '[{"sku":"S","hub_id":"H","available":1}]', /cannot be read/],
    [
      'has bytes that are no text in its encoding',
      Buffer.from('sku,hub_id,available\nS,H\xc3\xa9,1\nS\xff,H,1\n', 'latin1'),
      /line 3.*sku has bytes that are no text/,
    ],
  ])('as CSV that %s is 400 and changes nothing', async (_, body, words) => {
    expect(await problemOf(await put(body, 'text/csv'))).toMatchObject({
      status: 400,
      code: 'invalid_body',
      detail: expect.stringMatching(words),
    });
    expect(await getJson(service, '/inventory?sku=S')).toMatchObject({ items: [] });
  });

  test('whose client goes away in the middle changes nothing, and is no failure of the service', async () => {
    const { hostname, port } = new URL(service.url);
    for (const type of ['text/csv', 'application/json']) {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.write(
        `PUT /inventory HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: 1000000\r\n\r\n`,
      );
      await new Promise<void>((sent) =>
        socket.write(`sku,hub_id,available\n${'S,H,1\n'.repeat(20_000)}`, () => sent()),
      );
      socket.resetAndDestroy();
    }
    await expectSound(service);
    expect(await getJson(service, '/inventory?sku=S')).toMatchObject({ items: [] });
    expect(service.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  test('of more than 16 MiB is 413, which the client receives, by its length and while it streams', async () => {
    const tooLarge = { status: 413, code: 'too_large' };
    for (const type of ['application/json', 'text/csv']) {
      expect(await problemOf(await put(Buffer.alloc(17 * 1024 * 1024, ' '), type))).toMatchObject(tooLarge);
      const blocks = Readable.from(repeat(Buffer.alloc(1024 * 1024, ' '), 40), { objectMode: false });
      const streamed = await fetch(`${service.url}/inventory`, {
        method: 'PUT',
        headers: { 'content-type': type },
        body: Readable.toWeb(blocks) as ReadableStream,
        duplex: 'half',
      });
      expect(await problemOf(streamed)).toMatchObject(tooLarge);
    }
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
    '/events?type=order.deleted',
    '/stats/history?bucket=week',
  ])('with a bad value, %s, is 400', async (path) => {
    const answer = await problemOf(await fetch(service.url + path));
    expect(answer).toMatchObject({ status: 400, code: 'invalid_parameter' });
  });

  test('of an upload with a bad value is 400, and 404 for a parent that is not there', async () => {
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
    'to %s with a cursor that is garbage is 400',
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
        const answer = await problemOf(await fetch(`${service.url}${path}?cursor=${encodeURIComponent(cursor)}`));
        expect(answer.status, cursor).toBe(400);
      }
    },
  );

  test.each([
    ['/orders', ['orders', {}]],
    ['/files', ['files', null, null]],
    ['/inventory', ['inventory', null, null, 'key']],
    ['/invalid-files', ['invalid-files']],
  ])('to %s with a cursor that was forged is 400', async (path, list) => {
    for (const position of ['garbage', '[]', '{}', 'null', '["a"]', '[0.5]', '[null,null]', '[{},{}]']) {
      const cursor = Buffer.from(JSON.stringify([1, JSON.stringify(list), position])).toString('base64url');
      const answer = await problemOf(await fetch(`${service.url}${path}?cursor=${cursor}`));
      expect(answer, position).toMatchObject({ status: 400, code: 'invalid_cursor' });
    }
  });

  test('of 100 kB is 431 with a problem document', async () => {
    const answer = await sendRaw(service, [`GET /orders?q=${'x'.repeat(100_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`]);
    expect(answer).toMatchObject({ status: 431, body: { code: 'headers_too_large' } });
  });
});

describe('a request that is none for this service', () => {
  test('with a flood of headers is 431, and one with none is 400', async () => {
    const flood = Array.from({ length: 5_000 }, (_, i) => `x-${i}: 1\r\n`).join('');
    const flooded = await sendRaw(service, [`GET /files HTTP/1.1\r\nhost: localhost\r\n${flood}\r\n`]);
    expect(flooded).toMatchObject({ status: 431, body: { code: 'headers_too_large' } });
    const bare = await sendRaw(service, ['GET /files HTTP/1.0\r\n\r\n']);
    expect(bare).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  test.each([
    ['that is no HTTP', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'],
    ['with a line break in a header', 'GET /files HTTP/1.1\r\nhost: localhost\r\nx: a\0b\r\n\r\n'],
    ['with an address that is none', 'OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    ['with a host that hides another', 'GET /files HTTP/1.1\r\nhost: localhost@evil.example\r\n\r\n'],
  ])('%s is 400', async (_, bytes) => {
    expect(await sendRaw(service, [bytes])).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  test('of a page of another site is 403 and makes no file', async () => {
    const answer = await upload(service, order(), '', { origin: 'https://evil.example' });
    expect(await problemOf(answer)).toMatchObject({ status: 403, code: 'foreign_origin' });
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
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
    const answer = await sendRaw(service, [`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`]);
    expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });
});
