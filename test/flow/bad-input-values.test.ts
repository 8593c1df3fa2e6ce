/** Values, encodings and delimiters that real files have: each row is told what is wrong, and the rows beside it go through. */
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
const newId = () => `V-${++orders}`;

beforeAll(async () => {
  service = await startService();
  await stockUp(service);
});
afterEach(() => expectSound(service));

describe('a value that is not valid', () => {
  test.each<[column: string, value: string, code: string, words: string]>([
    ['quantity', '', 'missing_value', 'quantity is empty'],
    ['quantity', '0', 'invalid_quantity', 'whole number from 1 to 1,000,000'],
    ['quantity', '-1', 'invalid_quantity', 'digits only'],
    ['quantity', '1e3', 'invalid_quantity', 'digits only'],
    ['quantity', '1.0', 'invalid_quantity', 'leave out the decimals'],
    ['quantity', '+5', 'invalid_quantity', 'digits only'],
    ['quantity', '٣', 'invalid_quantity', 'use the digits 0 to 9'],
    ['quantity', '0x10', 'invalid_quantity', 'digits only'],
    ['quantity', '1000001', 'invalid_quantity', 'whole number from 1 to 1,000,000'],
    ['quantity', '9007199254740992', 'invalid_quantity', 'whole number from 1 to 1,000,000'],
    ['unit_price', '"1,99"', 'invalid_price', 'use a point for decimals'],
    ['unit_price', '$5', 'invalid_price', 'leave out the currency'],
    ['unit_price', '1.999', 'invalid_price', 'at most 2 decimals'],
    ['unit_price', 'NaN', 'invalid_price', 'not an amount'],
    ['unit_price', 'Infinity', 'invalid_price', 'not an amount'],
    ['unit_price', '-1.00', 'invalid_price', 'not an amount'],
    ['unit_price', '.5', 'invalid_price', 'digits are needed before and after the point'],
    ['unit_price', '10000000.00', 'invalid_price', 'from 0.00 to 9,999,999.99'],
    ['total_amount', '39.99', 'total_mismatch', '"39.99" is not quantity 2 x unit_price 19.99 = 39.98'],
    ['total_amount', '39.97', 'total_mismatch', '"39.97" is not quantity 2 x unit_price 19.99 = 39.98'],
    ['total_amount', '"1,000.00"', 'invalid_total', 'leave out the thousands separators'],
    ['total_amount', '99999999999999999999', 'invalid_total', 'not an amount'],
    ['order_date', '2026-02-30', 'invalid_date', 'is not a day of the calendar'],
    ['order_date', '11/21/2026', 'invalid_date', 'write year-month-day'],
    ['order_date', '46347', 'invalid_date', "spreadsheet's number of a day"],
    ['order_date', '2026-11-20T25:00:00Z', 'invalid_date', 'has a time that is not from 00:00:00'],
    ['order_date', 'yesterday', 'invalid_date', 'is not an ISO 8601 date'],
    ['customer_email', 'nobody', 'invalid_email', 'is not an e-mail address'],
    ['customer_email', '"a@b.de\rx"', 'control_character', '\\r'],
    ['customer_name', 'Ada\0Lovelace', 'control_character', '"Ada\\u0000Lovelace" contains a control character'],
    ['customer_name', 'Ada\x1b[31m', 'control_character', '\\u001b'],
    ['order_id', '', 'missing_value', 'order_id is empty'],
    ['order_id', '"O\n1"', 'control_character', '"O\\n1" contains a control character'],
    ['sku', 'NO-SUCH-SKU', 'unknown_sku', '"NO-SUCH-SKU" is not known'],
    ['sku', '__proto__', 'unknown_sku', '"__proto__" is not known'],
    ['hub_id', 'NO-SUCH-HUB', 'unknown_hub', '"NO-SUCH-HUB" is not known'],
  ])('in %s, %j, is told as %s', (column, value, code, words) => expectTold(column, value, code, words));

  test.each<[column: string, code: string, words: string, value: string]>([
    ['quantity', 'invalid_quantity', 'whole number from 1 to 1,000,000', `1${'0'.repeat(400)}`],
    ['customer_email', 'value_too_long', 'is 502 characters long, at most 500', `${'a'.repeat(490)}@example.com`],
    ['shipping_address', 'value_too_long', 'is 501 characters long, at most 500', 'x'.repeat(501)],
  ])('in %s, of hundreds of characters, is told as %s', (column, code, words, value) =>
    expectTold(column, value, code, words),
  );

  async function expectTold(column: string, value: string, code: string, words: string): Promise<void> {
    const file = await ingest(service, csv(orderLine(newId(), { [column]: value }), orderLine(newId())));
    expect(file).toMatchObject({
      status: 'completed',
      progress: { rows: 2, accepted: 1, invalid: 1 },
      invalid_by_code: { [code]: 1 },
    });
    expect(await rejectionsOf(service, file)).toMatchObject([
      { row: 2, codes: [code], reasons: [{ column, code, reason: expect.stringContaining(words) }] },
    ]);
  }

  test('does not hide the others of its row, which are told in the order of the columns', async () => {
    const values = { quantity: '1e3', unit_price: '$5', order_date: '2026-02-30', customer_email: 'x' };
    const file = await ingest(service, csv(orderLine(newId(), values)));
    expect((await rejectionsOf(service, file))[0]!.codes).toEqual([
      'invalid_email',
      'invalid_quantity',
      'invalid_price',
      'invalid_date',
    ]);
    expect(await reportOf(service, file)).toContain(
      ',customer_email | quantity | unit_price | order_date,invalid_email | invalid_quantity | invalid_price | invalid_date,',
    );
  });
});

