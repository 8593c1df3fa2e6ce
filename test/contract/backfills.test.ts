/** Backfills, on each store: killed in the middle beside a service that ingests, each order is filled exactly once all the same (INV-4). */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { createMongoOrderStore, type MongoOrderStore } from '../../src/adapters/order-store.mongo/order-store.ts';
import { createSqliteOrderStore } from '../../src/adapters/order-store.sqlite/order-store.ts';
import { openForReading, openForWriting } from '../../src/adapters/sqlite/database.ts';
import { Writer } from '../../src/adapters/sqlite/writer.ts';
import { type SqliteOperations, startSqliteWriter } from '../../src/adapters/sqlite-operations.ts';
import { limits } from '../../src/limits.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';
import { newDatabaseUrl } from '../support/adapters/mongo.ts';
import { MONGO_UPGRADE } from '../support/backfills.ts';
import { chunkOf, FAILED, ingestChunks, newClaim, orderRow, rejection } from '../support/chunks.ts';
import { temporaryDirectory } from '../support/service.ts';

/** The server that stands in for MongoDB scans all orders for most of its work. */
const ORDERS = { SQLite: 200_000, MongoDB: 4_000 };
const CHUNKS = 40;
const now = Date.now;

/** A store of this release. */
interface Opened {
  /** For another process. */
  place: string;
  store: OrderStore;
  /** As a release left them that did not know what rejections cost. */
  forgetRejectedBytes(): Promise<void>;
  /** Whether the backfill has filled some of the orders that were there before. */
  isUnderWay(): Promise<boolean>;
  /** How many backfilled orders there are by how often they were filled: those that were there before, and those that came meanwhile. */
  filled(): Promise<{ before: Record<number, number>; meanwhile: Record<number, number> }>;
  /** What another process of this release meets that starts with the store. */
  join(): Promise<unknown>;
  close(): Promise<void>;
}

const { mongo, why } = inject('engines');

const ENGINES = [
  { name: 'SQLite', missing: null, open: openSqlite },
  { name: 'MongoDB', missing: why.mongo ?? null, open: openMongo },
] as const;

async function openSqlite(): Promise<Opened> {
  const place = join(await temporaryDirectory(), 'oms.db');
  const thread = await startSqliteWriter(place);
  const writer = new Writer<SqliteOperations>(thread.connect());
  const reader = openForReading(place);
  const raw = <Row>(sql: string): Row[] => {
    const db = new DatabaseSync(place);
    try {
      return db.prepare(sql).all() as Row[];
    } finally {
      db.close();
    }
  };
  const counts = (condition: string) =>
    Object.fromEntries(
      raw<{ filled: number; count: number }>(
        `select filled, count(*) count from orders where ${condition} group by filled`,
      ).map(({ filled, count }) => [filled, count]),
    );
  return {
    place,
    store: createSqliteOrderStore({ db: reader, writer, trackStock: false, publishes: false, now }),
    async forgetRejectedBytes() {
      raw('update files set rejected_bytes = 0');
    },
    async isUnderWay() {
      const [position] = raw<{ cursor: string }>("select cursor from backfills where name = 'fill'");
      return Number(position?.cursor ?? 0) >= ORDERS.SQLite / 5;
    },
    async filled() {
      return { before: counts(`seq <= ${ORDERS.SQLite}`), meanwhile: counts(`seq > ${ORDERS.SQLite}`) };
    },
    join: async () => openForWriting(place),
    async close() {
      reader.close();
      await thread.close();
    },
  };
}

async function openMongo(): Promise<Opened> {
  const place = newDatabaseUrl(mongo!);
  const store: MongoOrderStore = createMongoOrderStore({ url: place, trackStock: false, now });
  await store.prepare();
  const { orders, chunks, files, backfills, db } = store.database;
  const counts = async (match: object) =>
    Object.fromEntries(
      (
        await orders
          .aggregate<{ _id: number; count: number }>([
            { $match: match },
            { $group: { _id: { $ifNull: ['$filled', 0] }, count: { $sum: 1 } } },
          ])
          .toArray()
      ).map(({ _id, count }) => [_id, count]),
    );
  onTestFinished(async () => {
    await db.dropDatabase();
    await store.close();
  });
  return {
    place,
    store,
    async forgetRejectedBytes() {
      await files.updateMany({}, { $unset: { rejected_bytes: 1 } });
    },
    async isUnderWay() {
      const { cursor } = (await backfills.findOne({ _id: 'fill' })) ?? {};
      const old = await chunks.findOne({ n: 1 });
      // Those from 10 to 19 are before it.
      return (cursor ?? '') >= `${old!.file}:2`;
    },
    filled: async () => ({ before: await counts({ _id: /^old/ }), meanwhile: await counts({ _id: /^life/ }) }),
    join: () => store.prepare(),
    async close() {},
  };
}

function startLife(engine: string, place: string, life: string): { child: ChildProcess; lines: AsyncIterable<string> } {
  const script = join(import.meta.dirname, '../support/backfilling.ts');
  const child = spawn(process.execPath, [script, engine, place, life], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, lines: createInterface({ input: child.stdout! }) };
}

