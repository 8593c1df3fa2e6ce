/**
 * The pipeline under a hundred seeds of faults and interleavings: with each the invariants hold after every step and at rest. More:
 * `npm run simulate -- --seeds 10000`.
 */
import { describe, expect, test } from 'vitest';
import { FAULTS, type Outcome } from './scheduler.ts';
import { FOCUSES, simulate } from './simulation.ts';

const STEPS = 600;
const SEEDS_OF_A_TEST = 25;
const TESTS = 4;

/** The calls that must be interrupted for a run to prove anything. */
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

/** The outcomes that each focused call must meet: they decide where a process stops, and which answers it has by then. */
const BLOWS: Outcome[] = [
  'failed before',
  'failed after',
  'answered late',
  'killed before',
  'killed after',
  'frozen before',
  'frozen after',
];

describe('the pipeline on one seed', () => {
  test('is the same run each time', async () => {
    const [first, again, other] = [await simulate(7, STEPS), await simulate(7, STEPS), await simulate(8, STEPS)];
    expect(again).toEqual(first);
    expect(other.hash).not.toBe(first.hash);
  });
});

describe('the invariants of the pipeline hold', () => {
  const counts = new Map<string, number>();

  async function holdsOn(seed: number, focusOn?: string): Promise<void> {
    const { violation, lastSteps, ...result } = await simulate(seed, STEPS, focusOn);
    const on = focusOn === undefined ? '' : ` with --focus ${focusOn}`;
    expect(violation, `seed ${seed}${on}, step ${result.steps}:\n${lastSteps.join('\n')}\n${violation}`).toBeNull();
    for (const [what, count] of result.counts) counts.set(what, (counts.get(what) ?? 0) + count);
  }

  for (let n = 0; n < TESTS; n++)
    test(`on seeds ${n * SEEDS_OF_A_TEST + 1} to ${(n + 1) * SEEDS_OF_A_TEST}`, async () => {
      for (let seed = n * SEEDS_OF_A_TEST + 1; seed <= (n + 1) * SEEDS_OF_A_TEST; seed++) await holdsOn(seed);
    });

  test('while every call fails before and after it was carried out', () => {
    const missed = CALLS.filter(
      (call) =>
        !counts.has(`${call} failed after`) || !(counts.has(`${call} failed before`) || counts.has(`${call} outage`)),
    );
    expect(missed).toEqual([]);
  });

  test('while every call that ends a step is interrupted in every way', async () => {
    const missed = (call: string) => BLOWS.map((blow) => `${call} ${blow}`).filter((met) => !counts.has(met));
    // More seeds for what is rare on these.
    for (const call of FOCUSES)
      for (let seed = 1; missed(call).length > 0 && seed <= 4 * SEEDS_OF_A_TEST; seed++) await holdsOn(seed, call);
    expect(FOCUSES.flatMap(missed)).toEqual([]);
  });

  test('while every other fault happens, too', () => {
    const met = [...counts.keys()];
    expect(FAULTS.filter((fault) => !met.some((what) => what.endsWith(` ${fault}`)))).toEqual([]);
  });
});
