/** The checks of `oms verify` on changed orders: each damage is detected, by the ids that it concerns. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Violation } from '../../src/ports/verification.ts';
import { item, newOrder, toCreate, toDelete, toEdit, toMove } from '../support/changes.ts';
import { violationsOf } from '../support/violations.ts';
import { changeDamages, changeOrders } from './verification/changed-orders.ts';
import { openSqlite } from './verification/filled-stores.ts';

describe('what verify finds on SQLite when', () => {
  let opened: Awaited<ReturnType<typeof openSqlite>>;
  beforeEach(async () => {
    opened = await openSqlite();
  });
  afterEach(() => opened.close());

  test('orders were changed, which is well', async () => {
    await changeOrders(opened.store);
    expect(await violationsOf(opened.store)).toEqual([]);
  });

  test('orders are being changed', async () => {
    const { store } = opened;
    await store.stock.change([{ sku: 'LAMP', hubId: 'HUB-1', available: 10_000 }], null);
    let changing = true;
    const clients = Array.from({ length: 4 }, async (_, client) => {
      for (let n = 0; n < 30; n++) {
        const id = `C-${client}-${n}`;
        await store.changes.apply([toCreate(id, newOrder([item('LAMP', 2)]))]);
        await store.changes.apply([toEdit(id, { items: [item('LAMP', 1), item('LAMP', 3)] })]);
        await store.changes.apply([n % 2 ? toMove(id, 'cancelled') : toDelete(id)]);
      }
    });
    const changed = Promise.all(clients).finally(() => {
      changing = false;
    });
    const found: Violation[] = [];
    while (changing) {
      found.push(...(await violationsOf(store)));
      await delay(1);
    }
    await changed;
    expect([...found, ...(await violationsOf(store))]).toEqual([]);
  });

  test.each(changeDamages)('$name', async ({ sqlite, expected }) => {
    await changeOrders(opened.store);
    sqlite(opened.hand);
    const found = await violationsOf(opened.store);
    for (const [check, id] of expected) expect(found).toContainEqual(expect.objectContaining({ check, id }));
  });
});
