/** Orders: their list. */
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import type { OrderRow } from '../../../src/model/order-row.ts';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import { chunkOf, ingestChunks, newClaim, orderRow, readAll } from '../../support/chunks.ts';
import { onEachOrderStore } from './contract.ts';

onEachOrderStore(({ open }) => {
  describe('a list', () => {
    test('of orders is newest first and filtered, without gaps or repeats', async () => {
      const { first, close } = await open();
      const day = Date.UTC(2026, 0, 1);
      const levels = ['A', 'B'].flatMap((sku) => ['H1', 'H2'].map((hubId) => ({ sku, hubId, available: 1_000 })));
      await first.stock.change(levels, null);
      const row = (i: number) =>
        orderRow(i + 2, `ID_${i}%`, {
          sku: i % 2 ? 'A' : 'B',
          hubId: i % 3 ? 'H1' : 'H2',
          customerName: i % 5 ? 'Ada' : 'Grace_Hopper',
          customerEmail: `c${i % 4}@example.com`,
          orderDateMs: day + i * 1_000,
        });
      const rows = Array.from({ length: 60 }, (_, i) => row(i));
      const one = await ingestChunks(first, [chunkOf(0, rows.slice(0, 20)), chunkOf(1, rows.slice(20, 40))]);
      const two = await ingestChunks(first, [chunkOf(0, rows.slice(40))]);

      for (const limit of [1, 7, 60, 1_000]) {
        const list = async (filter: Parameters<OrderStore['orders']['list']>[0]) =>
          (await readAll((page) => first.orders.list(filter, page), limit)).map(({ orderId }) => orderId).sort();
        const those = (keep: (order: OrderRow, i: number) => boolean) =>
          rows
            .filter(keep)
            .map(({ orderId }) => orderId)
            .sort();
        const all = await readAll((page) => first.orders.list({}, page), limit);
        const keys = all.map(({ createdAtMs, orderId }) => `${createdAtMs} ${orderId}`);
        expect(keys).toEqual([...keys].sort().reverse());
        expect(await list({})).toEqual(those(() => true));
        expect(await list({ status: 'on_hold' })).toEqual(those(() => true));
        expect(await list({ sku: 'A' })).toEqual(those((order) => order.sku === 'A'));
        expect(await list({ hubId: 'H2', sku: 'B' })).toEqual(those(({ sku, hubId }) => hubId === 'H2' && sku === 'B'));
        expect(await list({ fileId: one })).toEqual(those((_, i) => i < 40));
        expect(await list({ fileId: two, hubId: 'H2' })).toEqual(those(({ hubId }, i) => i >= 40 && hubId === 'H2'));
        expect(await list({ fileId: 'f_unknown' })).toEqual([]);
        expect(await list({ customerEmail: 'c1@example.com' })).toEqual(those((_, i) => i % 4 === 1));
        expect(await list({ fromMs: day + 10_000, toMs: day + 12_000 })).toEqual(['ID_10%', 'ID_11%']);
        expect(await list({ q: 'ID_1' })).toEqual(those(({ orderId }) => orderId.startsWith('ID_1')));
        expect(await list({ q: 'Grace_' })).toEqual(those((_, i) => i % 5 === 0));
        expect(await list({ q: 'c2@' })).toEqual(those((_, i) => i % 4 === 2));
        expect(await list({ q: '%' })).toEqual([]);
        expect(await list({ q: 'D_1' })).toEqual([]);
      }
      await close();
    });

    test('of orders finds a name by the start of any of its words, in any case and with any accents', async () => {
      const { first, close } = await open();
      const names = [
        'Anna Smith',
        'SMITHERS, Bob',
        'Jörg Müller-Lüdenscheidt',
        "Sean O'Brien",
        'Zoë Ångström',
        'Blacksmith',
      ];
      names.push(
        'Nguyễn Văn An',
        'A*b [c] ^d ?e',
        'Łukasz',
        'И. Иванов',
        '100% Cotton_Ltd (West)',
        '山田 太郎',
        'x\\y',
      );
      await first.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', available: 1_000 }], null);
      const rows = names.map((customerName, i) =>
        orderRow(i + 2, `N-${i}`, { customerName, customerEmail: `m${i}@x.example` }),
      );
      await ingestChunks(first, [chunkOf(0, rows)]);
      const find = async (q: string) =>
        (await readAll((page) => first.orders.list({ q }, page), 3)).map((order) => order.customerName).sort();
      for (const [q, ...expected] of [
        ['smith', 'Anna Smith', 'SMITHERS, Bob'],
        ['SMITH', 'Anna Smith', 'SMITHERS, Bob'],
        ['Anna S', 'Anna Smith'],
        ['smith anna', 'Anna Smith'],
        ['bob', 'SMITHERS, Bob'],
        ['muller', 'Jörg Müller-Lüdenscheidt'],
        ['MÜLLER-l', 'Jörg Müller-Lüdenscheidt'],
        ['lud', 'Jörg Müller-Lüdenscheidt'],
        ['brien', "Sean O'Brien"],
        ['o’b', "Sean O'Brien"],
        ['angstrom', 'Zoë Ångström'],
        ['zoe', 'Zoë Ångström'],
        ['zoe angst', 'Zoë Ångström'],
        ['nguyen', 'Nguyễn Văn An'],
        ['an', 'Anna Smith', 'Nguyễn Văn An', 'Zoë Ångström'],
        ['lukasz', 'Łukasz'],
        ['иван', 'И. Иванов'],
        ['a*', 'A*b [c] ^d ?e'],
        ['[c]', 'A*b [c] ^d ?e'],
        ['^d', 'A*b [c] ^d ?e'],
        ['?e', 'A*b [c] ^d ?e'],
        ['100%', '100% Cotton_Ltd (West)'],
        ['ltd', '100% Cotton_Ltd (West)'],
        ['west', '100% Cotton_Ltd (West)'],
        ['太郎', '山田 太郎'],
        ['x\\', 'x\\y'],
        ['mith'],
        ['smith zoe'],
        ['*'],
        ['?', 'A*b [c] ^d ?e'],
        ['[a-z]'],
        ['.*'],
        [' '],
        ['a'.repeat(500)],
        ['ễ'.repeat(500)],
        [Array.from({ length: 100 }, (_, i) => `w${i}`).join(' ')],
      ] as [string, ...string[]][])
        expect([q, ...(await find(q))]).toEqual([q, ...expected.sort()]);
      await close();
    });

    test('of orders has the one whose whole id is asked for first, however old it is, and once', async () => {
      const { first, close } = await open();
      await first.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', available: 1_000_000 }], null);
      const claim = await newClaim(first);
      await first.chunks.commit(claim, chunkOf(0, [orderRow(2, 'A-1'), orderRow(3, 'A-1x'), orderRow(4, 'B')]));
      const many = Array.from({ length: limits.maxScanOrders }, (_, i) => orderRow(i + 5, `Z-${i}`));
      await first.chunks.commit(claim, chunkOf(1, many));
      await first.chunks.commit(claim, chunkOf(2, [orderRow(100_000, 'A-1y')]));

      const page = await first.orders.list({ q: 'A-1' }, { limit: 5, after: null });
      expect(page.items.map(({ orderId }) => orderId)).toEqual(['A-1', 'A-1y']);
      expect(page.next).not.toBeNull();
      expect(page.reachedMs).toBeGreaterThan(page.items[0]!.createdAtMs);
      for (const limit of [1, 2, 3, 5]) {
        const all = await readAll((request) => first.orders.list({ q: 'A-1' }, request), limit);
        expect(all.map(({ orderId }) => orderId)).toEqual(['A-1', 'A-1y', 'A-1x']);
        const filtered = { q: 'A-1', sku: 'SKU-1', hubId: 'HUB-1', fileId: claim.fileId, status: 'on_hold' as const };
        expect(await readAll((request) => first.orders.list(filtered, request), limit)).toEqual(all);
      }
      for (const other of [
        { sku: 'S' },
        { hubId: 'H' },
        { fileId: 'f_x' },
        { customerEmail: 'x@y.z' },
        { fromMs: Date.UTC(2030, 1) },
        { toMs: 0 },
      ])
        expect(await readAll((request) => first.orders.list({ q: 'A-1', ...other }, request), 5)).toEqual([]);
      expect(await readAll((request) => first.orders.list({ q: 'a-1' }, request), 2)).toHaveLength(3);
      expect(await readAll((request) => first.orders.list({ q: 'A-1\0' }, request), 2)).toEqual([]);
      await close();
    });
  });
});
