/** Uploads that are cut off, slow, too large, or of a wrong length: each gets a clear response, and leaves nothing behind (INV-5). */
import { readdir, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  expectNoNewFile,
  expectSound,
  formPart,
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
  upload,
} from '../support/service.ts';

const MAX_UPLOAD_BYTES = 2_000_000;

let service: Service;
let orders = 0;
const newId = () => `UP-${++orders}`;
const order = () => csv(orderLine(newId()));

beforeAll(async () => {
  service = await startService({ env: { OMS_MAX_UPLOAD_BYTES: String(MAX_UPLOAD_BYTES) } });
  await stockUp(service);
});
afterEach(() => expectSound(service));

describe('a client that disconnects during its upload', () => {
  expectNoNewFile(() => service);

  test.each([
    ['a raw body', uploadHead('content-type: text/csv', 'content-length: 1000000')],
    ['a body in chunks', `${uploadHead('content-type: text/csv', 'transfer-encoding: chunked')}fffff\r\n`],
    [
      'a form',
      `${uploadHead('content-type: multipart/form-data; boundary=edge', 'content-length: 1000000')}${formPart('file', 'a.csv', '').trimEnd()}\r\n\r\n`,
    ],
  ])('leaves nothing of %s', async (_, head) => {
    const { hostname, port } = new URL(service.url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.write(head);
    socket.write('x'.repeat(100_000));
    // Once a part is on the disk, the service is in the middle of the upload.
    await expect.poll(() => stagedBytes()).toBeGreaterThan(50_000);
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

describe('a wrong length', () => {
  expectNoNewFile(() => service);

  test('longer than the body is 400, once the client has ended its side', async () => {
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

  test('together with chunks, which could smuggle requests, is 400', async () => {
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

test('a length shorter than the body accepts that many bytes as the file and ignores the rest', async () => {
  const body = order();
  const head = uploadHead('content-type: text/csv', `content-length: ${body.length}`);
  const response = await sendRaw(service, [`${head}${body}${orderLine('R-beyond')}\n`]);
  // The bytes beyond the length would start the next request, but are not HTTP.
  const files = await getJson<{ items: FileJson[] }>(service, '/files?limit=1');
  expect(response).toMatchObject({ status: 202, body: { file_id: files.items[0]!.file_id } });
  expect((await fetch(`${service.url}/orders/R-beyond`)).status).toBe(404);
});

describe('an upload that is slow', () => {
  test('and arrives byte by byte is accepted', async () => {
    const body = order();
    async function* slowly() {
      yield `${uploadHead('content-type: text/csv', `content-length: ${body.length}`)}${body.slice(0, -12)}`;
      for (const byte of body.slice(-12)) {
        await delay(100);
        yield byte;
      }
    }
    const { status, body: uploaded } = await sendRaw(service, slowly());
    expect(status).toBe(202);
    expect(await ended(service, uploaded!.file_id as string)).toMatchObject({ progress: { accepted: 1 } });
  });

  test('and arrives in a form for seconds is not cut', async () => {
    const lines = Array.from({ length: 30 }, () => orderLine(newId()));
    async function* slowly() {
      yield Buffer.from(formPart('file', 'slow.csv', csv()).slice(0, -2));
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

  test('and arrives in chunks without a length is accepted', async () => {
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
    expectNoNewFile(() => service);

    test('by its length, before any byte of its body', async () => {
      const head = uploadHead('content-type: text/csv', `content-length: ${MAX_UPLOAD_BYTES * 2}`);
      expect(await sendRaw(service, [head])).toMatchObject({ status: 413, body: { code: 'too_large' } });
    });

    test('while it streams, as a raw body and as a form', async () => {
      expect(await problemOf(await uploadStream(service, repeat(block, 1_000)))).toMatchObject(tooLarge);
      const form = (function* () {
        yield formPart('file', 'a.csv', '').trimEnd();
        yield '\r\n\r\n';
        yield* repeat(block, 1_000);
      })();
      const type = { 'content-type': 'multipart/form-data; boundary=edge' };
      expect(await problemOf(await uploadStream(service, form, '', type))).toMatchObject(tooLarge);
    });

    test('also when the client writes its whole body before it reads', async () => {
      const head = uploadHead('content-type: text/csv', `content-length: ${20_000_000}`);
      const response = await sendRaw(service, [head, ...repeat(Buffer.alloc(1_000_000, 'x'), 20)]);
      expect(response).toMatchObject({ status: 413, body: { code: 'too_large' } });
      // The connection cannot carry another request, and the response says so.
      expect(response.headers).toMatch(/^connection: close$/im);
    });
  });

  test('is 413 with one byte more than the limit, and accepted with exactly the limit', async () => {
    const start = csv(orderLine(newId()));
    const whole = start + '\n'.repeat(MAX_UPLOAD_BYTES - start.length);
    expect(await ingest(service, whole)).toMatchObject({ size_bytes: MAX_UPLOAD_BYTES, progress: { accepted: 1 } });
    expect(await problemOf(await upload(service, `${whole}\n`))).toMatchObject(tooLarge);
  });

  test('only when unpacked fails as too_large', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => orderLine(`R-gz-${i}`));
    expect(await ingest(service, gzipSync(csv(...rows)))).toMatchObject({
      status: 'failed',
      failure: { code: 'too_large', message: expect.stringContaining(`${MAX_UPLOAD_BYTES} bytes`) },
    });
  });
});
