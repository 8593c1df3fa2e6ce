/** The rows of a file on their fast path and on the slow path, to be compared, and values for them. */
import fc from 'fast-check';
import { limits } from '../../src/limits.ts';
import { type OrderColumn, TEXT_COLUMNS } from '../../src/model/columns.ts';
import type { Format } from '../../src/model/format.ts';
import { ChunkBuilder } from '../../src/pipeline/chunk-builder.ts';
import type { ReadBounds, RowConsumer } from '../../src/pipeline/read/read-chunks.ts';
import { readFile } from '../../src/pipeline/read/read-file.ts';
import type { TextForm } from '../../src/pipeline/read/transcode.ts';
import { sourceOf } from './reading.ts';

const NUMBERS = ['quantity', 'unitPriceMinor', 'totalMinor', 'orderDateMs'] as const;

export interface Way {
  fast: boolean;
  encoding?: string;
  format?: Format;
  bounds?: Partial<ReadBounds>;
  timeZone?: string;
  /** What a chunk takes. */
  chunkMs?: number;
}

/** What becomes of a file: its chunks, and how many of its rows took the fast path. */
export async function build(file: Buffer, { fast, encoding, format, bounds, timeZone = 'UTC', chunkMs = 0 }: Way) {
  const readOptions = {
    maxInflatedBytes: 1e9,
    ...(encoding === undefined ? {} : { encoding }),
    ...(format && { format }),
  };
  const opened = await readFile(sourceOf(file), null, readOptions, { ...limits, ...bounds });
  let time = 0;
  const asked: string[][] = [];
  const builder = new ChunkBuilder(opened.header, opened.intake, {
    timeZone,
    now: () => time,
    async ask(pairs) {
      asked.push(pairs.map(({ sku, hubId }) => `${sku} at ${hubId}`));
      return pairs.map(({ sku, hubId }) => ({ skuValid: !sku.includes('X'), hubValid: !hubId.includes('X') }));
    },
  });
  let taken = 0;
  const consumer: RowConsumer = {
    take(...record) {
      const end = fast ? builder.take(...record) : -1;
      if (end !== -1) taken++;
      return end;
    },
    add: (row) => builder.add(row),
    check: (intake) => builder.check(intake),
    lines: builder.lines,
    set form(form: TextForm) {
      builder.form = form;
    },
  };
  const chunks: unknown[] = [];
  for await (const { n, start, end, last } of opened.chunks(consumer)) {
    time += chunkMs;
    const { orders, rejections, warnings, skipped } = builder.takeChunk();
    const { skus, hubIds } = orders.pairs;
    chunks.push({
      n,
      start,
      end,
      last,
      rejections,
      warnings,
      skipped,
      asked: asked.splice(0).flat().sort(),
      orders: Array.from({ length: orders.length }, (_, i) => ({
        row: orders.row(i),
        values: orders.values(i),
        texts: TEXT_COLUMNS.map((column) => orders.text(i, column)),
        numbers: NUMBERS.map((name) => orders[name](i)),
        pair: [skus[orders.pair(i)], hubIds[orders.pair(i)]],
      })),
    });
    orders.release();
  }
  return { chunks, taken };
}

