/**
 * A change of an order on MongoDB, each of its commands met by each fault, and those of the sweeper and the publisher behind it. The answer
 * to the repeated request, the order, its history, stock, events and sums are those of a run without faults (INV-2, INV-3, INV-8).
 */
import { describe, expect, inject, test } from 'vitest';
import { violationsOf } from '../support/violations.ts';
import { openChangeFaults } from './change-faults.ts';
import { mismatchOf, runUndisturbed } from './change-matrix.ts';
import { SCENARIOS } from './change-scenarios.ts';

const { mongo, why } = inject('engines');

describe.skipIf(why.mongo !== undefined)('on MongoDB', () => {
  const commands = new Set<string>();

  test.concurrent.each(Object.keys(SCENARIOS))(
    '%s comes to the same whatever happens at its steps',
    { timeout: 600_000 },
    async (name) => {
      const faults = await openChangeFaults(mongo!);
      const undisturbed = await runUndisturbed(faults, name);
      expect(undisturbed.problems).toEqual([]);
      const different: unknown[] = [];
      for (const cell of undisturbed.cells) {
        commands.add(`${cell.step.phase}: ${cell.step.command}`);
        const mismatch = await mismatchOf(faults, undisturbed, cell);
        if (mismatch) different.push(mismatch);
      }
      expect(different).toEqual([]);
      expect(await violationsOf(faults.healthy)).toEqual([]);
      await faults.close();
    },
  );

  test('no step was left out', () => {
    expect([...commands].sort()).toEqual([
      // To take its row out of the plan.
      'change: find chunks',
      'change: find files',
      'change: find idempotency_keys',
      'change: find orders',
      'change: find schema',
      // To say what is short.
      'change: find stock',
      'change: findAndModify files',
      'change: insert chunks',
      'change: insert idempotency_keys',
      'change: insert orders',
      'change: insert requests',
      'change: update chunks',
      // The progress of an undo.
      'change: update files',
      // What was noted about the decision.
      'change: update finalizer_orders',
      'change: update idempotency_keys',
      'change: update orders',
      'change: update stock',
      'publish: find chunks',
      'publish: find orders',
      'publish: find totals',
      'publish: update orders',
      'publish: update totals',
      'sweep: find chunks',
      'sweep: find orders',
      'sweep: find stock',
      'sweep: insert orders',
      'sweep: update chunks',
      'sweep: update orders',
      'sweep: update stock',
    ]);
  });
});
