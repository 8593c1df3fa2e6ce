/** The fast path of a row gives what the slow path gives, whatever the file is, and nearly all rows take it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../../../src/model/columns.ts';
import { ChunkBuilder } from '../../../src/pipeline/chunk-builder.ts';
import type { ReadBounds, RowConsumer } from '../../../src/pipeline/read/read-chunks.ts';
import { readFile } from '../../../src/pipeline/read/read-file.ts';
import type { TextForm } from '../../../src/pipeline/read/transcode.ts';
import { generated } from '../../support/http.ts';
import { sourceOf } from '../../support/reading.ts';

const NUMBERS = ['quantity', 'unitPriceMinor', 'totalMinor', 'orderDateMs'] as const;

interface Way {
  fast: boolean;
  encoding?: string;
  bounds?: Partial<ReadBounds>;
  timeZone?: string;
  /** What a chunk takes. */
  chunkMs?: number;
}

/** What becomes of a file: its chunks, and how many of its rows took the fast path. */
async function build(file: Buffer, { fast, encoding, bounds, timeZone = 'UTC', chunkMs = 0 }: Way) {
  const readOptions = { maxInflatedBytes: 1e9, ...(encoding === undefined ? {} : { encoding }) };
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
    set form(form: TextForm) {
      builder.form = form;
    },
  };
  const chunks: unknown[] = [];
  for await (const { n, start, end, last } of opened.chunks(consumer)) {
    time += chunkMs;
    const { orders, rejections, warnings } = builder.takeChunk();
    const { skus, hubIds } = orders.pairs;
    chunks.push({
      n,
      start,
      end,
      last,
      rejections,
      warnings,
      asked: asked.splice(0).flat().sort(),
      orders: Array.from({ length: orders.length }, (_, i) => ({
        row: orders.row(i),
        values: orders.values(i),
        texts: ORDER_COLUMNS.map((column) => orders.text(i, column)),
        numbers: NUMBERS.map((name) => orders[name](i)),
        pair: [skus[orders.pair(i)], hubIds[orders.pair(i)]],
      })),
    });
    orders.release();
  }
  return { chunks, taken };
}

