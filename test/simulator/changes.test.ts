/**
 * Clients that change orders beside files, and beside finalizers, under seeds of faults and interleavings: INV-1 to INV-3 and INV-8 hold
 * after every step, each request has one outcome, and each order is decided on once. More: `npm run simulate -- --changes --seeds 10000`,
 * or `--finalizer`.
 */
import { describe, expect, test } from 'vitest';
import { simulateChanges } from './changes.ts';
import type { Outcome } from './scheduler.ts';

const STEPS = 600;
const SEEDS_OF_A_TEST = 15;
const TESTS = 4;
/** These have finalizers. */
const FIRST_WITH_FINALIZERS = 3;

/** A request meets each of them between the client and the store. */
const BLOWS: Outcome[] = [
  'failed before',
  'failed after',
  'answered late',
  'slow',
  'hung',
  'killed before',
  'killed after',
  'frozen before',
  'frozen after',
  'outage',
];
const OF_FINALIZERS = [
  'a finalizer is killed done',
  'a finalizer freezes done',
  'a finalizer is stopped done',
  'an order changes while it is decided on done',
  'decisions.decide done',
  'store.finalizing.keep done',
  'store.finalizing.forget done',
  'store.finalizing.askAgain done',
];
const OF_UNDOERS = [
  'an undoer is killed done',
  'store.undo.request done',
  'store.undo.step done',
  'store.undo.step killed after',
  'undone',
  'taken again by a row',
  'taken again by a request',
];
/** What becomes of requests: runs without one of them would prove less. */
const ANSWERS = [
  'create: created',
  'create: unchanged',
  'create: refused',
  'status: changed',
  'status: unchanged',
  'status: refused',
  'edit: changed',
  'edit: unchanged',
  'edit: refused',
  'delete: deleted',
  'delete: refused',
];

describe('changes of orders on one seed', () => {
  test('are the same run each time', async () => {
    const run = () => simulateChanges(7, STEPS, { finalizes: true });
    expect(await run()).toEqual(await run());
  });
});

describe('the invariants of changed orders hold', () => {
  const counts = new Map<string, number>();

  for (let n = 0; n < TESTS; n++)
    test(`on seeds ${n * SEEDS_OF_A_TEST + 1} to ${(n + 1) * SEEDS_OF_A_TEST}`, async () => {
      const finalizes = n >= FIRST_WITH_FINALIZERS;
      for (let seed = n * SEEDS_OF_A_TEST + 1; seed <= (n + 1) * SEEDS_OF_A_TEST; seed++) {
        const { violation, lastSteps, ...result } = await simulateChanges(seed, STEPS, { finalizes });
        const at = `seed ${seed} with --${finalizes ? 'finalizer' : 'changes'}, step ${result.steps}`;
        expect(violation, `${at}:\n${lastSteps.join('\n')}\n${violation}`).toBeNull();
        for (const [what, count] of result.counts) counts.set(what, (counts.get(what) ?? 0) + count);
      }
    });

  test('while requests are interrupted in every way, and answered in every way', () => {
    const needed = [...BLOWS.map((blow) => `store.changes.apply ${blow}`), ...ANSWERS, ...OF_FINALIZERS, ...OF_UNDOERS];
    expect(needed.filter((what) => !counts.has(what))).toEqual([]);
  });
});
