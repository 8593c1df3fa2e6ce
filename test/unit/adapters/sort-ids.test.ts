import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countUpTo, sortIds } from '../../../src/adapters/order-store.sqlite/sort-ids.ts';

/** By the language's own sort, which keeps equal ids as they came. */
const sorted = (ids: string[]) => [...ids.keys()].sort((a, b) => (ids[a]! < ids[b]! ? -1 : ids[a]! > ids[b]! ? 1 : 0));

const idOf = fc.oneof(
  fc.integer({ min: 0, max: 2_000 }).map((n) => `ORD-${n}`),
  fc.integer({ min: 0, max: 99 }).map((n) => `ORD-000000${n}`),
  fc.string({
    unit: fc.constantFrom('a', 'b', '\u007f', '\u0080', 'é', '注', '\ud83d\ude42'),
    minLength: 1,
    maxLength: 8,
  }),
);

test('ids are sorted, and those that occur more than once are marked', () => {
  let repeating = 0;
  fc.assert(
    fc.property(
      fc.constantFrom('', 'ORD-'),
      fc.array(idOf, { maxLength: 200, size: 'max' }),
      fc.nat(100),
      (prefix, drawn, strays) => {
        // Some are in order but for the first few, as in most files.
        const ids = [...drawn.slice(0, strays), ...drawn.slice(strays).sort()].map((id) => prefix + id);
        const { byId, repeated } = sortIds(ids);
        expect([...byId]).toEqual(sorted(ids));
        expect([...repeated]).toEqual(ids.map((id) => (ids.indexOf(id) === ids.lastIndexOf(id) ? 0 : 1)));
        if (repeated.includes(1)) repeating++;
        for (const id of [...ids, '', 'ORD-1', '\u{ffff}'])
          expect(countUpTo(ids, byId, id)).toBe(ids.filter((other) => other <= id).length);
      },
    ),
  );
  expect(repeating).toBeGreaterThan(10);
});

test.each([
  ['ids that are in order', ['A', 'B', 'C'], [0, 1, 2], []],
  ['ids in order of which two are equal', ['A', 'B', 'B', 'C'], [0, 1, 2, 3], [1, 2]],
  ['an id that is the beginning of others', ['AB', 'A', 'ABC'], [1, 0, 2], []],
  ['ids that differ far behind', ['A12345678', 'A12345677', 'A12345678'], [1, 0, 2], [0, 2]],
  ['no ids', [], [], []],
])('%s', (_, ids, byId, repeated) => {
  const flags = Uint8Array.from(ids, (_, i) => ((repeated as number[]).includes(i) ? 1 : 0));
  expect(sortIds(ids)).toEqual({ byId: Uint32Array.from(byId), repeated: flags });
});
