/** Validating a row: what is valid, and which reasons are reported in which order. */
import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { ORDER_COLUMNS, type OrderColumn } from '../../../src/model/columns.ts';
import type { RawRow } from '../../../src/model/raw-row.ts';
import { createRowValidator, rejectUnknown, toRejection } from '../../../src/pipeline/validate.ts';
import { headerOf } from '../../support/file-outcome.ts';

const VALID: Record<OrderColumn, string> = {
  order_id: 'A-1',
  customer_name: 'Anna Müller',
  customer_email: 'anna@example.com',
  product_name: '27" monitor',
  sku: '00417-BLK',
  hub_id: 'HUB-1',
  quantity: '2',
  unit_price: '19.99',
  total_amount: '39.98',
  order_date: '2026-11-20',
  shipping_address: 'Königstraße 12\n70173 Stuttgart',
};

const HEADER_AGAIN = 'the row is the header again, as when files are joined: leave this row out';

type Values = Partial<Record<OrderColumn, string>>;

function rawRow(cells: string[], more: Partial<RawRow> = {}): RawRow {
  return { row: 2, cells, end: 0, malformedQuote: false, undecodable: null, ...more };
}

function cellsOf(values: Values, columns: readonly string[] = ORDER_COLUMNS): string[] {
  const all: Record<string, string> = { ...VALID, ...values };
  return columns.map((name) => all[name] ?? 'extra');
}

function check(values: Values, options: { columns?: string[]; timeZone?: string; raw?: Partial<RawRow> } = {}) {
  const columns = options.columns ?? [...ORDER_COLUMNS];
  const validate = createRowValidator(headerOf(columns), { timeZone: options.timeZone ?? 'UTC' });
  return validate(rawRow(cellsOf(values, columns), options.raw));
}

function codes(values: Values): string[] {
  return check(values).reasons.map(({ column, code }) => `${column} ${code}`);
}

function reason(values: Values): string {
  const { reasons } = check(values);
  expect(reasons.length).toBe(1);
  return reasons[0]!.reason;
}

describe('a valid row', () => {
  test('becomes an order, with money in minor units and its date in milliseconds', () => {
    const checked = check({});
    expect(checked.reasons).toEqual([]);
    expect(checked.order).toEqual({
      row: 2,
      orderId: 'A-1',
      customerName: 'Anna Müller',
      customerEmail: 'anna@example.com',
      productName: '27" monitor',
      sku: '00417-BLK',
      hubId: 'HUB-1',
      quantity: 2,
      unitPriceMinor: 1999,
      totalMinor: 3998,
      orderDateMs: Date.UTC(2026, 10, 20),
      shippingAddress: 'Königstraße 12\n70173 Stuttgart',
    });
  });

  test('may have its columns in any order, and others that are ignored', () => {
    const columns = [...ORDER_COLUMNS.toReversed(), 'note', '_row'];
    const checked = check({}, { columns, raw: { undecodable: [11] } });
    expect(checked.order).toEqual(check({}).order);
  });

  test('is trimmed, and keeps leading zeros', () => {
    const checked = check({ sku: ' 00417-BLK\t', order_id: '\u00a0007 ', quantity: ' 02 ', unit_price: '019.99' });
    expect(checked.order).toMatchObject({ sku: '00417-BLK', orderId: '007', quantity: 2, unitPriceMinor: 1999 });
  });

  test('may cost nothing, or the maximum', () => {
    expect(check({ unit_price: '0', total_amount: '0.00' }).order).toMatchObject({ totalMinor: 0 });
    const most = check({ quantity: '1000000', unit_price: '9999999.99', total_amount: '9999999990000.00' });
    expect(most.order).toMatchObject({ totalMinor: 999_999_999_000_000 });
  });

  test('has 500 characters at most in a text, by code points', () => {
    expect(codes({ customer_name: '😀'.repeat(500), sku: 'x'.repeat(500) })).toEqual([]);
    expect(codes({ customer_name: '😀'.repeat(501) })).toEqual(['customer_name value_too_long']);
    expect(codes({ sku: 'x'.repeat(501) })).toEqual(['sku value_too_long']);
    expect(codes({ customer_email: `${'x'.repeat(500)}@example.com` })).toEqual(['customer_email value_too_long']);
  });

  test('reads a date without a zone in the configured zone', () => {
    expect(check({}, { timeZone: 'Europe/Berlin' }).order?.orderDateMs).toBe(Date.UTC(2026, 10, 19, 23));
  });
});

