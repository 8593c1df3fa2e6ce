/**
 * The proof that the fault matrices can fail: small mutations of the real protocols, of chunks and of changes of orders, one at a time, each
 * of which they find.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, inject, test } from 'vitest';
import { type Edit, mutate, sourceIn } from '../support/mutate.ts';
import { ROOT, temporaryDirectory } from '../support/service.ts';
import { changeMutations } from './change-mutations.ts';
import { mutations } from './mutations.ts';

const { mongo, why } = inject('engines');

/** The script ends with the first mismatch, which it prints. */
async function finds(edits: readonly Edit[], script: string, ...args: string[]): Promise<void> {
  const copy = await temporaryDirectory();
  for (const part of ['src', 'test', 'package.json', 'tsconfig.json'])
    await cp(join(ROOT, part), join(copy, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  mutate(sourceIn(copy), edits);
  const child = spawn(process.execPath, [join(copy, 'test/faults', script), mongo!, ...args], {
    stdio: 'pipe',
    // The compile cache of a copy is useless to others.
    env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect({ output, code }).toEqual({ output: expect.stringMatching(/^\{"at":/), code: 1 });
}

describe.skipIf(why.mongo !== undefined)('the fault matrix finds it when', () => {
  test.concurrent.each(mutations)('$name', { timeout: 600_000 }, ({ edits, point = '' }) =>
    finds(edits, 'matrix.ts', point),
  );
});

describe.skipIf(why.mongo !== undefined)('the fault matrix of changes finds it when', () => {
  test.concurrent.each(changeMutations)('$name', { timeout: 600_000 }, ({ edits, scenario, at = '' }) =>
    finds(edits, 'change-matrix.ts', scenario, at),
  );
});
