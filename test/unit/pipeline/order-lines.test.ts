/** Orders of neighbouring rows: which rows belong together, what all of them must say, and that chunks and checkpoints change nothing. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { ORDER_COLUMNS } from '../../../src/model/columns.ts';
import { type Format, formatSchema } from '../../../src/model/format.ts';
import { ChunkBuilder } from '../../../src/pipeline/chunk-builder.ts';
import { makeHeader } from '../../../src/pipeline/read/header.ts';
import { type Resume, readFile } from '../../../src/pipeline/read/read-file.ts';
import { HEADER, sourceOf } from '../../support/reading.ts';

const formatOf = (more: object = {}, columns: object = {}): Format =>
  formatSchema.parse({
    name: 'lines',
    columns: { ...Object.fromEntries(ORDER_COLUMNS.map((column) => [column, { from: column }])), ...columns },
    lines: 'adjacent',
    ...more,
  });

type At = Resume & { openOrder: string | null };

/** What becomes of the rows of a file from there on, chunk by chunk. */
async function build(file: string, format = formatOf(), rows: number = limits.firstChunkRows, at: At | null = null) {
  const bounds = { ...limits, firstChunkRows: rows, maxChunkRows: rows };
  const opened = await readFile(sourceOf(Buffer.from(file)), at, { maxInflatedBytes: 1e9 }, bounds);
  const header = makeHeader(opened.header.columns, 1, format);
  const builder = new ChunkBuilder(header, opened.intake, {
    timeZone: 'UTC',
    now: () => 0,
    ask: async (pairs) => pairs.map(({ sku }) => ({ skuValid: sku !== 'NO', hubValid: true })),
    openOrder: at?.openOrder ?? null,
  });
  const chunks = [];
  for await (const { n, end, intake, last } of opened.chunks(builder)) {
    const { orders, rejections, openOrder } = builder.takeChunk();
    chunks.push({
      orders: Array.from({ length: orders.orders }, (_, order) => {
        const { items, ...content } = orders.content(order);
        return {
          id: orders.text(orders.first(order), 'order_id'),
          row: orders.row(orders.first(order)),
          ...content,
          items: items.map((item) => `${item.quantity} ${item.sku} ${item.lineTotalMinor}`),
        };
      }),
      rejections: rejections.map(({ row, reasons, values }) => ({ row, reasons, values })),
      next: {
        ...{ intake, columns: header.columns, format: null },
        ...{ nextChunk: n + 1, position: end, openOrder },
      } satisfies At,
      last,
    });
    orders.release();
  }
  return {
    chunks,
    orders: chunks.flatMap((chunk) => chunk.orders),
    rejections: chunks.flatMap((chunk) => chunk.rejections),
  };
}

/** A line of the order; with an item, else all cells. Empty cells of the order where `person` is empty. */
const line = (id: string, item = 'S', { person = 'Ada', quantity = '1', total = '2.00', ...more } = {}): string => {
  const {
    email = person && 'a@x.org',
    date = person && '2026-11-20',
    to = person && 'Here 1',
  } = more as Record<string, string>;
  return [id, person, email, 'Thing', item, 'H', quantity, '2.00', total, date, to].join(',');
};
const later = (id: string, item = 'S', more = {}) => line(id, item, { person: '', ...more });
const fileOf = (lines: string[]) => `${[HEADER, ...lines].join('\n')}\n`;
const outcome = async (lines: string[], format?: Format) => {
  const { orders, rejections } = await build(fileOf(lines), format);
  return {
    orders: orders.map(({ id, row, items }) => `${id} ${row} ${items.length}`),
    rejected: rejections.map(({ row, reasons }) => `${row} ${reasons.map(({ code }) => code)}`),
    reasons: rejections.map(({ reasons }) => reasons[0]!.reason),
  };
};

