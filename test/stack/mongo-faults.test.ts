/**
 * Every command that a worker sends to MongoDB for a file, from its claim to its end, met by every fault: the file, its orders, the
 * stock and the rejections are afterwards those of an undisturbed run (INV-1, INV-2, INV-4).
 */
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { COMPLETED, FAILED, FAULTS, isRight, mismatches, runUndisturbed, type Undisturbed } from './fault-matrix.ts';

const { mongo, why } = inject('engines');

/** What has to be met, by a piece of its command; when one is never sent the table is out of date. */
const POINTS = [
  'findAndModify files',
  'find orders',
  'find stock',
  'insert chunks',
  'update stock',
  'insert orders',
  'update chunks',
  'update files',
];

describe.skipIf(why.mongo !== undefined).each([
  ['completed', COMPLETED],
  ['failed', FAILED],
] as const)('a file that is %s on MongoDB', (_, end) => {
  let undisturbed: Undisturbed;
  beforeAll(async () => {
    undisturbed = await runUndisturbed(mongo!, end);
  });

  test('undisturbed is what its rows and the stock make of it', () => {
    const { state, commands } = undisturbed;
    expect(isRight(state, end) ? 'right' : state).toBe('right');
    for (const point of POINTS) expect(commands.map(({ name }) => name)).toContain(point);
  });

  test.each(FAULTS)('is the same with each of its commands met by: %s', { timeout: 180_000 }, async (fault) => {
    expect(await mismatches(mongo!, end, fault, undisturbed)).toEqual([]);
  });
});
