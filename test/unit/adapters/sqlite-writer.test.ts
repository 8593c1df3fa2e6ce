/** The writer thread: calls that come together share a transaction, and one that fails leaves nothing behind. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { createSqliteOrderStore } from '../../../src/adapters/order-store.sqlite/order-store.ts';
import { openForReading } from '../../../src/adapters/sqlite/database.ts';
import { Writer } from '../../../src/adapters/sqlite/writer.ts';
import { type SqliteOperations, startSqliteWriter } from '../../../src/adapters/sqlite-operations.ts';
import { OmsError } from '../../../src/errors.ts';
import { limits } from '../../../src/limits.ts';
import { chunkOf, newClaim, newFile, orderRow, rejection } from '../../support/chunks.ts';
import { temporaryDirectory } from '../../support/service.ts';

async function open() {
  const path = join(await temporaryDirectory(), 'oms.db');
  const thread = await startSqliteWriter(path);
  const writer = new Writer<SqliteOperations>(thread.connect());
  const db = openForReading(path);
  onTestFinished(async () => {
    db.close();
    await thread.close();
  });
  const store = createSqliteOrderStore({ db, writer, trackStock: true, publishes: false, now: Date.now });
  await store.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', available: 10 }], null);
  return { db, store, claim: await newClaim(store) };
}

/** Of which the second rejection cannot be written, after orders and stock were. */
const brokenChunk = () => chunkOf(0, [orderRow(2, 'A-1'), orderRow(3, 'A-2')], [rejection(4), rejection(4)]);
const goodChunk = () => chunkOf(0, [orderRow(2, 'A-1', { quantity: 4 })], [rejection(4)]);

type Opened = Awaited<ReturnType<typeof open>>;

async function expectGoodChunkOnly({ db, store, claim }: Opened) {
  expect(await store.chunks.commit(claim, goodChunk())).toMatchObject({ accepted: 1, invalid: 1 });
  expect(db.prepare('select seq, order_id from orders').all()).toEqual([{ seq: 1, order_id: 'A-1' }]);
  expect(db.prepare('select available from stock').get()).toEqual({ available: 6 });
  expect(await store.files.get(claim.fileId)).toMatchObject({ nextChunk: 1, accepted: 1, invalid: 1 });
}

test('a call that is alone and fails leaves nothing behind', async () => {
  const opened = await open();
  const { db, store, claim } = opened;
  const failure = expect(store.chunks.commit(claim, brokenChunk())).rejects;
  await failure.toThrow(/UNIQUE constraint failed: rejected_rows/);
  // The mistake is not in the file, so it is no error that could end it.
  await failure.not.toBeInstanceOf(OmsError);
  expect(db.prepare('select * from orders').all()).toEqual([]);
  await expectGoodChunkOnly(opened);
});

test('of calls that come together one that fails takes nothing with it', async () => {
  const opened = await open();
  const { db, store, claim } = opened;
  const files = [newFile(), newFile()];
  const busy = await newClaim(store);
  const long = Array.from({ length: 3_000 }, (_, i) => orderRow(i + 2, `L-${i}`, { sku: 'SKU-2' }));
  // While the writer is at the long chunk the others wait for it, and for each other.
  const [, before, broken, after] = await Promise.allSettled([
    store.chunks.commit(busy, chunkOf(0, long)),
    store.files.create(files[0]!),
    store.chunks.commit(claim, brokenChunk()),
    store.files.create(files[1]!),
  ]);
  expect([before.status, broken.status, after.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(db.prepare('select * from orders').all()).toEqual([]);
  for (const { fileId } of files) expect(await store.files.get(fileId)).toMatchObject({ status: 'queued' });
  await expectGoodChunkOnly(opened);
});

test('probes do not make the log of the database grow', async () => {
  const { db, store } = await open();
  const before = statSync(`${db.location()}-wal`).size;
  const pages = 200;
  for (let i = 0; i < pages; i++) await store.inspect();
  expect(statSync(`${db.location()}-wal`).size - before).toBeLessThan((pages * limits.sqlitePageBytes) / 4);
});

test('a writer that is busy is no outage', async () => {
  const { db, store } = await open();
  const other = new DatabaseSync(db.location()!);
  other.exec('begin immediate');
  const writing = store.stock.change([{ sku: 'SKU-2', hubId: 'HUB-1', available: 1 }], null);
  expect(await store.inspect()).toMatchObject({ engine: expect.stringContaining('SQLite') });
  other.exec('rollback');
  other.close();
  await writing;
});
