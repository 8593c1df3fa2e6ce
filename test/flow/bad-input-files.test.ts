/**
 * Whole files that are wrong: of another kind, damaged, bombs, endless. Each is told what it is, in bounded memory (INV-6), and
 * leaves nothing half-done behind (INV-5). Large ones are made as they are sent.
 */
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  countReportLines,
  expectSound,
  fileIds,
  peakMemoryMiB,
  problemOf,
  rejectionsOf,
  repeat,
  stockUp,
  uploadStream,
} from '../support/bad-input.ts';
import {
  csv,
  ended,
  type FileJson,
  getJson,
  ingest,
  ORDER_HEADER,
  orderLine,
  type Service,
  startService,
  upload,
} from '../support/service.ts';

const MiB = 1024 * 1024;
/** On S3 parts of uploads are in flight, too, and all the clients are loaded. */
const MAX_MEMORY_MIB = process.env.TEST_PROFILE === 'stack' ? 800 : 600;

let service: Service;
let orders = 0;
const newId = () => `F-${++orders}`;

beforeAll(async () => {
  service = await startService();
  await stockUp(service);
});
afterEach(() => expectSound(service));

/** Uploads blocks that make one file, which is taken at first, and waits for its end. */
async function ingestStream(blocks: Iterable<string | Uint8Array>): Promise<FileJson> {
  const response = await uploadStream(service, blocks);
  expect(response.status).toBe(202);
  return ended(service, ((await response.json()) as { file_id: string }).file_id);
}

