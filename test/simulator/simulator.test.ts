/**
 * The pipeline under hundreds of seeds of faults and interleavings: each holds what is promised after every step and at rest. More:
 * `npm run simulate -- --seeds 10000`.
 */
import { describe, expect, test } from 'vitest';
import { FAULTS } from './scheduler.ts';
import { simulate } from './simulation.ts';

const STEPS = 600;
const SEEDS_OF_A_TEST = 25;
const TESTS = 10;

/** What must be hit in the middle for a run to be worth anything. */
const CALLS = [
  'events.publish',
  'ims.validate',
  'objects.commit',
  'objects.open',
  'objects.read',
  'objects.stage',
  'objects.write',
  'queue.delete',
  'queue.extend',
  'queue.receive',
  'queue.send',
  'store.chunks.commit',
  'store.files.claim',
  'store.files.create',
  'store.files.finish',
  'store.files.get',
  'store.files.recordIntake',
  'store.files.renew',
  'store.files.setWaiting',
  'store.rejections.list',
  'store.stock.change',
];

describe('the pipeline on one seed', () => {
  test('is the same run each time', async () => {
    const [first, again, other] = [await simulate(7, STEPS), await simulate(7, STEPS), await simulate(8, STEPS)];
    expect(again).toEqual(first);
    expect(other.hash).not.toBe(first.hash);
  });
});

describe('the pipeline holds what is promised', () => {
  const counts = new Map<string, number>();

  for (let n = 0; n < TESTS; n++)
    test(`on seeds ${n * SEEDS_OF_A_TEST + 1} to ${(n + 1) * SEEDS_OF_A_TEST}`, async () => {
      for (let seed = n * SEEDS_OF_A_TEST + 1; seed <= (n + 1) * SEEDS_OF_A_TEST; seed++) {
        const result = await simulate(seed, STEPS);
        const { violation, lastSteps } = result;
        expect(violation, `seed ${seed}, step ${result.steps}:\n${lastSteps.join('\n')}\n${violation}`).toBeNull();
        for (const [what, count] of result.counts) counts.set(what, (counts.get(what) ?? 0) + count);
      }
    });

  test('while every call fails before and after it was carried out', () => {
    const missed = CALLS.filter(
      (call) =>
        !counts.has(`${call} failed after`) || !(counts.has(`${call} failed before`) || counts.has(`${call} outage`)),
    );
    expect(missed).toEqual([]);
  });

  test('while every other fault happens, too', () => {
    const met = [...counts.keys()];
    expect(FAULTS.filter((fault) => !met.some((what) => what.endsWith(` ${fault}`)))).toEqual([]);
  });
});
