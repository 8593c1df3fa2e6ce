/**
 * Thousands of files, hostile and well-formed, through the intake: none crashes it or makes it loop, the rows add up (INV-1), and any cut
 * of the bytes reads the same (INV-4). Well-formed ones are read as a second reader and their generator say. More:
 * `npm run fuzz -- --seed 1 --cases 100000`.
 */
import { describe, expect, test } from 'vitest';
import { FILE_FAILURE_CODES } from '../../src/model/file-failure.ts';
import { REASON_CODES } from '../../src/model/rejection.ts';
import { fuzz } from './fuzz.ts';

const FILES_OF_A_TEST = 400;
const TESTS = 6;

/** Those that only the service around the reader gives. */
const OF_THE_SERVICE = ['too_many_invalid', 'object_changed', 'duplicate_file', 'cancelled', 'internal'];
/** Those that depend on what is stored, and on who sends the file. */
const OF_THE_STORE = ['duplicate_order', 'order_conflict', 'out_of_stock', 'forbidden_hub'];
/** Those that only a format with orders of several rows gives. */
const OF_A_FORMAT = ['order_incomplete', 'too_many_items'];
/** Workbooks have attacks of their own: `test/unit/pipeline/xlsx`. */
const OF_A_WORKBOOK: readonly string[] = ['corrupt_workbook', 'unknown_sheet'];

test('a seed is the same file and the same checks each time', async () => {
  for (const seed of [3, 4, 5]) expect(await fuzz(seed)).toEqual(await fuzz(seed));
  expect((await fuzz(3)).file.bytes).not.toEqual((await fuzz(4)).file.bytes);
});

describe('the intake takes', () => {
  const met = new Map<string, number>();

  for (let n = 0; n < TESTS; n++) {
    const first = n * FILES_OF_A_TEST + 1;
    const last = first + FILES_OF_A_TEST - 1;
    test(`the files of seeds ${first} to ${last}`, async () => {
      for (let seed = first; seed <= last; seed++) {
        const result = await fuzz(seed);
        expect(result.violation, `npm run fuzz -- --seed ${seed}\n${result.violation}`).toBeNull();
        for (const what of result.met) met.set(what, (met.get(what) ?? 0) + 1);
      }
    });
  }

  test('files of every kind, which end in every way that a file can, with rows that fail for every reason', () => {
    const ends = FILE_FAILURE_CODES.filter((code) => ![...OF_THE_SERVICE, ...OF_A_WORKBOOK].includes(code)).map(
      (code) => `: ${code}`,
    );
    const reasons = REASON_CODES.filter((code) => ![...OF_THE_STORE, ...OF_A_FORMAT].includes(code)).map(
      (code) => `row: ${code}`,
    );
    const kinds = [
      ...['noise: not_csv', 'noise below a header: read', 'mutated: read', 'noise, packed and cut: corrupt_gzip'],
      ...['packed with padding behind it: read', 'packed with more behind it: corrupt_gzip', 'a bomb: too_large'],
      ...['a bomb: read', 'packed twice: not_csv', 'packed and changed: corrupt_gzip', 'report: rejected again'],
      ...['well formed: utf-8', 'well formed: utf-16le', 'well formed: utf-16be', 'well formed: windows-1252'],
      ...['well formed: shift_jis', 'well formed: gbk', 'well formed: big5', 'well formed: windows-1251'],
      ...['well formed: utf-8, packed', 'well formed: read a second time', 'row: accepted'],
    ];
    const seen = [...met.keys()];
    expect([...ends, ...reasons, ...kinds].filter((what) => !seen.some((each) => each.endsWith(what)))).toEqual([]);
    expect(met.get('well formed: read a second time')).toBeGreaterThan((FILES_OF_A_TEST * TESTS) / 8);
  });
});
