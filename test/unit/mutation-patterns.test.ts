/**
 * Each mutation still names its place in the source, so that a renaming which hides one is seen before the long tests run; and the
 * documents say how many there are.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changeMutations } from '../faults/change-mutations.ts';
import { mutations as ofTheOrderStore } from '../faults/mutations.ts';
import { mutations as ofThePipeline } from '../simulator/mutations.ts';
import { mutate, type Source, sourceIn } from '../support/mutate.ts';

const ROOT = join(import.meta.dirname, '../..');
const real = sourceIn(ROOT);
const paths = real.paths();
const texts = new Map(paths.map((path) => [path, real.read(path)]));

test.each([...ofThePipeline, ...ofTheOrderStore, ...changeMutations])('$name', ({ edits }) => {
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

test('INVARIANTS.md says how many there are', () => {
  const text = readFileSync(join(ROOT, 'docs/INVARIANTS.md'), 'utf8').replaceAll(/\s+/g, ' ');
  const of = (simulation?: string) => ofThePipeline.filter((mutation) => mutation.simulation === simulation).length;
  expect(text).toContain(`${ofTheOrderStore.length} mutations of the commit protocol`);
  expect(text).toContain(`${changeMutations.length} mutations of the change protocol`);
  expect(text).toContain(`${of()} mutations of the pipeline and the adapter`);
  expect(text).toContain(`${of('changes')} mutations of the judgement`);
  expect(text).toContain(`${of('finalizer')} mutations of the finalizer`);
});
