/** Changes of orders: moves to another status, edits, deletions. */
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { ERASED } from '../../../src/model/order.ts';
import { orderAt } from '../../../src/model/order-change.ts';
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
import { chunkOf, ingestChunks, orderRow } from '../../support/chunks.ts';
import { onEachOrderStore } from './contract.ts';

onEachOrderStore(({ opened, unique, newSku, availableOf, violations }) => {
  /** An order of the API, or the same of a file. */
  const newOf = {
    'an order of the API': async (sku: string, quantity: number) => {
      const id = unique('API');
      await applyOne(opened.first, toCreate(id, newOrder([item(sku, quantity)])));
      return id;
    },
    'an order of a file': async (sku: string, quantity: number) => {
      const id = unique('ROW');
      await ingestChunks(opened.first, [chunkOf(0, [orderRow(2, id, { sku, quantity })])]);
      return id;
    },
  };
  const stored = async (orderId: string) => (await opened.second.orders.get(orderId))!;
  const historyOf = async (orderId: string) => (await opened.second.changes.history(orderId))!.changes;

  describe.each(Object.entries(newOf))('%s', (_, create) => {
    test('goes from status to status', async () => {
      const sku = await newSku(10);
      const id = await create(sku, 2);
      const before = (await stored(id)).order;
      const outcome = await applyOne(opened.first, toMove(id, 'confirmed', { actor: 'anna', reason: 'paid' }));
      const order = changed(outcome);
      expect(outcome.outcome).toBe('changed');
      expect(order).toEqual({
        ...before,
        ...{ status: 'confirmed', version: 2, actor: 'anna', updatedAtMs: order.updatedAtMs },
      });
      expect(order.updatedAtMs).toBeGreaterThanOrEqual(before.updatedAtMs);
      await opened.second.changes.apply([toMove(id, 'shipped'), toMove(id, 'delivered')]);
      expect(await stored(id)).toMatchObject({
        order: { status: 'delivered', version: 4, actor: null },
        holdsStock: true,
      });
      expect(await historyOf(id)).toMatchObject([
        { version: 1, kind: 'created', fromStatus: null, toStatus: 'on_hold', fields: [], actor: null },
        {
          ...{ version: 2, kind: 'status_changed', fromStatus: 'on_hold', toStatus: 'confirmed' },
          ...{ fields: [], reason: 'paid', actor: 'anna', atMs: order.updatedAtMs },
        },
        { version: 3, fromStatus: 'confirmed', toStatus: 'shipped', reason: null, actor: null },
        { version: 4, fromStatus: 'shipped', toStatus: 'delivered' },
      ]);
      // Delivered goods are not in stock.
      expect(await availableOf(sku)).toEqual([8]);
    });

    test('gives its stock back when it is cancelled, once', async () => {
      const sku = await newSku(10);
      const id = await create(sku, 4);
      const cancel = (client: 'first' | 'second') => applyOne(opened[client], toMove(id, 'cancelled'));
      const outcomes = await Promise.all([cancel('first'), cancel('second'), cancel('first'), cancel('second')]);
      expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['changed', 'unchanged', 'unchanged', 'unchanged']);
      expect(await stored(id)).toMatchObject({ order: { status: 'cancelled', version: 2 }, holdsStock: false });
      expect(await availableOf(sku)).toEqual([10]);
      // Nor is it given back again by a deletion.
      expect(await applyOne(opened.first, toDelete(id))).toEqual({ outcome: 'deleted' });
      expect(await availableOf(sku)).toEqual([10]);
      expect(await violations()).toEqual([]);
    });

    test('of two opposite moves makes one', async () => {
      const sku = await newSku(10);
      const ids = await Promise.all(Array.from({ length: 10 }, () => create(sku, 1)));
      await opened.first.changes.apply(ids.map((id) => toMove(id, 'confirmed')));
      const outcomes = await Promise.all(
        ids.map((id) =>
          Promise.all([
            applyOne(opened.first, toMove(id, 'shipped')),
            applyOne(opened.second, toMove(id, 'cancelled')),
          ]),
        ),
      );
      let cancelled = 0;
      for (const [ship, cancel] of outcomes) {
        expect([ship.outcome, cancel.outcome].sort()).toEqual(['changed', 'refused']);
        if (cancel.outcome === 'changed') cancelled++;
      }
      expect(await availableOf(sku)).toEqual([cancelled]);
      expect(await violations()).toEqual([]);
    });

    test('is edited: items take and give stock, the total follows', async () => {
      const [one, two, three] = [await newSku(10), await newSku(10), await newSku(10)];
      const id = await create(one, 5);
      const before = (await stored(id)).order;
      const items = [item(one, 2), item(two, 3), item(two, 4, { unitPriceMinor: 1 })];
      const edit = toEdit(id, { items, shippingAddress: '1 Dorset Street' }, { actor: 'bob', reason: 'asked for' });
      const order = changed(await applyOne(opened.first, edit));
      const totalMinor = 5 * 1999 + 4;
      expect(order).toEqual({
        ...before,
        ...{ items, totalMinor, shippingAddress: '1 Dorset Street' },
        ...{ version: 2, actor: 'bob', updatedAtMs: order.updatedAtMs },
      });
      expect(await stored(id)).toEqual({ order, holdsStock: true, deleted: false, untouched: false, undone: false });
      expect([await availableOf(one), await availableOf(two)]).toEqual([[8], [3]]);
      const again = [item(three, 1)];
      await applyOne(
        opened.second,
        toEdit(id, { items: again, customerName: 'Grace', customerEmail: 'g@example.com' }),
      );
      expect([await availableOf(one), await availableOf(two), await availableOf(three)]).toEqual([[10], [10], [9]]);
      const history = (await opened.first.changes.history(id))!;
      expect(history.changes.map(({ fields }) => fields.map(({ field }) => field))).toEqual([
        [],
        ['items', 'total_amount', 'shipping_address'],
        ['customer_name', 'customer_email', 'items', 'total_amount'],
      ]);
      expect(history.changes[1]).toMatchObject({
        ...{ kind: 'edited', fromStatus: 'on_hold', toStatus: 'on_hold', reason: 'asked for', actor: 'bob' },
        fields: [{ from: before.items, to: items }, { from: 5 * 1999, to: totalMinor }, { to: '1 Dorset Street' }],
      });
      // Each version can be built from the order and its history.
      expect(orderAt(history.stored.order, history.changes, 1)).toEqual(before);
      expect(orderAt(history.stored.order, history.changes, 2)).toEqual(order);
      expect(await violations()).toEqual([]);
    });

    test('takes the stock of an edit as a whole or not at all', async () => {
      const [one, two] = [await newSku(10), await newSku(2)];
      const id = await create(one, 5);
      const before = await stored(id);
      expect(await applyOne(opened.first, toEdit(id, { items: [item(one, 1), item(two, 3)] }))).toMatchObject(
        isRefused('out_of_stock', { errors: [{ pointer: '/items/1/quantity', available: 2 }] as never }),
      );
      expect(await stored(id)).toEqual(before);
      expect([await availableOf(one), await availableOf(two)]).toEqual([[5], [2]]);
      // What it has already counts: 5 + 5 are there.
      expect((await applyOne(opened.first, toEdit(id, { items: [item(one, 10)] }))).outcome).toBe('changed');
      expect(await availableOf(one)).toEqual([0]);
    });

    test('is deleted: nothing of its content is left, its stock is back, its id stays taken', async () => {
      const sku = await newSku(10);
      const id = await create(sku, 5);
      const items = [item(sku, 1), item(sku, 2)];
      await applyOne(opened.first, toEdit(id, { items, customerName: 'Grace' }, { reason: 'as Grace asked' }));
      const { order } = await stored(id);
      expect(await applyOne(opened.first, toDelete(id, { actor: 'anna' }))).toEqual({ outcome: 'deleted' });
      expect(await applyOne(opened.second, toDelete(id))).toEqual({ outcome: 'deleted' });
      expect(await availableOf(sku)).toEqual([10]);
      const deleted = await stored(id);
      expect(deleted).toMatchObject({ holdsStock: false, deleted: true });
      expect(deleted.order).toMatchObject({ ...ERASED, orderId: id, version: 3, fileId: order.fileId, row: order.row });
      const changes = await historyOf(id);
      expect(changes).toMatchObject([
        { version: 1, kind: 'created', toStatus: 'on_hold' },
        { version: 2, kind: 'edited', fromStatus: 'on_hold', toStatus: 'on_hold' },
        { version: 3, kind: 'deleted', fromStatus: 'on_hold', toStatus: 'deleted', actor: 'anna' },
      ]);
      for (const change of changes) expect(change).toMatchObject({ fields: [], reason: null });
      for (const ask of [toMove(id, 'confirmed'), toEdit(id, { customerName: 'X' })])
        expect(await applyOne(opened.first, ask)).toMatchObject(isRefused('order_deleted'));
      const { items: listed } = await opened.first.orders.list({ q: id }, { limit: 5, after: null });
      expect(listed).toEqual([]);
      expect(await violations()).toEqual([]);
    });

    test('that has what is asked for stays as it is', async () => {
      const sku = await newSku(10);
      const id = await create(sku, 1);
      const { order } = await stored(id);
      for (const ask of [toMove(id, 'on_hold'), toEdit(id, { customerName: order.customerName, items: order.items })])
        expect(await applyOne(opened.first, ask)).toEqual({ outcome: 'unchanged', order });
      expect(await historyOf(id)).toHaveLength(1);
    });
  });

  describe('a change is refused', () => {
    const of = (sku: string) => newOf['an order of the API'](sku, 1);

    test('of an order that is not there', async () => {
      for (const ask of [toMove('NO', 'confirmed'), toEdit('NO', { customerName: 'X' }), toDelete('NO')])
        expect(await applyOne(opened.first, ask)).toMatchObject(isRefused('not_found'));
    });

    test('where the workflow does not have it', async () => {
      const id = await of(await newSku(1));
      expect(await applyOne(opened.first, toMove(id, 'shipped'))).toMatchObject(
        isRefused('invalid_transition', {
          from: 'on_hold',
          to: 'shipped',
          allowed: ['confirmed', 'cancelled'] as never,
        }),
      );
      await opened.first.changes.apply([toMove(id, 'confirmed'), toMove(id, 'shipped')]);
      expect(await applyOne(opened.first, toEdit(id, { customerName: 'X' }))).toMatchObject(isRefused('not_editable'));
      expect(await applyOne(opened.first, toDelete(id))).toMatchObject(isRefused('not_deletable'));
      expect(await stored(id)).toMatchObject({ order: { version: 3, status: 'shipped' }, deleted: false });
    });

    test('of another version than the one that was seen, of two at once one', async () => {
      const id = await of(await newSku(1));
      const edit = (client: 'first' | 'second', customerName: string) =>
        applyOne(opened[client], toEdit(id, { customerName }, { ifMatch: [1] }));
      const outcomes = await Promise.all([edit('first', 'A'), edit('second', 'B'), edit('first', 'C')]);
      expect(outcomes.filter(({ outcome }) => outcome === 'changed')).toHaveLength(1);
      for (const outcome of outcomes)
        if (outcome.outcome === 'refused')
          expect(outcome.refusal).toMatchObject({ code: 'version_mismatch', members: { current_version: 2 } });
      expect((await applyOne(opened.first, toMove(id, 'confirmed', { ifMatch: [9, 2] }))).outcome).toBe('changed');
    });

    // The guard of a busy machine: some 900 changes, one after the other.
    test('when an order has been changed too often, but it can be cancelled and deleted', {
      timeout: 180_000,
    }, async () => {
      const id = await of(await newSku(1));
      for (let at = 1; at < limits.maxOrderEdits; at += 100) {
        const many = Array.from({ length: Math.min(100, limits.maxOrderEdits - at) }, (_, n) =>
          toEdit(id, { customerName: `Name ${at + n}` }),
        );
        await opened.first.changes.apply(many);
      }
      expect((await stored(id)).order.version).toBe(limits.maxOrderEdits);
      expect(await applyOne(opened.first, toEdit(id, { customerName: 'X' }))).toMatchObject(
        isRefused('too_many_changes'),
      );
      expect((await applyOne(opened.first, toMove(id, 'cancelled'))).outcome).toBe('changed');
      expect((await applyOne(opened.first, toDelete(id))).outcome).toBe('deleted');
      expect((await opened.first.changes.history(id))!.changes).toHaveLength(limits.maxOrderEdits + 2);
      expect(await violations()).toEqual([]);
    });

    test('when the history of an order has become too large, but it can be cancelled and deleted', async () => {
      const sku = await newSku(1_000);
      const id = await of(sku);
      const wide = (word: string) =>
        Array.from({ length: limits.maxOrderItems }, () => item(sku, 1, { productName: word.repeat(500) }));
      let outcome = await applyOne(opened.first, toEdit(id, { items: wide('\u30aa') }));
      let edits = 0;
      for (; outcome.outcome === 'changed'; edits++)
        outcome = await applyOne(opened.first, toEdit(id, { items: wide(edits % 2 === 0 ? '\u30ab' : '\u30aa') }));
      expect(outcome).toMatchObject(isRefused('too_many_changes'));
      expect(edits).toBeGreaterThan(20);
      expect((await stored(id)).order.version).toBe(edits + 1);
      expect((await applyOne(opened.first, toMove(id, 'cancelled'))).outcome).toBe('changed');
      expect((await applyOne(opened.first, toDelete(id))).outcome).toBe('deleted');
      expect(await availableOf(sku)).toEqual([1_000]);
      expect(await violations()).toEqual([]);
    });
  });

  test('an order is found by any form of its id', async () => {
    const sku = await newSku(5);
    const id = unique('Zo\u00eb');
    await applyOne(opened.first, toCreate(id, newOrder([item(sku)])));
    const other = id.normalize('NFD');
    expect(changed(await applyOne(opened.first, toMove(other, 'confirmed'))).orderId).toBe(id);
    expect(changed(await applyOne(opened.first, toCreate(other, newOrder([item(sku)])))).orderId).toBe(id);
    expect((await opened.first.changes.history(other))!.stored.order.orderId).toBe(id);
  });
});
