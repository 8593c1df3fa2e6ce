/** Several sources of events as one. */
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { merge } from '../../../src/adapters/event-stream.kafka/merge.ts';

const GUARD_MS = 30_000;
const guard = () => AbortSignal.timeout(GUARD_MS);

/** Counts up, as fast as it is asked; waits for the end after `count` values. */
function counter(name: string, count = Number.POSITIVE_INFINITY) {
  const state = { asked: 0, left: false };
  async function* start(signal: AbortSignal) {
    try {
      for (let i = 1; i <= count; i++) {
        state.asked = i;
        await turn();
        yield `${name}${i}`;
      }
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    } finally {
      state.left = true;
    }
  }
  return { start, state };
}

describe('merged sources', () => {
  test('each give all they have, in order, and none waits for another', async () => {
    const [a, b] = [counter('a'), counter('b')];
    const seen: string[] = [];
    for await (const { source, value } of merge([a.start, b.start], guard())) {
      seen.push(value);
      expect(value[0]).toBe('ab'[source]);
      if (seen.length === 100) break;
    }
    for (const name of ['a', 'b']) {
      const own = seen.filter((value) => value.startsWith(name));
      expect(own.length).toBeGreaterThan(30);
      expect(own).toEqual(own.map((_, i) => `${name}${i + 1}`));
    }
    expect([a.state.left, b.state.left]).toEqual([true, true]);
  });

  test('with a quiet one among them come from the others', async () => {
    const [a, quiet] = [counter('a'), counter('b', 0)];
    const seen: string[] = [];
    for await (const { value } of merge([quiet.start, a.start], guard())) if (seen.push(value) === 50) break;
    expect(seen).toHaveLength(50);
    expect(quiet.state.left).toBe(true);
  });

  test('read nothing ahead while the consumer pauses', async () => {
    const a = counter('a');
    const merged = merge([a.start], guard());
    await merged.next();
    for (let i = 0; i < 20; i++) await turn();
    expect(a.state.asked).toBe(1);
    await merged.return(undefined);
  });

  test('end when the caller aborts, and with the error of one of them', async () => {
    const stop = new AbortController();
    const quiet = counter('a', 0);
    const next = merge([quiet.start], stop.signal).next();
    stop.abort();
    expect(await next).toMatchObject({ done: true });

    const other = counter('b', 0);
    const failing = async function* (): AsyncGenerator<string> {
      yield 'a1';
      throw new Error('it broke');
    };
    const merged = merge([other.start, failing], guard());
    expect((await merged.next()).value).toEqual({ source: 1, value: 'a1' });
    await expect(merged.next()).rejects.toThrow('it broke');
    expect(other.state.left).toBe(true);
  });
});
