/** The fast path of a row that a format reads gives what the slow path gives, and nearly all rows take it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ORDER_COLUMNS, type OrderColumn } from '../../../src/model/columns.ts';
import { type Format, formatSchema } from '../../../src/model/format.ts';
import { csvRecord } from '../../../src/model/spreadsheet-cell.ts';
import { BAD, build, cellOf, GOOD } from '../../support/both-paths.ts';

const from = (column: string) => ({ from: column });
const AS_THEY_ARE = Object.fromEntries(ORDER_COLUMNS.map((column) => [column, from(column)]));

const FORMS = [
  { decimal: '.', group: '', currency: null },
  { decimal: ',', group: '.', currency: null },
  { decimal: ',', group: ' ', currency: 'EUR' },
  { decimal: '.', group: "'", currency: 'CHF' },
] as const;
const DATES = [[], ['dd.MM.yyyy'], ['d/M/yyyy HH:mm', 'yyyy-MM-dd'], ['yyyy-MM-dd HH:mm:ss XXX']];

const text = (column: OrderColumn, constant: string) =>
  fc.constantFrom(
    from(column),
    from(column),
    { from: [column, 'Other'] },
    { from: ['Other', column] },
    { value: constant },
    { value: ` ${constant} ` },
    { join: [column, 'Other'], with: ', ' },
    { join: ['Other', column] },
  );
const columns = fc.record({
  order_id: fc.constantFrom(from('order_id'), from('order_id'), { from: ['Other', 'order_id'] }),
  customer_name: text('customer_name', 'Ada'),
  customer_email: fc.constantFrom(from('customer_email'), { from: ['Other', 'customer_email'] }, { value: 'a@b.de' }),
  product_name: text('product_name', 'Engine'),
  sku: fc.constantFrom(from('sku'), from('sku'), { from: ['sku', 'Other'] }),
  hub_id: fc.constantFrom(from('hub_id'), { value: 'H-1' }, { value: 'HX' }, { from: 'sku' }),
  quantity: fc.constantFrom(from('quantity'), from('quantity'), { value: '2' }, { from: ['Other', 'quantity'] }),
  unit_price: fc.constantFrom(from('unit_price'), { from: 'total_amount', divide_by: 'quantity' }, { value: '19.99' }),
  total_amount: fc.constantFrom<object>({ compute: true }, from('total_amount'), { value: '39.98' }),
  order_date: fc.constantFrom(from('order_date'), from('order_date'), { value: '2026-11-20' }),
  shipping_address: text('shipping_address', 'London 1'),
});
/** What has only the slow path. */
const unusual = fc.constantFrom<object>(
  ...Array<object>(12).fill({}),
  { customer_name: { join: ['Other', 'customer_name'], with: '' } },
  { shipping_address: { join: ['Other', 'shipping_address'], with: 'ü' } },
  { customer_email: { join: ['customer_email', 'Other'] } },
  { sku: { value: 'S-1' } },
  { hub_id: { value: 'Ñ' } },
);
const formats = fc
  .record({
    columns: fc.tuple(columns, unusual).map(([usual, more]) => ({ ...usual, ...more })),
    numbers: fc.constantFrom(...FORMS),
    dates: fc.constantFrom(...DATES),
    time_zone: fc.constantFrom(null, 'America/New_York'),
    only: fc.constantFrom(null, { column: 'Status', in: ['Paid', 'bezahlt ä'] }),
  })
  .map((members) => formatSchema.parse({ name: 'any', ...members }));

const ODD_NUMBERS = ['2', '19.99', '19,99', '39.98', '39,98', '€ 39,98', '39,98 eur', 'CHF 19.99', '1.000', "1'000", '1 000', '1\u202f000,00', '1.00', '0', '0,00', '0000000000000002', '00000019.99', '9999999.99', '10000000', '19.999', ' 2']; // biome-ignore format: a list of values
const ODD_DATES = ['20.11.2026', '9/11/2026 02:30', '29.02.2026', '2026-11-20', '2026-03-08 02:30:00 +01:00', '1/1/0001 00:00']; // biome-ignore format: a list of values
const amountIn = ({ numbers }: Format, amount: string) => amount.replace('.', numbers.decimal);
const day = ({ dates }: Format) =>
  ({ 'dd.MM.yyyy': '20.11.2026', 'd/M/yyyy HH:mm': '20/11/2026 01:30', 'yyyy-MM-dd HH:mm:ss XXX': '2026-11-20 01:30:00 -05:00' })[dates[0]!] ?? '2026-11-20'; // biome-ignore format: one line

