/** The fast path of a row gives what the slow path gives, whatever the file is, and nearly all rows take it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { ORDER_COLUMNS } from '../../../src/model/columns.ts';
import { build, cellOf } from '../../support/both-paths.ts';
import { generated } from '../../support/http.ts';

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
