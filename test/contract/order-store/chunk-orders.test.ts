/** Chunks: orders of several rows, which are accepted with all of their rows or not at all. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OrderRow } from '../../../src/model/order-row.ts';
import type { Rejection } from '../../../src/model/rejection.ts';
import {
  COMPLETED,
  chunkOfOrders,
  claimFile,
  createFile,
  ingestChunks,
  orderRow,
  readAll,
} from '../../support/chunks.ts';
import { onEachOrderStore } from './contract.ts';

onEachOrderStore(({ opened, unique, newSku, availableOf, rejectionsOf, violations, open }) => {
  /** An order of rows from `row` on, one for each item. */
  const orderOf = (row: number, orderId: string, items: Partial<OrderRow>[]): OrderRow[] =>
    items.map((item, n) => orderRow(row + n, orderId, item));
  const ingest = (...chunks: OrderRow[][][]) =>
    ingestChunks(
      opened.first,
      chunks.map((orders, n) => chunkOfOrders(n, orders)),
    );
  const reasonsOf = async (fileId: string): Promise<Rejection[]> =>
    readAll((page) => opened.first.rejections.list(fileId, {}, page), 10);

  describe('an order of several rows', () => {
    test('has an item for each row, and the row of the first', async () => {
      const [a, b] = [await newSku(5), await newSku(5)];
      const [id, next] = [unique('O'), unique('O')];
      const items = [
        { sku: a, quantity: 2, unitPriceMinor: 150 },
        { sku: b, quantity: 1, unitPriceMinor: 99, productName: 'Other', customerName: '', shippingAddress: '' },
        { sku: a, quantity: 1, unitPriceMinor: 140 },
      ];
      const fileId = await ingest([orderOf(2, id, items), orderOf(5, next, [{ sku: b, quantity: 2 }])]);
      const file = await opened.first.files.get(fileId);
      expect(file).toMatchObject({ rows: 4, accepted: 4, invalid: 0, orders: 2 });
      const { order, holdsStock } = (await opened.second.orders.get(id))!;
      expect(holdsStock).toBe(true);
      expect(order).toMatchObject({ row: 2, fileId, version: 1, totalMinor: 539, customerName: 'Ada Lovelace' });
      expect(order.items.map(({ sku, quantity, lineTotalMinor }) => [sku, quantity, lineTotalMinor])).toEqual([
        [a, 2, 300],
        [b, 1, 99],
        [a, 1, 140],
      ]);
      expect((await opened.first.orders.get(next))!.order).toMatchObject({ row: 5, totalMinor: 3998 });
      expect([await availableOf(a), await availableOf(b)]).toEqual([[2], [2]]);
      const listed = await opened.first.orders.list({ fileId }, { limit: 10, after: null });
      expect(listed.items.map(({ orderId }) => orderId).sort()).toEqual([id, next].sort());
      expect(await violations()).toEqual([]);
    });

    test('takes stock for all rows or for none, and its rows name the one to fix', async () => {
      const [a, b] = [await newSku(3), await newSku(1)];
      const ids = [unique('O'), unique('O'), unique('O')];
      const fileId = await ingest([
        orderOf(2, ids[0]!, [{ sku: a }, { sku: b, quantity: 2 }, { sku: a, quantity: 2 }]),
        // What the first one did not get is there for those after it.
        orderOf(5, ids[1]!, [{ sku: a, quantity: 2 }, { sku: a }]),
        orderOf(7, ids[2]!, [{ sku: b }]),
      ]);
      expect(await rejectionsOf(fileId)).toEqual([
        { row: 2, codes: ['order_incomplete'] },
        { row: 3, codes: ['out_of_stock'] },
        { row: 4, codes: ['order_incomplete'] },
      ]);
      const [first, guilty] = await reasonsOf(fileId);
      expect(first!.reasons[0]!.reason).toContain('row 3 of the same order');
      expect(guilty!.reasons[0]!.reason).toContain('quantity 2 is more than the 1 left');
      expect([await availableOf(a), await availableOf(b)]).toEqual([[0], [0]]);
      expect(await opened.first.orders.get(ids[0]!)).toBeNull();
      expect(await opened.first.files.get(fileId)).toMatchObject({ rows: 6, accepted: 3, invalid: 3, orders: 2 });
      expect(await violations()).toEqual([]);
    });

    test.each([
      [
        'rows that together are more than there is',
        [{ quantity: 2 }, { quantity: 2 }],
        ['order_incomplete', 'out_of_stock'],
      ],
      ['a row without a stock row', [{}, { hubId: 'HUB-9' }], ['order_incomplete', 'out_of_stock']],
      ['every row out of stock', [{ quantity: 4 }, { quantity: 5 }], ['out_of_stock', 'out_of_stock']],
    ])('%s: none is taken', async (_, items, codes) => {
      const sku = await newSku(3);
      const fileId = await ingest([
        orderOf(
          2,
          unique('O'),
          items.map((item) => ({ sku, ...item })),
        ),
      ]);
      expect((await rejectionsOf(fileId)).map((one) => one.codes[0])).toEqual(codes);
      expect(await availableOf(sku)).toEqual([3]);
      expect(await violations()).toEqual([]);
    });

    test('a repeat is one with all of its rows, by all of them', async () => {
      const sku = await newSku(100);
      const id = unique('O');
      const items = [{ sku }, { sku, quantity: 2 }];
      const fileId = await ingest(
        [orderOf(2, id, items), orderOf(4, id, items), orderOf(6, id, [{ sku }])],
        [orderOf(7, id, [...items].reverse()), orderOf(9, id, items)],
      );
      expect((await rejectionsOf(fileId)).map(({ row, codes }) => `${row} ${codes}`)).toEqual([
        '4 duplicate_order',
        '5 duplicate_order',
        '6 order_conflict',
        '7 order_conflict',
        '8 order_conflict',
        '9 duplicate_order',
        '10 duplicate_order',
      ]);
      const later = await ingest([orderOf(2, id, items)]);
      expect((await rejectionsOf(later)).map(({ row, codes }) => `${row} ${codes}`)).toEqual([
        '2 duplicate_order',
        '3 duplicate_order',
      ]);
      expect(await availableOf(sku)).toEqual([97]);
      expect(await violations()).toEqual([]);
    });

    test('counts once, in each of its hubs', async () => {
      const own = await open();
      try {
        for (const hubId of ['HUB-1', 'HUB-2'])
          await own.first.stock.change([{ sku: 'S', hubId, available: 10 }], null);
        const items = [{ sku: 'S' }, { sku: 'S', hubId: 'HUB-2' }, { sku: 'S' }];
        await ingestChunks(own.first, [
          chunkOfOrders(0, [orderOf(2, 'A', items), orderOf(5, 'B', [{ sku: 'S', hubId: 'HUB-2' }])]),
        ]);
        const totals = await own.first.statistics.totals();
        expect(totals.rows).toEqual({ total: 4, accepted: 4, invalid: 0 });
        expect(totals.orders).toEqual({
          ...{ total: 2, byStatus: { on_hold: 2 }, byHub: { 'HUB-1': 1, 'HUB-2': 2 }, amountMinor: 4n * 1999n },
        });
        expect(totals.events.published + totals.events.pending).toBe(2);
      } finally {
        await own.close();
      }
    });

    test('has one event, that of a row with more items', async () => {
      const own = await open();
      try {
        await own.first.stock.change([{ sku: 'S', hubId: 'HUB-1', available: 10 }], null);
        await ingestChunks(own.first, [chunkOfOrders(0, [orderOf(2, 'A', [{ sku: 'S' }, { sku: 'S', quantity: 3 }])])]);
        const batch = (await own.first.outbox.pending())!;
        const events = [...batch.events].map(({ json }) => JSON.parse(json));
        expect(events.map(({ id, type }) => [id, type])).toEqual([['A:created', 'order.created']]);
        expect(Object.keys(events[0].data)).toEqual([
          ...['order_id', 'status', 'customer', 'items', 'total_amount', 'order_date', 'shipping_address', 'source'],
          ...['created_at', 'updated_at'],
        ]);
        expect(events[0].data.items.map((item: { quantity: number }) => item.quantity)).toEqual([1, 3]);
        expect(events[0].data.total_amount).toBe('79.96');
      } finally {
        await own.close();
      }
    });

    test('changes like any other, and its history leads back to its rows', async () => {
      const sku = await newSku(10);
      const id = unique('O');
      const fileId = await createFile(opened.first);
      const claim = await claimFile(opened.first, fileId);
      await opened.first.chunks.commit(claim, chunkOfOrders(0, [orderOf(2, id, [{ sku }, { sku, quantity: 2 }])]));
      // The answer to the commit is lost.
      const again = await opened.first.chunks.commit(
        claim,
        chunkOfOrders(0, [orderOf(2, id, [{ sku }, { sku, quantity: 2 }])]),
      );
      expect(again).toMatchObject({ accepted: 2, invalid: 0 });
      await opened.first.files.finish(claim, COMPLETED);
      expect(await availableOf(sku)).toEqual([7]);
      expect(await violations()).toEqual([]);
    });
  });

  test('any orders, in any chunks, are taken as wholes, and the stock is what they leave', async () => {
    const order = fc.array(fc.record({ sku: fc.nat(2), quantity: fc.integer({ min: 1, max: 4 }) }), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(order, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(12), { minLength: 3, maxLength: 3 }),
        fc.boolean(),
        async (orders, available, alone) => {
          const skus: string[] = [];
          for (const units of available) skus.push(await newSku(units));
          let row = 2;
          const rows = orders.map((items) => {
            const of = orderOf(
              row,
              unique('O'),
              items.map((item) => ({ ...item, sku: skus[item.sku]! })),
            );
            row += items.length;
            return of;
          });
          const fileId = await (alone ? ingest(...rows.map((one) => [one])) : ingest(rows));
          const rejected = new Set((await rejectionsOf(fileId)).map((one) => one.row));
          const left = [...available];
          for (const [n, items] of orders.entries()) {
            const out = rows[n]!.filter((one) => rejected.has(one.row)).length;
            expect([0, items.length]).toContain(out);
            const needed = [0, 1, 2].map((sku) =>
              items.reduce((sum, item) => sum + (item.sku === sku ? item.quantity : 0), 0),
            );
            const fits = needed.every((quantity, sku) => quantity <= left[sku]!);
            // In one chunk another order may have reserved what it did not get in the end.
            if (alone) expect(out === 0).toBe(fits);
            if (out === 0) for (const sku of [0, 1, 2]) left[sku]! -= needed[sku]!;
          }
          expect((await Promise.all(skus.map(availableOf))).flat()).toEqual(left);
        },
      ),
      { numRuns: 15 },
    );
    expect(await violations()).toEqual([]);
  });
});
