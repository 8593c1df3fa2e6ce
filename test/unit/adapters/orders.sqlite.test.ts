/** Lists of orders of one status on SQLite. What all order stores share: the contract. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSqliteOrderStore } from '../../../src/adapters/order-store.sqlite/order-store.ts';
import { openForReading } from '../../../src/adapters/sqlite/database.ts';
import { Writer } from '../../../src/adapters/sqlite/writer.ts';
import { type SqliteOperations, startSqliteWriter } from '../../../src/adapters/sqlite-operations.ts';
import { limits } from '../../../src/limits.ts';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import { toDelete, toMove } from '../../support/changes.ts';
import { chunkOf, ingestChunks, orderRow } from '../../support/chunks.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { violationsOf } from '../../support/violations.ts';

let path: string;
let store: OrderStore;
let close: () => Promise<void>;
beforeEach(async () => {
  path = join(await temporaryDirectory(), 'oms.db');
  const thread = await startSqliteWriter(path);
  const [db, writer] = [openForReading(path), new Writer<SqliteOperations>(thread.connect())];
  store = createSqliteOrderStore({ db, writer, trackStock: false, publishes: false, now: Date.now });
  close = async () => {
    await store.close();
    await thread.close();
  };
});
afterEach(() => close());

const idOf = (n: number) => `R-${String(n).padStart(6, '0')}`;

async function ingest(count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, n) => orderRow(n + 2, idOf(n)));
  await ingestChunks(store, [chunkOf(0, rows)]);
}

const move = (numbers: number[], status: string) => store.changes.apply(numbers.map((n) => toMove(idOf(n), status)));

/** One slice of the list. */
async function listed(status: string): Promise<{ ids: string[]; isAll: boolean }> {
  const { items, next } = await store.orders.list({ status }, { limit: 10, after: null });
  return { ids: items.map(({ orderId }) => orderId), isAll: next === null };
}

test('few orders of a status among many others are read at once', async () => {
  const count = 2 * limits.maxScanOrders;
  await ingest(count);
  await move([0, 1, count / 2, count - 1], 'cancelled');
  const few = [count - 1, count / 2, 1, 0].map(idOf);
  expect(await listed('cancelled')).toEqual({ ids: few, isAll: true });
  await store.changes.apply([toDelete(few[1]!)]);
  expect(await listed('cancelled')).toEqual({ ids: [few[0], few[2], few[3]], isAll: true });
  expect((await listed('on_hold')).ids).toHaveLength(10);
  expect(await listed('shipped')).toEqual({ ids: [], isAll: true });
  expect(await violationsOf(store)).toEqual([]);
});

test('orders of earlier releases are counted step by step, whatever changes meanwhile', async () => {
  const count = 2 * limits.maxScanOrders;
  await ingest(count);
  await move([3, 4], 'cancelled');
  const byHand = new DatabaseSync(path);
  byHand.exec("delete from status_windows; delete from backfills where name = 'status-windows'");
  byHand.close();
  expect(await listed('cancelled')).toEqual({ ids: [], isAll: false });
  const touch = async (from: number) => {
    await move([from, count - from], 'cancelled');
    await move([from + 1, count - from - 1], 'confirmed');
    await store.changes.apply([toDelete(idOf(from + 2)), toDelete(idOf(count - from))]);
  };
  await touch(100);
  let steps = 0;
  while ((await store.backfills.step()) !== null) await touch(200 + 10 * steps++);
  expect(steps).toBeGreaterThan(count / limits.backfillRows / 2);
  await touch(105);
  expect((await listed('cancelled')).isAll).toBe(false);
  expect((await listed('cancelled')).ids).toHaveLength(10);
  expect((await listed('shipped')).isAll).toBe(true);
  expect(await violationsOf(store)).toEqual([]);
});
