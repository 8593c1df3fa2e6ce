/** Changes of orders beside files: rows whose order was changed, deleted, or made through the API; and the other way round. */
import { describe, expect, test } from 'vitest';
import type { OrderRow } from '../../../src/model/order-row.ts';
import { fileOfStored } from '../../../src/model/stored-order.ts';
import {
  applyOne,
  changed,
  isRefused,
  item,
  newOrder,
  toCreate,
  toDelete,
  toEdit,
  toMove,
} from '../../support/changes.ts';
import { chunkOf, ingestChunks, newClaim, orderRow, readAll } from '../../support/chunks.ts';
import { onEachOrderStore } from './contract.ts';

onEachOrderStore(({ opened, unique, newSku, availableOf, violations }) => {
  /** Why these rows of a new file are refused: code and words. */
  const refusedRows = async (rows: OrderRow[]) => {
    const fileId = await ingestChunks(opened.second, [chunkOf(0, rows)]);
    const list = await readAll((page) => opened.first.rejections.list(fileId, {}, page), 10);
    return list.map(({ reasons }) => reasons[0]!);
  };
  const create = (id: string, sku: string, quantity = 1) =>
    applyOne(opened.first, toCreate(id, newOrder([item(sku, quantity)])));

  describe('a row with the id of an order', () => {
    test('that was made through the API is a duplicate or a conflict, and says so', async () => {
      const sku = await newSku(10);
      const id = unique('API');
      await create(id, sku);
      const reasons = await refusedRows([orderRow(2, id, { sku }), orderRow(3, id, { sku, customerName: 'Grace' })]);
      expect(reasons).toEqual([
        {
          ...{ column: 'order_id', code: 'duplicate_order' },
          reason: `order_id "${id}" is already stored, made through the API`,
        },
        {
          ...{ column: 'order_id', code: 'order_conflict' },
          reason: `order_id "${id}" is already stored with another customer_name, made through the API`,
        },
      ]);
      for (const reason of reasons) expect(fileOfStored(reason)).toBeNull();
      expect(await availableOf(sku)).toEqual([9]);
    });

    test('that was changed is compared with what the order says now', async () => {
      const sku = await newSku(20);
      const id = unique('ROW');
      const row = orderRow(2, id, { sku });
      const fileId = await ingestChunks(opened.first, [chunkOf(0, [row])]);
      await applyOne(opened.first, toMove(id, 'confirmed'));
      expect(await refusedRows([row])).toMatchObject([{ code: 'duplicate_order' }]);
      await applyOne(opened.first, toEdit(id, { customerName: 'Grace' }));
      const reasons = await refusedRows([row, { ...row, row: 3, customerName: 'Grace' }]);
      expect(reasons).toMatchObject([
        {
          code: 'order_conflict',
          reason: `order_id "${id}" is already stored with another customer_name, from row 2 of file ${fileId}`,
        },
        { code: 'duplicate_order' },
      ]);
      expect(reasons.map(fileOfStored)).toEqual([fileId, fileId]);
      await applyOne(opened.first, toEdit(id, { items: [item(sku), item(sku)] }));
      expect(await refusedRows([row])).toMatchObject([
        { code: 'order_conflict', reason: expect.stringContaining('with another customer_name, items, total_amount,') },
      ]);
      expect(await violations()).toEqual([]);
    });

    test('that was deleted is a conflict, with whatever it says', async () => {
      const sku = await newSku(20);
      for (const make of ['API', 'ROW']) {
        const id = unique(make);
        const row = orderRow(2, id, { sku });
        if (make === 'API') await create(id, sku);
        else await ingestChunks(opened.first, [chunkOf(0, [row])]);
        await applyOne(opened.first, toDelete(id));
        const reasons = await refusedRows([row, { ...row, row: 3, customerName: 'Grace' }]);
        for (const reason of reasons)
          expect(reason).toEqual({
            ...{ column: 'order_id', code: 'order_conflict' },
            reason: `order_id "${id}" was deleted, and its id stays taken`,
          });
        expect(reasons).toHaveLength(2);
      }
      expect(await availableOf(sku)).toEqual([20]);
      expect(await violations()).toEqual([]);
    });
  });

  test('a creation with the id of a row is that order, or a conflict with it', async () => {
    const sku = await newSku(10);
    const id = unique('ROW');
    await ingestChunks(opened.first, [chunkOf(0, [orderRow(2, id, { sku, quantity: 2 })])]);
    const { order } = (await opened.first.orders.get(id))!;
    expect(await create(id, sku, 2)).toEqual({ outcome: 'unchanged', order });
    expect(await create(id, sku, 3)).toMatchObject(
      isRefused('order_conflict', { fields: ['quantity', 'total_amount'] }),
    );
    expect(await availableOf(sku)).toEqual([8]);
  });

  test('a row and a creation that want the same id, or the last piece, do not both get it', async () => {
    const sku = await newSku(30);
    const ids = Array.from({ length: 40 }, () => unique('BOTH'));
    const claim = await newClaim(opened.first);
    const rows = ids.map((id, n) => orderRow(n + 2, id, { sku }));
    const [chunk, ...outcomes] = await Promise.all([
      opened.first.chunks.commit(claim, chunkOf(0, rows)),
      ...ids.map((id) => applyOne(opened.second, toCreate(id, newOrder([item(sku)], { customerName: 'Grace' })))),
    ]);
    const created = outcomes.filter(({ outcome }) => outcome === 'created');
    expect(chunk.accepted + created.length).toBe(30);
    expect(await availableOf(sku)).toEqual([0]);
    for (const outcome of outcomes)
      if (outcome.outcome === 'refused') expect(['out_of_stock', 'order_conflict']).toContain(outcome.refusal.code);
    expect(await violations()).toEqual([]);
  });

  test('a row of a file goes on from the status that the others have, and stock that comes in serves both', async () => {
    const sku = await newSku(0);
    const id = unique('API');
    expect(await create(id, sku)).toMatchObject(isRefused('out_of_stock'));
    await opened.second.stock.change([{ sku, hubId: 'HUB-1', delta: 2 }], null);
    expect(changed(await create(id, sku)).status).toBe('on_hold');
    const row = orderRow(2, unique('ROW'), { sku });
    await ingestChunks(opened.second, [chunkOf(0, [row])]);
    expect((await opened.first.orders.get(row.orderId))?.order.status).toBe('on_hold');
    expect(await availableOf(sku)).toEqual([0]);
    await applyOne(opened.first, toMove(id, 'cancelled'));
    expect(await refusedRows([orderRow(2, unique('ROW'), { sku }), orderRow(3, unique('ROW'), { sku })])).toMatchObject(
      [{ code: 'out_of_stock' }],
    );
    expect(await violations()).toEqual([]);
  });
});
