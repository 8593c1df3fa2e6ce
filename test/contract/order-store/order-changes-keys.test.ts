/** Changes of orders under an Idempotency-Key: a repeat gets the first outcome. */
import { describe, expect, test } from 'vitest';
import type { ChangeRequest } from '../../../src/model/change-request.ts';
import {
  applyOne,
  changed,
  isRefused,
  item,
  keyOf,
  newOrder,
  toCreate,
  toDelete,
  toEdit,
  toMove,
} from '../../support/changes.ts';
import { onEachOrderStore } from './contract.ts';

onEachOrderStore(({ opened, unique, newSku, setStock, availableOf, violations }) => {
  const apply = (request: ChangeRequest) => applyOne(opened.first, request);
  const newIn = async (sku: string) => {
    const id = unique('KEY');
    await apply(toCreate(id, newOrder([item(sku)])));
    return id;
  };

  describe('a repeat under the same key', () => {
    test('of a creation is the order as it was made, whatever became of it, and takes nothing', async () => {
      const sku = await newSku(10);
      const id = unique('KEY');
      const request = toCreate(id, newOrder([item(sku, 2), item(sku, 1)]), { ...keyOf(unique('K')), actor: 'anna' });
      const first = await apply(request);
      expect(await opened.second.changes.answered(request)).toEqual(first);
      await apply(toEdit(id, { items: [item(sku, 7)], customerName: 'Grace' }, { actor: 'bob' }));
      await apply(toMove(id, 'confirmed'));
      expect(await applyOne(opened.second, request)).toEqual(first);
      expect(await opened.second.changes.answered(request)).toEqual(first);
      expect(await availableOf(sku)).toEqual([3]);
      // Where the server makes the id, the repeat comes with another one.
      expect(await apply({ ...request, orderId: unique('KEY') })).toEqual(first);
      expect((await opened.first.orders.get(id))?.order).toMatchObject({ version: 3 });
    });

    test('of an edit and of a move is the order as of that version', async () => {
      const sku = await newSku(10);
      const id = await newIn(sku);
      const asks = [
        toEdit(id, { items: [item(sku, 3)] }, keyOf(unique('K'))),
        toEdit(id, { customerName: 'Grace', items: [item(sku, 1), item(sku, 5)] }, keyOf(unique('K'))),
        toMove(id, 'confirmed', keyOf(unique('K'))),
        toMove(id, 'confirmed', keyOf(unique('K'))),
        toEdit(id, { items: [item(sku, 2)] }, keyOf(unique('K'))),
        toMove(id, 'cancelled', keyOf(unique('K'))),
      ];
      const outcomes = await opened.first.changes.apply(asks);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual([
        ...['changed', 'changed', 'changed', 'unchanged', 'changed', 'changed'],
      ]);
      expect(outcomes.map((outcome) => changed(outcome).version)).toEqual([2, 3, 4, 4, 5, 6]);
      expect(await opened.second.changes.apply(asks)).toEqual(outcomes);
      for (const [n, ask] of asks.entries()) expect(await opened.second.changes.answered(ask)).toEqual(outcomes[n]);
      expect(await availableOf(sku)).toEqual([10]);
    });

    test('of a refusal is that refusal, also when it would be allowed by now', async () => {
      const sku = await newSku(1);
      const id = await newIn(sku);
      const other = unique('KEY');
      const asks = [
        toCreate(other, newOrder([item(sku)]), keyOf(unique('K'))),
        toEdit(id, { items: [item(sku, 2)] }, keyOf(unique('K'))),
        toMove(id, 'shipped', keyOf(unique('K'))),
        toCreate(id, newOrder([item(sku, 2)]), keyOf(unique('K'))),
      ];
      const refusals = await opened.first.changes.apply(asks);
      expect(refusals).toMatchObject([
        isRefused('out_of_stock'),
        isRefused('out_of_stock'),
        isRefused('invalid_transition'),
        isRefused('order_conflict'),
      ]);
      await setStock(sku, 10);
      await apply(toMove(id, 'confirmed'));
      expect(await opened.second.changes.apply(asks)).toEqual(refusals);
      expect(await opened.first.orders.get(other)).toBeNull();
      // Another key is another request.
      expect((await apply({ ...asks[0]!, ...keyOf(unique('K')) })).outcome).toBe('created');
      expect(await availableOf(sku)).toEqual([9]);
    });

    test('of another refusal is judged afresh', async () => {
      const sku = await newSku(10);
      const id = unique('KEY');
      const move = toMove(id, 'confirmed', { ...keyOf(unique('K')), ifMatch: [2] });
      expect(await apply(move)).toMatchObject(isRefused('not_found'));
      expect(await opened.second.changes.answered(move)).toBeNull();
      await apply(toCreate(id, newOrder([item(sku)])));
      expect(await apply(move)).toMatchObject(isRefused('version_mismatch'));
      await apply(toEdit(id, { customerName: 'X' }));
      expect((await apply(move)).outcome).toBe('changed');
    });

    test('after a deletion is judged afresh', async () => {
      const sku = await newSku(10);
      const id = unique('KEY');
      const create = toCreate(id, newOrder([item(sku)]), keyOf(unique('K')));
      const move = toMove(id, 'confirmed', keyOf(unique('K')));
      const deletion = toDelete(id, keyOf(unique('K')));
      await opened.first.changes.apply([create, move, deletion]);
      expect(await apply(deletion)).toEqual({ outcome: 'deleted' });
      expect(await apply(create)).toMatchObject(isRefused('order_deleted'));
      expect(await apply(move)).toMatchObject(isRefused('order_deleted'));
      for (const request of [create, move]) expect(await opened.second.changes.answered(request)).toBeNull();
      expect(await availableOf(sku)).toEqual([10]);
    });

    test('that is another request is refused, in the same scope', async () => {
      const sku = await newSku(10);
      const id = await newIn(sku);
      const key = unique('K');
      expect((await apply(toMove(id, 'confirmed', keyOf(key, 'confirm')))).outcome).toBe('changed');
      const another = toMove(id, 'cancelled', keyOf(key, 'cancel'));
      expect(await apply(another)).toMatchObject(isRefused('key_reused'));
      expect(await opened.second.changes.answered(another)).toMatchObject(isRefused('key_reused'));
      expect((await apply({ ...another, ...keyOf(key, 'cancel', 'bob PUT /orders') })).outcome).toBe('changed');
    });

    test('at the same time happens once', async () => {
      const sku = await newSku(100);
      const clients = [opened.first, opened.second];
      const request = toCreate(unique('KEY'), newOrder([item(sku, 3)]), keyOf(unique('K')));
      const outcomes = await Promise.all(Array.from({ length: 12 }, (_, n) => applyOne(clients[n % 2]!, request)));
      for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
      expect(outcomes[0]!.outcome).toBe('created');
      expect(await availableOf(sku)).toEqual([97]);
      expect(await violations()).toEqual([]);
    });
  });
});