describe('an upload without a file of orders', () => {
  test('is 400 when it has no bytes, and makes no file', async () => {
    const before = await fileIds(service);
    const empty = { status: 400, code: 'empty_upload', contentType: 'application/problem+json' };
    expect(await problemOf(await upload(service, ''))).toMatchObject(empty);
    const form = new FormData();
    form.append('file', new File([], 'empty.csv'));
    expect(await problemOf(await fetch(`${service.url}/upload`, { method: 'POST', body: form }))).toMatchObject(empty);
    expect(await fileIds(service)).toEqual(before);
  });

  test.each([
    ['a header alone', `${ORDER_HEADER}\n`],
    ['a header without a line end', ORDER_HEADER],
    ['a header and blank lines', `${ORDER_HEADER}\r\n\r\n,,,\r\n\r\n`],
    ['a byte order mark alone', '\ufeff'],
    ['blank lines alone', '\n\n\r\n'],
    ['a gzip file of nothing', gzipSync('')],
  ])('fails as empty_file when it has %s', async (_, body) => {
    expect(await ingest(service, body)).toMatchObject({
      status: 'failed',
      failure: { code: 'empty_file', message: expect.stringContaining('at least one order'), row: null },
      progress: { rows: 0 },
      invalid_file: null,
    });
  });

  test.each([
    ['a PNG image', '\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'a PNG image'],
    ['a ZIP archive', 'PK\x03\x04\x14\0\0\0\x08\0', 'ZIP archive'],
    [
      'an Excel workbook',
      `PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0${'\0'.repeat(600)}[Content_Types].xml`,
      'Excel workbook',
    ],
    ['an old Excel workbook', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'old Excel workbook'],
    ['a PDF document', '%PDF-1.7\n', 'a PDF document'],
  ])('is 415 when it is %s named .csv', async (_, start, words) => {
    const bytes = Buffer.from(start, 'latin1');
    const refused = { status: 415, code: 'not_csv', detail: expect.stringContaining(words) };
    expect(await problemOf(await upload(service, bytes, '?name=orders.csv'))).toMatchObject(refused);
    const form = new FormData();
    form.append('file', new File([bytes], 'orders.csv', { type: 'text/csv' }));
    expect(await problemOf(await fetch(`${service.url}/upload`, { method: 'POST', body: form }))).toMatchObject(
      refused,
    );
    // Packed, it is seen only when it is unpacked.
    expect(await ingest(service, gzipSync(bytes))).toMatchObject({ status: 'failed', failure: { code: 'not_csv' } });
  });

  test('fails as not_csv when its first line has control characters, or its lines end in a lone CR', async () => {
    const noise = Buffer.alloc(4096, 'ab\x00\x01\x02cd');
    expect(await ingest(service, noise)).toMatchObject({ status: 'failed', failure: { code: 'not_csv' } });
    const mac = csv(orderLine(newId())).replaceAll('\n', '\r');
    expect(await ingest(service, mac)).toMatchObject({
      status: 'failed',
      failure: { code: 'not_csv', message: expect.stringContaining('lone CR') },
    });
  });

  test('is 415 when its content type is another', async () => {
    for (const type of ['application/json', 'image/png', 'text/html; charset=utf-8'])
      expect(
        await problemOf(await upload(service, csv(orderLine(newId())), '', { 'content-type': type })),
      ).toMatchObject({
        status: 415,
        code: 'not_csv',
        detail: expect.stringContaining(type.split(';')[0]!),
      });
  });
});

describe('a header', () => {
  test.each<[string, string, object]>([
    [
      'without a column fails as missing_column',
      ORDER_HEADER.replace('unit_price', 'Unit-Price'),
      { code: 'missing_column', message: expect.stringContaining('lacks unit_price'), row: 1 },
    ],
    [
      'with a column twice fails as duplicate_column',
      `${ORDER_HEADER}, SKU `,
      { code: 'duplicate_column', message: expect.stringContaining('as columns 5 and 12'), row: 1 },
    ],
    [
      'with 10,000 columns fails as too_many_columns',
      `${ORDER_HEADER}${Array.from({ length: 9_989 }, (_, i) => `,c${i}`).join('')}`,
      { code: 'too_many_columns', message: expect.stringContaining('has 10000 columns'), row: 1 },
    ],
    [
      'that is missing altogether fails as missing_column and shows what is there',
      orderLine('F-0'),
      { code: 'missing_column', message: expect.stringContaining('it has "F-0", "Ada Lovelace"'), row: 1 },
    ],
  ])('%s', async (_, header, failure) => {
    const file = await ingest(service, `${header}\n${orderLine(newId())}\n`);
    expect(file).toMatchObject({ status: 'failed', failure, progress: { rows: 0 }, invalid_file: null });
  });

  test('with a column that is unknown does no harm', async () => {
    const file = await ingest(service, `${ORDER_HEADER},colour,,\n${orderLine(newId())},red,,\n`);
    expect(file).toMatchObject({ status: 'completed', progress: { accepted: 1 } });
  });
});

describe('a gzip file', () => {
  const packed = gzipSync(csv(...Array.from({ length: 2_000 }, (_, i) => orderLine(`F-gz-${i}`))));

  test('that is cut short fails as corrupt_gzip, wherever it was cut', async () => {
    for (const bytes of [3, 11, packed.length >> 1, packed.length - 1])
      expect(await ingest(service, packed.subarray(0, bytes))).toMatchObject({
        status: 'failed',
        failure: { code: 'corrupt_gzip', message: expect.stringContaining('pack and upload it again') },
      });
  });

  test('that is damaged fails as corrupt_gzip', async () => {
    const damaged = Buffer.from(packed);
    damaged.fill(0xff, packed.length >> 1, (packed.length >> 1) + 64);
    expect(await ingest(service, damaged)).toMatchObject({ status: 'failed', failure: { code: 'corrupt_gzip' } });
    const wrongSum = Buffer.from(packed);
    wrongSum[packed.length - 6]! ^= 1;
    expect(await ingest(service, wrongSum)).toMatchObject({ status: 'failed', failure: { code: 'corrupt_gzip' } });
  });

  test('inside a gzip file fails as not_csv', async () => {
    expect(await ingest(service, gzipSync(packed))).toMatchObject({ status: 'failed', failure: { code: 'not_csv' } });
  });

  // Gzip files may be joined: a bomb of any size from one block that is packed once.
  const header = gzipSync(`${ORDER_HEADER}\n`);
  const row = orderLine('F-bomb', { shipping_address: 'x'.repeat(480), product_name: 'y'.repeat(480) });
  const bombs: [string, Uint8Array[], string][] = [
    ['zeros', [...repeat(gzipSync(Buffer.alloc(16 * MiB)), 64)], 'not_csv'],
    ['a header and zeros', [header, ...repeat(gzipSync(Buffer.alloc(16 * MiB)), 64)], 'record_too_large'],
    ['blank lines', [header, ...repeat(gzipSync(Buffer.alloc(16 * MiB, '\n')), 64)], 'too_large'],
    ['valid rows', [header, ...repeat(gzipSync(`${row}\n`.repeat(16_000)), 64)], 'too_large'],
  ];
  test.each(bombs)('that is a bomb of %s fails, in bounded memory', async (_, members, code) => {
    const file = await ingestStream(members);
    expect(file).toMatchObject({ status: 'failed', failure: { code } });
    expect(file.size_bytes).toBeLessThan(8 * MiB);
    expect(peakMemoryMiB(service)).toBeLessThan(MAX_MEMORY_MIB);
  });
});

describe('a record without end', () => {
  const block = Buffer.alloc(MiB, 'x');

  test('opened by a quote on line 3 of a million fails as unclosed_quote with that row', async () => {
    function* lines() {
      yield csv(orderLine('F-before'), orderLine('F-open', { product_name: '"Analytical Engine' }));
      for (let i = 0; i < 1_000; i++)
        yield Array.from({ length: 1_000 }, (_, n) => `${orderLine(`F-q-${i}-${n}`)}\n`).join('');
    }
    const file = await ingestStream(lines());
    expect(file).toMatchObject({
      status: 'failed',
      failure: { code: 'unclosed_quote', message: expect.stringContaining('Row 3 opens a quote'), row: 3 },
    });
  });

  test('of one field of 100 MB fails as record_too_large, and as unclosed_quote when it is quoted', async () => {
    const start = orderLine('F-long', { shipping_address: '' });
    const plain = await ingestStream([csv().trimEnd(), '\n', start, ...repeat(block, 100), '\n']);
    expect(plain).toMatchObject({ status: 'failed', failure: { code: 'record_too_large', row: 2 } });
    const quoted = await ingestStream([csv(), start, '"', ...repeat(block, 100), '"\n']);
    expect(quoted).toMatchObject({ status: 'failed', failure: { code: 'unclosed_quote', row: 2 } });
    expect(peakMemoryMiB(service)).toBeLessThan(MAX_MEMORY_MIB);
  });

  test('in the first line of a file fails it, too', async () => {
    expect(await ingestStream(repeat(block, 8))).toMatchObject({
      status: 'failed',
      failure: { code: 'record_too_large', row: 1 },
    });
  });
});

describe('a file of blank lines without end', () => {
  test('does not keep the service from stopping', async () => {
    const other = await startService();
    const response = await uploadStream(other, [csv(), ...repeat(Buffer.alloc(MiB, '\n'), 500)]);
    expect(response.status).toBe(202);
    const { file_id } = (await response.json()) as FileJson;
    await expect
      .poll(() => getJson(other, `/files/${file_id}`), { timeout: 20_000 })
      .toMatchObject({ status: 'processing' });
    expect(await other.stop()).toBe(0);
  });
});

describe('a file of 200,000 invalid rows', () => {
  test('is completed with every row in its report, in bounded memory', async () => {
    function* lines() {
      yield `${ORDER_HEADER}\n`;
      for (let i = 0; i < 200; i++)
        yield Array.from({ length: 1_000 }, (_, n) => `${orderLine(`F-bad-${i}-${n}`, { quantity: '0' })}\n`).join('');
    }
    const file = await ingestStream(lines());
    expect(file).toMatchObject({
      status: 'completed',
      progress: { rows: 200_000, accepted: 0, invalid: 200_000, percent: 100 },
      invalid_by_code: { invalid_quantity: 200_000 },
    });
    expect(await countReportLines(service, file)).toBe(200_001);
    expect((await rejectionsOf(service, file))[0]).toMatchObject({ row: 2, codes: ['invalid_quantity'] });
  });
});

afterAll(() => {
  expect(peakMemoryMiB(service)).toBeLessThan(MAX_MEMORY_MIB);
  console.info(`the service had at most ${Math.round(peakMemoryMiB(service))} MiB`);
});
