/** The checks of `oms verify` on each order store: a store that was damaged in any of these ways is found out, by the ids that it concerns. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { createMongoOutboxEventStream } from '../../src/adapters/event-stream.mongo-outbox.ts';
import { prepareDirectory } from '../../src/adapters/object-store.directory/prepare.ts';
import { createDirectoryObjectStore } from '../../src/adapters/object-store.directory.ts';
import type { Database } from '../../src/adapters/order-store.mongo/database.ts';
import { createMongoOrderStore } from '../../src/adapters/order-store.mongo/order-store.ts';
import { createSqliteOrderStore } from '../../src/adapters/order-store.sqlite/order-store.ts';
import { openForReading } from '../../src/adapters/sqlite/database.ts';
import { Writer } from '../../src/adapters/sqlite/writer.ts';
import { type SqliteOperations, startSqliteWriter } from '../../src/adapters/sqlite-operations.ts';
import { ORDER_COLUMNS } from '../../src/model/columns.ts';
import { type ReportRecord, reportKey, uploadKey } from '../../src/model/file.ts';
import { writeReport } from '../../src/pipeline/report.ts';
import { verify } from '../../src/pipeline/verify.ts';
import type { ChunkToCommit } from '../../src/ports/chunks.ts';
import { systemClock } from '../../src/ports/clock.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';
import type { Check, Violation } from '../../src/ports/verification.ts';
import { newDatabaseUrl } from '../support/adapters/mongo.ts';
import { COMPLETED, chunkOf, ingestChunks, newClaim, newFile, orderRow, rejection } from '../support/chunks.ts';
import { temporaryDirectory } from '../support/service.ts';
import { violationsOf } from '../support/violations.ts';

const { mongo, why } = inject('engines');

interface Opened<Hand> {
  store: OrderStore;
  publish(): Promise<void>;
  /** What damages it. */
  hand: Hand;
  close(): Promise<void>;
}

async function openSqlite(): Promise<Opened<DatabaseSync>> {
  const path = join(await temporaryDirectory(), 'oms.db');
  const thread = await startSqliteWriter(path);
  const db = openForReading(path);
  const writer = new Writer<SqliteOperations>(thread.connect());
  const store = createSqliteOrderStore({ db, writer, trackStock: true, publishes: true, now: Date.now });
  const hand = new DatabaseSync(path);
  return {
    store,
    hand,
    async publish() {
      for (let batch = await store.outbox.pending(); batch; batch = await store.outbox.pending())
        await store.outbox.markPublished(batch.id);
    },
    async close() {
      hand.close();
      await store.close();
      await thread.close();
    },
  };
}

async function openMongo(): Promise<Opened<Database>> {
  const store = createMongoOrderStore({ url: newDatabaseUrl(mongo!), trackStock: true, now: Date.now });
  await store.prepare();
  const stream = createMongoOutboxEventStream(store);
  return {
    store,
    hand: store.database,
    async publish() {
      for (let batch = await store.outbox.pending(); batch; batch = await store.outbox.pending()) {
        await stream.publish!(batch);
        await store.outbox.markPublished(batch.id);
      }
    },
    async close() {
      await store.database.db.dropDatabase();
      await store.close();
    },
  };
}

const INTAKE = { encoding: 'utf-8', delimiter: ',', gzip: false, bom: false } as const;
const lamp = (quantity: number) => ({ sku: 'LAMP', quantity });
const desk = (quantity: number) => ({ sku: 'DESK', quantity });
const first: ChunkToCommit[] = [
  chunkOf(0, [orderRow(2, 'A-2', lamp(2)), orderRow(3, 'A-3', desk(3)), orderRow(4, 'A-4', lamp(1))], [rejection(5)]),
  // Row 7 is blank.
  chunkOf(1, [orderRow(6, 'A-6', desk(4)), orderRow(8, 'A-2', lamp(2))], [rejection(9, 'invalid_date')]),
];
const second: ChunkToCommit[] = [chunkOf(0, [orderRow(2, 'B-2', desk(1))])];
const LAMP = '["LAMP","HUB-1"]';
const DESK = '["DESK","HUB-1"]';

