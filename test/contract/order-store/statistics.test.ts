/** Statistics: sums and their history. */
import { expect, test } from 'vitest';
import { COMPLETED, chunkOf, createFile, FAILED, newClaim, orderRow, rejection, WAIT } from '../../support/chunks.ts';
import { onEachOrderStore } from './contract.ts';

onEachOrderStore(({ open, violations }) => {
  test('sums are those of all files, moved with each chunk', async () => {
    const { first, second, close } = await open();
    const empty = await first.statistics.totals();
    expect(empty.files).toEqual({
      queued: 0,
      processing: 0,
      waiting: 0,
      paused: 0,
      completed: 0,
      failed: 0,
      cancelled: 0,
    });
    expect(empty.orders).toEqual({ total: 0, byStatus: {}, byHub: {}, amountMinor: 0n });

    const hubs = ['H1', '__proto__'];
    await first.stock.change(
      hubs.map((hubId) => ({ sku: 'S', hubId, available: 2_000_000_000 })),
      null,
    );
    const from = Date.now() - 60_000;
    const row = (n: number, hubId: string) =>
      orderRow(n, `O-${n}`, { sku: 'S', hubId, quantity: 1_000_000, unitPriceMinor: 999_999_999 });
    const claim = await newClaim(first);
    await first.chunks.commit(claim, chunkOf(0, [row(2, 'H1'), row(3, 'H1'), row(4, '__proto__')], [rejection(5)]));
    await first.chunks.commit(claim, chunkOf(1, [row(6, 'H1'), { ...row(2, 'H1'), row: 7 }]));
    await createFile(first);
    const waiting = await newClaim(first);
    await first.files.setWaiting(waiting, WAIT);
    await first.files.finish(await newClaim(first), COMPLETED);
    await first.files.finish(await newClaim(first), FAILED);
    await first.files.requestCancel(await createFile(first));

    const totals = await second.statistics.totals();
    expect(totals.files).toEqual({
      ...{ queued: 1, processing: 1, waiting: 1, paused: 0, completed: 1, failed: 1, cancelled: 1 },
    });
    expect(totals.rows).toEqual({ total: 6, accepted: 4, invalid: 2 });
    // Four times the largest total is past what a double holds exactly.
    const { byHub, ...orders } = totals.orders;
    expect(orders).toEqual({ total: 4, byStatus: { on_hold: 4 }, amountMinor: 4n * 999_999_999_000_000n });
    expect(Object.entries(byHub).sort()).toEqual([
      ['H1', 3],
      ['__proto__', 1],
    ]);
    expect(totals.invalidByCode).toEqual({ invalid_email: 1, duplicate_order: 1 });
    expect(totals.events.published + totals.events.pending).toBe(4);

    for (const bucketMs of [60_000, 3_600_000, 86_400_000]) {
      const history = await first.statistics.history(bucketMs, from, Date.now() + 60_000);
      // The test may run across the border of two buckets.
      expect(history.length).toBeLessThanOrEqual(2);
      for (const { atMs } of history) expect(atMs % bucketMs).toBe(0);
      const sum = (of: 'rows' | 'accepted' | 'invalid') => history.reduce((total, bucket) => total + bucket[of], 0);
      expect([sum('rows'), sum('accepted'), sum('invalid')]).toEqual([6, 4, 2]);
    }
    expect(await first.statistics.history(60_000, 0, 60_000)).toEqual([]);
    expect(await violations(first)).toEqual([]);
    await close();
  });
});
