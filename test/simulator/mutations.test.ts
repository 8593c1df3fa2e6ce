/**
 * The simulator can fail: each mutation makes one mistake in a copy of the code, and a few seeds find it. A mistake that is not found
 * is a gap in the simulator, or in the stories beside it for cases that random faults seldom meet.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mutate, sourceIn } from '../support/mutate.ts';
import { type Mutation, mutations } from './mutations.ts';

const ROOT = join(import.meta.dirname, '../..');
const COPIED = [
  'src',
  'test/simulator',
  'test/support/changes.ts',
  'test/support/file-outcome.ts',
  'scripts/simulate.ts',
  'package.json',
  'vitest.config.ts',
];
/** One of the first seeds finds most mistakes. */
const SEEDS = 500;
const AT_ONCE = 2;

/** The output of the simulator on a copy with the mutation. */
async function simulateMutated(
  { focus, foundBy, simulation, edits }: Omit<Mutation, 'name'>,
  seeds = SEEDS,
): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'oms-mutation-'));
  try {
    await mkdir(join(copy, 'test/support'), { recursive: true });
    for (const path of COPIED) await cp(join(ROOT, path), join(copy, path), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    mutate(sourceIn(copy), edits);
    return await new Promise((resolve) => {
      const args = foundBy
        ? ['node_modules/vitest/vitest.mjs', 'run', '--project', 'alone', '--reporter', 'tap-flat', foundBy]
        : [
            'scripts/simulate.ts',
            '--seeds',
            String(seeds),
            ...(focus ? ['--focus', focus] : []),
            ...(simulation ? [`--${simulation}`] : []),
          ];
      // The compile cache of a copy is useless to others.
      execFile(
        process.execPath,
        args,
        { cwd: copy, env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' } },
        (_, output, errors) => resolve(output + errors),
      );
    });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

const TIMEOUT_MS = 300_000;

describe('a mistake that the simulator finds:', { timeout: TIMEOUT_MS }, () => {
  const outputs = new Map<number, Promise<string>>();
  const outputOf = (i: number): Promise<string> => {
    const output = outputs.get(i) ?? simulateMutated(mutations[i]!);
    outputs.set(i, output);
    output.catch(() => {});
    return output;
  };

  test('none in the code as it is', async () => {
    for (const simulation of [undefined, 'changes', 'finalizer'] as const)
      expect(await simulateMutated({ edits: [], simulation }, 10)).toContain('10 seeds held');
  });

  for (const [i, { name, foundBy }] of mutations.entries())
    test(name, async () => {
      // Of the next one, too, which is looked for meanwhile.
      for (const next of mutations.keys().drop(i).take(AT_ONCE)) void outputOf(next);
      expect(await outputOf(i)).toMatch(foundBy ? /^not ok .+$/m : /^seed \d+, step \d+: .+$/m);
    });
});
