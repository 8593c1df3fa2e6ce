/** Each mutation still names its place in the source, so that a renaming which hides one is seen before the long tests run. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mutations as ofTheOrderStore } from '../faults/mutations.ts';
import { mutations as ofThePipeline } from '../simulator/mutations.ts';
import { mutate, type Source, sourceIn } from '../support/mutate.ts';

const real = sourceIn(join(import.meta.dirname, '../..'));
const paths = real.paths();
const texts = new Map(paths.map((path) => [path, real.read(path)]));

test.each([...ofThePipeline, ...ofTheOrderStore])('$name', ({ edits }) => {
  const changed = new Map<string, string>();
  const copy: Source = {
    paths: () => paths,
    read: (path) => changed.get(path) ?? texts.get(path)!,
    write: (path, text) => changed.set(path, text),
  };
  mutate(copy, edits);
  expect([...changed].every(([path, text]) => text !== texts.get(path))).toBe(true);
  expect(changed.size).toBeGreaterThan(0);
});