export const GOOD: Record<OrderColumn, string[]> = {
  order_id: [
    'A-1',
    'A-2',
    '007',
    'é',
    'e\u0301',
    'A-1\u200b',
    '注文',
    '.',
    '..',
    '...',
    '.1',
    '4.00638E+12',
    '4E+5',
    '400638133390000000',
    '4006381333900001',
    '1E5',
    'x'.repeat(500),
  ],
  customer_name: [
    'Ada',
    'Anna Müller',
    'O"Brien',
    'Zoë 🙂',
    'RenÃ©',
    'itâ€™s',
    'SÃO',
    'Âû',
    'Ã\u0089',
    'a\tb',
    'می\u200cخواهم',
    'അവന\u0d4d\u200d',
    '👩\u200d💻',
    '❤\ufe0f',
    '\u200fAnn\u200b',
    '🏴\u{e0067}\u{e0062}\u{e007f}',
  ],
  customer_email: [
    'ada@example.com',
    "o'b.c+d-e_f@a.b-c.de",
    'A@B.CO',
    'x@1.xyz',
    'a.@docomo.example',
    'a..b@a_b.de',
    "a'@b.de",
    'a@b-c-.de',
    'a@xn--a.xn--p1ai',
    `${'a'.repeat(242)}@example.com`,
    `${'a'.repeat(243)}@example.com`,
  ],
  product_name: ['Engine', '27" monitor', '"quoted"', '분석기', 'x\u00a0', '\u00a0x'],
  sku: ['S-1', 'S-2', 'SX', '00417', 'Ñ', 'S', 'S-'],
  hub_id: ['H-1', 'H-2', 'HX', '1-H', 'Ñ', '-1', '1'],
  quantity: ['1', '2', '0000002', '1000000'],
  unit_price: ['19.99', '0', '0.5', '9999999.99', '007.1'],
  total_amount: ['19.99', '39.98', '0', '0.00', '0.5', '1'],
  order_date: [
    '2026-11-20',
    '2024-02-29',
    '2026-11-20T14:03:00Z',
    '2026-11-20 14:03',
    '2026-11-20T14:03:00+01:00',
    '2026-11-20 14:03:00 -0500',
    '2026-11-20T14:03:00.5Z',
    '2026-11-20T14:03:00',
    '2026-11-20T14:03:00 +05',
  ],
  shipping_address: ['12 St James, London', 'Königstraße 12\n70173 Stuttgart', ' x ', 'x'],
};
export const BAD = [
  '', ' ', '0', '-1', '1.234', '1e3', '12345678', '1000001', '.5', '5.', '1..2', 'a@b', '.a@b.de', 'a.@b.de', 'a..b@c.de', 'a@b..de', 'a@-b.de', 'a@b-.de', 'a@b.de-', 'a@b_.d_e', '@b.de', 'a@b.de.', `a@${'x'.repeat(63)}.de`, `a@${'x'.repeat(64)}.de`, `a@b.${'x'.repeat(64)}`, 'a!#$%&*/=?^`{|}~@b.de',
  "a'@b.de", 'a@b.d1', 'ä@b.de', '2026-02-29', '2026-13-01', '2026-11-20T24:00:00Z', '2026-11-20T14:60:00Z', '2026-11-20x14:03:00Z', '0000-01-01',
  'x\u0000', 'x\u007f', '\u0085', '\ufeff', '\u3000x', 'x'.repeat(501), 'é'.repeat(300), 'é'.repeat(501), '\u200b', '\ud7ff', '“x”', 'x–y', '\u1680x', 'x\u2028', 'ひらがな', 'ไทย', '🙂', 'x\u200bx', 'x\u00adx', 'x\u202ex', 'x\u2066x', '\u3164', '\u2800', 'x\ufff9', 'x\u206ax', 'x\ufdd0', 'x\uffff', 'x\u{1ffff}x', 'x\u{e0041}', 'x\u{e0100}',
 'x\u180e', 'x\u061c', 'x\u034f', '\u115fx', 'x\uffa0', '\u17b4', '\u{1d173}', '\u{1bca0}', '\u200d', 'x\u200d', '\u180bx', 'x\u2064', 'e\u0301', '\u0080x', 'x\ufffd',
]; // biome-ignore format: a list of values

/** A value of the column, nearly always a good one. */
export const cellOf = (column: OrderColumn) =>
  fc.oneof(
    { weight: 30, arbitrary: fc.constant(GOOD[column][0]!) },
    { weight: 12, arbitrary: fc.constantFrom(...GOOD[column]) },
    { weight: 1, arbitrary: fc.constantFrom(...BAD) },
  );
