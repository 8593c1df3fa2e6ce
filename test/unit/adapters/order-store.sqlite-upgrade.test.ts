/** A database of release 1.1, as that release wrote it, with the events that it sent: they stay the same (INV-3). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createOutboxEventStream } from '../../../src/adapters/event-stream.outbox.ts';
import { numberedEvents } from '../../../src/adapters/order-store.sqlite/numbered-events.ts';
import { createSqliteOrderStore } from '../../../src/adapters/order-store.sqlite/order-store.ts';
import { openForReading } from '../../../src/adapters/sqlite/database.ts';
import { Writer } from '../../../src/adapters/sqlite/writer.ts';
import { type SqliteOperations, startSqliteWriter } from '../../../src/adapters/sqlite-operations.ts';
import { EVENT_TYPES } from '../../../src/model/event.ts';
import type { EventStream } from '../../../src/ports/event-stream.ts';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import { item, newOrder, toCreate, toDelete, toEdit, toMove } from '../../support/changes.ts';
import { chunkOf, ingestChunks, orderRow } from '../../support/chunks.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { violationsOf } from '../../support/violations.ts';

const released = (name: string) => readFile(new URL(`release-1.1/${name}`, import.meta.url), 'utf8');
/** Its events: of six orders, sent by that release. */
const sent = JSON.parse(await released('events.json')) as { cursor: string; json: string }[];

let store: OrderStore;
let stream: EventStream;
let close: () => Promise<void>;

/** `more`: statements on the database before the upgrade. */
async function upgrade(more = ''): Promise<void> {
  const path = join(await temporaryDirectory(), 'oms.db');
  const former = new DatabaseSync(path);
  former.exec(await released('oms.sql'));
  former.exec(more);
  former.close();
  const thread = await startSqliteWriter(path);
  const db = openForReading(path);
  const writer = new Writer<SqliteOperations>(thread.connect());
  store = createSqliteOrderStore({ db, writer, trackStock: true, publishes: false, now: Date.now });
  stream = createOutboxEventStream(numberedEvents(db, writer), store);
  close = async () => {
    await store.close();
    await thread.close();
  };
}
beforeEach(() => upgrade());
afterEach(() => close());

async function read(after: string, count: number, types?: ReadonlySet<(typeof EVENT_TYPES)[number]>) {
  const seen: { cursor: string; json: string }[] = [];
  for await (const { events } of stream.subscribe(after, AbortSignal.timeout(45_000), types)) {
    seen.push(...events.map(({ cursor, json }) => ({ cursor, json })));
    if (seen.length >= count) break;
  }
  return seen;
}

test('its events have the same cursors and bytes, and can be resumed after each', async () => {
  expect(await read(stream.beginning, 6)).toEqual(sent);
  expect(await read(stream.beginning, 6, new Set(EVENT_TYPES))).toEqual(sent);
  for (const [n, { cursor }] of sent.slice(0, -1).entries())
    expect(await read(cursor, 5 - n)).toEqual(sent.slice(n + 1));
  expect(await stream.end()).toBe(sent.at(-1)!.cursor);
});

test('its orders, sums and stock are as they were', async () => {
  const { orders, rows, events } = await store.statistics.totals();
  expect(orders).toEqual({
    ...{ total: 6, byStatus: { on_hold: 6 }, byHub: { 'HUB-1': 5, 'HUB-2': 1 }, amountMinor: 15_992n },
  });
  expect({ rows, events }).toEqual({
    rows: { total: 8, accepted: 6, invalid: 2 },
    events: { published: 6, pending: 0 },
  });
  const { items } = await store.orders.list({}, { limit: 10, after: null });
  expect(items.map(({ orderId, version, actor }) => ({ orderId, version, actor }))).toEqual(
    ['A-6', 'A-5', 'Zoë', 'A-9', 'A-2', 'A-1'].map((orderId) => ({ orderId, version: 1, actor: null })),
  );
  expect(await violationsOf(store)).toEqual([]);
});

test('rejections that shared their texts across files can be deleted file by file', async () => {
  await close();
  await upgrade('insert into rejected_rows values (2, 9, 1, 1), (2, 11, 1, 2)');
  const files = (await store.files.list({}, { limit: 10, after: null })).items.map(({ fileId }) => fileId).reverse();
  const rejections = async (fileId: string) =>
    (await store.rejections.list(fileId, {}, { limit: 10, after: null })).items;
  const before = await rejections(files[1]!);
  expect(before.map(({ row, values }) => [row, values[0]])).toEqual([
    [9, 'order_id of row 4'],
    [11, 'A-1'],
  ]);
  await store.files.markDeleted(files[0]!, 'report');
  await store.rejections.delete(files[0]!, 10);
  expect(await rejections(files[0]!)).toEqual([]);
  expect(await rejections(files[1]!)).toEqual(before);
});

test('its orders are changed as new ones are, and their events stay', async () => {
  await store.changes.apply([
    toEdit('A-2', { customerName: 'Grace', items: [item('LAMP', 1), item('LAMP', 4)] }),
    toMove('A-1', 'cancelled'),
    toCreate('P-1', newOrder([item('LAMP', 5)])),
  ]);
  const rows = [orderRow(2, 'A-5', { sku: 'LAMP', quantity: 2 }), orderRow(3, 'N-1', { sku: 'LAMP' })];
  const fileId = await ingestChunks(store, [chunkOf(0, rows)]);
  expect(await store.files.get(fileId)).toMatchObject({ accepted: 1, invalidByCode: { duplicate_order: 1 } });
  expect(await read(stream.beginning, 6)).toEqual([...sent, expect.anything(), expect.anything()]);
  const numbers = (await read(sent.at(-1)!.cursor, 4, new Set(EVENT_TYPES))).map(({ cursor, json }) => [
    Number.parseInt(cursor.slice(1), 36),
    (JSON.parse(json) as { id: string }).id,
  ]);
  expect(numbers).toEqual([
    [7, 'A-2:2'],
    [8, 'A-1:2'],
    [9, 'P-1:created'],
    [10, 'N-1:created'],
  ]);
  expect((await store.statistics.totals()).orders).toMatchObject({
    ...{ total: 8, byStatus: { on_hold: 7, cancelled: 1 }, byHub: { 'HUB-1': 7, 'HUB-2': 1 } },
    amountMinor: 15_992n + 2n * 1999n - 1999n + 5n * 1999n + 1999n,
  });
  expect(await violationsOf(store)).toEqual([]);
});

test('the event of an order that is deleted keeps its place, without content', async () => {
  await store.changes.apply([toDelete('A-1')]);
  const [first, ...others] = await read(stream.beginning, 6);
  expect(others).toEqual(sent.slice(1));
  expect(first!.cursor).toBe(sent[0]!.cursor);
  const { data, ...envelope } = JSON.parse(sent[0]!.json) as Record<string, unknown>;
  expect(data).toMatchObject({ order_id: 'A-1' });
  expect(JSON.parse(first!.json)).toEqual({
    ...envelope,
    data: { order_id: 'A-1', version: 1, status: 'on_hold', erased: true },
  });
});
