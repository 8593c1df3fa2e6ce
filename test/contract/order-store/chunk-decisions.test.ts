/** Chunks: which rows a commit accepts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OrderRow } from '../../../src/model/order-row.ts';
import type { ChunkToCommit } from '../../../src/ports/chunks.ts';
import { chunkOf, ingestChunks, newClaim, orderRow } from '../../support/chunks.ts';
import { onEachOrderStore } from './contract.ts';

onEachOrderStore(({ opened, unique, setStock, availableOf, newSku, rejectionsOf, violations }) => {
  describe('a chunk', () => {
    test('accepts rows in file order as far as the stock goes; a smaller row may still fit', async () => {
      const sku = await newSku(10);
      const ids = [6, 5, 3, 2, 1].map((quantity) => ({ quantity, id: unique('O') }));
      // The ids run against the file order, so that an order of ids would show.
      const rows = ids.map(({ quantity, id }, i) => orderRow(i + 2, `${9 - i}-${id}`, { sku, quantity }));
      const fileId = await ingestChunks(opened.first, [chunkOf(0, rows)]);
      expect(await rejectionsOf(fileId)).toEqual([
        { row: 3, codes: ['out_of_stock'] },
        { row: 5, codes: ['out_of_stock'] },
      ]);
      expect(await availableOf(sku)).toEqual([0]);
    });

    test('takes nothing of what has no stock row, or another hub has', async () => {
      const sku = await newSku(10);
      const rows = [
        orderRow(2, unique('O'), { sku, hubId: 'HUB-2' }),
        orderRow(3, unique('O'), { sku: unique('SKU') }),
      ];
      const fileId = await ingestChunks(opened.first, [chunkOf(0, rows)]);
      expect((await rejectionsOf(fileId)).map(({ codes }) => codes)).toEqual([['out_of_stock'], ['out_of_stock']]);
      expect(await availableOf(sku)).toEqual([10]);
    });

    test('a repeat of an order is a duplicate or a conflict, by its payload, and takes no stock', async () => {
      const sku = await newSku(10);
      const id = unique('O');
      const row = orderRow(2, id, { sku, quantity: 2 });
      const first = await ingestChunks(opened.first, [
        chunkOf(0, [row, { ...row, row: 3 }]),
        chunkOf(1, [{ ...row, row: 4, shippingAddress: 'elsewhere', orderDateMs: 5 }]),
      ]);
      expect(await rejectionsOf(first)).toEqual([
        { row: 3, codes: ['duplicate_order'] },
        { row: 4, codes: ['order_conflict'] },
      ]);
      const { items } = await opened.first.rejections.list(
        first,
        { code: 'order_conflict' },
        { limit: 5, after: null },
      );
      expect(items[0]!.reasons[0]!.reason).toContain('order_date, shipping_address');
      const later = await ingestChunks(opened.second, [chunkOf(0, [{ ...row, row: 9, quantity: 9 }])]);
      expect(await rejectionsOf(later)).toEqual([{ row: 9, codes: ['order_conflict'] }]);
      expect(await availableOf(sku)).toEqual([8]);
      expect((await opened.first.orders.get(id))?.order).toMatchObject({ fileId: first, row: 2 });
    });

    test('a repeat is found with any characters in its id, wherever the id sorts', async () => {
      await opened.first.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', available: 100 }], null);
      const ids = ['a', 'z', 'é', 'z\uff5e', 'z\u{1f600}', 'z\ue000', '\u{10ffff}', '\ud7ff'].map(unique);
      for (const [i, orderId] of ids.entries()) {
        const rows = [...ids.slice(0, i + 1), orderId].map((id, at) => orderRow(at + 2, id));
        const fileId = await ingestChunks(opened.first, [chunkOf(0, rows)]);
        expect(await opened.first.files.get(fileId)).toMatchObject({ accepted: 1, invalid: i + 1 });
      }
    });

    test('names each field in which an order differs', async () => {
      const sku = await newSku(100);
      const other = await newSku(100);
      const id = unique('O');
      const row = orderRow(2, id, { sku });
      await ingestChunks(opened.first, [chunkOf(0, [row])]);
      const changes: [string, Partial<OrderRow>][] = [
        ['customer_name', { customerName: 'Other' }],
        ['customer_email', { customerEmail: 'other@example.com' }],
        ['product_name', { productName: 'Other' }],
        ['sku', { sku: other }],
        ['hub_id', { hubId: 'HUB-2' }],
        ['quantity', { quantity: 2, totalMinor: row.totalMinor }],
        ['unit_price', { unitPriceMinor: 5, totalMinor: row.totalMinor }],
        ['total_amount', { totalMinor: 5 }],
        ['order_date', { orderDateMs: 5 }],
        ['shipping_address', { shippingAddress: 'Other' }],
      ];
      const rows = changes.map(([, change], i) => ({ ...row, row: i + 2, ...change }));
      const fileId = await ingestChunks(opened.first, [chunkOf(0, rows)]);
      const { items } = await opened.first.rejections.list(fileId, {}, { limit: 20, after: null });
      expect(items.map(({ reasons }) => [reasons.length, reasons[0]!.code])).toEqual(
        changes.map(() => [1, 'order_conflict']),
      );
      for (const [i, [column]] of changes.entries())
        expect(items[i]!.reasons[0]!.reason).toContain(`with another ${column},`);
    });

    test('chunks of several files that take the same stock in parallel take no more than there is', async () => {
      const sku = await newSku(100);
      const claims = await Promise.all(Array.from({ length: 10 }, () => newClaim(opened.first)));
      const results = await Promise.all(
        claims.map((claim, i) => {
          const rows = Array.from({ length: 30 }, (_, row) => orderRow(row + 2, unique('O'), { sku }));
          return (i % 2 ? opened.first : opened.second).chunks.commit(claim, chunkOf(0, rows));
        }),
      );
      expect(results.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(100);
      expect(results.reduce((sum, { invalid }) => sum + invalid, 0)).toBe(200);
      expect(await availableOf(sku)).toEqual([0]);
    });

    test('one order that several files have in parallel is accepted once', async () => {
      const sku = await newSku(100);
      const id = unique('O');
      const claims = await Promise.all(Array.from({ length: 8 }, () => newClaim(opened.first)));
      const results = await Promise.all(
        claims.map((claim, i) =>
          (i % 2 ? opened.first : opened.second).chunks.commit(
            claim,
            chunkOf(0, [orderRow(2, id, { sku, quantity: 5 })]),
          ),
        ),
      );
      expect(results.map(({ accepted }) => accepted).sort()).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
      expect(await availableOf(sku)).toEqual([95]);
    });

    test('any cut of rows into chunks accepts the same, and stock is never negative (INV-2)', async () => {
      const rowsAndCuts = fc.record({
        stock: fc.array(fc.nat(20), { minLength: 3, maxLength: 3 }),
        rows: fc.array(fc.record({ key: fc.nat(3), quantity: fc.integer({ min: 1, max: 9 }) }), { minLength: 1 }),
        cuts: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 }),
      });
      await fc.assert(
        fc.asyncProperty(rowsAndCuts, async ({ stock, rows, cuts }) => {
          const outcome = async (sizes: number[]) => {
            // The last key has no stock row.
            const skus = [unique('SKU'), unique('SKU'), unique('SKU'), unique('SKU')];
            await Promise.all(stock.map((available, key) => setStock(skus[key]!, available)));
            const orders = rows.map(({ key, quantity }, i) =>
              orderRow(i + 2, unique('O'), { sku: skus[key]!, quantity }),
            );
            const chunks: ChunkToCommit[] = [];
            for (let at = 0; at < orders.length; ) {
              const size = sizes[chunks.length % sizes.length]!;
              chunks.push(chunkOf(chunks.length, orders.slice(at, at + size)));
              at += size;
            }
            const fileId = await ingestChunks(opened.first, chunks);
            const left = (await Promise.all(skus.map(availableOf))).flat();
            expect(Math.min(...left)).toBeGreaterThanOrEqual(0);
            const file = (await opened.first.files.get(fileId))!;
            expect(file.accepted + file.invalid).toBe(rows.length);
            return { left, rejected: await rejectionsOf(fileId) };
          };
          expect(await outcome(cuts)).toEqual(await outcome([rows.length]));
        }),
        { numRuns: 25 },
      );
      expect(await violations()).toEqual([]);
    });
  });

  describe('an order id with accents', () => {
    const NFC = (word: string) => `${word}-Z\u00e9ro-\ud55c`.normalize('NFC');

    test('is one id in NFC and NFD, also that of an order of an earlier release', async () => {
      const id = NFC(unique('O'));
      const former = id.normalize('NFD');
      const sku = await newSku(10);
      const fileId = await ingestChunks(opened.first, [chunkOf(0, [orderRow(2, former, { sku })])]);
      const stored = await opened.first.orders.get(former);
      expect(stored?.order.orderId).toBe(former);
      expect(await opened.first.orders.get(id)).toEqual(stored);
      expect(await opened.first.orders.get(`\u200b${id}\u00a0`)).toEqual(stored);
      const again = await ingestChunks(opened.first, [
        chunkOf(0, [
          orderRow(2, id, { sku }),
          orderRow(3, `${id}-2`, { sku, customerName: 'Z\u00e9' }),
          orderRow(4, `${id}-3`, { sku }),
        ]),
      ]);
      expect(await rejectionsOf(again)).toEqual([{ row: 2, codes: ['duplicate_order'] }]);
      const third = await ingestChunks(opened.first, [
        chunkOf(0, [orderRow(2, id, { sku, quantity: 2 }), orderRow(3, `${id}-2`, { sku, customerName: 'Ze\u0301' })]),
      ]);
      expect(await rejectionsOf(third)).toEqual([
        { row: 2, codes: ['order_conflict'] },
        { row: 3, codes: ['duplicate_order'] },
      ]);
      expect((await opened.first.orders.get(id))?.order.fileId).toBe(fileId);
      expect(await availableOf(sku)).toEqual([7]);
      expect(await violations()).toEqual([]);
    });
  });
});
