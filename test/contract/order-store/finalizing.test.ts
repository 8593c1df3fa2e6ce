/** What the finalizer keeps: its position, and the orders that it asks about again. */
import { describe, expect, test } from 'vitest';
import type { KeptOrder } from '../../../src/ports/finalizing.ts';
import { readAll } from '../../support/chunks.ts';
import { invalidCursor, onEachOrderStore } from './contract.ts';

const kept = (orderId: string, values: Partial<KeptOrder> = {}): KeptOrder => ({
  ...{ orderId, asks: 1, failures: 0, dueMs: 1_000, answer: 'wait' },
  ...values,
});

onEachOrderStore(({ open }) => {
  describe('the position of the finalizer', () => {
    test('is none at first, then what was moved to last, for all clients', async () => {
      const { first, second, close } = await open();
      expect(await first.finalizing.position()).toBeNull();
      await first.finalizing.move('o1');
      await second.finalizing.move('o2');
      expect(await first.finalizing.position()).toBe('o2');
      await Promise.all(['o3', 'o3', 'o3'].map((cursor) => first.finalizing.move(cursor)));
      expect(await second.finalizing.position()).toBe('o3');
      await close();
    });
  });

  describe('an order that is kept', () => {
    test('is due from its time on, the oldest first, and keeps the newest values', async () => {
      const { first, second, close } = await open();
      const { finalizing } = first;
      await finalizing.keep(kept('A', { dueMs: 3_000 }));
      await finalizing.keep(kept('B', { dueMs: 2_000, asks: 7, failures: 3, answer: '“wait”\n' }));
      await finalizing.keep(kept('C', { dueMs: null, answer: 'answered 400' }));
      await Promise.all([
        finalizing.keep(kept('D', { dueMs: 9_000 })),
        second.finalizing.keep(kept('D', { dueMs: 9_000 })),
      ]);
      const due = async (nowMs: number, limit = 10) =>
        (await finalizing.due(nowMs, limit)).map(({ orderId }) => orderId);
      expect(await due(1_999)).toEqual([]);
      expect(await finalizing.due(2_000, 10)).toEqual([
        kept('B', { dueMs: 2_000, asks: 7, failures: 3, answer: '“wait”\n' }),
      ]);
      expect(await due(8_999)).toEqual(['B', 'A']);
      expect(await due(9_000, 2)).toEqual(['B', 'A']);
      await second.finalizing.keep(kept('B', { dueMs: 4_000 }));
      expect(await due(9_000)).toEqual(['A', 'B', 'D']);
      expect(await finalizing.counts()).toEqual({ held: 3, aside: 1 });
      expect(await finalizing.kept(['A', 'C', 'X'])).toEqual(new Set(['A', 'C']));
      expect(await finalizing.kept([])).toEqual(new Set());

      await finalizing.forget('A');
      await finalizing.forget('A');
      expect(await due(9_000)).toEqual(['B', 'D']);
      expect(await finalizing.counts()).toEqual({ held: 2, aside: 1 });
      await close();
    });

    test('is in a list by its state, and one that was put aside is due again after a redrive', async () => {
      const { first, close } = await open();
      const { finalizing } = first;
      const ids = Array.from({ length: 25 }, (_, i) => `O-${String(i).padStart(2, '0')}`);
      for (const [i, orderId] of ids.entries())
        await finalizing.keep(kept(orderId, { dueMs: i % 2 ? 5_000 : null, failures: 2 }));
      const list = async (state: 'held' | 'aside') =>
        (await readAll((page) => finalizing.list(state, page), 4)).map(({ orderId }) => orderId);
      expect(await list('held')).toEqual(ids.filter((_, i) => i % 2 === 1));
      expect(await list('aside')).toEqual(ids.filter((_, i) => i % 2 === 0));
      await expect(finalizing.list('held', { limit: 4, after: 'no' })).rejects.toEqual(invalidCursor);

      expect(await finalizing.askAgain(7_000)).toBe(13);
      expect(await finalizing.askAgain(7_000)).toBe(0);
      expect(await finalizing.counts()).toEqual({ held: 25, aside: 0 });
      const due = await finalizing.due(7_000, 100);
      expect(due.find(({ orderId }) => orderId === 'O-00')).toEqual(kept('O-00', { dueMs: 7_000, failures: 0 }));
      expect(due.find(({ orderId }) => orderId === 'O-01')).toEqual(kept('O-01', { dueMs: 5_000, failures: 2 }));
      await close();
    });
  });
});