describe('a row of the wrong shape', () => {
  test.each([
    ['too few fields', 'A-1,Ada,ada@example.com', 'the row has 3 cells, the header has 11'],
    ['one field', 'A-1', 'the row has 1 cell, the header has 11'],
    [
      'too many fields',
      `${orderLine('A-1')},more,"and more"`,
      'the row has 13 cells, the header has 11 (surplus: "more, and more")',
    ],
  ])('with %s is told as column_count with both numbers', async (_, line, words) => {
    const file = await ingest(service, csv(line, orderLine(newId())));
    expect(file).toMatchObject({ status: 'completed', progress: { accepted: 1, invalid: 1 } });
    expect(await rejectionsOf(service, file)).toMatchObject([
      { row: 2, reasons: [{ column: '', code: 'column_count', reason: expect.stringContaining(words) }] },
    ]);
  });

  test('with text after a closing quote costs itself and no other row', async () => {
    const broken = orderLine(newId(), { product_name: '"27"" monitor" black' });
    const file = await ingest(service, csv(orderLine(newId()), broken, orderLine(newId())));
    expect(file).toMatchObject({
      progress: { rows: 3, accepted: 2, invalid: 1 },
      invalid_by_code: { malformed_quote: 1 },
    });
    expect((await rejectionsOf(service, file))[0]).toMatchObject({ row: 3, codes: ['malformed_quote'] });
  });

  test('that is the header again, or a line of totals, is told as not_an_order alone, at every upload of its report', async () => {
    const total = 'Total,,,,,,25,,1234.50,,';
    let file = await ingest(service, `${csv(orderLine(newId()))}${csv(orderLine(newId()), total)}`);
    for (let generation = 1; generation <= 3; generation++) {
      expect(file).toMatchObject({ status: 'completed', invalid_by_code: { not_an_order: 2 } });
      expect((await rejectionsOf(service, file)).map(({ reasons }) => reasons)).toEqual([
        [{ column: '', code: 'not_an_order', reason: expect.stringContaining('the header again') }],
        [{ column: '', code: 'not_an_order', reason: expect.stringContaining('a line of totals') }],
      ]);
      file = await ingest(service, await reportOf(service, file));
    }
  });

  test('with quotes escaped by a backslash is told how to export them', async () => {
    const line = orderLine(newId(), { product_name: '"27\\" monitor"' });
    const file = await ingest(service, csv(line, orderLine(newId())));
    expect(file).toMatchObject({ progress: { accepted: 1 }, invalid_by_code: { malformed_quote: 1 } });
    expect((await rejectionsOf(service, file))[0]!.reasons[0]!.reason).toContain(
      '(\\"), export them written twice ("")',
    );
  });

  test('with half a million delimiters in it is one invalid row', async () => {
    const file = await ingest(service, csv(`x${','.repeat(500_000)}x`, orderLine(newId())));
    expect(file).toMatchObject({
      status: 'completed',
      invalid_by_code: { column_count: 1 },
      progress: { accepted: 1 },
    });
    const [rejection] = await rejectionsOf(service, file);
    expect(rejection!.reasons[0]!.reason.length).toBeLessThan(400);
  });
});

