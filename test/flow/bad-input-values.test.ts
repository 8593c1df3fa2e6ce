/** Bad values and rows: each has its reasons, and the rows beside it are accepted. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectSound, rejectionsOf, reportOf, stockUp } from '../support/bad-input.ts';
import { csv, ingest, ORDER_HEADER, orderLine, type Service, startService } from '../support/service.ts';

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
    ['order_date', '46347', 'invalid_date', "spreadsheet's day number"],
    ['order_date', '2026-11-20T25:00:00Z', 'invalid_date', 'has a time that is not from 00:00:00'],
    ['order_date', 'yesterday', 'invalid_date', 'is not an ISO 8601 date'],
    ['customer_email', 'nobody', 'invalid_email', 'is not an e-mail address'],
    ['customer_email', '"a@b.de\rx"', 'control_character', '\\r'],
    ['customer_name', 'Ada\0Lovelace', 'control_character', '"Ada\\u0000Lovelace" contains a control character'],
    ['customer_name', 'Ada\x1b[31m', 'control_character', '\\u001b'],
    ['order_id', '', 'missing_value', 'order_id is empty'],
    ['order_id', '.', 'invalid_id', '"." cannot be part of the address of an order'],
    ['order_id', ' .. ', 'invalid_id', '".." cannot be part of the address of an order'],
    ['order_id', '"O\n1"', 'control_character', '"O\\n1" contains a control character'],
    ['sku', 'NO-SUCH-SKU', 'unknown_sku', '"NO-SUCH-SKU" is not known'],
    ['sku', '__proto__', 'unknown_sku', '"__proto__" is not known'],
    ['hub_id', 'NO-SUCH-HUB', 'unknown_hub', '"NO-SUCH-HUB" is not known'],
  ])('in %s, %j, is %s', (column, value, code, words) => expectReason(column, value, code, words));

  test.each<[column: string, code: string, words: string, value: string]>([
    ['quantity', 'invalid_quantity', 'whole number from 1 to 1,000,000', `1${'0'.repeat(400)}`],
    ['customer_email', 'value_too_long', 'is 502 characters long, at most 500', `${'a'.repeat(490)}@example.com`],
    ['shipping_address', 'value_too_long', 'is 501 characters long, at most 500', 'x'.repeat(501)],
  ])('in %s, of hundreds of characters, is %s', (column, code, words, value) =>
    expectReason(column, value, code, words),
  );

  async function expectReason(column: string, value: string, code: string, words: string): Promise<void> {
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

  test('does not hide the others of its row, which are reported in the order of the columns', async () => {
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
  ])('with %s is column_count with both numbers', async (_, line, words) => {
    const file = await ingest(service, csv(line, orderLine(newId())));
    expect(file).toMatchObject({ status: 'completed', progress: { accepted: 1, invalid: 1 } });
    expect(await rejectionsOf(service, file)).toMatchObject([
      { row: 2, reasons: [{ column: '', code: 'column_count', reason: expect.stringContaining(words) }] },
    ]);
  });

  test('with text after a closing quote is rejected, and no other row is', async () => {
    const broken = orderLine(newId(), { product_name: '"27"" monitor" black' });
    const file = await ingest(service, csv(orderLine(newId()), broken, orderLine(newId())));
    expect(file).toMatchObject({
      progress: { rows: 3, accepted: 2, invalid: 1 },
      invalid_by_code: { malformed_quote: 1 },
    });
    expect((await rejectionsOf(service, file))[0]).toMatchObject({ row: 3, codes: ['malformed_quote'] });
  });

  test('that is the header again, or a line of totals, has the only reason not_an_order, at every upload of its report', async () => {
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

  test('with quotes escaped by a backslash gets a reason that says how to export them', async () => {
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

describe('bytes that are not text', () => {
  test('make a row of a UTF-8 file invalid_utf8, and are shown as U+FFFD', async () => {
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

  test('do no harm in a column that orders do not have', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${ORDER_HEADER},note\n${orderLine(newId())},é\n`),
      Buffer.from(`${orderLine(newId())},\xff\n`, 'latin1'),
    ]);
    expect(await ingest(service, bytes)).toMatchObject({ intake: { encoding: 'utf-8' }, progress: { accepted: 2 } });
  });
});

describe('a value that a program downstream would run', () => {
  test('is prefixed in the report, and restored when the report is uploaded', async () => {
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

  test('of HTML is returned as JSON text that no browser sniffs', async () => {
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
