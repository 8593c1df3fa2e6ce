/** Orders as they were at one moment, on each order store. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Order } from '../../../src/model/order.ts';
import { ordersAsOf } from '../../../src/pipeline/export-orders.ts';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import type { OrderFilter } from '../../../src/ports/orders.ts';
import { type Opened, orderStores } from '../../support/adapters.ts';
import { applyOne, changed, item, newOrder, toCreate, toDelete, toEdit, toMove } from '../../support/changes.ts';

for (const { name, open, missing } of orderStores)
  describe.skipIf(missing !== null)(`orders as of a moment on ${name}`, () => {
    let opened: Opened<OrderStore>;
    let store: OrderStore;
    beforeEach(async () => {
      opened = await open();
      store = opened.first;
      await store.stock.change([{ sku: 'S', hubId: 'HUB-1', available: 1_000 }], null);
    });
    afterEach(() => opened.close());

    const create = async (id: string, values = {}): Promise<Order> =>
      changed(await applyOne(store, toCreate(id, newOrder([item('S', 2)], values))));
    const asOf = async (beforeMs: number, filter: OrderFilter = {}): Promise<string[]> =>
      (await Array.fromAsync(ordersAsOf(store, filter, beforeMs)))
        .flat()
        .map(({ orderId, status, version, customerName }) => `${orderId} ${status} ${version} ${customerName}`);
    /** A moment behind all that was done so far, and before all that is done from now on. */
    async function moment(): Promise<number> {
      const at = Date.now() + 1;
      while (Date.now() <= at) await new Promise((resolve) => setTimeout(resolve, 1));
      return at;
    }

    test('are as they were, by what they were, whatever has become of them', async () => {
      for (const id of ['A', 'B', 'C', 'D', 'E']) await create(id);
      await applyOne(store, toMove('B', 'confirmed'));
      const then = await moment();
      await applyOne(store, toMove('A', 'cancelled'));
      await applyOne(store, toMove('B', 'shipped'));
      await applyOne(store, toEdit('C', { customerName: 'Grace' }));
      await applyOne(store, toMove('C', 'confirmed'));
      await applyOne(store, toDelete('D'));
      await create('F');
      expect(await asOf(then)).toEqual([
        'E on_hold 1 Ada Lovelace',
        'C on_hold 1 Ada Lovelace',
        'B confirmed 2 Ada Lovelace',
        'A on_hold 1 Ada Lovelace',
      ]);
      expect(await asOf(then, { status: 'confirmed' })).toEqual(['B confirmed 2 Ada Lovelace']);
      expect(await asOf(then, { status: 'shipped' })).toEqual([]);
      expect(await asOf(Date.now() + 1, { status: 'confirmed' })).toEqual(['C confirmed 3 Grace']);
    });
  });