/** The file that these chunks are of; rows that none has are blank. */
function sourceOf(chunks: ChunkToCommit[]): string {
  const lines = [ORDER_COLUMNS.join(',')];
  const put = (row: number, values: string[]) => {
    lines[row - 1] = values.join(',');
  };
  for (const { orders, rejections } of chunks) {
    for (let i = 0; i < orders.length; i++) put(orders.row(i), orders.values(i));
    for (const { row, values } of rejections) put(row, values);
  }
  return Array.from(lines, (line) => `${line ?? ''}\n`).join('');
}

interface Filled {
  objects: ObjectStore;
  /** The first file; it has a report. */
  fileId: string;
  other: string;
  report: ReportRecord;
}

async function fill({ store, publish }: Opened<unknown>): Promise<Filled> {
  const root = await temporaryDirectory();
  await prepareDirectory(root);
  const objects = createDirectoryObjectStore(root);
  await store.stock.change(
    ['LAMP', 'DESK', 'SOFA'].map((sku) => ({ sku, hubId: 'HUB-1', available: 20 })),
    null,
  );
  await store.stock.change([{ sku: 'LAMP', hubId: 'HUB-1', delta: 5 }], null);
  const ingest = async (chunks: ChunkToCommit[]) => {
    const file = newFile();
    const staged = await objects.stage(file.objectKey);
    await staged.write(Buffer.from(sourceOf(chunks)));
    const { sizeBytes, version } = await staged.commit();
    const claim = await newClaim(store, { ...file, sizeBytes, objectVersion: version });
    await store.files.recordIntake(claim, INTAKE, [...ORDER_COLUMNS], null);
    for (const chunk of chunks) await store.chunks.commit(claim, chunk);
    const report = await writeReport({ objects, store, clock: systemClock }, claim.fileId, () => {});
    await store.files.finish(claim, { ...COMPLETED, report });
    return { fileId: claim.fileId, report };
  };
  const { fileId, report } = await ingest(first);
  const { fileId: other } = await ingest(second);
  await publish();
  return { objects, fileId, other, report: report! };
}

/** What is told in the end: of which check, about what. */
type Expected = [check: Check, id: string][];

interface Damage {
  name: string;
  /** Null where the store has no such thing, or refuses it. */
  sqlite: ((db: DatabaseSync, filled: Filled) => void) | null;
  mongo: ((database: Database, filled: Filled) => Promise<unknown>) | null;
  both?: (filled: Filled) => Promise<unknown>;
  expected(filled: Filled, on: 'sqlite' | 'mongo'): Expected;
}

async function replaceReport({ objects, report }: Filled, change: (text: string) => string): Promise<void> {
  const key = reportKey(report);
  const text = Buffer.concat(await (await objects.open(key)).toArray()).toString();
  const staged = await objects.stage(key);
  await staged.write(Buffer.from(change(text)));
  await staged.commit();
}

