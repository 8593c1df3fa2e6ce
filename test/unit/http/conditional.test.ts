import fc from 'fast-check';
import { expect, test } from 'vitest';
import { namesTag, readRange } from '../../../src/http/conditional.ts';

test('a list of entity tags names a tag as a weak or strong one, or as *', () => {
  for (const list of ['"a"', 'W/"a"', '"b", "a"', '"b",W/"a" ', '*']) expect(namesTag(list, '"a"')).toBe(true);
  for (const list of [undefined, '', '"b"', 'a', '"a', '"A"']) expect(namesTag(list, '"a"')).toBe(false);
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
