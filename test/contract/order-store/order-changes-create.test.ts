/** Changes of orders: creating them through the API. */
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/model/change-request.ts';
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
import { onEachOrderStore } from './contract.ts';

onEachOrderStore(({ open, opened, unique, newSku, setStock, availableOf, violations }) => {
  const stored = async (orderId: string) => (await opened.second.orders.get(orderId))!;

  describe('a creation', () => {
    test('stores the order and takes its stock', async () => {
      const sku = await newSku(10);
      const id = unique('API');
      const content = newOrder([item(sku, 3)]);
      const before = Date.now();
      const outcome = await applyOne(opened.first, toCreate(id, content, { actor: 'anna' }));
      const order = changed(outcome);
      expect(outcome.outcome).toBe('created');
      expect(order).toEqual({
        ...content,
        orderId: id,
        status: 'on_hold',
        version: 1,
        actor: 'anna',
        fileId: null,
        row: null,
        createdAtMs: order.createdAtMs,
        updatedAtMs: order.createdAtMs,
      });
      expect(order.createdAtMs).toBeGreaterThanOrEqual(before);
      expect(await stored(id)).toEqual({ order, holdsStock: true, deleted: false, untouched: true, undone: false });
      expect(await availableOf(sku)).toEqual([7]);
      expect(await opened.second.changes.history(id)).toEqual({
        stored: { order, holdsStock: true, deleted: false, untouched: true, undone: false },
        changes: [
          {
            ...{ version: 1, kind: 'created', fromStatus: null, toStatus: 'on_hold', fields: [] },
            ...{ reason: null, actor: 'anna', atMs: order.createdAtMs },
          },
        ],
      });
    });

    test('without a date gets the time of its creation', async () => {
      const sku = await newSku(10);
      const outcome = await applyOne(
        opened.first,
        toCreate(unique('API'), newOrder([item(sku)], { orderDateMs: null })),
      );
      const order = changed(outcome);
      expect(order.orderDateMs).toBe(order.createdAtMs);
      expect(await stored(order.orderId)).toMatchObject({ order });
    });

    test('takes the stock of all items, a repeated pair of SKU and hub together', async () => {
      const [one, two] = [await newSku(10), await newSku(10)];
      await setStock(one, 5, 'HUB-2');
      const items = [item(one, 2), item(two, 4), item(one, 3), item(one, 5, { hubId: 'HUB-2', unitPriceMinor: 5 })];
      const id = unique('API');
      const order = changed(await applyOne(opened.first, toCreate(id, newOrder(items))));
      expect(order.items).toEqual(items);
      expect(await stored(id)).toMatchObject({ order: { items, totalMinor: order.totalMinor } });
      expect((await availableOf(one)).sort()).toEqual([0, 5]);
      expect(await availableOf(two)).toEqual([6]);
      expect(await violations()).toEqual([]);
    });

    test('of a hundred items is whole', async () => {
      const sku = await newSku(1_000);
      const items = Array.from({ length: 100 }, (_, n) => item(sku, 1 + (n % 3), { productName: `Item ${n}` }));
      const id = unique('API');
      await applyOne(opened.first, toCreate(id, newOrder(items)));
      expect((await stored(id)).order.items).toEqual(items);
    });

    test('takes the stock of all items or of none, and says which are short', async () => {
      const [one, two] = [await newSku(10), await newSku(3)];
      const none = unique('SKU');
      const id = unique('API');
      const items = [item(one, 2), item(two, 2), item(two, 2), item(none)];
      expect(await applyOne(opened.first, toCreate(id, newOrder(items)))).toMatchObject(
        isRefused('out_of_stock', {
          errors: [
            { pointer: '/items/1/quantity', code: 'out_of_stock', available: 3 },
            { pointer: '/items/2/quantity', code: 'out_of_stock', available: 3 },
            { pointer: '/items/3/quantity', code: 'out_of_stock', available: 0 },
          ] as never,
        }),
      );
      expect([await availableOf(one), await availableOf(two)]).toEqual([[10], [3]]);
      expect(await opened.first.orders.get(id)).toBeNull();
      expect(await opened.first.changes.history(id)).toBeNull();
      // The id is free.
      expect((await applyOne(opened.second, toCreate(id, newOrder([item(one)])))).outcome).toBe('created');
    });

    test('again is the stored order, whatever its status, and takes nothing', async () => {
      const sku = await newSku(10);
      const id = unique('API');
      const content = newOrder([item(sku, 2)], { customerName: 'Zoe\u0301' });
      const order = changed(await applyOne(opened.first, toCreate(id, content)));
      const same = { ...content, customerName: 'Zo\u00e9' };
      const again = { outcome: 'unchanged', order };
      expect(await applyOne(opened.second, toCreate(id, same))).toEqual(again);
      expect(await applyOne(opened.second, toCreate(id, { ...content, orderDateMs: null }))).toEqual(again);
      const moved = changed(await applyOne(opened.second, toMove(id, 'confirmed')));
      expect(await applyOne(opened.first, toCreate(id, content))).toEqual({ outcome: 'unchanged', order: moved });
      expect(await availableOf(sku)).toEqual([8]);
    });

    test('with the id of another order is a conflict that names the fields', async () => {
      const sku = await newSku(10);
      const id = unique('API');
      const content = newOrder([item(sku, 2)]);
      await applyOne(opened.first, toCreate(id, content));
      const conflicts: [typeof content, string[]][] = [
        [{ ...content, customerName: 'Grace' }, ['customer_name']],
        [newOrder([item(sku, 3)]), ['quantity', 'total_amount']],
        [newOrder([item(sku, 1), item(sku, 1)]), ['items']],
        [{ ...content, orderDateMs: 1, shippingAddress: 'elsewhere' }, ['order_date', 'shipping_address']],
      ];
      for (const [other, fields] of conflicts)
        expect(await applyOne(opened.second, toCreate(id, other))).toMatchObject(
          isRefused('order_conflict', { fields }),
        );
      // It is compared with what the order says now.
      await applyOne(opened.first, toEdit(id, { customerName: 'Grace' }));
      expect(await applyOne(opened.second, toCreate(id, content))).toMatchObject(
        isRefused('order_conflict', { fields: ['customer_name'] }),
      );
      expect(await availableOf(sku)).toEqual([8]);
    });

    test('with the id of a deleted order is refused', async () => {
      const sku = await newSku(10);
      const id = unique('API');
      await opened.first.changes.apply([toCreate(id, newOrder([item(sku)])), toDelete(id)]);
      expect(await applyOne(opened.second, toCreate(id, newOrder([item(sku)])))).toMatchObject(
        isRefused('order_deleted'),
      );
      expect(await availableOf(sku)).toEqual([10]);
    });
  });

  describe('a batch', () => {
    test('is judged one by one, in order', async () => {
      const sku = await newSku(10);
      const [one, two, three] = [unique('Z'), unique('Y'), unique('X')];
      const outcomes = await opened.first.changes.apply([
        toCreate(one, newOrder([item(sku, 6)])),
        toCreate(two, newOrder([item(sku, 6)])),
        toCreate(one, newOrder([item(sku, 6)])),
        toCreate(three, newOrder([item(sku, 4)])),
        toMove(one, 'cancelled'),
        toCreate(two, newOrder([item(sku, 6)])),
        toMove(unique('NONE'), 'confirmed'),
      ]);
      expect(outcomes.map((one) => (one.outcome === 'refused' ? one.refusal.code : one.outcome))).toEqual([
        'created',
        'out_of_stock',
        'unchanged',
        'created',
        'changed',
        'created',
        'not_found',
      ]);
      expect(await availableOf(sku)).toEqual([0]);
      expect(await opened.first.changes.apply([])).toEqual([]);
      expect(await violations()).toEqual([]);
    });

    test('of a thousand orders is listed newest first by time and id, as everything else', async () => {
      const { first, second, close } = await open();
      await first.stock.change([{ sku: 'S', hubId: 'HUB-1', available: 10_000 }], null);
      const ids = Array.from({ length: 1_000 }, (_, n) => `B-${(n * 7919) % 1_000}`);
      const create = (part: string[]) => first.changes.apply(part.map((id) => toCreate(id, newOrder([item('S')]))));
      const outcomes = (await Promise.all([create(ids.slice(0, 900)), create(ids.slice(900))])).flat();
      expect(outcomes.map((outcome) => changed(outcome).orderId)).toEqual(ids);
      const { items } = await second.orders.list({}, { limit: 1_000, after: null });
      const keys = items.map(({ createdAtMs, orderId }) => `${createdAtMs} ${orderId}`);
      expect(keys).toEqual([...keys].sort().reverse());
      expect(items).toHaveLength(1_000);
      await close();
    });
  });

  test('of many clients that want the last pieces as many get them as there are', async () => {
    const sku = await newSku(20);
    const clients = [opened.first, opened.second];
    const outcomes: Outcome[] = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        applyOne(clients[n % 2]!, toCreate(unique('LAST'), newOrder([item(sku, 1), item(sku, 1)]))),
      ),
    );
    expect(outcomes.filter(({ outcome }) => outcome === 'created')).toHaveLength(10);
    expect(await availableOf(sku)).toEqual([0]);
    expect(await violations()).toEqual([]);
  });

  test('of many creations of one order one makes it', async () => {
    const sku = await newSku(100);
    const id = unique('ONE');
    const clients = [opened.first, opened.second];
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) => applyOne(clients[n % 2]!, toCreate(id, newOrder([item(sku, 1 + (n % 2))])))),
    );
    expect(outcomes.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    expect(outcomes.filter(({ outcome }) => outcome === 'unchanged')).toHaveLength(9);
    const { order } = await stored(id);
    expect(await availableOf(sku)).toEqual([100 - order.items[0]!.quantity]);
  });

  test('without tracking of stock orders take none, and give none back', async () => {
    const { first, close } = await open({ trackStock: false });
    await first.stock.change([{ sku: 'S', hubId: 'HUB-1', available: 1 }], null);
    await applyOne(first, toCreate('U', newOrder([item('S', 5)])));
    expect(await first.orders.get('U')).toMatchObject({ holdsStock: false });
    await first.changes.apply([toEdit('U', { items: [item('S', 9)] }), toMove('U', 'cancelled')]);
    expect(await first.stock.levels([{ sku: 'S', hubId: 'HUB-1' }])).toEqual([1]);
    expect(await violations(first)).toEqual([]);
    await close();
  });
});