const damages: Damage[] = [
  {
    name: 'an order is gone',
    sqlite: (db) => db.exec("delete from orders where order_id = 'A-3'"),
    mongo: ({ orders }) => orders.deleteOne({ _id: 'A-3' }),
    expected: () => [
      ['rows', 'A-3'],
      ['stock', DESK],
    ],
  },
  {
    name: 'an order is there twice, under another id',
    sqlite: (db) => {
      const { names } = db
        .prepare(
          "select group_concat(name) names from pragma_table_info('orders') where name not in ('seq', 'order_id')",
        )
        .get() as { names: string };
      db.exec(
        `insert into orders (seq, order_id, ${names}) select 99, 'A-3-AGAIN', ${names} from orders where order_id = 'A-3'`,
      );
    },
    mongo: async ({ orders }) => orders.insertOne({ ...(await orders.findOne({ _id: 'A-3' }))!, _id: 'A-3-AGAIN' }),
    expected: (_, on) => [
      [on === 'mongo' ? 'rows' : 'events', 'A-3-AGAIN'],
      ['stock', DESK],
    ],
  },
  {
    name: 'an order has another id',
    sqlite: (db) => db.exec("update orders set order_id = 'A-33' where order_id = 'A-3'"),
    mongo: async ({ orders }) => {
      const order = (await orders.findOne({ _id: 'A-3' }))!;
      await orders.deleteOne({ _id: 'A-3' });
      await orders.insertOne({ ...order, _id: 'A-33' });
    },
    expected: () => [['rows', 'A-33']],
  },
  {
    name: 'an order says that it is of a file that is not there',
    sqlite: (db) => db.exec("update orders set file_no = 99 where order_id = 'A-3'"),
    mongo: ({ orders }) => orders.updateOne({ _id: 'A-3' }, { $set: { file: 'f_unknown' } }),
    expected: (_, on) => [[on === 'mongo' ? 'rows' : 'events', 'A-3']],
  },
  {
    name: 'an order says that it is of another row',
    sqlite: (db) => db.exec("update orders set row = 5 where order_id = 'A-3'"),
    mongo: ({ orders }) => orders.updateOne({ _id: 'A-3' }, { $set: { row: 5 } }),
    expected: () => [['rows', 'A-3']],
  },
  {
    name: 'an order says that it is of a row that was never read',
    sqlite: (db) => db.exec("update orders set row = 77 where order_id = 'A-6'"),
    mongo: ({ orders }) => orders.updateOne({ _id: 'A-6' }, { $set: { row: 77 } }),
    expected: () => [['rows', 'A-6']],
  },
  {
    name: 'an order has another customer',
    sqlite: (db) => db.exec("update orders set customer_name = 'Grace Hopper' where order_id = 'A-3'"),
    mongo: ({ orders }) => orders.updateOne({ _id: 'A-3' }, { $set: { 'customer.name': 'Grace Hopper' } }),
    expected: () => [['rows', 'A-3']],
  },
  {
    name: 'a rejection has other cells',
    sqlite: (db) =>
      db.exec(
        "update rejection_cells set cells = replace(cells, 'sku', 'SKU') where cells_no = (select cells_no from rejected_rows where row = 5)",
      ),
    mongo: null,
    expected: ({ fileId }) => [
      ['rows', fileId],
      ['reports', fileId],
    ],
  },
  {
    name: 'an order has another quantity',
    sqlite: (db) => db.exec("update orders set quantity = 9 where order_id = 'A-3'"),
    mongo: ({ orders }) => orders.updateOne({ _id: 'A-3' }, { $set: { 'items.0.quantity': 9 } }),
    expected: () => [['stock', DESK]],
  },
  {
    name: 'there is more stock than there should be',
    sqlite: (db) => db.exec("update stock set available = available + 1 where sku = 'LAMP'"),
    mongo: ({ stock }) => stock.updateOne({ _id: LAMP }, { $inc: { available: 1 } }),
    expected: () => [['stock', LAMP]],
  },
  {
    name: 'a restock was not written down',
    sqlite: (db) => db.exec("update stock set received = received - 5 where sku = 'LAMP'"),
    mongo: ({ stock }) => stock.updateOne({ _id: LAMP }, { $inc: { received: -5 } }),
    expected: () => [['stock', LAMP]],
  },
  {
    name: 'stock was taken that nobody holds',
    sqlite: (db) => db.exec("update stock set available = 3 where sku = 'SOFA'"),
    mongo: ({ stock }) => stock.updateOne({ sku: 'SOFA' }, { $set: { available: 3 } }),
    expected: () => [['stock', '["SOFA","HUB-1"]']],
  },
  {
    name: 'available is below zero',
    sqlite: null,
    mongo: ({ stock }) => stock.updateOne({ _id: LAMP }, { $inc: { available: -40, received: -40 } }),
    expected: () => [['stock', LAMP]],
  },
  {
    name: 'a stock row is gone',
    sqlite: (db) => db.exec("delete from stock where sku = 'DESK'"),
    mongo: ({ stock }) => stock.deleteOne({ _id: DESK }),
    expected: () => [['stock', DESK]],
  },
  {
    name: 'a rejection is gone',
    sqlite: (db) => db.exec('delete from rejected_rows where row = 5'),
    mongo: ({ chunks }, { fileId }) => chunks.updateOne({ _id: `${fileId}:0` }, { $set: { rejections: null } }),
    expected: ({ fileId }, on) => [
      ['rows', on === 'mongo' ? `${fileId}:0` : fileId],
      ['reports', fileId],
    ],
  },
  {
    name: 'a rejection is of a row that is an order',
    sqlite: (db) => db.exec('update rejected_rows set row = 4 where row = 5'),
    mongo: null,
    expected: ({ fileId }) => [
      ['rows', 'A-4'],
      ['reports', fileId],
    ],
  },
  {
    name: 'a file says that it accepted more',
    sqlite: (db, { fileId }) => db.exec(`update files set accepted = accepted + 1 where file_id = '${fileId}'`),
    mongo: ({ files }, { fileId }) => files.updateOne({ _id: fileId }, { $inc: { accepted: 1 } }),
    expected: ({ fileId }) => [['rows', fileId]],
  },
  {
    name: 'a file says that it rejected for another reason',
    sqlite: (db) =>
      db.exec(`update files set invalid_by_code = replace(invalid_by_code, 'invalid_date', 'unknown_sku')`),
    mongo: ({ files }, { fileId }) =>
      files.updateOne({ _id: fileId }, { $rename: { 'invalid_by_code.invalid_date': 'invalid_by_code.unknown_sku' } }),
    expected: ({ fileId }) => [['rows', fileId]],
  },
  {
    name: 'a chunk is gone',
    sqlite: (db) => db.exec('delete from chunks where file_no = 1 and n = 1'),
    mongo: ({ chunks }, { fileId }) => chunks.deleteOne({ _id: `${fileId}:1` }),
    expected: ({ fileId }, on) => [['rows', fileId], on === 'mongo' ? ['rows', 'A-6'] : ['events', 'A-6']],
  },
  {
    name: 'a file is gone',
    sqlite: (db) => db.exec('delete from files where file_no = 2'),
    mongo: ({ files }, { other }) => files.deleteOne({ _id: other }),
    expected: ({ other }, on) =>
      on === 'mongo'
        ? [
            ['rows', 'B-2'],
            ['rows', other],
          ]
        : [['rows', '2']],
  },
  {
    name: 'an event has another number',
    sqlite: (db) => db.exec("update orders set seq = 99 where order_id = 'B-2'"),
    mongo: async ({ outbox }, { other }) => {
      const entry = (await outbox.findOne({ chunk: `${other}:0` }))!;
      await outbox.deleteOne({ _id: entry._id });
      await outbox.insertOne({ ...entry, _id: 99 });
    },
    expected: ({ other }, on) => [['events', on === 'mongo' ? `${other}:0` : 'B-2']],
  },
  {
    name: 'the event of an order was never to be published',
    sqlite: null,
    mongo: ({ chunks }, { other }) => chunks.updateOne({ _id: `${other}:0` }, { $set: { publish: 'none' } }),
    expected: ({ other }) => [['events', `${other}:0`]],
  },
  {
    name: 'the events of a chunk are not in the stream',
    sqlite: null,
    mongo: ({ outbox }, { other }) => outbox.deleteOne({ chunk: `${other}:0` }),
    expected: ({ other }) => [['events', `${other}:0`]],
  },
  {
    name: 'the events of a chunk are in the stream twice',
    sqlite: null,
    mongo: ({ outbox }, { other }) => outbox.insertOne({ _id: 6, chunk: `${other}:0`, count: 1 }),
    expected: ({ other }) => [['events', `${other}:0`]],
  },
  {
    name: 'events are marked as published that no order has',
    sqlite: (db) => db.exec("update totals set value = 99 where name = 'published'"),
    mongo: null,
    expected: () => [['events', 'published']],
  },
  {
    name: 'a sum of the statistics is off',
    sqlite: (db) => db.exec("update totals set value = value + 1 where name = 'hub:HUB-1'"),
    mongo: null,
    expected: () => [['sums', 'hub:HUB-1']],
  },
  {
    name: 'a file has other rows',
    sqlite: () => {},
    mongo: async () => {},
    both: async ({ objects, other }) => {
      const staged = await objects.stage(uploadKey(other));
      await staged.write(Buffer.from('another file'));
      await staged.commit();
    },
    expected: ({ other }) => [['rows', other]],
  },
  {
    name: 'a completed file has a row more',
    sqlite: () => {},
    mongo: async () => {},
    both: async ({ objects, other }) => {
      const staged = await objects.stage(uploadKey(other));
      await staged.write(Buffer.from(sourceOf([...second, chunkOf(1, [orderRow(3, 'B-3')])])));
      await staged.commit();
    },
    expected: () => [['rows', 'B-3']],
  },
  {
    name: 'a report says something else',
    sqlite: () => {},
    mongo: async () => {},
    both: (filled) => replaceReport(filled, (text) => text.replace('row 9', 'row 8')),
    expected: ({ fileId }) => [['reports', fileId]],
  },
  {
    name: 'a report lost its end',
    sqlite: () => {},
    mongo: async () => {},
    both: (filled) => replaceReport(filled, (text) => text.slice(0, -20)),
    expected: ({ fileId }) => [['reports', fileId]],
  },
  {
    name: 'a report has a line too many',
    sqlite: () => {},
    mongo: async () => {},
    both: (filled) => replaceReport(filled, (text) => `${text}a,b\n`),
    expected: ({ fileId }) => [['reports', fileId]],
  },
];

