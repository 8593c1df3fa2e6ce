/**
 * A change of an order on MongoDB, each of its commands met by each fault, and those of the sweeper and the publisher behind it. The answer
 * to the repeated request, the order, its history, stock, events and sums are those of an undisturbed run (INV-2, INV-3, INV-8).
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { violationsOf } from '../support/violations.ts';
import { CHANGE_FAULTS, CHANGES, type ChangeCell, type ChangeStep, openChangeFaults } from './change-faults.ts';

const { mongo, why } = inject('engines');

describe.skipIf(why.mongo !== undefined)('a change of an order on MongoDB', () => {
  let faults: Awaited<ReturnType<typeof openChangeFaults>>;
  const commands = new Set<string>();
  beforeAll(async () => {
    faults = await openChangeFaults(mongo!);
  });
  afterAll(() => faults.close());

  /** All changes are published alike, but for what they say. */
  const isPublished = (change: string) => change === 'an edit' || change === 'a deletion';
  /** Nobody can tell whether a reading was carried out. */
  const faultsOf = ({ command }: ChangeStep) =>
    command.startsWith('find ') ? (['killed before', 'error before'] as const) : CHANGE_FAULTS;
  const cellsOf = (steps: readonly ChangeStep[]): ChangeCell[] =>
    steps.flatMap((step) => faultsOf(step).map((fault) => ({ step, fault })));

  /** On a busy machine the last steps of a change may come behind its answer, when its process has gone: then once more. */
  async function runTo(change: string, cell: ChangeCell) {
    const first = await faults.run(change, cell);
    return first.reached ? first : faults.run(change, cell);
  }

  test.each(Object.keys(CHANGES))('%s comes to the same whatever happens at its steps', async (change) => {
    const undisturbed = await faults.run(change, null);
    const steps = undisturbed.steps.filter(
      ({ phase }) => phase === 'change' || (phase === 'publish' && isPublished(change)),
    );
    const sweeps = (await faults.sweepOf(change)).filter(({ command }) => !command.endsWith(' files'));
    expect(undisturbed.outcome).toMatchObject({
      stock: [
        { tickets: [], isBusy: false },
        { tickets: [], isBusy: false },
      ],
      waits: 0,
    });
    for (const { phase, command } of [...steps, ...sweeps]) commands.add(`${phase}: ${command}`);
    const different: unknown[] = [];
    for (const cell of cellsOf([...steps, ...sweeps])) {
      const { outcome, reached } = await runTo(change, cell);
      if (!reached) different.push({ cell, is: 'never reached' });
      else if (JSON.stringify(outcome) !== JSON.stringify(undisturbed.outcome))
        different.push({ cell, is: outcome, shouldBe: undisturbed.outcome });
    }
    expect(different).toEqual([]);
  });

  test('all of it is consistent at the end, and no step was left out', async () => {
    expect(await violationsOf(faults.healthy)).toEqual([]);
    expect([...commands].sort()).toEqual([
      'change: find orders',
      'change: find schema',
      // To say what is short.
      'change: find stock',
      'change: insert orders',
      'change: insert requests',
      'change: update orders',
      'change: update stock',
      'publish: find chunks',
      'publish: find orders',
      'publish: find totals',
      'publish: update orders',
      'publish: update totals',
      'sweep: find orders',
      'sweep: find stock',
      'sweep: insert orders',
      'sweep: update orders',
      'sweep: update stock',
    ]);
  });
});
