/** What all lists have in common. */
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { chunkOf, newClaim, orderRow, readAll, rejection } from '../../support/chunks.ts';
import { invalidCursor, onEachOrderStore } from './contract.ts';

onEachOrderStore(({ open, opened }) => {
  describe('a list', () => {
    test('that scans very many items finds the few that match, in short pages if need be', async () => {
      const { first, close } = await open();
      await first.stock.change(
        ['RARE', 'MANY'].map((sku) => ({ sku, hubId: 'HUB-1', available: 1_000_000 })),
        null,
      );
      const claim = await newClaim(first);
      const chunks = Math.ceil(limits.maxScanOrders / 5_000) + 1;
      for (let n = 0; n < chunks; n++) {
        const from = n * 10_000 + 2;
        const orders = Array.from({ length: 5_000 }, (_, i) =>
          orderRow(
            from + i,
            `O-${n}-${i}`,
            n === 0 && i < 3 ? { sku: 'RARE', customerEmail: 'Rare@example.com' } : { sku: 'MANY' },
          ),
        );
        const rejections = Array.from({ length: 2_500 }, (_, i) =>
          rejection(from + 5_000 + i, n === chunks - 1 && i > 2_497 ? 'malformed_quote' : 'invalid_date'),
        );
        await first.chunks.commit(claim, chunkOf(n, orders, rejections));
      }
      const rare = await readAll((page) => first.orders.list({ sku: 'RARE' }, page), 2);
      expect(rare.map(({ orderId }) => orderId).sort()).toEqual(['O-0-0', 'O-0-1', 'O-0-2']);
      const ofFile = await readAll((page) => first.orders.list({ sku: 'RARE', fileId: claim.fileId }, page), 2);
      expect(ofFile).toEqual(rare);
      const cursors: (string | null)[] = [];
      const ofOne = await readAll((page) => {
        cursors.push(page.after);
        return first.orders.list({ seenBy: { hubs: null, email: 'rare@example.com' } }, page);
      }, 5);
      expect(ofOne).toEqual(rare);
      // Where a page ended among orders of others, it does not name one of them.
      expect(cursors.length).toBeGreaterThan(1);
      expect(cursors.join()).not.toContain('O-');
      const quotes = await readAll((page) => first.rejections.list(claim.fileId, { code: 'malformed_quote' }, page), 1);
      expect(quotes.map(({ row }) => row)).toEqual([(chunks - 1) * 10_000 + 7_500, (chunks - 1) * 10_000 + 7_501]);
      await close();
    });

    test('refuses a cursor of another list', async () => {
      const lists = {
        files: (after: string) => opened.first.files.list({}, { limit: 5, after }),
        reports: (after: string) => opened.first.files.reports({}, { limit: 5, after }),
        rejections: (after: string) => opened.first.rejections.list('f_unknown', {}, { limit: 5, after }),
        orders: (after: string) => opened.first.orders.list({}, { limit: 5, after }),
        stock: (after: string) => opened.first.stock.list({ sort: 'key' }, { limit: 5, after }),
      };
      for (const list of Object.values(lists))
        for (const cursor of ['', 'nonsense', '[]', '{}', 'null', '[null]', '["a"]', '[1e999]', '[0.5]', '[1,2,3,4,5]'])
          await expect(list(cursor)).rejects.toEqual(invalidCursor);
    });
  });
});