describe.each([
  { name: 'SQLite', on: 'sqlite', open: openSqlite, missing: undefined },
  { name: 'MongoDB', on: 'mongo', open: openMongo, missing: why.mongo },
] as const)('what verify finds on $name', ({ on, open, missing }) => {
  let opened: Opened<never>;
  afterEach(() => opened?.close());

  describe.skipIf(missing !== undefined)('when', () => {
    test('nothing is off', async () => {
      opened = (await open()) as Opened<never>;
      const { objects } = await fill(opened);
      expect(await violationsOf(opened.store, objects)).toEqual([]);
    });

    test('the files are gone that it came from, which is no fault of the store', async () => {
      opened = (await open()) as Opened<never>;
      const { objects, fileId, other } = await fill(opened);
      for (const id of [fileId, other]) await objects.delete(uploadKey(id));
      const checking = verify(opened.store, objects, { maxInflatedBytes: 1_000_000 });
      expect(await checking.next()).toEqual({
        done: true,
        value: { files: 2, filesGone: 2, rows: 8, orders: 5, reports: 1, reportsGone: 0, stockRows: 3 },
      });
    });

    test('a report was deleted, which is counted', async () => {
      opened = (await open()) as Opened<never>;
      const { objects, report } = await fill(opened);
      await objects.delete(reportKey(report));
      const checking = verify(opened.store, objects, { maxInflatedBytes: 1_000_000 });
      expect(await checking.next()).toMatchObject({ done: true, value: { reports: 1, reportsGone: 1 } });
    });

    test('files that share stock and order ids are ingested meanwhile', async () => {
      opened = (await open()) as Opened<never>;
      const { store } = opened;
      await store.stock.change(
        ['LAMP', 'DESK'].map((sku) => ({ sku, hubId: 'HUB-1', available: 400 })),
        null,
      );
      let ingesting = true;
      const files = Array.from({ length: 4 }, async (_, number) => {
        const rows = (n: number) =>
          Array.from({ length: 10 }, (_, i) =>
            orderRow(2 + 10 * n + i, `S-${(number % 2) * 5 + 10 * n + i}`, i % 2 ? lamp(1 + (i % 3)) : desk(2)),
          );
        await ingestChunks(
          store,
          Array.from({ length: 40 }, (_, n) => chunkOf(n, rows(n))),
        );
      });
      const ingested = Promise.all(files).finally(() => {
        ingesting = false;
      });
      const found: Violation[] = [];
      while (ingesting) {
        found.push(...(await violationsOf(store)));
        await delay(1);
      }
      await ingested;
      expect([...found, ...(await violationsOf(store))]).toEqual([]);
    });

    test.each(damages.filter((damage) => damage[on] !== null))('$name', async (damage) => {
      opened = (await open()) as Opened<never>;
      const filled = await fill(opened);
      await damage[on]!(opened.hand, filled);
      await damage.both?.(filled);
      const found = await violationsOf(opened.store, filled.objects);
      for (const [check, id] of damage.expected(filled, on))
        expect(found).toContainEqual(expect.objectContaining({ check, id }));
    });
  });
});