describe('bytes that are no text', () => {
  test('in one row of a UTF-8 file make that row invalid_utf8 and are shown as U+FFFD', async () => {
    const bytes = Buffer.concat([
      Buffer.from(csv(orderLine(newId(), { customer_name: 'Zoë' }))),
      Buffer.from(orderLine(newId(), { customer_name: 'Zo\xeb' }), 'latin1'),
      Buffer.from(`\n${orderLine(newId())}\n`),
    ]);
    const file = await ingest(service, bytes);
    expect(file).toMatchObject({
      intake: { encoding: 'utf-8', bom: false },
      progress: { rows: 3, accepted: 2, invalid: 1 },
    });
    expect(await rejectionsOf(service, file)).toMatchObject([
      {
        row: 3,
        reasons: [
          { column: 'customer_name', code: 'invalid_utf8', reason: expect.stringContaining('save the file as UTF-8') },
        ],
        values: { customer_name: 'Zo\ufffd' },
      },
    ]);
  });

  test('in a column that is no order column do no harm', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${ORDER_HEADER},note\n${orderLine(newId())},é\n`),
      Buffer.from(`${orderLine(newId())},\xff\n`, 'latin1'),
    ]);
    expect(await ingest(service, bytes)).toMatchObject({ intake: { encoding: 'utf-8' }, progress: { accepted: 2 } });
  });
});

describe('an encoding', () => {
  const name = 'Zoë Müller';
  const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();
  test.each<[string, (text: string) => Uint8Array, object]>([
    ['UTF-8', (text) => Buffer.from(text), { encoding: 'utf-8', bom: false }],
    ['UTF-8 with a byte order mark', (text) => Buffer.from(`\ufeff${text}`), { encoding: 'utf-8', bom: true }],
    ['UTF-16LE with a mark', (text) => Buffer.from(`\ufeff${text}`, 'utf16le'), { encoding: 'utf-16le', bom: true }],
    ['UTF-16BE with a mark', (text) => utf16be(`\ufeff${text}`), { encoding: 'utf-16be', bom: true }],
    ['Windows-1252', (text) => Buffer.from(text, 'latin1'), { encoding: 'windows-1252', bom: false }],
  ])('of %s is found out and told', async (_, encode, intake) => {
    const id = newId();
    const file = await ingest(service, encode(csv(orderLine(id, { customer_name: name }))));
    expect(file).toMatchObject({ status: 'completed', progress: { accepted: 1 } });
    expect(file.intake).toEqual({ delimiter: ',', gzip: false, ...intake });
    expect(await getJson(service, `/orders/${id}`)).toMatchObject({ customer: { name } });
  });

  test('that was asked for wins over what the bytes look like', async () => {
    const id = newId();
    const bytes = Buffer.from(csv(orderLine(id, { customer_name: 'Zoë' })));
    const file = await ingest(service, bytes, '?encoding=windows-1252');
    expect(file.intake).toMatchObject({ encoding: 'windows-1252' });
    expect(await getJson(service, `/orders/${id}`)).toMatchObject({ customer: { name: 'ZoÃ«' } });
  });

  test('that one cell seems to have is not that of the file: what most bytes speak for is', async () => {
    const [first, second, last] = [newId(), newId(), newId()];
    const lines = [first, second].map((id) => orderLine(id, { customer_name: 'José Müller' }));
    const text = csv(...lines, orderLine(last, { product_name: 'NESCAFÉ® Gold' }));
    const file = await ingest(service, Buffer.from(text, 'latin1'));
    expect(file).toMatchObject({ intake: { encoding: 'windows-1252' }, progress: { accepted: 3, invalid: 0 } });
    expect(await getJson(service, `/orders/${first}`)).toMatchObject({ customer: { name: 'José Müller' } });
    expect(await getJson(service, `/orders/${last}`)).toMatchObject({ items: [{ product_name: 'NESCAFÉ® Gold' }] });
  });

  test('is found out where the first accents come after more than a megabyte', async () => {
    const filler = Array.from({ length: 9_000 }, () => orderLine(newId(), { shipping_address: 'x'.repeat(60) }));
    const id = newId();
    const accents = Buffer.from(`${orderLine(id, { customer_name: 'José Müller' })}\n`, 'latin1');
    const file = await ingest(service, Buffer.concat([Buffer.from(csv(...filler)), accents]));
    expect(file.size_bytes).toBeGreaterThan(1_200_000);
    expect(file.intake).toEqual({ encoding: 'windows-1252', delimiter: ',', gzip: false, bom: false });
    expect(file.progress).toMatchObject({ rows: 9_001, accepted: 9_001 });
    expect(await getJson(service, `/orders/${id}`)).toMatchObject({ customer: { name: 'José Müller' } });
  });

  test('that is neither UTF-8 nor Windows-1252 fails the file, as its letters would be others', async () => {
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

    test('by the content type of a body is that of the file', async () => {
      const id = newId();
      const response = await upload(service, file(id), '', { 'content-type': declared });
      const { file_id } = (await response.json()) as { file_id: string };
      expect(await ended(service, file_id)).toMatchObject({
        intake: { encoding: 'shift_jis' },
        progress: { accepted: 1 },
      });
      expect(await getJson(service, `/orders/${id}`)).toMatchObject({ customer: { name: '田中' } });
    });

    test('by the content type of a part is that of the file, unless ?encoding= says another', async () => {
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

    test('and unknown is 400, and those that can be used are told', async () => {
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

  test('of UTF-16 without a mark fails the file with the words to mend it', async () => {
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
  ])('of %s is found out and told', async (_, delimiter) => {
    const id = newId();
    const file = await ingest(service, csv(orderLine(id)).replaceAll(',', delimiter));
    expect(file).toMatchObject({ status: 'completed', intake: { delimiter }, progress: { accepted: 1 } });
    expect(await getJson(service, `/orders/${id}`)).toMatchObject({ shipping_address: '12 St James Square' });
  });
});

describe('a file as programs write them', () => {
  test('may have CRLF line ends, quoted line breaks and blank lines, which count as rows of a spreadsheet', async () => {
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

  test('may have line ends of CR alone, and mixed ones', async () => {
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

  test('may have further columns, which the report keeps in their places and the order does without', async () => {
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

  test('may have the same order twice, with the same content or another, and is told which', async () => {
    const id = newId();
    const file = await ingest(service, csv(orderLine(id), orderLine(id), orderLine(id, { customer_name: 'Mallory' })));
    expect(file).toMatchObject({ progress: { accepted: 1, invalid: 2 } });
    expect(await rejectionsOf(service, file)).toMatchObject([
      { row: 3, reasons: [{ code: 'duplicate_order', reason: expect.stringContaining('from row 2') }] },
      { row: 4, reasons: [{ code: 'order_conflict', reason: expect.stringContaining('another customer_name') }] },
    ]);
  });
});

describe('a value that a program downstream would run', () => {
  test('is prefixed in the report, and comes back as it was when the report is uploaded again', async () => {
    const formulas = ['=1+1', '+1+1', '-1+1', '@SUM(A1)', '\tx', '\rx', "'=1"];
    const header = `${ORDER_HEADER},note`;
    const cell = (value: string) => `"${value.replaceAll('"', '""')}"`;
    const ids = formulas.map(newId);
    const rows = formulas.map((value, i) => `${orderLine(ids[i]!, { quantity: '0' })},${cell(value)}`);
    const file = await ingest(service, `${header}\n${rows.join('\n')}\n`);
    expect(file).toMatchObject({ progress: { invalid: formulas.length } });
    const report = await reportOf(service, file);
    for (const value of formulas)
      expect(report).toMatch(new RegExp(`,"?'${value.replace(/[+()]/g, '\\$&')}"?,\\d+,quantity`));
    expect(report).not.toMatch(/(^|,)"?[=+\-@\t\r]/m);

    const again = await ingest(service, report);
    expect(again).toMatchObject({ parent_file_id: file.file_id, progress: { invalid: formulas.length } });
    const values = (await rejectionsOf(service, again)).map((rejection) => rejection.values.note);
    expect(values.toSorted()).toEqual(formulas.toSorted());
  });

  test('of HTML comes back as JSON text that no browser sniffs', async () => {
    const id = newId();
    const html = '<script>alert(1)</script>';
    const file = await ingest(
      service,
      csv(orderLine(id, { customer_name: html }), orderLine(newId(), { customer_name: html, quantity: '0' })),
      `?name=${encodeURIComponent('<img src=x onerror=alert(1)>.csv')}`,
    );
    expect(file.progress).toMatchObject({ accepted: 1, invalid: 1 });
    for (const path of [
      `/orders/${id}`,
      `/files/${file.file_id}`,
      `/files/${file.file_id}/rejections`,
      `/orders/${encodeURIComponent(html)}`,
      `/${encodeURIComponent(html)}`,
    ]) {
      const response = await fetch(service.url + path);
      expect(response.headers.get('content-type')).toMatch(/^application\/(problem\+)?json/);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      await response.json();
    }
    const report = await fetch(`${service.url}/invalid-files/${file.invalid_file}`);
    expect(report.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(report.headers.get('x-content-type-options')).toBe('nosniff');
    await report.body?.cancel();
  });
});
