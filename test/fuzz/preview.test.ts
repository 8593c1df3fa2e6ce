/**
 * Hostile files, and headers made of the names that are known, through a preview: it ends, in a refusal that a client can understand or in
 * a proposal that is a format once its missing columns are given, in the shape that is declared.
 */
import { describe, expect, test } from 'vitest';
import { isOmsError } from '../../src/errors.ts';
import { previewJson } from '../../src/http/preview-json.ts';
import { previewResponse } from '../../src/http/preview-response.ts';
import { THROWN } from '../../src/http/problem-codes.ts';
import { limits } from '../../src/limits.ts';
import { ORDER_COLUMNS } from '../../src/model/columns.ts';
import { ADDRESS_PARTS, NAME_PARTS, SYNONYMS } from '../../src/pipeline/preview/column-synonyms.ts';
import { formatOf } from '../../src/pipeline/preview/draft.ts';
import { createRandom, type Random } from '../simulator/random.ts';
import { previewOf } from '../support/preview.ts';
import { hostileFile } from './hostile-file.ts';

const FILES_OF_A_TEST = 200;
const TESTS = 4;

const NAMES = [...Object.values(SYNONYMS).map(({ names }) => names), ...NAME_PARTS, ...ADDRESS_PARTS]
  .join()
  .split(',')
  .map((name) => name.trim());
const CELLS = [
  ...['', ' ', 'A-1', 'ann@example.com', '2', '4.20', '4,20', '1,234', "1'234.50", '€ 4', '-1', 'EUR 1.234,50', '=1+1'],
  ...[
    '2026-11-20',
    '20.11.2026',
    '01/02/2026',
    '11/20/26 2:03 PM',
    '99/99/2026',
    '20 Nov',
    '"a;b"',
    '"',
    '\u202f',
    '\0',
  ],
  ...['x'.repeat(600), '＋１', 'é', '\ud800', '__proto__', 'constructor'],
];

/** A header of known names, some of them strange or twice, and rows of any cells. */
function strangeList(random: Random): Buffer {
  const { pick } = random;
  const delimiter = pick([',', ';', '\t', '|']);
  const columns = random.between(1, 14);
  const name = () => (random.chance(0.1) ? pick(CELLS) : pick(NAMES)) + (random.chance(0.1) ? pick(CELLS) : '');
  const line = (cell: () => string) => Array.from({ length: columns }, cell).join(delimiter);
  const titles = Array.from({ length: random.chance(0.3) ? 3 : 0 }, () => pick(CELLS));
  const rows = Array.from({ length: random.between(0, 30) }, () => line(() => pick(CELLS)));
  return Buffer.from([...titles, line(name), ...rows].join(pick(['\n', '\r\n', '\r'])));
}

async function check(bytes: Buffer): Promise<string> {
  const part = bytes.subarray(0, limits.previewBytes);
  try {
    const preview = await previewOf(part, { isPart: part.length < bytes.length });
    const json = previewJson(preview);
    expect(previewResponse.safeParse(JSON.parse(JSON.stringify(json))).error?.issues ?? []).toEqual([]);
    expect(json.rows.length).toBeLessThanOrEqual(limits.previewRows);
    const columns = preview.format.columns ?? {};
    for (const column of ORDER_COLUMNS) expect(column in columns).not.toBe(json.missing.includes(column));
    expect(formatOf(preview.format).columns).toMatchObject(columns);
    return json.fit;
  } catch (error) {
    if (!isOmsError(error)) throw error;
    expect(error.code, 'what is suggested is a format').not.toBe('invalid_format');
    expect(Object.keys(THROWN)).toContain(error.code);
    return error.code;
  }
}

describe('a preview takes', () => {
  const met = new Set<string>();
  for (let n = 0; n < TESTS; n++) {
    test(`the files of seeds ${n * FILES_OF_A_TEST + 1} and more`, async () => {
      for (let seed = n * FILES_OF_A_TEST + 1; seed <= (n + 1) * FILES_OF_A_TEST; seed++) {
        const random = createRandom(seed);
        met.add(await check(random.chance(0.5) ? strangeList(random) : hostileFile(random).bytes));
      }
    });
  }
  test('files that end in every way', () => {
    expect([...met]).toEqual(
      expect.arrayContaining(['suggested', 'standard', 'not_csv', 'unsupported_encoding', 'corrupt_gzip']),
    );
  });
});
