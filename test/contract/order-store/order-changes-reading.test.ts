/** Changes of orders as lists and statistics show them. */
import { expect, test } from 'vitest';
import type { OrderFilter } from '../../../src/ports/orders.ts';
import { applyOne, item, newOrder, toCreate, toDelete, toEdit, toMove } from '../../support/changes.ts';
import { chunkOf, ingestChunks, orderRow, readAll } from '../../support/chunks.ts';
import { onEachOrderStore } from './contract.ts';

onEachOrderStore(({ open, violations }) => {
  test('lists have orders of files and of the API as they are now, without deleted ones', async () => {
    const { first, second, close } = await open();
    const stock = ['A', 'B'].flatMap((sku) => ['H1', 'H2'].map((hubId) => ({ sku, hubId, available: 100 })));
    await first.stock.change(stock, null);
    const rows = [2, 3, 4, 5].map((row) => orderRow(row, `R-${row}`, { sku: 'A', hubId: 'H1' }));
    const fileId = await ingestChunks(first, [chunkOf(0, rows)]);
    const several = [item('A', 1, { hubId: 'H1' }), item('B', 1, { hubId: 'H2' }), item('B', 2, { hubId: 'H2' })];
    await applyOne(first, toCreate('P-1', newOrder(several)));
    await applyOne(first, toCreate('P-2', newOrder([item('B', 1, { hubId: 'H1' })])));
    await applyOne(first, toCreate('P-3', newOrder([item('B', 1, { hubId: 'H1' })])));
    await first.changes.apply([
      toMove('R-2', 'confirmed'),
      toEdit('R-3', { items: several, customerEmail: 'grace@example.com' }),
      toDelete('R-4'),
      toDelete('P-3'),
      toMove('P-2', 'cancelled'),
    ]);
    const list = async (filter: OrderFilter, limit: number) =>
      (await readAll((page) => second.orders.list(filter, page), limit)).map(({ orderId }) => orderId).sort();
    for (const limit of [1, 2, 100]) {
      expect(await list({}, limit)).toEqual(['P-1', 'P-2', 'R-2', 'R-3', 'R-5']);
      expect(await list({ status: 'on_hold' }, limit)).toEqual(['P-1', 'R-3', 'R-5']);
      expect(await list({ status: 'confirmed' }, limit)).toEqual(['R-2']);
      expect(await list({ status: 'cancelled' }, limit)).toEqual(['P-2']);
      expect(await list({ status: 'deleted' }, limit)).toEqual([]);
      expect(await list({ sku: 'A' }, limit)).toEqual(['P-1', 'R-2', 'R-3', 'R-5']);
      expect(await list({ sku: 'B' }, limit)).toEqual(['P-1', 'P-2', 'R-3']);
      expect(await list({ hubId: 'H2' }, limit)).toEqual(['P-1', 'R-3']);
      // One and the same item.
      expect(await list({ sku: 'A', hubId: 'H2' }, limit)).toEqual([]);
      expect(await list({ sku: 'B', hubId: 'H2' }, limit)).toEqual(['P-1', 'R-3']);
      expect(await list({ fileId }, limit)).toEqual(['R-2', 'R-3', 'R-5']);
      expect(await list({ fileId, sku: 'B' }, limit)).toEqual(['R-3']);
      expect(await list({ customerEmail: 'grace@example.com' }, limit)).toEqual(['R-3']);
      expect(await list({ q: 'R-' }, limit)).toEqual(['R-2', 'R-3', 'R-5']);
      expect(await list({ q: 'P-1', sku: 'B', hubId: 'H2' }, limit)).toEqual(['P-1']);
      expect(await list({ q: 'P-1', sku: 'A', hubId: 'H2' }, limit)).toEqual([]);
      expect(await list({ q: 'P-3' }, limit)).toEqual([]);
    }
    const [newest] = (await second.orders.list({}, { limit: 5, after: null })).items;
    expect(newest).toEqual((await first.orders.get('P-2'))!.order);
    const changed = (await second.orders.list({ q: 'R-3' }, { limit: 1, after: null })).items;
    expect(changed).toMatchObject([{ items: several, version: 2, fileId, row: 3 }]);
    expect(await violations(first)).toEqual([]);
    await close();
  });

  test('sums follow each change', async () => {
    const { first, second, close } = await open();
    const hubs = ['H1', 'H2', '__proto__'];
    await first.stock.change(
      hubs.map((hubId) => ({ sku: 'S', hubId, available: 1_000 })),
      null,
    );
    const of = (hubId: string, quantity = 1) => item('S', quantity, { hubId, unitPriceMinor: 100 });
    const rows = [2, 3, 4].map((row) => orderRow(row, `R-${row}`, { sku: 'S', hubId: 'H1', unitPriceMinor: 1_000 }));
    const sums = async () => {
      const { orders, rows: ofRows, events } = await second.statistics.totals();
      expect(Object.values(orders.byStatus).reduce((sum, count) => sum + count, 0)).toBe(orders.total);
      expect(orders.total).toBe((await readAll((page) => second.orders.list({}, page), 10)).length);
      return {
        ...orders,
        amountMinor: Number(orders.amountMinor),
        rows: ofRows.accepted,
        events: events.published + events.pending,
      };
    };
    await ingestChunks(first, [chunkOf(0, rows)]);
    expect(await sums()).toEqual({
      ...{ total: 3, byStatus: { on_hold: 3 }, byHub: { H1: 3 }, amountMinor: 3_000, rows: 3, events: 3 },
    });
    await applyOne(first, toCreate('P-1', newOrder([of('H1'), of('H2', 2), of('H2', 3), of('__proto__')])));
    expect(await sums()).toEqual({
      ...{ total: 4, byStatus: { on_hold: 4 }, amountMinor: 3_700, rows: 3, events: 4 },
      byHub: { H1: 4, H2: 1, ['__proto__']: 1 },
    });
    await first.changes.apply([
      toMove('R-2', 'confirmed'),
      toMove('R-3', 'cancelled'),
      toEdit('P-1', { items: [of('H2', 1)] }),
    ]);
    expect(await sums()).toEqual({
      ...{ total: 4, byStatus: { on_hold: 2, confirmed: 1, cancelled: 1 }, byHub: { H1: 3, H2: 1 } },
      ...{ amountMinor: 2_100, rows: 3, events: 7 },
    });
    await first.changes.apply([toDelete('R-3'), toDelete('R-4'), toMove('R-2', 'shipped')]);
    expect(await sums()).toEqual({
      ...{ total: 2, byStatus: { on_hold: 1, shipped: 1 }, byHub: { H1: 1, H2: 1 } },
      ...{ amountMinor: 1_100, rows: 3, events: 10 },
    });
    // What changes nothing counts nothing.
    await first.changes.apply([toDelete('R-3'), toMove('R-2', 'shipped'), toMove('R-2', 'on_hold')]);
    expect(await sums()).toMatchObject({ total: 2, events: 10 });
    expect(await violations(first)).toEqual([]);
    await close();
  });
});
