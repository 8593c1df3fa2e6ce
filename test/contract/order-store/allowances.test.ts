/** The requests of a principal that several processes serve: they share one bucket through the store. */
import { expect, test } from 'vitest';
import { Allowances } from '../../../src/access/allowances.ts';
import { systemClock } from '../../../src/ports/clock.ts';
import { onEachOrderStore } from './contract.ts';

const RATE = { perSecond: 50, burst: 200 };

onEachOrderStore(({ opened, unique }) => {
  test('two processes let through hardly more than one burst together', async () => {
    const owner = unique('key:limited');
    // Time stands still, so nothing is refilled.
    const nowMs = Date.now();
    const clock = { ...systemClock, now: () => nowMs };
    const processes = [opened.first, opened.second].map((store) => new Allowances(RATE, clock, store.smallRecords));
    const refused = new Set<Allowances>();
    let allowed = 0;
    while (refused.size < processes.length)
      for (const process of processes) {
        if (process.take(owner).isAllowed) allowed++;
        else refused.add(process);
        // Writes are answered in order, so the store has answered what was told before.
        for (const store of [opened.first, opened.second]) await store.smallRecords.delete('allowance', 'nobody');
      }
    expect(allowed).toBeGreaterThanOrEqual(RATE.burst);
    // Each alone would let through as many as both do.
    expect(allowed).toBeLessThanOrEqual(1.5 * RATE.burst);
  });
});
