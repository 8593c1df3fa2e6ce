/** The checks of `oms verify` on changed orders: each damage is detected, by the ids that it concerns. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Violation } from '../../src/ports/verification.ts';
import { item, newOrder, toCreate, toDelete, toEdit, toMove } from '../support/changes.ts';
import { chunkOf, ingestChunks, orderRow } from '../support/chunks.ts';
import { ordersChecked, violationsOf } from '../support/violations.ts';
import { changeDamages, changeOrders } from './verification/changed-orders.ts';
import { mongoDamages } from './verification/damages-of-mongo.ts';
import { openMongo, openSqlite } from './verification/filled-stores.ts';

const { mongo, why } = inject('engines');

describe.each([
  { name: 'SQLite', open: openSqlite, missing: undefined },
  { name: 'MongoDB', open: () => openMongo(mongo!), missing: why.mongo },
])('what verify finds on $name when', ({ open, missing }) => {
  test.skipIf(missing !== undefined)('orders were changed, which is well', async () => {
    const { store, publish, close } = await open();
    await changeOrders(store);
    // Also before the changes are published.
    expect(await violationsOf(store)).toEqual([]);
    await publish();
    expect(await violationsOf(store)).toEqual([]);
    await close();
  });

  test.skipIf(missing !== undefined)('it counts orders: those of the API, too, and deleted ones', async () => {
    const { store, close } = await open();
    await store.stock.change([{ sku: 'LAMP', hubId: 'HUB-1', available: 10 }], null);
    const before = await ordersChecked(store);
    await store.changes.apply(['N-1', 'N-2'].map((id) => toCreate(id, newOrder([item('LAMP', 1)]))));
    await store.changes.apply([toDelete('N-2')]);
    expect(await ordersChecked(store)).toBe(before + 2);
    await close();
  });

  test.skipIf(missing !== undefined)('orders are being changed', async () => {
    const { store, close } = await open();
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
    await close();
  });

  test.skipIf(missing !== undefined)('files are being undone, and come again', async () => {
    const { store, publish, close } = await open();
    await store.stock.change([{ sku: 'LAMP', hubId: 'HUB-1', available: 10_000 }], null);
    let working = true;
    const senders = Array.from({ length: 3 }, async (_, sender) => {
      for (let round = 0; round < 6; round++) {
        const rows = Array.from({ length: 30 }, (_, i) => orderRow(i + 2, `S-${sender}-${i}`, { sku: 'LAMP' }));
        const fileId = await ingestChunks(store, [chunkOf(0, rows.slice(0, 15)), chunkOf(1, rows.slice(15))]);
        if (round % 2 === 0) await publish();
        await store.undo.request(fileId, null);
        while (await store.undo.step(fileId));
      }
    });
    const worked = Promise.all(senders).finally(() => {
      working = false;
    });
    const found: Violation[] = [];
    while (working) {
      found.push(...(await violationsOf(store)));
      await delay(1);
    }
    await worked;
    expect([...found, ...(await violationsOf(store))]).toEqual([]);
    await close();
  });
});

describe('what verify finds on SQLite when', () => {
  let opened: Awaited<ReturnType<typeof openSqlite>>;
  beforeEach(async () => {
    opened = await openSqlite();
  });
  afterEach(() => opened.close());

  test.each(changeDamages)('$name', async ({ sqlite, expected }) => {
    await changeOrders(opened.store);
    sqlite(opened.hand);
    const found = await violationsOf(opened.store);
    for (const [check, id] of expected) expect(found).toContainEqual(expect.objectContaining({ check, id }));
  });
});

describe.skipIf(why.mongo !== undefined)('what verify finds on MongoDB when', () => {
  test.each(mongoDamages)('$name', async ({ mongo: damage, expected }) => {
    const { store, publish, hand, close } = await openMongo(mongo!);
    await changeOrders(store);
    await publish();
    await damage(hand);
    const found = await violationsOf(store);
    for (const [check, id] of expected) expect(found).toContainEqual(expect.objectContaining({ check, id }));
    await close();
  });
});