const GOOD: Record<OrderColumn, string[]> = {
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
const BAD = [
  '', ' ', '0', '-1', '1.234', '1e3', '12345678', '1000001', '.5', '5.', '1..2', 'a@b', '.a@b.de', 'a.@b.de', 'a..b@c.de', 'a@b..de', 'a@-b.de', 'a@b-.de', 'a@b.de-', 'a@b_.d_e', '@b.de', 'a@b.de.', `a@${'x'.repeat(63)}.de`, `a@${'x'.repeat(64)}.de`, `a@b.${'x'.repeat(64)}`, 'a!#$%&*/=?^`{|}~@b.de',
  "a'@b.de", 'a@b.d1', 'ä@b.de', '2026-02-29', '2026-13-01', '2026-11-20T24:00:00Z', '2026-11-20T14:60:00Z', '2026-11-20x14:03:00Z', '0000-01-01',
  'x\u0000', 'x\u007f', '\u0085', '\ufeff', '\u3000x', 'x'.repeat(501), 'é'.repeat(300), 'é'.repeat(501), '\u200b', '\ud7ff', '“x”', 'x–y', '\u1680x', 'x\u2028', 'ひらがな', 'ไทย', '🙂', 'x\u200bx', 'x\u00adx', 'x\u202ex', 'x\u2066x', '\u3164', '\u2800', 'x\ufff9', 'x\u206ax', 'x\ufdd0', 'x\uffff', 'x\u{1ffff}x', 'x\u{e0041}', 'x\u{e0100}',
 'x\u180e', 'x\u061c', 'x\u034f', '\u115fx', 'x\uffa0', '\u17b4', '\u{1d173}', '\u{1bca0}', '\u200d', 'x\u200d', '\u180bx', 'x\u2064', 'e\u0301', '\u0080x', 'x\ufffd',
]; // biome-ignore format: a list of values

const cellOf = (column: OrderColumn) =>
  fc.oneof(
    { weight: 30, arbitrary: fc.constant(GOOD[column][0]!) },
    { weight: 12, arbitrary: fc.constantFrom(...GOOD[column]) },
    { weight: 1, arbitrary: fc.constantFrom(...BAD) },
  );

/** A row, more often than not with a total that is right. */
const rowOf = fc
  .tuple(...ORDER_COLUMNS.map(cellOf), fc.constantFrom(0, 0, 0, 1), fc.constantFrom(1, 2))
  .map((drawn) => {
    const cells = drawn.slice(0, ORDER_COLUMNS.length) as string[];
    const [asDrawn, quantity] = drawn.slice(ORDER_COLUMNS.length) as [number, number];
    if (asDrawn === 0) cells.splice(6, 3, String(quantity), '19.99', quantity === 1 ? '19.99' : '39.98');
    return cells;
  });

const fileOf = fc.record({
  order: fc.shuffledSubarray([...ORDER_COLUMNS], { minLength: ORDER_COLUMNS.length }),
  extra: fc.boolean(),
  delimiter: fc.constantFrom(',', ',', ';', '\t', '|'),
  lineEnd: fc.constantFrom('\n', '\r\n'),
  rows: fc.array(
    fc.record({
      cells: rowOf,
      quoted: fc.constantFrom('where it must be', 'where it must be', 'always', 'never', 'badly'),
      after: fc.constantFrom('', '', '', '', '', 'blank', 'short', 'long', 'bytes'),
    }),
    { minLength: 1, maxLength: 30, size: 'max' },
  ),
  ended: fc.boolean(),
  bounds: fc.record({
    readBlockBytes: fc.integer({ min: 40, max: 2_000 }),
    maxPartRows: fc.integer({ min: 1, max: 8 }),
    firstChunkRows: fc.integer({ min: 1, max: 8 }),
    maxChunkRows: fc.integer({ min: 1, max: 12 }),
    maxChunkBytes: fc.constantFrom(500, 4_000_000),
    maxRecordBytes: fc.constantFrom(1_500, 1_000_000),
  }),
});

type FileParts = typeof fileOf extends fc.Arbitrary<infer Parts> ? Parts : never;

function bytesOf({ order, extra, delimiter, lineEnd, rows, ended }: FileParts): Buffer {
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const mustBe = new RegExp(`[${delimiter}"\r\n]`);
  const header = [...order, ...(extra ? ['note'] : [])].join(delimiter);
  const lines: (string | Buffer)[] = [header + lineEnd];
  for (const [i, { cells, quoted, after }] of rows.entries()) {
    const values = order.map((column) => cells[ORDER_COLUMNS.indexOf(column)]!);
    if (extra) values.push(i % 3 === 0 ? '' : 'ü');
    const written = values.map((value, n) => {
      if (quoted === 'always' || (quoted !== 'never' && mustBe.test(value))) return quote(value);
      return quoted === 'badly' && n === i % 11 ? `"${value}"x` : value;
    });
    if (after === 'short') written.pop();
    if (after === 'long') written.push('more');
    const isLast = i === rows.length - 1;
    lines.push(written.join(delimiter));
    if (after === 'bytes') lines.push(Buffer.from([0xc3]));
    if (!isLast || ended) lines.push(lineEnd);
    if (after === 'blank') lines.push(delimiter.repeat(order.length - 1), lineEnd);
  }
  return Buffer.concat(lines.map((line) => Buffer.from(line as string)));
}

describe('the fast path of a row', () => {
  test('gives the same as the slow path', async () => {
    let taken = 0;
    let rows = 0;
    await fc.assert(
      fc.asyncProperty(
        fileOf,
        fc.constantFrom(undefined, undefined, undefined, 'windows-1252', 'shift_jis', 'windows-1251'),
        fc.constantFrom(0, 700, 3_000),
        async (parts, encoding, chunkMs) => {
          const file = bytesOf(parts);
          const way = { bounds: parts.bounds, chunkMs, ...(encoding === undefined ? {} : { encoding }) };
          const slow = await build(file, { ...way, fast: false }).catch((error: Error) => error.message);
          const fast = await build(file, { ...way, fast: true }).catch((error: Error) => error.message);
          if (typeof slow === 'string' || typeof fast === 'string') {
            expect(fast).toBe(slow);
            return;
          }
          expect(fast.chunks).toEqual(slow.chunks);
          taken += fast.taken;
          rows += parts.rows.length;
        },
      ),
      { numRuns: 1_000 },
    );
    // Otherwise the slow path would have been compared with itself.
    expect(taken / rows).toBeGreaterThan(0.1);
  });

  test('gives the same as the slow path for any bytes and characters in a text', async () => {
    const edges = [
      0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff, 0x20,
    ];
    const bytes = fc.array(fc.constantFrom(...edges), { maxLength: 4 }).map((list) => Buffer.from(list));
    const spaces = [
      '\u00ad',
      '\u061c',
      '\u180e',
      '\u200d',
      '\u202e',
      '\u2066',
      '\ufe0f',
      '\ufff9',
      '\uffff',
      '\u3164',
      '\u2800',
      '\u{e0041}',
      '\u{e0100}',
      '\u{3fffe}',
      '\u{1f3f4}',
      '\u00a0',
      '\u1680',
      '\u2000',
      '\u200a',
      '\u2028',
      '\u202f',
      '\u205f',
      '\u3000',
      '\ufeff',
      '\u200b',
    ];
    const text = fc
      .array(fc.oneof(fc.string({ unit: 'binary', maxLength: 1 }), fc.constantFrom(...spaces, 'x', 'é', '語')), {
        maxLength: 4,
      })
      .map((list) => Buffer.from(list.join('').replace(/[",\r\n]/g, '')));
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(bytes, text), { minLength: 1, maxLength: 20 }), async (names) => {
        const line = (name: Buffer) => [Buffer.from('O-1,'), name, Buffer.from(',a@b.de,E,S,H,1,1,1,2026-11-20,L\n')];
        const file = Buffer.concat([Buffer.from(`${ORDER_COLUMNS.join(',')}\n`), ...names.flatMap(line)]);
        const way = { encoding: 'utf-8' };
        const fast = await build(file, { ...way, fast: true });
        expect(fast.chunks).toEqual((await build(file, { ...way, fast: false })).chunks);
        taken += fast.taken;
      }),
      { numRuns: 1_000 },
    );
    expect(taken).toBeGreaterThan(300);
  });

  test('gives the same as the slow path when the encoding is decided late', async () => {
    const line = (name: string, i: number) => `O-${i},${name},a@b.de,E,S,H,1,1,1,2026-11-20,L`;
    const names = [...Array(40).fill('Jose'), 'NESCAF\xc9\xae', 'Jos\xe9', 'Jos\xc3\xa9', 'Jos\xe9', 'Jos\xe9', 'Ann'];
    const file = Buffer.from([ORDER_COLUMNS.join(','), ...names.map(line), ''].join('\n'), 'latin1');
    const bounds = { detectBytes: 500, readBlockBytes: 100 };
    const fast = await build(file, { fast: true, bounds });
    expect(fast.taken).toBeGreaterThan(30);
    expect(fast.chunks).toEqual((await build(file, { fast: false, bounds })).chunks);
  });

  test.each(['UTC', 'America/New_York'])('gives the same dates as the slow path, in %s', async (timeZone) => {
    const days = Array.from({ length: 800 }, (_, i) => new Date(Date.UTC(2025, 0, i)).toISOString());
    const lines = days.flatMap((day) => [day.slice(0, 10), `${day.slice(0, 10)}T02:30:59Z`]);
    const file = Buffer.from(
      [
        ORDER_COLUMNS.join(','),
        ...lines.map((date, i) => `O-${i},Ada,a@b.de,Engine,S,H,1,1,1,${date},London`),
        '',
      ].join('\n'),
    );
    const fast = await build(file, { fast: true, timeZone });
    expect(fast.taken).toBe(lines.length);
    expect(fast.chunks).toEqual((await build(file, { fast: false, timeZone })).chunks);
  });

  test('is taken by nearly all rows of an order file', async () => {
    const rows = 5_000;
    const file = generated({ rows, invalidShare: 0.01 });
    const fast = await build(file, { fast: true });
    expect(fast.taken).toBeGreaterThan(0.97 * rows);
    expect(fast.chunks).toEqual((await build(file, { fast: false })).chunks);
  });

  test('is not taken in a report, whose values differ from its bytes', async () => {
    const columns = [...ORDER_COLUMNS, '_row', '_file'];
    const file = Buffer.from(`${columns.join(',')}\nA-1,'=Ada,a@b.de,Engine,S,H,1,1,1,2026-11-20,London,2,f_1\n`);
    expect((await build(file, { fast: true })).taken).toBe(0);
  });
});

describe('the inventory service', () => {
  /** What it is asked about by each chunk of two rows, which have these SKUs. */
  async function askedBy(rows: string[], chunkMs: number) {
    const lines = rows.map((sku, i) => `O-${i},Ada,a@b.de,Engine,${sku},H,1,1,1,2026-11-20,London`);
    const file = Buffer.from([ORDER_COLUMNS.join(','), ...lines, ''].join('\n'));
    const bounds = { firstChunkRows: 2, maxChunkRows: 2 };
    const { chunks } = await build(file, { fast: true, bounds, chunkMs });
    const full = (chunks as { asked: string[]; orders: unknown[] }[]).filter(({ orders }) => orders.length > 0);
    return full.map(({ asked }) => asked);
  }

  test('is asked about a pair once, though later chunks name it again', async () => {
    expect(await askedBy(['S', 'S', 'S', 'T', 'T', 'S'], 100)).toEqual([['S at H'], ['T at H'], []]);
  });

  test('is asked again after a while', async () => {
    expect(await askedBy(['S', 'S', 'S', 'T', 'T', 'S'], 1_500)).toEqual([
      ['S at H'],
      ['T at H'],
      ['S at H', 'T at H'],
    ]);
  });

  test.each([
    ['very many', limits.pairsKept, ''],
    ['very long', limits.pairsKeptChars / 500, 'x'.repeat(494)],
  ])('is asked again when a file names %s pairs', async (_, pairs, end) => {
    const rows = Array.from({ length: 2 * Math.ceil(pairs / 2) + 2 }, (_, i) => (i === 0 ? 'S0' : `S${i}${end}`));
    const asked = await askedBy([...rows, 'S0', 'S0'], 0);
    expect(asked.at(-1)).toEqual(['S0 at H']);
    expect(new Set(asked.flat()).size).toBe(rows.length);
  });
});
