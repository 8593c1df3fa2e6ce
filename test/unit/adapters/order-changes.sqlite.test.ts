/** Changes of orders on SQLite that share a call of the writer. What all order stores share: the contract. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { createSqliteOrderStore } from '../../../src/adapters/order-store.sqlite/order-store.ts';
import { openForReading } from '../../../src/adapters/sqlite/database.ts';
import { Writer } from '../../../src/adapters/sqlite/writer.ts';
import { type SqliteOperations, startSqliteWriter } from '../../../src/adapters/sqlite-operations.ts';
import { applyOne, item, newOrder, toCreate, toEdit, toMove } from '../../support/changes.ts';
import { temporaryDirectory } from '../../support/service.ts';

test('a request that fails for good fails alone among those that share its call', async () => {
  const path = join(await temporaryDirectory(), 'oms.db');
  const thread = await startSqliteWriter(path);
  const [db, writer] = [openForReading(path), new Writer<SqliteOperations>(thread.connect())];
  const store = createSqliteOrderStore({ db, writer, trackStock: true, publishes: false, now: Date.now });
  await store.stock.change([{ sku: 'S', hubId: 'HUB-1', available: 100 }], null);
  await store.changes.apply([toCreate('GOOD', newOrder([item('S')])), toCreate('BAD', newOrder([item('S')]))]);
  await applyOne(store, toEdit('BAD', { customerName: 'Grace' }));
  // Its next change would have the version of one that is there.
  const byHand = new DatabaseSync(path);
  byHand.exec("update orders set version = 1 where order_id = 'BAD'");
  byHand.close();

  const news = ['P-1', 'P-2', 'P-3'].map((id) => toCreate(id, newOrder([item('S')])));
  const together = [
    toMove('GOOD', 'confirmed'),
    news[0]!,
    toMove('BAD', 'confirmed'),
    news[1]!,
    toMove('GOOD', 'shipped'),
    news[2]!,
  ];
  const results = await Promise.allSettled(together.map((request) => applyOne(store, request)));
  const inShort = results.map((one) => (one.status === 'fulfilled' ? one.value.outcome : one.reason.message));
  const failed = expect.stringContaining('UNIQUE');
  expect(inShort).toEqual(['changed', 'created', failed, 'created', 'changed', 'created']);
  expect((await store.orders.get('GOOD'))!.order).toMatchObject({ status: 'shipped', version: 3 });
  expect(await store.stock.levels([{ sku: 'S', hubId: 'HUB-1' }])).toEqual([95]);
  await store.close();
  await thread.close();
});
