/** Stock: changes and lists. */
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { chunkOf, ingestChunks, orderRow, readAll } from '../../support/chunks.ts';
import { onEachOrderStore } from './contract.ts';

onEachOrderStore(({ open, opened, unique, setStock, availableOf, newSku, violations }) => {
  describe('stock', () => {
    test('is set and adjusted, each change by itself', async () => {
      const [a, b] = [unique('SKU'), unique('SKU')];
      const hubId = 'HUB-1';
      expect(
        await opened.first.stock.change(
          [
            { sku: a, hubId, available: 5 },
            { sku: a, hubId, delta: -3 },
            { sku: a, hubId, delta: -3 },
            { sku: b, hubId, delta: -1 },
            { sku: b, hubId, delta: 4 },
            { sku: a, hubId, available: 0 },
            { sku: b, hubId, delta: limits.maxStock },
          ],
          null,
        ),
      ).toEqual([
        { sku: a, hubId, available: 5, before: null },
        { sku: a, hubId, available: 2, before: 5 },
        { sku: a, hubId, error: 'below_zero', available: 2, before: 2 },
        { sku: b, hubId, error: 'below_zero', available: 0, before: null },
        { sku: b, hubId, available: 4, before: null },
        { sku: a, hubId, available: 0, before: 2 },
        { sku: b, hubId, error: 'too_much', available: 4, before: 4 },
      ]);
      expect(await availableOf(a)).toEqual([0]);
      expect(await availableOf(b)).toEqual([4]);
    });

    test('is changed once under an idempotency key, which other changes may not use', async () => {
      const sku = await newSku(1);
      const key = unique('key');
      const changes = [{ sku, hubId: 'HUB-1', delta: 5 }];
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, i) => (i % 2 ? opened.first : opened.second).stock.change(changes, key)),
      );
      expect(answers).toEqual(Array(6).fill([{ sku, hubId: 'HUB-1', available: 6, before: 1 }]));
      await expect(opened.first.stock.change([{ sku, hubId: 'HUB-1', delta: 6 }], key)).rejects.toMatchObject({
        code: 'key_reused',
      });
      expect(await availableOf(sku)).toEqual([6]);
    });

    test('is changed once under a key, also where very many of its changes are of one row', async () => {
      const sku = await newSku(0);
      const key = unique('key');
      const changes = Array.from({ length: 500 }, () => ({ sku, hubId: 'HUB-1', delta: 1 }));
      const answers = await Promise.all([
        opened.first.stock.change(changes, key),
        opened.second.stock.change(changes, key),
      ]);
      expect(await opened.second.stock.change(changes, key)).toEqual(answers[0]);
      expect(answers[1]).toEqual(answers[0]);
      expect(answers[0]!.at(-1)).toEqual({ sku, hubId: 'HUB-1', available: 500, before: 499 });
      expect(await availableOf(sku)).toEqual([500]);
    });

    test('adjusted by many callers in parallel loses nothing', async () => {
      const sku = await newSku(0);
      await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          (i % 2 ? opened.first : opened.second).stock.change([{ sku, hubId: 'HUB-1', delta: 2 }], null),
        ),
      );
      expect(await availableOf(sku)).toEqual([100]);
    });

    test('set while orders hold some keeps the books in balance (INV-2)', async () => {
      const sku = await newSku(10);
      await ingestChunks(opened.first, [chunkOf(0, [orderRow(2, unique('O'), { sku, quantity: 4 })])]);
      await setStock(sku, 1);
      await opened.first.stock.change([{ sku, hubId: 'HUB-1', delta: 7 }], null);
      expect(await availableOf(sku)).toEqual([8]);
      expect(await violations()).toEqual([]);
    });

    test('that a change with a key creates is reported as created when the request is repeated', async () => {
      const sku = unique('SKU');
      const key = unique('key');
      const change = [{ sku, hubId: 'HUB-1', available: 3 }];
      const expected = [{ sku, hubId: 'HUB-1', available: 3, before: null }];
      expect(await opened.first.stock.change(change, key)).toEqual(expected);
      expect(await opened.second.stock.change(change, key)).toEqual(expected);
    });

    test('is looked up pair by pair, in the order asked for', async () => {
      const [a, b] = [await newSku(3), await newSku(0)];
      const none = { sku: unique('SKU'), hubId: 'HUB-1' };
      const pairs = [{ sku: b, hubId: 'HUB-1' }, none, { sku: a, hubId: 'HUB-1' }, { sku: a, hubId: 'HUB-9' }];
      expect(await opened.first.stock.levels(pairs)).toEqual([0, null, 3, null]);
      expect(await opened.first.stock.levels([])).toEqual([]);
    });

    test('knows which SKUs and hubs it has, exactly as they are written', async () => {
      const [sku, hubId] = [unique('Sku'), unique('Hub')];
      await setStock(sku, 0, hubId);
      expect(await opened.first.stock.named({ skus: [sku], hubIds: [] })).toEqual({ skus: [sku], hubIds: [] });
      expect(await opened.first.stock.named({ skus: [], hubIds: [hubId] })).toEqual({ skus: [], hubIds: [hubId] });
      const others = { skus: [sku.toUpperCase(), hubId, 'Ø"\'[1]'], hubIds: [hubId.toUpperCase(), sku, ''] };
      expect(await opened.first.stock.named(others)).toEqual({ skus: [], hubIds: [] });
      const both = { skus: [...others.skus, sku], hubIds: [hubId, ...others.hubIds] };
      expect(await opened.first.stock.named(both)).toEqual({ skus: [sku], hubIds: [hubId] });
    });
  });

  describe('a list', () => {
    test('of stock is by key or by what is available, all or of one SKU or hub', async () => {
      const { first, close } = await open();
      const keys = ['a', 'b', 'B', 'ä', '10', '9', '😀'].flatMap((sku) =>
        ['H1', 'H2'].map((hubId) => ({ sku, hubId })),
      );
      await first.stock.change(
        keys.map((key, i) => ({ ...key, available: i % 3 })),
        null,
      );
      for (const limit of [1, 4, 100]) {
        const byKey = await readAll((page) => first.stock.list({ sort: 'key' }, page), limit);
        expect(byKey).toHaveLength(keys.length);
        expect(new Set(byKey.map(({ sku, hubId }) => `${sku} ${hubId}`)).size).toBe(keys.length);
        const all = await readAll((page) => first.stock.list({ sort: 'available' }, page), limit);
        expect(all.map(({ available }) => available)).toEqual(all.map(({ available }) => available).sort());
        expect(new Set(all.map(({ sku, hubId }) => `${sku} ${hubId}`)).size).toBe(keys.length);
        const ofHub = await readAll((page) => first.stock.list({ sort: 'key', hubId: 'H2' }, page), limit);
        expect(ofHub.map(({ hubId }) => hubId)).toEqual(Array(7).fill('H2'));
        const ofSku = await readAll((page) => first.stock.list({ sort: 'available', sku: 'b' }, page), limit);
        expect(ofSku.map(({ sku, hubId }) => `${sku} ${hubId}`).sort()).toEqual(['b H1', 'b H2']);
      }
      await close();
    });
  });

  test('orders taken while stock is untracked take none, and the books stay in balance', async () => {
    const { first, close } = await open({ trackStock: false });
    await first.stock.change([{ sku: 'S', hubId: 'H', available: 1 }], null);
    const fileId = await ingestChunks(first, [
      chunkOf(0, [orderRow(2, 'O-1', { sku: 'S', hubId: 'H', quantity: 5 }), orderRow(3, 'O-2', { sku: 'none' })]),
    ]);
    expect(await first.files.get(fileId)).toMatchObject({ accepted: 2, invalid: 0 });
    const { items } = await first.stock.list({ sort: 'key' }, { limit: 10, after: null });
    expect(items).toEqual([{ sku: 'S', hubId: 'H', available: 1 }]);
    expect(await violations(first)).toEqual([]);
    await close();
  });
});
