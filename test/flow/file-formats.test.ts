/** Encodings, delimiters and layouts of real files: they are detected, or the file fails with advice how to fix it. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectSound, fileIds, problemOf, rejectionsOf, reportOf, stockUp } from '../support/bad-input.ts';
import {
  csv,
  ended,
  getJson,
  ingest,
  ORDER_HEADER,
  orderLine,
  type Service,
  setStock,
  startService,
  upload,
} from '../support/service.ts';

let service: Service;
let orders = 0;
const newId = () => `FORMAT-${++orders}`;

beforeAll(async () => {
  service = await startService();
  await stockUp(service);
});
afterEach(() => expectSound(service));

describe('an encoding', () => {
  const name = 'Zoë Müller';
  const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();
  test.each<[string, (text: string) => Uint8Array, object]>([
    ['UTF-8', (text) => Buffer.from(text), { encoding: 'utf-8', bom: false }],
    ['UTF-8 with a byte order mark', (text) => Buffer.from(`\ufeff${text}`), { encoding: 'utf-8', bom: true }],
    ['UTF-16LE with a mark', (text) => Buffer.from(`\ufeff${text}`, 'utf16le'), { encoding: 'utf-16le', bom: true }],
    ['UTF-16BE with a mark', (text) => utf16be(`\ufeff${text}`), { encoding: 'utf-16be', bom: true }],
    ['Windows-1252', (text) => Buffer.from(text, 'latin1'), { encoding: 'windows-1252', bom: false }],
  ])('of %s is detected and reported', async (_, encode, intake) => {
    const id = newId();
    const file = await ingest(service, encode(csv(orderLine(id, { customer_name: name }))));
    expect(file).toMatchObject({ status: 'completed', progress: { accepted: 1 } });
    expect(file.intake).toEqual({ delimiter: ',', gzip: false, ...intake });
    expect(await getJson(service, `/orders/${id}`)).toMatchObject({ customer: { name } });
  });

  test('that was requested precedes the evidence of the bytes', async () => {
    const id = newId();
    const bytes = Buffer.from(csv(orderLine(id, { customer_name: 'Zoë' })));
    const file = await ingest(service, bytes, '?encoding=windows-1252');
    expect(file.intake).toMatchObject({ encoding: 'windows-1252' });
    expect(await getJson(service, `/orders/${id}`)).toMatchObject({ customer: { name: 'ZoÃ«' } });
  });

  test('is decided by most of the bytes, not by a single cell', async () => {
    const [first, second, last] = [newId(), newId(), newId()];
    const lines = [first, second].map((id) => orderLine(id, { customer_name: 'José Müller' }));
    const text = csv(...lines, orderLine(last, { product_name: 'NESCAFÉ® Gold' }));
    const file = await ingest(service, Buffer.from(text, 'latin1'));
    expect(file).toMatchObject({ intake: { encoding: 'windows-1252' }, progress: { accepted: 3, invalid: 0 } });
    expect(await getJson(service, `/orders/${first}`)).toMatchObject({ customer: { name: 'José Müller' } });
    expect(await getJson(service, `/orders/${last}`)).toMatchObject({ items: [{ product_name: 'NESCAFÉ® Gold' }] });
  });

  test('is detected when the first accents come after more than a megabyte', async () => {
    const filler = Array.from({ length: 9_000 }, () => orderLine(newId(), { shipping_address: 'x'.repeat(60) }));
    const id = newId();
    const accents = Buffer.from(`${orderLine(id, { customer_name: 'José Müller' })}\n`, 'latin1');
    const file = await ingest(service, Buffer.concat([Buffer.from(csv(...filler)), accents]));
    expect(file.size_bytes).toBeGreaterThan(1_200_000);
    expect(file.intake).toEqual({ encoding: 'windows-1252', delimiter: ',', gzip: false, bom: false });
    expect(file.progress).toMatchObject({ rows: 9_001, accepted: 9_001 });
    expect(await getJson(service, `/orders/${id}`)).toMatchObject({ customer: { name: 'José Müller' } });
  });

  test('that is neither UTF-8 nor Windows-1252 fails the file, because its letters would be wrong', async () => {
    const name = Buffer.from('\xc8\xe2\xe0\xed \xcf\xe5\xf2\xf0\xee\xe2 \xcc\xee\xf1\xea\xe2\xe0', 'latin1');
    const bytes = Buffer.from(csv(orderLine(newId(), { customer_name: name.toString('latin1') })), 'latin1');
    expect(await ingest(service, bytes)).toMatchObject({
      status: 'failed',
      failure: { code: 'unsupported_encoding', message: expect.stringContaining('?encoding=windows-1251') },
    });
  });

  describe('that is declared', () => {
    const declared = 'text/csv; charset=shift_jis';
    const file = (id: string) => Buffer.from(csv(orderLine(id, { customer_name: '\x93c\x92\x86' })), 'latin1');

    test('by the content type of a body is used', async () => {
      const id = newId();
      const response = await upload(service, file(id), '', { 'content-type': declared });
      const { file_id } = (await response.json()) as { file_id: string };
      expect(await ended(service, file_id)).toMatchObject({
        intake: { encoding: 'shift_jis' },
        progress: { accepted: 1 },
      });
      expect(await getJson(service, `/orders/${id}`)).toMatchObject({ customer: { name: '田中' } });
    });

    test('by the content type of a part is used, unless ?encoding= names another', async () => {
      for (const [query, encoding] of [
        ['', 'shift_jis'],
        ['?encoding=euc-jp', 'euc-jp'],
      ]) {
        const id = newId();
        const form = new FormData();
        form.append('file', new File([file(id)], 'a.csv', { type: declared }));
        const response = await fetch(`${service.url}/upload${query}`, { method: 'POST', body: form });
        const { file_id } = (await response.json()) as { file_id: string };
        const accepted = encoding === 'shift_jis' ? 1 : 0;
        expect(await ended(service, file_id)).toMatchObject({ intake: { encoding }, progress: { rows: 1, accepted } });
      }
    });

    test('and unknown is 400, with the list of known encodings', async () => {
      const unknown = 'text/csv; charset=klingon';
      const refused = { status: 400, code: 'unsupported_encoding', detail: expect.stringContaining('shift_jis') };
      const before = await fileIds(service);
      expect(await problemOf(await upload(service, file(newId()), '', { 'content-type': unknown }))).toMatchObject(
        refused,
      );
      const form = new FormData();
      form.append('file', new File([file(newId())], 'a.csv', { type: unknown }));
      const response = await fetch(`${service.url}/upload`, { method: 'POST', body: form });
      expect(await problemOf(response)).toMatchObject(refused);
      expect(await fileIds(service)).toEqual(before);
    });

    test.each([
      ['that it has', declared, Buffer.from('sku,hub_id,available\nENC-\x93c,H,5\n', 'latin1'), 'ENC-田'],
      ['of none, but a mark', 'text/csv', Buffer.from('\ufeffsku,hub_id,available\nENC-é,H,5\n', 'utf16le'), 'ENC-é'],
      [
        'of none',
        'text/csv',
        Buffer.from('sku;hub_id;available\nENC-\xfc,H\xe9,5\n'.replaceAll(',', ';'), 'latin1'),
        'ENC-ü',
      ],
    ])('by a stock CSV is that of its SKUs: %s', async (_, type, body, sku) => {
      const response = await fetch(`${service.url}/inventory`, {
        method: 'PUT',
        headers: { 'content-type': type },
        body,
      });
      expect(await response.json()).toMatchObject({ results: [{ sku, status: 'ok', available: 5 }] });
    });
  });

  test('of UTF-16 without a byte order mark fails the file with the advice how to fix it', async () => {
    const file = await ingest(service, Buffer.from(csv(orderLine(newId())), 'utf16le'));
    expect(file).toMatchObject({
      status: 'failed',
      failure: { code: 'unsupported_encoding', message: expect.stringContaining('?encoding=utf-16le') },
    });
  });
});

describe('a delimiter', () => {
  test.each([
    ['comma', ','],
    ['semicolon', ';'],
    ['tab', '\t'],
    ['pipe', '|'],
  ])('of %s is detected and reported', async (_, delimiter) => {
    const id = newId();
    const file = await ingest(service, csv(orderLine(id)).replaceAll(',', delimiter));
    expect(file).toMatchObject({ status: 'completed', intake: { delimiter }, progress: { accepted: 1 } });
    expect(await getJson(service, `/orders/${id}`)).toMatchObject({ shipping_address: '12 St James Square' });
  });
});

describe('a file as programs write it', () => {
  test('may have CRLF line ends, quoted line breaks and blank lines, with rows counted as in a spreadsheet', async () => {
    const id = newId();
    const lines = [
      ORDER_HEADER,
      '',
      orderLine(id, { shipping_address: '"12 St James Square\r\nLondon, ""SW1Y"""' }),
      ',,,,,,,,,,',
      orderLine(newId(), { quantity: 'x' }),
      '',
    ];
    const file = await ingest(service, lines.join('\r\n'));
    expect(file).toMatchObject({ status: 'completed', progress: { rows: 2, accepted: 1, invalid: 1 } });
    expect(await getJson(service, `/orders/${id}`)).toMatchObject({
      shipping_address: '12 St James Square\r\nLondon, "SW1Y"',
      source: { row: 3 },
    });
    expect((await rejectionsOf(service, file))[0]).toMatchObject({ row: 5 });
  });

  test('may have CR as line end, and mixed line ends', async () => {
    const ids = [newId(), newId(), newId()];
    const mac = csv(...ids.map((id) => orderLine(id))).replaceAll('\n', '\r');
    expect(await ingest(service, mac)).toMatchObject({ status: 'completed', progress: { rows: 3, accepted: 3 } });
    expect(await getJson(service, `/orders/${ids[2]}`)).toMatchObject({ source: { row: 4 } });
    const joined = `${ORDER_HEADER}\n${orderLine(newId())}\r${orderLine(newId())}\r\n${orderLine(newId())}\n`;
    expect(await ingest(service, joined)).toMatchObject({ progress: { rows: 3, accepted: 3 } });
  });

  test('may have spaces around its quotes, in the header and in rows', async () => {
    const id = newId();
    const header = ORDER_HEADER.split(',').join('", "');
    const cells = orderLine(id, { customer_name: 'Ann "A" Lee'.replaceAll('"', '""') }).split(',');
    expect(await ingest(service, `"${header}"\n${cells.map((cell) => ` "${cell}" `).join(',')}\n`)).toMatchObject({
      status: 'completed',
      progress: { accepted: 1 },
    });
    expect(await getJson(service, `/orders/${id}`)).toMatchObject({ customer: { name: 'Ann "A" Lee' } });
  });

  test('may have its columns in any order, and names in any case with spaces around', async () => {
    const names = ORDER_HEADER.split(',').toReversed();
    const id = newId();
    const cells = orderLine(id).split(',').toReversed();
    const header = names.map((column, i) => (i % 2 === 0 ? ` ${column.toUpperCase()} ` : column)).join(',');
    const file = await ingest(service, `${header}\n${cells.join(',')}\n`);
    expect(file).toMatchObject({ status: 'completed', progress: { accepted: 1 } });
    expect(await getJson(service, `/orders/${id}`)).toMatchObject({ order_id: id, total_amount: '39.98' });
  });

  test('may have further columns, which the report keeps in place and the order lacks', async () => {
    const good = newId();
    const bad = newId();
    const file = await ingest(
      service,
      `note,${ORDER_HEADER},colour\nfirst,${orderLine(good)},red\nsecond,${orderLine(bad, { quantity: '0' })},"light, blue"\n`,
    );
    expect(file).toMatchObject({ progress: { accepted: 1, invalid: 1 } });
    const [header, row] = (await reportOf(service, file)).split('\n');
    expect(header).toBe(`note,${ORDER_HEADER},colour,_row,_column,_code,_reason,_file`);
    expect(row).toContain(`second,${orderLine(bad, { quantity: '0' })},"light, blue",3,quantity,invalid_quantity,`);
    expect(JSON.stringify(await getJson(service, `/orders/${good}`))).not.toContain('red');
  });

  test('keeps the leading zeros of SKUs, and finds stock by them exactly', async () => {
    await setStock(service, [
      ['007', 'HUB-1', 10],
      ['7', 'HUB-1', 10],
    ]);
    const id = newId();
    expect(await ingest(service, csv(orderLine(id, { sku: '007' })))).toMatchObject({ progress: { accepted: 1 } });
    const orders = await getJson<{ items: { order_id: string }[] }>(service, '/orders?sku=007');
    expect(orders.items).toMatchObject([{ order_id: id, items: [{ sku: '007' }] }]);
    expect(await getJson(service, '/orders?sku=7')).toMatchObject({ items: [] });
    expect(await getJson(service, '/inventory?sku=007')).toMatchObject({ items: [{ sku: '007', available: 8 }] });
    expect(await getJson(service, '/inventory?sku=7')).toMatchObject({ items: [{ sku: '7', available: 10 }] });
  });

  test('may have the same order twice, and the reason says whether the content differs', async () => {
    const id = newId();
    const file = await ingest(service, csv(orderLine(id), orderLine(id), orderLine(id, { customer_name: 'Mallory' })));
    expect(file).toMatchObject({ progress: { accepted: 1, invalid: 2 } });
    expect(await rejectionsOf(service, file)).toMatchObject([
      { row: 3, reasons: [{ code: 'duplicate_order', reason: expect.stringContaining('from row 2') }] },
      { row: 4, reasons: [{ code: 'order_conflict', reason: expect.stringContaining('another customer_name') }] },
    ]);
  });
});