describe('a bad value', () => {
  test.each([...ORDER_COLUMNS])('is an empty %s', (column) => {
    expect(check({ [column]: ' ' }).reasons).toEqual([{ column, code: 'missing_value', reason: `${column} is empty` }]);
  });

  test.each(['0', '-1', '1e3', '1.0', '+5', '٣', '9007199254740992', '1000001', '0x10', '1 000', '२'])(
    'is the quantity %s',
    (quantity) => {
      expect(codes({ quantity })).toEqual(['quantity invalid_quantity']);
    },
  );

  test.each(['1,99', '$5', '1.999', 'NaN', '-1', '.5', '5.', '10000000', '1e3', '٣', 'Infinity', '1 000.00'])(
    'is the price or the total %s',
    (amount) => {
      expect(codes({ unit_price: amount })).toEqual(['unit_price invalid_price']);
      if (amount !== '10000000') {
        expect(codes({ total_amount: amount })).toEqual(['total_amount invalid_total']);
      }
    },
  );

  test.each(['2026-02-30', '11/21/2026', '2026-13-01', '2026-11-20T25:00:00Z', 'yesterday', '46347'])(
    'is the date %s',
    (order_date) => {
      expect(codes({ order_date })).toEqual(['order_date invalid_date']);
    },
  );

  test.each([
    'anna',
    'anna@',
    '@example.com',
    'a b@example.com',
    'anna@example',
    'a@b.com,c@d.com',
    '.anna@example.com',
    'a@example-.com',
    'a@-example.com',
    'a@example.com-',
    'a@example..com',
    'a@.example.com',
    'a@example.com.',
    'a@@example.com',
    'a@b@example.com',
    'a@example.c',
    'a@example.1com',
    'a@exam ple.com',
    'a@[192.0.2.1]',
    'Anna <anna@example.com>',
    `a@${'x'.repeat(64)}.com`,
    `${'a'.repeat(243)}@example.com`,
  ])('is the e-mail address %s', (customer_email) => {
    expect(codes({ customer_email })).toEqual(['customer_email invalid_email']);
  });

  test.each([
    'a.@docomo.example',
    'a..b@docomo.example',
    'a@mail_host.example.com',
    'a@_dmarc.example.com',
    'a+b@example.com',
    "o'brien'@example.com",
    'a/b=c#d!e%f&g*h?i^j`k{l|m}n~o$p@example.com',
    '-a-@example.photography',
    'a@xn--mnchen-3ya.xn--p1ai',
    'a@1.example',
    'a@a--b.example',
    `a@${'x'.repeat(63)}.com`,
    `${'a'.repeat(242)}@example.com`,
  ])('is not the e-mail address %s, which mail systems deliver to', (customer_email) => {
    expect(codes({ customer_email })).toEqual([]);
  });

  test.each(['39.97', '39.99', '0', '19.99', '9999999999999.99'])('is the total %s of 2 x 19.99', (total_amount) => {
    expect(codes({ total_amount })).toEqual(['total_amount total_mismatch']);
  });

  test('is a control character; names, products and addresses may have tabs and line breaks', () => {
    for (const column of ORDER_COLUMNS) {
      for (const control of ['\0', '\x1b', '\x7f', '\x85']) {
        expect(codes({ [column]: `1${control}1` })).toEqual([`${column} control_character`]);
      }
    }
    for (const column of ['order_id', 'sku', 'hub_id', 'customer_email', 'quantity', 'order_date'] as const) {
      expect(codes({ [column]: '1\t1' })).toEqual([`${column} control_character`]);
    }
    const spaced = 'a\tb\r\nc';
    expect(codes({ customer_name: spaced, product_name: spaced, shipping_address: spaced })).toEqual([]);
  });

  test('of a megabyte is reported without delay', () => {
    const started = performance.now();
    for (const column of ORDER_COLUMNS) {
      for (const text of ['a.', '1', '-', '@']) {
        expect(codes({ [column]: text.repeat(500_000) }).length).toBe(1);
      }
    }
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('the reasons of a row', () => {
  test('are all reported, in the order of the columns of the file', () => {
    const bad = { sku: '', quantity: '1e3', order_date: 'soon', order_id: 'a\0b' };
    expect(codes(bad)).toEqual([
      'order_id control_character',
      'sku missing_value',
      'quantity invalid_quantity',
      'order_date invalid_date',
    ]);
    const reversed = check(bad, { columns: ORDER_COLUMNS.toReversed() }).reasons;
    expect(reversed.map(({ column }) => column)).toEqual(['order_date', 'quantity', 'sku', 'order_id']);
  });

  test('include a wrong total although other columns failed, but not when its parts are not numbers', () => {
    expect(codes({ customer_email: 'x', total_amount: '1' })).toEqual([
      'customer_email invalid_email',
      'total_amount total_mismatch',
    ]);
    expect(codes({ quantity: '0', total_amount: '1' })).toEqual(['quantity invalid_quantity']);
    expect(codes({ unit_price: 'x', total_amount: '1' })).toEqual(['unit_price invalid_price']);
  });

  test('name the value, what is expected, and the mistake where it can be recognised', () => {
    expect(reason({ quantity: '1e3' })).toBe(
      'quantity "1e3" is not a whole number from 1 to 1,000,000 (digits only): write the number in full, without an exponent',
    );
    expect(reason({ quantity: '٣' })).toMatch(/: use the digits 0 to 9$/);
    expect(reason({ unit_price: '1,99' })).toBe(
      'unit_price "1,99" is not an amount from 0.00 to 9,999,999.99: use a point for decimals',
    );
    expect(reason({ unit_price: '$5' })).toMatch(/: leave out the currency$/);
    expect(reason({ unit_price: '5 EUR' })).toMatch(/: leave out the currency$/);
    expect(reason({ unit_price: 'NaN' })).toMatch(/9,999,999.99$/);
    expect(reason({ unit_price: '1,234.50' })).toMatch(/: leave out the thousands separators$/);
    expect(reason({ order_date: '11/21/2026' })).toBe(
      'order_date "11/21/2026" is not an ISO 8601 date such as 2026-11-21 or 2026-11-21T14:03:00Z: write year-month-day',
    );
    expect(reason({ order_date: '46347' })).toMatch(/spreadsheet's day number/);
    expect(reason({ order_date: '2026-02-30' })).toBe('order_date "2026-02-30" is not a day of the calendar');
    expect(reason({ order_date: '2026-11-20T25:00:00Z' })).toMatch(/has a time that is not from 00:00:00 to 23:59:59$/);
    expect(reason({ total_amount: '39.97' })).toBe('total_amount "39.97" is not quantity 2 x unit_price 19.99 = 39.98');
    expect(reason({ sku: 'a\0\u202eb' })).toBe(
      'sku "a\\u0000\\u202eb" contains a control character (U+0000) at character 2: remove it',
    );
  });

  test('show long values shortened, without cutting a character in half', () => {
    expect(reason({ customer_name: '😀'.repeat(501) })).toBe(
      `customer_name "${'😀'.repeat(59)}…" is 501 characters long, at most 500 are allowed`,
    );
  });
});

describe('a row that could not be separated', () => {
  test('with too few or too many cells has only that reason, with the surplus', () => {
    const validate = createRowValidator(headerOf(), { timeZone: 'UTC' });
    const short = validate(rawRow(['A-1', '']));
    expect(short).toMatchObject({ order: null, sku: null, hubId: null });
    expect(short.reasons.map(({ column, code }) => [column, code])).toEqual([['', 'column_count']]);
    expect(short.reasons[0]!.reason).toMatch(/^the row has 2 cells, the header has 11: /);

    const long = validate(rawRow([...cellsOf({}), 'x', 'y'.repeat(1000)]));
    expect(long.reasons[0]!.reason).toMatch(/^the row has 13 cells, the header has 11 \(surplus: "x, y{56}…"\): /);
  });

  test('with a malformed quote has only that reason, whatever its cells look like', () => {
    const checked = check({ sku: '' }, { raw: { malformedQuote: true } });
    expect(checked.reasons.map(({ column, code }) => [column, code])).toEqual([['', 'malformed_quote']]);
    expect(checked).toMatchObject({ order: null, sku: null, hubId: null });
  });

  test('with quotes that a backslash escapes has a reason that says so', () => {
    const checked = check({ product_name: '"27\\" monitor"' }, { raw: { malformedQuote: true } });
    expect(checked.reasons).toEqual([
      { column: '', code: 'malformed_quote', reason: expect.stringContaining('a backslash (\\"), export them') },
    ]);
    expect(check({}, { raw: { malformedQuote: true } }).reasons[0]!.reason).not.toContain('backslash');
  });

  const reasonsOf = (line: string, columns: readonly string[] = ORDER_COLUMNS) => {
    const { order, sku, hubId, reasons } = createRowValidator(headerOf([...columns]), { timeZone: 'UTC' })(
      rawRow(line.split(',')),
    );
    expect([order, sku, hubId]).toEqual([null, null, null]);
    return reasons.map(({ column, code, reason }) => `${column} ${code}: ${reason}`);
  };
  const NAMES = ORDER_COLUMNS.join(',');

  test.each([
    ['as it is', NAMES],
    ['in capitals, with spaces', ORDER_COLUMNS.map((name) => ` ${name.toUpperCase()} `).join(',')],
    ['with a byte order mark', `\ufeff${NAMES}`],
    ['with a byte order mark and quotes', `\ufeff"order_id"${NAMES.slice('order_id'.length)}`],
    ['in another order', ORDER_COLUMNS.toReversed().join(',')],
    ['with more columns', `note,${NAMES},_row`],
  ])('that is the header again has only that reason: %s', (_, line) => {
    expect(reasonsOf(line)).toEqual([` not_an_order: ${HEADER_AGAIN}`]);
    expect(reasonsOf(`${line},x`, [...ORDER_COLUMNS, 'note'])).toEqual([` not_an_order: ${HEADER_AGAIN}`]);
  });

  test.each([
    'Total,,,,,,25,,1234.50,,',
    ',,,,,Grand Total:,25,,"1234.50",,',
    'SUBTOTAL,,,,,,25,,EUR 1234.50,,',
    ',,,Summe,,,25,,1.234.50,,',
    'Totale generale,,,,,,,,1234.50,,',
    'Gesamt (25 orders),,,,,,,,,,',
    'Total',
    'Total orders,25',
    '合計,,,,,,25,,1234.50,,',
    'Sum of total_amount,,,,,,,,1234.50,,,,,',
  ])('that is a line of totals has only that reason: %s', (line) => {
    expect(reasonsOf(line)).toEqual([' not_an_order: the row looks like a line of totals: leave it out']);
  });

  test.each([
    ['A-1,Sum,,,,,,,,,'],
    ['A-1,,,Total,,,2,1.00,2.00,,'],
    [',,,Total Recall,,,,,,,'],
    [',Ann Total,,,,,,,,,'],
    [',Sum,sum@example.com,Total,1,HUB-1,2,1.00,2.00,2026-11-20,x'],
    [',,,,,,25,,1234.50,,'],
    ['A-1,x'],
    [NAMES.replace('sku', 'SKU no')],
  ])('that may be a wrong order has all reasons of its cells: %s', (line) => {
    expect(
      createRowValidator(headerOf([...ORDER_COLUMNS]), { timeZone: 'UTC' })(rawRow(line.split(','))).reasons.map(
        ({ code }) => code,
      ),
    ).not.toContain('not_an_order');
  });

  test('of words such as total is an order where it is valid', () => {
    const columns = [...ORDER_COLUMNS, ...Array.from({ length: 30 }, (_, i) => `note ${i}`)];
    const values = { order_id: 'Total', customer_name: 'Sum', product_name: 'Total', shipping_address: 'Sum' };
    const validate = createRowValidator(headerOf(columns), { timeZone: 'UTC' });
    const cells = [...cellsOf(values), ...Array<string>(30).fill('')];
    expect(validate(rawRow(cells)).reasons).toEqual([]);
    // Wrong, it is taken for one only if nothing but numbers is beside the word.
    expect(validate(rawRow(cells.map((cell) => (cell === '2' ? 'x' : cell)))).reasons.map(({ code }) => code)).toEqual([
      'invalid_quantity',
    ]);
  });

  test('with undecodable bytes has only that reason for the column, and others for the rest', () => {
    const at = (column: OrderColumn) => ORDER_COLUMNS.indexOf(column);
    const checked = check(
      { sku: '\uFFFD', quantity: '\uFFFD', hub_id: '' },
      { raw: { undecodable: [at('sku'), at('quantity')] } },
    );
    expect(checked.reasons.map(({ column, code }) => `${column} ${code}`)).toEqual([
      'sku invalid_utf8',
      'hub_id missing_value',
      'quantity invalid_utf8',
    ]);
    expect(checked.sku).toBeNull();
  });
});

describe('the answer of the inventory service', () => {
  test('adds the unknown values in column order, and removes the order', () => {
    const checked = check({ order_id: '', quantity: '0' });
    expect(checked).toMatchObject({ sku: '00417-BLK', hubId: 'HUB-1' });
    rejectUnknown(checked, { skuValid: false, hubValid: false });
    expect(checked.reasons.map(({ code }) => code)).toEqual([
      'missing_value',
      'unknown_sku',
      'unknown_hub',
      'invalid_quantity',
    ]);

    const reversed = check({}, { columns: ORDER_COLUMNS.toReversed() });
    rejectUnknown(reversed, { skuValid: false, hubValid: false });
    expect(reversed.reasons.map(({ code }) => code)).toEqual(['unknown_hub', 'unknown_sku']);
    expect(reversed.order).toBeNull();
  });

  test('has the message of the service', () => {
    const checked = check({});
    rejectUnknown(checked, { skuValid: false, hubValid: true, words: 'SKU must not\nhave zeros' });
    expect(checked.reasons).toEqual([
      {
        column: 'sku',
        code: 'unknown_sku',
        reason: 'sku "00417-BLK" is not known to the inventory service: SKU must not\\u000ahave zeros',
      },
    ]);
  });

  test('changes nothing when all values are known, or were not asked about', () => {
    const valid = check({});
    rejectUnknown(valid, { skuValid: true, hubValid: true });
    expect(valid.order).not.toBeNull();

    const malformed = check({}, { raw: { malformedQuote: true } });
    rejectUnknown(malformed, { skuValid: false, hubValid: false });
    expect(malformed.reasons.length).toBe(1);
  });
});

describe('a rejection', () => {
  test('keeps the original values of the data columns, untrimmed', () => {
    const header = headerOf(['note', ...ORDER_COLUMNS, '_row', '_file']);
    const validate = createRowValidator(header, { timeZone: 'UTC' });
    const cells = [' n ', ...cellsOf({ sku: ' ' }), '7', 'f'];
    expect(toRejection(validate(rawRow(cells)), header, ',')).toEqual({
      row: 2,
      reasons: [{ column: 'sku', code: 'missing_value', reason: 'sku is empty' }],
      values: cells.slice(0, 12),
    });
  });

  test('has as many values as the header, whatever the row had, and the whole row in its record', () => {
    const header = headerOf();
    const validate = createRowValidator(header, { timeZone: 'UTC' });
    const short = toRejection(validate(rawRow(['A-1'])), header, ',');
    expect(short.values).toEqual(['A-1', ...Array(10).fill('')]);
    expect(short.record).toBe('A-1');
    const long = toRejection(validate(rawRow([...cellsOf({}), 'more; "1"'])), header, ';');
    expect(long.values).toEqual(cellsOf({}));
    expect(parse(long.record!, { delimiter: ';' })).toEqual([[...cellsOf({}), 'more; "1"']]);
  });
});

describe('an invisible character', () => {
  const KEYS = ['order_id', 'sku', 'hub_id', 'customer_email', 'quantity', 'unit_price', 'order_date'] as const;
  const TEXTS = ['customer_name', 'product_name', 'shipping_address'] as const;
  const UNSEEN = [
    ...['\u200b', '\u200c', '\u200d', '\u2060', '\u2064', '\ufeff', '\u00ad', '\u061c', '\u200e', '\u200f', '\u202a', '\u202e', '\u2066', '\u2069'],
    ...['\u180e', '\ufe0f', '\u{e0100}', '\u{e0041}', '\u3164', '\u115f', '\u1160', '\uffa0', '\ufff9', '\u034f', '\u206a', '\u2028', '\u2029', '\u2800'],
    ...['\ud800', '\ufdd0', '\uffff', '\u{1fffe}', '\u{1d173}', '\u17b4'],
  ]; // biome-ignore format: a list of values

  test.each(UNSEEN)('%j is refused inside values that are compared, by name and place', (char) => {
    const point = `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
    for (const column of KEYS) {
      const value = VALID[column];
      const { reasons } = check({ [column]: `${value.slice(0, 2)}${char}${value.slice(2)}` });
      if (value.length < 3) continue;
      expect(reasons.map(({ column, code }) => `${column} ${code}`)).toEqual([`${column} control_character`]);
      expect(reasons[0]!.reason).toContain(`(${point}) at character 3: remove it`);
      expect(reasons[0]!.reason).not.toContain(char);
    }
  });

  // Half a character stood for a whole one, so it is no ornament of the value.
  test.each(UNSEEN.filter((char) => char.isWellFormed()))(
    '%j is trimmed at the ends of values that are compared, and alone is an empty value',
    (char) => {
      for (const column of KEYS)
        expect(check({ [column]: `${char} ${VALID[column]}${char}\u00a0` }).order).toEqual(check({}).order);
      for (const column of ORDER_COLUMNS)
        expect(check({ [column]: ` ${char}${char}` }).reasons).toEqual([
          { column, code: 'missing_value', reason: `${column} is empty` },
        ]);
    },
  );

  test('is reported by a name that people know', () => {
    expect(reason({ sku: 'A\u200bB' })).toBe(
      'sku "A\\u200bB" contains a zero-width space (U+200B) at character 2: remove it',
    );
    expect(reason({ order_id: '😀\u{e0041}B' })).toBe(
      'order_id "😀\\u{e0041}B" contains a tag character (U+E0041) at character 2: remove it',
    );
    expect(reason({ hub_id: 'H\u061c1' })).toContain('an Arabic letter mark (U+061C)');
    expect(reason({ hub_id: 'H\ud8001' })).toContain('a half character (U+D800)');
  });

  test.each([
    'می\u200cخواهم',
    'അവന\u0d4d\u200d',
    'ه\u200d',
    'ශ\u0dca\u200dරී',
    '👩\u200d💻',
    '❤\ufe0f',
    '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
    'Donau\u00addampf',
    'ภาษา\u200bไทย',
    'שלום\u200e (12)',
    'a \u2067שלום\u2069 b',
    '\u{845b}\u{e0100}',
    'Auf\u200clage',
    '각\u115fᅡ',
  ])('stays in %j, which needs it', (value) => {
    for (const column of TEXTS) {
      const { order } = check({ [column]: `\u200f\u200b${value}\u200b \ufeff\u202c` });
      expect([order?.customerName, order?.productName, order?.shippingAddress]).toContain(value);
    }
  });

  test.each(['\u202e', '\u202d', '\u206a', '\ufff9', '\ufdd0', '\ud800', '\u{e0041}', '\u{e0001}'])(
    '%j in a text hides or turns it, and is refused',
    (char) => {
      for (const column of TEXTS) expect(codes({ [column]: `a${char}b` })).toEqual([`${column} control_character`]);
    },
  );

  test('at the ends of a text is trimmed', () => {
    expect(check({ customer_name: '\u200d\u200bAnn\u200d\u2060' }).order?.customerName).toBe('Ann');
    expect(check({ customer_name: '👩\u200d' }).order?.customerName).toBe('👩');
  });
});

test('an order id is stored in NFC; the row keeps it as it was written', () => {
  const checked = check({ order_id: 'Ze\u0301-1', sku: 'e\u0301', customer_name: 'e\u0301' });
  expect(checked.order).toMatchObject({ orderId: 'Z\u00e9-1', sku: 'e\u0301', customerName: 'e\u0301' });
  expect(checked.raw.cells[0]).toBe('Ze\u0301-1');
});