const odd = fc.constantFrom(...ODD_NUMBERS, ...ODD_DATES, ...BAD);
const rowOf = fc.record({
  texts: fc.oneof(
    { weight: 2, arbitrary: fc.constant(ORDER_COLUMNS.map((column) => GOOD[column][0]!)) },
    { weight: 1, arbitrary: fc.tuple(...ORDER_COLUMNS.map(cellOf)) },
  ),
  odd: fc.oneof(fc.constant(null), fc.constant(null), fc.tuple(fc.integer({ min: 6, max: 9 }), odd)),
  other: fc.oneof(
    { weight: 6, arbitrary: fc.constant('') },
    { weight: 3, arbitrary: fc.constantFrom('Ada', '7', 'é', '"', ' ') },
    { weight: 1, arbitrary: fc.constantFrom(...BAD, ...GOOD.customer_name) },
  ),
  status: fc.constantFrom('paid', ' PAID', 'Paid', 'Bezahlt Ä', 'open', 'öffen', '', ' ', 'a"b', 'pa\nid'),
  quoted: fc.boolean(),
  blank: fc.constantFrom(false, false, false, true),
});

const HEADER = [...ORDER_COLUMNS, 'Other', 'Status'];

interface Row {
  texts: readonly string[];
  /** A cell of a number or a date that is another. */
  odd: [number, string] | null;
  other: string;
  status: string;
  quoted: boolean;
  blank: boolean;
}

function fileOf(format: Format, rows: readonly Row[]): Buffer {
  const lines = rows.flatMap(({ texts, odd, other, status, quoted, blank }) => {
    const cells = [...texts];
    cells.splice(6, 4, '2', amountIn(format, '19.99'), amountIn(format, '39.98'), day(format));
    if (odd !== null) cells[odd[0]] = odd[1];
    const all = [...cells, other, status];
    const line = quoted ? all.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',') : csvRecord(all, ',');
    return blank ? [line, ','.repeat(HEADER.length - 1)] : [line];
  });
  return Buffer.from(`${[HEADER.join(','), ...lines].join('\n')}\n`);
}

describe('the fast path of a row that a format reads', () => {
  test('gives the same as the slow path', async () => {
    let taken = 0;
    let rows = 0;
    await fc.assert(
      fc.asyncProperty(
        formats,
        fc.array(rowOf, { minLength: 1, maxLength: 20 }),
        fc.constantFrom(undefined, undefined, 'windows-1252'),
        fc.integer({ min: 40, max: 2_000 }),
        async (format, some, encoding, readBlockBytes) => {
          const file = fileOf(format, some);
          const bounds = { readBlockBytes, maxPartRows: 3, firstChunkRows: 5, maxChunkRows: 9 };
          const way = { format, bounds, ...(encoding === undefined ? {} : { encoding }) };
          const fast = await build(file, { ...way, fast: true });
          expect(fast.chunks).toEqual((await build(file, { ...way, fast: false })).chunks);
          taken += fast.taken;
          rows += some.length;
        },
      ),
      { numRuns: 800 },
    );
    // Otherwise the slow path would have been compared with itself.
    expect(taken / rows).toBeGreaterThan(0.05);
  });

  test.each<[string, object, object?]>([
    ['constants', { hub_id: { value: 'H-1' }, customer_email: { value: 'a@b.de' } }],
    ['a calculated total', { total_amount: { compute: true } }],
    ['the price of one from that of all', { unit_price: { from: 'total_amount', divide_by: 'quantity' } }],
    ['joined columns', { shipping_address: { join: ['shipping_address', 'Other'], with: ', ' } }],
    ['the first that is not empty', { customer_name: { from: ['Other', 'customer_name'] } }],
    ['numbers and dates of another form', {}, { numbers: FORMS[1], dates: ['dd.MM.yyyy'] }],
    ['a currency', {}, { numbers: FORMS[2] }],
    ['rows that are left out', {}, { only: { column: 'Status', in: ['paid'] } }],
  ])('is taken with %s', async (_, changed, more = {}) => {
    const format = formatSchema.parse({ name: 'any', columns: { ...AS_THEY_ARE, ...changed }, ...more });
    const row = (i: number) => ({
      texts: ORDER_COLUMNS.map((column) => (column === 'order_id' ? `A-${i}` : GOOD[column][0]!)),
      ...{ odd: null, other: i % 2 ? 'Müller' : '', status: i % 3 ? 'Paid' : 'open', quoted: false, blank: false },
    });
    const file = fileOf(
      format,
      Array.from({ length: 30 }, (_, i) => row(i)),
    );
    const fast = await build(file, { fast: true, format });
    expect(fast.taken).toBe(30);
    expect(fast.chunks).toEqual((await build(file, { fast: false, format })).chunks);
  });
});
