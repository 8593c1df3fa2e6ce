/** Rows read by a format: the order that they are, or the reasons against them in the names and cells of the file. */
import { expect, test } from 'vitest';
import { ORDER_COLUMNS } from '../../../src/model/columns.ts';
import { type Format, formatSchema } from '../../../src/model/format.ts';
import { makeHeader } from '../../../src/pipeline/read/header.ts';
import { createRowReader } from '../../../src/pipeline/read/row-reader.ts';
import { createRowValidator, toRejection } from '../../../src/pipeline/validate.ts';

const german = formatSchema.parse({
  name: 'german',
  columns: {
    order_id: { from: 'Bestell-Nr' },
    customer_name: { from: ['Lieferung an', 'Rechnung an'] },
    customer_email: { from: 'E-Mail' },
    product_name: { from: 'Artikel' },
    sku: { from: 'SKU' },
    hub_id: { value: 'HUB-1' },
    quantity: { from: 'Menge' },
    unit_price: { from: 'Summe', divide_by: 'quantity' },
    order_date: { from: 'Datum' },
    shipping_address: { join: ['Straße', 'PLZ', 'Ort'], with: ', ' },
  },
  numbers: { decimal: ',', group: '.', currency: 'EUR' },
  dates: ['dd.MM.yyyy', 'dd.MM.yyyy HH:mm'],
  time_zone: 'Europe/Berlin',
  only: { column: 'Status', in: ['bezahlt'] },
});
const COLUMNS =
  'Status;BESTELL_NR;Lieferung an;Rechnung an;E-Mail;Artikel;SKU;Menge;Summe;Datum;Strasse2;STRAßE;PLZ;Ort;_note'.split(
    ';',
  );
const GOOD = 'bezahlt;A-1; ;Zoë Groß;zoe@example.com;Röhre;R-1;1.000;1.234.000,00 €;01.02.2026;x;Am Weg 1;;Ulm;'.split(
  ';',
);

function read(changes: Record<number, string> = {}, format: Format = german, columns = COLUMNS) {
  const header = makeHeader([...columns], 1, format);
  const cells = GOOD.map((cell, i) => changes[i] ?? cell);
  const checked = createRowValidator(header, { timeZone: 'UTC' })({
    ...{ row: 2, cells, end: 0, malformedQuote: false, undecodable: null },
  });
  return { header, checked, cells };
}

test('values are taken from the columns that the format names, joined, divided, computed and converted', () => {
  const { checked } = read();
  expect(checked.reasons).toEqual([]);
  expect(checked.order).toEqual({
    row: 2,
    orderId: 'A-1',
    customerName: 'Zoë Groß',
    customerEmail: 'zoe@example.com',
    productName: 'Röhre',
    sku: 'R-1',
    hubId: 'HUB-1',
    quantity: 1_000,
    unitPriceMinor: 123_400,
    totalMinor: 123_400_000,
    orderDateMs: Date.UTC(2026, 0, 31, 23),
    shippingAddress: 'Am Weg 1, Ulm',
  });
});

test('only values that are no cells as they are count as made', () => {
  const { header } = read();
  expect(header.made).toEqual([
    ...['customer_name', 'hub_id', 'quantity', 'unit_price', 'total_amount', 'order_date', 'shipping_address'],
  ]);
  expect(header.orderColumns).toMatchObject({ order_id: 1, sku: 6, customer_name: 15, hub_id: 16 });
});

