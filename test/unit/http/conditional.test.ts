import fc from 'fast-check';
import { expect, test } from 'vitest';
import { namesTag, readIfMatch, readRange } from '../../../src/http/conditional.ts';

test('a list of entity tags names a tag as a weak or strong one, or as *', () => {
  for (const list of ['"a"', 'W/"a"', '"b", "a"', '"b",W/"a" ', '*']) expect(namesTag(list, '"a"')).toBe(true);
  for (const list of [undefined, '', '"b"', 'a', '"a', '"A"']) expect(namesTag(list, '"a"')).toBe(false);
});

test('If-Match names versions by entity tags, weak or strong, or any by *', () => {
  const read: [string | undefined, number[] | null][] = [
    [undefined, null],
    ['*', null],
    [' * ', null],
    ['"3"', [3]],
    ['W/"3"', [3]],
    ['"3", W/"4" ,"5"', [3, 4, 5]],
    ['"3","4"', [3, 4]],
    [',"3",, "4",', [3, 4]],
    // Tags that no version has.
    ['"a,b", "03", "", "0", "-1", "é"', []],
  ];
  for (const [list, versions] of read) expect(readIfMatch(list)).toEqual(versions);
  for (const list of [
    '',
    ' ',
    ',',
    '3',
    '"3',
    '3"',
    '"3" "4"',
    '"3""4"',
    'w/"3"',
    'W/ "3"',
    '"3", *',
    '*,',
    "'3'",
    '"3";',
  ])
    expect(() => readIfMatch(list), list).toThrow('If-Match');
});

test('any range lies within the bytes of the resource, or is none', () => {
  const header = fc.oneof(
    fc.tuple(fc.nat(30), fc.nat(30)).map(([a, b]) => `bytes=${a}-${b}`),
    fc.nat(30).map((a) => `bytes=${a}-`),
    fc.nat(30).map((n) => `bytes=-${n}`),
    fc.string({ unit: fc.constantFrom(...'bytes=-0123456789, ') }).map((text) => `bytes=${text}`),
  );
  fc.assert(
    fc.property(header, fc.integer({ min: 1, max: 20 }), (range, sizeBytes) => {
      const read = readRange(range, undefined, { etag: '"a"', sizeBytes });
      if (read === null || read === 'unsatisfiable') return;
      expect(read.first).toBeGreaterThanOrEqual(0);
      expect(read.last).toBeGreaterThanOrEqual(read.first);
      expect(read.last).toBeLessThan(sizeBytes);
    }),
  );
});
