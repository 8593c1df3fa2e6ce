/** Turns on the event loop: first come, first served, and none beside one that takes long. */
import { expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { requestTurn, sliceTurn } from '../../../src/ports/event-loop.ts';

const TURNS = 20;

/** The rounds of the event loop in which the turns were given, each followed by this work, and their order. */
async function roundsOf(turn: () => Promise<void>, work: () => void): Promise<{ rounds: number[]; order: number[] }> {
  let round = 0;
  let counting = true;
  const count = () => {
    round++;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  const rounds: number[] = [];
  const order: number[] = [];
  const take = async (n: number) => {
    await turn();
    // Requests do their work some microtasks later.
    await Promise.resolve();
    work();
    rounds.push(round);
    order.push(n);
  };
  await Promise.all(Array.from({ length: TURNS }, (_, n) => take(n)));
  counting = false;
  return { rounds, order };
}

const workFor = (ms: number) => () => {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
};

const inOrder = Array.from({ length: TURNS }, (_, n) => n);

test('requests that take little share rounds', async () => {
  const { rounds, order } = await roundsOf(requestTurn, () => {});
  expect(new Set(rounds).size).toBeLessThan(TURNS);
  expect(order).toEqual(inOrder);
});

test('a request that takes long is the last of its round', async () => {
  const { rounds, order } = await roundsOf(requestTurn, workFor(limits.requestTurnsMs));
  expect(new Set(rounds).size).toBe(TURNS);
  expect(order).toEqual(inOrder);
});

test('each slice of long work has a round', async () => {
  const { rounds, order } = await roundsOf(sliceTurn, () => {});
  expect(new Set(rounds).size).toBe(TURNS);
  expect(order).toEqual(inOrder);
});