describe('an order of neighbouring rows', () => {
  test('has an item for each, and what its first row says', async () => {
    const { orders, rejections } = await build(
      fileOf([line('A', 'S'), later('A', 'T', { quantity: '3', total: '6.00' }), line('B'), line('A', 'S')]),
    );
    expect(rejections).toEqual([]);
    expect(orders[0]).toEqual({
      ...{ id: 'A', row: 2, customerName: 'Ada', customerEmail: 'a@x.org', shippingAddress: 'Here 1' },
      ...{ orderDateMs: Date.UTC(2026, 10, 20), totalMinor: 800, items: ['1 S 200', '3 T 600'] },
    });
    // What comes again further down is another order, which the store refuses.
    expect(orders.map(({ id, row }) => [id, row])).toEqual([
      ['A', 2],
      ['B', 4],
      ['A', 5],
    ]);
  });

  const cases: [string, string[], string[], string[]][] = [
    ['the same said again', [line('A'), line('A'), later(' A ')], ['A 2 3'], []],
    ['an empty order id', [line('A'), later(''), line('B')], ['A 2 2', 'B 4 1'], []],
    ['an empty order id at the beginning', [line(''), line('A')], ['A 3 1'], ['2 missing_value']],
    [
      'another customer',
      [line('A'), line('A', 'S', { person: 'Bob' })],
      [],
      ['2 order_incomplete', '3 order_conflict'],
    ],
    ['a day in another form', [line('A'), line('A', 'S', { date: '2026-11-20T00:00Z' } as never)], ['A 2 2'], []],
    [
      'another day',
      [line('A'), line('A', 'S', { date: '2026-11-21' } as never)],
      [],
      ['2 order_incomplete', '3 order_conflict'],
    ],
    [
      'a wrong row',
      [line('A'), later('A', 'S', { quantity: 'x' }), later('A'), line('B')],
      ['B 5 1'],
      ['2 order_incomplete', '3 invalid_quantity', '4 order_incomplete'],
    ],
    [
      'a first row that is wrong, which later ones do not repeat',
      [line('A', 'S', { email: 'nobody' } as never), later('A')],
      [],
      ['2 invalid_email', '3 order_incomplete'],
    ],
    ['an unknown SKU', [line('A'), later('A', 'NO')], [], ['2 order_incomplete', '3 unknown_sku']],
    [
      'a wrong total of a line',
      [line('A'), later('A', 'S', { total: '3.00' })],
      [],
      ['2 order_incomplete', '3 total_mismatch'],
    ],
    [
      'too many cells',
      [line('A'), `${later('A')},x`, later('A')],
      [],
      ['2 order_incomplete', '3 column_count', '4 order_incomplete'],
    ],
    ['too few cells', [line('A'), 'x', line('A')], ['A 2 1', 'A 4 1'], ['3 column_count']],
    [
      'a row without any id that can be read',
      [line('A'), ',x', line('A')],
      [],
      ['2 order_incomplete', '3 column_count', '4 order_incomplete'],
    ],
    ['a header between them', [line('A'), HEADER, line('A')], ['A 2 2'], ['3 not_an_order']],
    ['a line of totals', [line('A'), ',Total,,,,,,,4.00,,', line('B')], ['A 2 1', 'B 4 1'], ['3 not_an_order']],
    ['blank lines', [line('A'), '', later('A')], ['A 2 2'], []],
    ['a hundred rows', [line('A'), ...Array(99).fill(later('A'))], ['A 2 100'], []],
  ];
  test.each(cases)('%s', async (_, lines, orders, rejected) => {
    expect(await outcome(lines)).toMatchObject({ orders, rejected });
  });

  test('with more than a hundred rows, or a mebibyte, has too many', async () => {
    const many = await outcome([line('A'), ...Array(240).fill(later('A')), line('B')]);
    expect(many.orders).toEqual(['B 243 1']);
    expect(new Set(many.rejected.map((one) => one.split(' ')[1]))).toEqual(new Set(['too_many_items']));
    expect(many.rejected.length).toBe(241);
    const long = 'x'.repeat(600_000);
    const large = await outcome([line('A'), later('A', long), later('A', long), line('B')]);
    expect(large).toMatchObject({ orders: ['B 5 1'], rejected: [2, 3, 4].map((row) => `${row} too_many_items`) });
  });

  test('says which row is to be fixed, and what the first one says', async () => {
    const { reasons } = await outcome([line('A'), line('A', 'S', { person: 'Bob' })]);
    expect(reasons).toEqual([
      'row 3 of the same order is to be fixed: an order is taken with all of its rows, or not at all',
      'customer_name "Bob" is another than "Ada" in row 2, the first of the same order: make them alike, or leave it empty',
    ]);
  });

  const ofOrder = formatOf({ total: 'order' });
  const totals: [string, string[], string[], string[]][] = [
    ['the sum of the items', ['4.00', ''], ['A 2 2'], []],
    ['said in each row', ['4.00', '4.0'], ['A 2 2'], []],
    ['another sum', ['5.00', ''], [], ['2 total_mismatch', '3 order_incomplete']],
    ['two totals', ['4.00', '5.00'], [], ['2 order_incomplete', '3 order_conflict']],
    ['none', ['', ''], [], ['2 missing_value', '3 order_incomplete']],
    ['no amount', ['4,00 EUR', ''].map((total) => `"${total}"`), [], ['2 invalid_total', '3 order_incomplete']],
  ];
  test.each(totals)('whose total is that of the order: %s', async (_, [first, second], orders, rejected) => {
    const lines = [line('A', 'S', { total: first! }), later('A', 'T', { total: second! })];
    expect(await outcome(lines, ofOrder)).toMatchObject({ orders, rejected });
  });

  test('cannot come to more than an order may', async () => {
    const most = { quantity: '1000000', total: '9999999990000.00' };
    const lines = [1, 2].map(() => line('A', 'S', most).replace(',2.00,', ',9999999.99,'));
    expect(await outcome(lines)).toMatchObject({ orders: [], rejected: ['2 invalid_total', '3 order_incomplete'] });
  });
});

test('any file is read the same, however it is cut into chunks, and from every checkpoint on', async () => {
  const row = fc.record({
    id: fc.constantFrom('A', 'A', 'A', 'B', 'C', ''),
    kind: fc.constantFrom('line', 'line', 'later', 'later', 'wrong', 'short', 'header'),
    times: fc.constantFrom(1, 1, 1, 1, 2, 60),
  });
  const textOf = ({ id, kind }: { id: string; kind: string }) =>
    ({ line: line(id), wrong: line(id, 'S', { quantity: '0' }), short: `${id},x`, header: HEADER })[kind] ?? later(id);
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 12 }), fc.integer({ min: 1, max: 9 }), async (rows, size) => {
      const lines = rows.flatMap((one) => Array<string>(one.times).fill(textOf(one)));
      const file = fileOf([line('Z'), ...lines]);
      const whole = await build(file);
      const cut = await build(file, undefined, size);
      expect(cut.orders).toEqual(whole.orders);
      expect(cut.rejections).toEqual(whole.rejections);
      const some = cut.chunks.slice(0, -1).filter((_, n) => n % 3 === 0);
      for (const { next } of some) {
        const rest = await build(file, undefined, size, next);
        const behind = cut.chunks.slice(next.nextChunk);
        expect(rest.orders).toEqual(behind.flatMap((chunk) => chunk.orders));
        expect(rest.rejections).toEqual(behind.flatMap((chunk) => chunk.rejections));
      }
    }),
    { numRuns: 60 },
  );
});
