/**
 * Files that are wrong as a whole: of another format, damaged, empty, without the right header. Each fails with a clear reason, and leaves
 * nothing half-done behind (INV-5).
 */
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectSound, fileIds, problemOf, stockUp } from '../support/bad-input.ts';
import { csv, ingest, ORDER_HEADER, orderLine, type Service, startService, upload } from '../support/service.ts';

let service: Service;
let orders = 0;
const newId = () => `F-${++orders}`;

beforeAll(async () => {
  service = await startService();
  await stockUp(service);
});
afterEach(() => expectSound(service));

describe('an upload without a file of orders', () => {
  test('is 400 when it has no bytes, and creates no file', async () => {
    const before = await fileIds(service);
    const empty = { status: 400, code: 'empty_upload', contentType: 'application/problem+json' };
    expect(await problemOf(await upload(service, ''))).toMatchObject(empty);
    const form = new FormData();
    form.append('file', new File([], 'empty.csv'));
    expect(await problemOf(await fetch(`${service.url}/upload`, { method: 'POST', body: form }))).toMatchObject(empty);
    expect(await fileIds(service)).toEqual(before);
  });

  test.each([
    ['only a header', `${ORDER_HEADER}\n`],
    ['a header without a line end', ORDER_HEADER],
    ['a header and blank lines', `${ORDER_HEADER}\r\n\r\n,,,\r\n\r\n`],
    ['only a byte order mark', '\ufeff'],
    ['only blank lines', '\n\n\r\n'],
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
    // In a gzip file it is found only when the file is unpacked.
    expect(await ingest(service, gzipSync(bytes))).toMatchObject({ status: 'failed', failure: { code: 'not_csv' } });
  });

  test('fails as not_csv when its first line has control characters', async () => {
    const noise = Buffer.alloc(4096, 'ab\x00\x01\x02cd');
    expect(await ingest(service, noise)).toMatchObject({ status: 'failed', failure: { code: 'not_csv' } });
  });

  test('fails as not_csv when it is HTML, XML or JSON named .csv', async () => {
    for (const [text, words] of [
      ['<!doctype html><title>Sign in</title>', 'an HTML page'],
      ['<?xml version="1.0"?>\n<orders/>', 'an XML document'],
      ['[{"order_id":"A-1"}]', 'JSON'],
    ] as const)
      expect(await ingest(service, text)).toMatchObject({
        status: 'failed',
        failure: { code: 'not_csv', message: expect.stringContaining(`The file is ${words}: `) },
      });
  });

  test('is 415 when its content type is not accepted', async () => {
    for (const type of ['application/json', 'image/png', 'text/html; charset=utf-8'])
      expect(
        await problemOf(await upload(service, csv(orderLine(newId())), '', { 'content-type': type })),
      ).toMatchObject({
        status: 415,
        code: 'not_csv',
        detail: expect.stringContaining(type.split(';')[0]!),
      });
    for (const [type, words] of [
      ['application/json', 'not as JSON'],
      ['application/x-ndjson', 'not as JSON'],
      ['application/vnd.api+json', 'not as JSON'],
      ['application/vnd.oasis.opendocument.spreadsheet', 'as .xlsx or as CSV'],
      ['application/pdf', 'text/csv'],
    ] as const)
      expect(await problemOf(await upload(service, '{}', '', { 'content-type': type }))).toMatchObject({
        status: 415,
        code: 'not_csv',
        detail: expect.stringContaining(words),
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
      'that is missing fails as missing_column with a quote of the first row',
      orderLine('F-0'),
      {
        code: 'missing_column',
        message: expect.stringMatching(/^The first row looks like an order, .* it has "F-0", "Ada Lovelace"/),
        row: 1,
      },
    ],
    [
      'below a title fails as missing_column with the row of the header',
      `Orders of November\n\n${ORDER_HEADER}`,
      {
        code: 'missing_column',
        message:
          'The header seems to be in row 3: delete the rows above it. POST /preview shows by which format it could be read.',
        row: 3,
      },
    ],
  ])('%s', async (_, header, failure) => {
    const file = await ingest(service, `${header}\n${orderLine(newId())}\n`);
    expect(file).toMatchObject({ status: 'failed', failure, progress: { rows: 0 }, invalid_file: null });
  });

  test('may have further columns twice, and hundreds of empty columns at its end', async () => {
    const row = `${orderLine(newId())},red,blue`;
    const file = await ingest(service, `${ORDER_HEADER},note,Note\n${row}\n${orderLine('')},red,blue\n`);
    expect(file).toMatchObject({ status: 'completed', progress: { accepted: 1, invalid: 1 } });
    const wide = `${ORDER_HEADER}${','.repeat(400)}\n${orderLine(newId())}${','.repeat(400)}\n${orderLine(newId())}\n`;
    expect(await ingest(service, wide)).toMatchObject({ status: 'completed', progress: { accepted: 2 } });
  });

  test('is found below a line that names the delimiter for a spreadsheet', async () => {
    const text = csv(orderLine(newId())).replaceAll(',', ';').replaceAll('\n', '\r\n');
    expect(await ingest(service, `sep=;\r\n${text}`)).toMatchObject({
      status: 'completed',
      intake: { delimiter: ';' },
      progress: { accepted: 1 },
    });
  });

  test('may have unknown columns', async () => {
    const file = await ingest(service, `${ORDER_HEADER},colour,,\n${orderLine(newId())},red,,\n`);
    expect(file).toMatchObject({ status: 'completed', progress: { accepted: 1 } });
  });
});

describe('a gzip file', () => {
  const packed = gzipSync(csv(...Array.from({ length: 2_000 }, (_, i) => orderLine(`F-gz-${i}`))));

  test('that is truncated fails as corrupt_gzip, wherever it was cut', async () => {
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

  test('may be followed by line ends or zeros, but anything else behind it is corrupt_gzip', async () => {
    for (const [more, failure] of [
      ['\n', null],
      ['\0\0\n', null],
      ['\nmore', { code: 'corrupt_gzip', message: expect.stringContaining('bytes after its end that are not gzip') }],
    ] as const) {
      const bytes = Buffer.concat([gzipSync(csv(orderLine(newId()))), Buffer.from(more)]);
      expect(await ingest(service, bytes)).toMatchObject({ status: failure ? 'failed' : 'completed', failure });
    }
  });

  test('inside a gzip file fails as not_csv', async () => {
    expect(await ingest(service, gzipSync(packed))).toMatchObject({ status: 'failed', failure: { code: 'not_csv' } });
  });
});
