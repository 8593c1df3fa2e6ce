/** Formats of any members, and files read by those that are valid: refused in words, or read the same on the fast path and on the slow one. */
import { describe, expect, test } from 'vitest';
import { isOmsError } from '../../src/errors.ts';
import { ORDER_COLUMNS } from '../../src/model/columns.ts';
import { type Format, formatSchema } from '../../src/model/format.ts';
import { createRandom, type Random } from '../simulator/random.ts';
import { build } from '../support/both-paths.ts';
import { hostileFile } from './hostile-file.ts';

const FORMATS_OF_A_TEST = 150;
const TESTS = 4;

const NAMES = [...ORDER_COLUMNS, 'Other', 'No', 'Größe', '', '_file', '__proto__', 'x'.repeat(300), '\0', '=1+1'];
const TEXTS = [
  '',
  ' ',
  'a',
  'HUB-1',
  '1',
  '19.99',
  'a@b.de',
  '2026-11-20',
  ', ',
  'ü',
  '\u202e',
  '('.repeat(50),
  '(a+)+$',
];
const DATES = ['dd.MM.yyyy', 'MM/dd/yyyy', 'yyyy-MM-dd HH:mm', 'yy', "'", 'yyyyyyyy', '.*', 'dd.MM.yyyy HH:mm:ss XXX'];
const ANY = [null, true, 0, -1, 1e99, '', [], {}, ['a'], { from: 'a' }];

const ordinary = (column: string) => ({ from: column });

function anySource({ pick, chance }: Random, column: string): unknown {
  if (chance(0.02)) return pick(ANY);
  const name = () => (chance(0.05) ? pick(NAMES) : column);
  return pick([
    ...[ordinary(column), ordinary(column), ordinary(column), { from: name() }, { from: [name(), 'Other'] }],
    ...[{ join: [name(), 'Other'], with: pick(TEXTS) }, { value: pick(TEXTS) }, { compute: true }],
    { from: name(), divide_by: 'quantity' },
  ]);
}

/** Most are valid, as few of their members are strange. */
function anyFormat(random: Random): unknown {
  const { pick, chance } = random;
  const source = (column: string) => (chance(0.15) ? anySource(random, column) : ordinary(column));
  const columns = Object.fromEntries(ORDER_COLUMNS.map((column) => [column, source(column)]));
  if (chance(0.5)) columns.total_amount = { compute: true };
  const format: Record<string, unknown> = {
    name: 'any',
    columns,
    ...(chance(0.3) && {
      numbers: {
        decimal: pick(['.', ',']),
        group: pick(['', '.', ',', ' ', "'"]),
        currency: pick([null, 'EUR', 'CHF']),
      },
    }),
    ...(chance(0.3) && { dates: [pick(DATES), pick(DATES)].slice(chance(0.5) ? 1 : 0) }),
    ...(chance(0.3) && { lines: pick(['rows', 'adjacent']) }),
    ...(chance(0.2) && { only: { column: pick(NAMES), in: [pick(TEXTS), pick(TEXTS)] } }),
    ...(chance(0.1) && { header: { skip_rows: random.between(0, 3) } }),
  };
  if (chance(0.05)) format[pick(['columns', 'numbers', 'dates', 'only', 'header', 'regex', '__proto__'])] = pick(ANY);
  return format;
}

/** A list with a header of the names of orders and some others, and rows of any texts. */
function anyList({ pick, between, chance }: Random): Buffer {
  const good = ['A-1', 'Ada', 'a@b.de', 'Tea', 'SKU-1', 'HUB-1', '2', '2.00', '4.00', '2026-11-20', 'Here', ''];
  const cell = (text: string) => (chance(0.05) ? pick([...TEXTS, ...NAMES]) : text).replace(/[,"\r\n]/g, '');
  const line = () => good.map(cell).join(',');
  return Buffer.from(
    `${[...ORDER_COLUMNS, 'Other'].join(',')}\n${Array.from({ length: between(1, 40) }, line).join('\n')}`,
  );
}

const outcome = (file: Buffer, format: Format, fast: boolean) =>
  build(file, { fast, format }).catch((error: unknown) => {
    if (!isOmsError(error)) throw error;
    return { chunks: [error.code, error.message], taken: 0 };
  });

describe('any format is refused, or reads any file', () => {
  let valid = 0;
  let refused = 0;
  let taken = 0;
  for (let n = 0; n < TESTS; n++) {
    test(`the formats of seeds ${n * FORMATS_OF_A_TEST + 1} and more`, async () => {
      for (let seed = n * FORMATS_OF_A_TEST + 1; seed <= (n + 1) * FORMATS_OF_A_TEST; seed++) {
        const random = createRandom(seed);
        const parsed = formatSchema.safeParse(anyFormat(random));
        if (!parsed.success) {
          refused++;
          for (const { message } of parsed.error.issues) expect(message).toMatch(/\S/);
          continue;
        }
        valid++;
        const file = random.chance(0.8) ? anyList(random) : hostileFile(random).bytes;
        const fast = await outcome(file, parsed.data, true);
        expect(fast.chunks, `seed ${seed}`).toEqual((await outcome(file, parsed.data, false)).chunks);
        taken += fast.taken;
      }
    });
  }
  test('both happen, and rows take the fast path', () => {
    expect(Math.min(valid, refused, taken)).toBeGreaterThan(50);
  });
});
