/** A standard file that is rewritten at random, and read with the format that says how, gives the very same orders. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ORDER_COLUMNS, type OrderColumn, TEXT_COLUMNS } from '../../../src/model/columns.ts';
import { type DatePattern, exampleOfPattern, parseDatePattern } from '../../../src/model/date-pattern.ts';
import { type Format, formatSchema } from '../../../src/model/format.ts';
import { formatMinor } from '../../../src/model/money.ts';
import { csvRecord } from '../../../src/model/spreadsheet-cell.ts';
import { ChunkBuilder } from '../../../src/pipeline/chunk-builder.ts';
import { readFile } from '../../../src/pipeline/read/read-file.ts';
import { sourceOf } from '../../support/reading.ts';

const NUMBERS = ['quantity', 'unitPriceMinor', 'totalMinor', 'orderDateMs'] as const;

async function ordersOf(file: string, format: Format | null) {
  const opened = await readFile(sourceOf(Buffer.from(file)), null, {
    maxInflatedBytes: 1e9,
    ...(format && { format }),
  });
  const builder = new ChunkBuilder(opened.header, opened.intake, {
    timeZone: 'UTC',
    now: () => 0,
    ask: async (pairs) => pairs.map(() => ({ skuValid: true, hubValid: true })),
  });
  const found: unknown[] = [];
  for await (const _ of opened.chunks(builder)) {
    const { orders, rejections, skipped } = builder.takeChunk();
    expect({ rejections, skipped }).toEqual({ rejections: [], skipped: 0 });
    for (let i = 0; i < orders.length; i++)
      found.push([...TEXT_COLUMNS.map((column) => orders.text(i, column)), ...NUMBERS.map((name) => orders[name](i))]);
    orders.release();
  }
  return found;
}

const word = fc.stringMatching(/^[A-Za-z0-9éßö"']{1,8}$/);
const row = fc.record({
  names: fc.array(word, { minLength: 1, maxLength: 3 }),
  places: fc.array(word, { minLength: 2, maxLength: 2 }),
  product: word,
  sku: word.filter((text) => /^[a-z]/i.test(text)),
  quantity: fc.integer({ min: 1, max: 99_999 }),
  price: fc.integer({ min: 1, max: 9_999_999 }),
  day: fc.date({ min: new Date('1990-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
});
const way = fc.record({
  numbers: fc.constantFrom<{ decimal: '.' | ','; group: '' | '.' | ' ' | "'" | ',' }>(
    { decimal: '.', group: '' },
    { decimal: ',', group: '.' },
    { decimal: ',', group: ' ' },
    { decimal: '.', group: "'" },
    { decimal: '.', group: ',' },
  ),
  date: fc.constantFrom(null, 'dd.MM.yyyy', 'M/d/yyyy', 'yyyyMMdd', 'yyyy-MM-dd'),
  delimiter: fc.constantFrom<',' | ';' | '\t' | '|'>(',', ';', '\t', '|'),
  divides: fc.boolean(),
  splits: fc.boolean(),
  constant: fc.boolean(),
  lists: fc.boolean(),
  order: fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
  above: fc.nat({ max: 3 }),
});

test('a file in another form, with its format, has the orders of the standard file', () =>
  fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), way, async (rows, how) => {
      const plain = rows.map(
        (one, i): Record<OrderColumn, string> => ({
          ...{ order_id: `O-${i}`, customer_name: one.names.join(' '), customer_email: 'ada@example.com' },
          ...{ product_name: one.product, sku: one.sku, hub_id: 'HUB-1', quantity: String(one.quantity) },
          ...{ unit_price: formatMinor(one.price), total_amount: formatMinor(one.price * one.quantity) },
          ...{ order_date: one.day.toISOString().slice(0, 10), shipping_address: one.places.join(', ') },
        }),
      );
      const { format, records } = rewritten(plain, how);
      const standard = [ORDER_COLUMNS, ...plain.map((one) => ORDER_COLUMNS.map((column) => one[column]))];
      const text = (lines: readonly (readonly string[])[], delimiter: string) =>
        `${lines.map((cells) => csvRecord(cells, delimiter)).join('\n')}\n`;
      const above = 'A title of the file\n'.repeat(how.above);
      expect(await ordersOf(above + text(records, how.delimiter), format)).toEqual(
        await ordersOf(text(standard, ','), null),
      );
    }),
    { numRuns: 200 },
  ));

function rewritten(
  plain: Record<OrderColumn, string>[],
  how: typeof way extends fc.Arbitrary<infer Way> ? Way : never,
) {
  const { numbers, date, delimiter, divides, splits, constant, lists, order, above } = how;
  const pattern = date === null ? null : (parseDatePattern(date) as DatePattern);
  const amount = (text: string) => {
    const [whole, decimals] = text.split('.') as [string, string];
    return `${whole.replace(/\B(?=(\d{3})+$)/g, numbers.group)}${numbers.decimal}${decimals}`;
  };
  const count = (text: string) => text.replace(/\B(?=(\d{3})+$)/g, numbers.group);
  const columns: [string, (one: Record<OrderColumn, string>, i: number) => string][] = [
    ['No', (one) => one.order_id],
    ['Mail', (one) => one.customer_email],
    ['Item', (one) => one.product_name],
    ['Article', (one) => one.sku],
    ['Qty', (one) => count(one.quantity)],
    ['Price', (one) => amount(divides ? one.total_amount : one.unit_price)],
    ['Day', (one) => (pattern === null ? one.order_date : exampleOfPattern(pattern, one.order_date))],
    ['Remark', (_, i) => `remark ${i}`],
    ...(constant ? [] : [['Hub', (one: Record<OrderColumn, string>) => one.hub_id] as [string, never]]),
    ...(lists
      ? ([
          ['Ship to', (one, i) => (i % 2 ? one.customer_name : ' ')],
          ['Bill to', (one, i) => (i % 2 ? 'somebody else' : one.customer_name)],
        ] as [string, (one: Record<OrderColumn, string>, i: number) => string][])
      : ([['Ship to', (one) => one.customer_name]] as [string, (one: Record<OrderColumn, string>) => string][])),
    ...(splits
      ? ([
          ['Street', (one) => one.shipping_address.split(', ')[0]!],
          ['Town', (one) => one.shipping_address.split(', ')[1]!],
        ] as [string, (one: Record<OrderColumn, string>) => string][])
      : ([['Address', (one) => one.shipping_address]] as [string, (one: Record<OrderColumn, string>) => string][])),
  ];
  const shuffled = columns.map((column, i) => ({ column, key: order[i]! })).sort((a, b) => a.key - b.key);
  const format = formatSchema.parse({
    ...{ name: 'any', header: { skip_rows: above }, numbers, dates: date === null ? [] : [date], delimiter },
    columns: {
      ...{ order_id: { from: 'n_o' }, customer_email: { from: 'MAIL' }, product_name: { from: 'item' } },
      ...{ sku: { from: 'Article' }, quantity: { from: 'qty' }, order_date: { from: 'Day' } },
      unit_price: { from: 'Price', ...(divides && { divide_by: 'quantity' }) },
      hub_id: constant ? { value: 'HUB-1' } : { from: 'Hub' },
      customer_name: { from: lists ? ['Ship to', 'Bill to'] : 'ship-to' },
      shipping_address: splits ? { join: ['Street', 'Town'], with: ', ' } : { from: 'Address' },
    },
  });
  const records = [
    shuffled.map(({ column: [name] }) => name),
    ...plain.map((one, i) => shuffled.map(({ column: [, of] }) => of(one, i))),
  ];
  return { format, records };
}