const MENGE = 7;
const SUMME = 8;
const DATUM = 9;
test.each<[what: string, changes: Record<number, string>, reasons: string[]]>([
  ['an id', { 1: ' ' }, ['order_id missing_value "BESTELL_NR" is empty']],
  [
    'one of two names',
    { 2: 'x\u0000y', 3: 'z' },
    [
      'customer_name control_character "Lieferung an" "x\\u0000y" contains a control character (U+0000) at character 2: remove it',
    ],
  ],
  ['none of two names', { 3: '' }, ['customer_name missing_value "Lieferung an" and "Rechnung an" is empty']],
  ['a name as in a standard file', { 6: '' }, ['sku missing_value sku is empty']],
  [
    'an e-mail',
    { 4: 'x' },
    ['customer_email invalid_email "E-Mail" "x" is not an e-mail address such as anna@example.com'],
  ],
  [
    'a quantity of another form',
    { [MENGE]: '2,5' },
    [
      'quantity invalid_quantity "Menge" "2,5" is not a whole number from 1 to 1,000,000, perhaps with "." between groups of three digits',
    ],
  ],
  [
    'a quantity of nothing',
    { [MENGE]: '0' },
    [
      'quantity invalid_quantity "Menge" "0" is not a whole number from 1 to 1,000,000 (digits only): an order is for at least one piece',
    ],
  ],
  [
    'an amount of another form',
    { [SUMME]: '12.50' },
    ['unit_price invalid_price "Summe" "12.50" is not an amount such as 1.234,50, as the format has it'],
  ],
  [
    'an amount that cannot be divided',
    { [MENGE]: '3', [SUMME]: '10,00' },
    ['unit_price invalid_price "Summe" "10,00" cannot be divided by the quantity 3 to the cent'],
  ],
  [
    'decimals beyond cents',
    { [SUMME]: '1000,123' },
    ['unit_price invalid_price "Summe" "1000,123" is not an amount from 0.00 to 9,999,999.99: at most 2 decimals'],
  ],
  [
    'a date of another form',
    { [DATUM]: '2026-02-01' },
    ['order_date invalid_date "Datum" "2026-02-01" is not a date of the form dd.MM.yyyy or dd.MM.yyyy HH:mm'],
  ],
  [
    'a day that is none',
    { [DATUM]: '31.02.2026' },
    ['order_date invalid_date "Datum" "31.02.2026" is not a day of the calendar'],
  ],
  ['no address', { 11: '', 13: '' }, ['shipping_address missing_value "STRAßE" and "PLZ" and "Ort" is empty']],
])('%s', (_, changes, reasons) => {
  const { checked, cells, header } = read(changes);
  expect(checked.order).toBe(null);
  expect(checked.reasons.map(({ column, code, reason }) => `${column} ${code} ${reason}`)).toEqual(reasons);
  expect(toRejection(checked, header, ';').values).toEqual(cells.slice(0, -1));
});

test('zones and hours of a format count', () => {
  expect(read({ [DATUM]: '01.07.2026 14:03' }).checked.order?.orderDateMs).toBe(Date.UTC(2026, 6, 1, 12, 3));
});

test('rows are skipped by what is declared, whatever its case and spaces', () => {
  const { header, cells } = read();
  const reader = createRowReader(header);
  expect(reader.skips(cells)).toBe(false);
  expect(reader.skips([' BEZAHLT ', ...cells.slice(1)])).toBe(false);
  expect(reader.skips(['offen', ...cells.slice(1)])).toBe(true);
});

test('the header again is no order', () => {
  const { header } = read();
  const checked = createRowValidator(header, { timeZone: 'UTC' })({
    ...{ row: 3, cells: COLUMNS, end: 0, malformedQuote: false, undecodable: null },
  });
  expect(checked.reasons.map(({ code }) => code)).toEqual(['not_an_order']);
});

test('cells that cannot be decoded make every column invalid that they are part of', () => {
  const { header, cells } = read();
  const checked = createRowValidator(header, { timeZone: 'UTC' })({
    ...{ row: 3, cells, end: 0, malformedQuote: false, undecodable: [13] },
  });
  expect(checked.reasons.map(({ column, code }) => `${column} ${code}`)).toEqual(['shipping_address invalid_utf8']);
});

test.each<[what: string, columns: string[], code: string, words: RegExp]>([
  [
    'a column less',
    COLUMNS.filter((name) => name !== 'PLZ'),
    'missing_column',
    /lacks "PLZ" \(for shipping_address\), which the format german reads; .* POST \/preview shows/,
  ],
  [
    'both columns of a list less',
    COLUMNS.filter((name) => !name.endsWith(' an')),
    'missing_column',
    /"Lieferung an" and "Rechnung an" \(for customer_name\)/,
  ],
  ['no column to select by', COLUMNS.slice(1), 'missing_column', /"Status" \(for only\)/],
  ['a column twice', [...COLUMNS, 'p-l z'], 'duplicate_column', /names the column "p-l z" twice, as columns 13 and 16/],
])('a header with %s is refused', (_, columns, code, words) => {
  expect(() => makeHeader(columns, 1, german)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(words) }),
  );
});

test('one column of a list is enough, and a format that only renames makes nothing', () => {
  expect(
    makeHeader(
      COLUMNS.filter((name) => name !== 'Rechnung an'),
      1,
      german,
    ).made,
  ).not.toContain('customer_name');
  const renaming = formatSchema.parse({
    name: 'renaming',
    columns: Object.fromEntries(ORDER_COLUMNS.map((column) => [column, { from: `My ${column}` }])),
  });
  expect(
    makeHeader(
      ORDER_COLUMNS.map((column) => `my ${column}`),
      1,
      renaming,
    ).made,
  ).toEqual([]);
});