for (const { name, missing, open } of ENGINES)
  describe.skipIf(missing !== null)(`backfills on ${name}`, () => {
    test('fill each order exactly once, whenever they are killed, beside a service that ingests', async () => {
      const { place, store, isUnderWay, filled, join, close } = await open();
      const count = ORDERS[name] / CHUNKS;
      const chunks = Array.from({ length: CHUNKS }, (_, n) =>
        chunkOf(
          n,
          Array.from({ length: count }, (_, i) => {
            const row = n * count + i + 2;
            return orderRow(row, `old-${row}`);
          }),
        ),
      );
      await ingestChunks(store, chunks);
      await close();

      const first = startLife(name, place, `life-${randomUUID()}`);
      let ingested = 0;
      for await (const line of first.lines) {
        expect(line).not.toBe('filled');
        ingested++;
        if (await isUnderWay()) break;
      }
      first.child.kill('SIGKILL');
      await once(first.child, 'exit');
      expect(ingested).toBeGreaterThan(0);
      const { before: half } = await filled();
      expect(half[0]).toBeGreaterThan(0);
      expect(half[1]).toBeGreaterThan(0);

      const second = startLife(name, place, `life-${randomUUID()}`);
      const lines: string[] = [];
      for await (const line of second.lines) lines.push(line);
      expect(lines.at(-1)).toBe('filled');
      expect(lines.length).toBeGreaterThan(1);
      const { before, meanwhile } = await filled();
      expect(before).toEqual({ 1: ORDERS[name] });
      // What came meanwhile may be behind the place where the backfill was.
      expect(Object.keys(meanwhile).every((times) => Number(times) <= 1)).toBe(true);

      // A writer of this release is older than the store now.
      await expect(join()).rejects.toMatchObject({ code: 'schema_too_new' });
    }, 180_000);

    test('have nothing to do in a new store', async () => {
      const { store, close } = await open();
      expect(await store.backfills.step()).toBeNull();
      await close();
    });

    test('count what the rejections of files of an earlier release cost', async () => {
      const { store, forgetRejectedBytes, close } = await open();
      const claim = await newClaim(store);
      const rejections = (from: number) => Array.from({ length: 1_500 }, (_, i) => rejection(from + i));
      await store.chunks.commit(claim, chunkOf(0, [orderRow(2, 'A')], rejections(3)));
      await store.files.finish(claim, FAILED);
      const { rejectedBytes } = (await store.files.get(claim.fileId))!;
      await forgetRejectedBytes();
      expect(await store.files.get(claim.fileId)).toMatchObject({ rejectedBytes: 0 });
      for (let step = await store.backfills.step(); step !== null; step = await store.backfills.step())
        expect(step).toBe('rejected-bytes');
      expect(await store.files.get(claim.fileId)).toMatchObject({ rejectedBytes });
      await close();
    });
  });

test('a backfill of SQLite reads rows as large as records a page at a time', async () => {
  const { store, forgetRejectedBytes, close } = await openSqlite();
  const claim = await newClaim(store);
  const rows = Array.from({ length: 10 }, (_, i) => ({
    ...rejection(i + 2),
    values: ['x'.repeat(limits.maxRecordBytes)],
  }));
  for (const [n, row] of rows.entries()) await store.chunks.commit(claim, chunkOf(n, [], [row]));
  await store.files.finish(claim, FAILED);
  const { rejectedBytes } = (await store.files.get(claim.fileId))!;
  await forgetRejectedBytes();
  let steps = 0;
  while ((await store.backfills.step()) !== null) steps++;
  expect(steps).toBeGreaterThanOrEqual(rows.length / 2);
  expect(await store.files.get(claim.fileId)).toMatchObject({ rejectedBytes });
  await close();
});

describe.skipIf(why.mongo !== undefined)('the schema of MongoDB', () => {
  test('is migrated once by processes that start together', async () => {
    const { place, store, close } = await openMongo();
    const stores = Array.from({ length: 5 }, () =>
      createMongoOrderStore({ url: place, trackStock: false, now }, undefined, MONGO_UPGRADE),
    );
    await Promise.all(stores.map((other) => other.prepare()));
    const { schema, db } = (store as MongoOrderStore).database;
    const { length: version } = MONGO_UPGRADE.migrations;
    expect(await schema.find().toArray()).toEqual([{ _id: 'schema', version, least_writer: version }]);
    expect(await db.collection('marks').countDocuments()).toBe(1);
    for (const other of stores) await other.close();
    await close();
  });

  test('is there though the service does not list its indexes', async () => {
    const { store, close } = await openMongo();
    const { files } = (store as MongoOrderStore).database;
    files.listIndexes = () => ({ toArray: async () => [] }) as never;
    await store.prepare();
    await close();
  });

  test('takes older writers as long as it says so', async () => {
    const { store, join, close } = await openMongo();
    const { schema } = (store as MongoOrderStore).database;
    await schema.updateOne({ _id: 'schema' }, { $set: { version: 7, least_writer: 1 } });
    await join();
    await schema.updateOne({ _id: 'schema' }, { $set: { version: 7, least_writer: 7 } });
    await expect(join()).rejects.toMatchObject({ code: 'schema_too_new' });
    await close();
  });
});
