/** Order stores with two ingested files, for the tests of `oms verify`. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { AuditLog } from '../../../src/access/audit-log.ts';
import { createMongoOutboxEventStream } from '../../../src/adapters/event-stream.mongo-outbox.ts';
import { prepareDirectory } from '../../../src/adapters/object-store.directory/prepare.ts';
import { createDirectoryObjectStore } from '../../../src/adapters/object-store.directory.ts';
import type { Database } from '../../../src/adapters/order-store.mongo/database.ts';
import { createMongoOrderStore } from '../../../src/adapters/order-store.mongo/order-store.ts';
import { createSqliteOrderStore } from '../../../src/adapters/order-store.sqlite/order-store.ts';
import { openForReading } from '../../../src/adapters/sqlite/database.ts';
import { Writer } from '../../../src/adapters/sqlite/writer.ts';
import { type SqliteOperations, startSqliteWriter } from '../../../src/adapters/sqlite-operations.ts';
import { ORDER_COLUMNS } from '../../../src/model/columns.ts';
import type { ReportRecord } from '../../../src/model/file.ts';
import { deleteOldEntries } from '../../../src/pipeline/audit-retention.ts';
import { writeReport } from '../../../src/pipeline/report.ts';
import type { ChunkToCommit } from '../../../src/ports/chunks.ts';
import { systemClock } from '../../../src/ports/clock.ts';
import type { ObjectStore } from '../../../src/ports/object-store.ts';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import { newDatabaseUrl } from '../../support/adapters/mongo.ts';
import { COMPLETED, chunkOf, newClaim, newFile, orderRow, rejection } from '../../support/chunks.ts';
import { temporaryDirectory } from '../../support/service.ts';

export interface Opened<Hand> {
  store: OrderStore;
  publish(): Promise<void>;
  /** Direct access, to damage the store. */
  hand: Hand;
  close(): Promise<void>;
}

export async function openSqlite(): Promise<Opened<DatabaseSync>> {
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

export async function openMongo(server: string): Promise<Opened<Database>> {
  const store = createMongoOrderStore({ url: newDatabaseUrl(server), trackStock: true, now: Date.now });
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
export const lamp = (quantity: number) => ({ sku: 'LAMP', quantity });
export const desk = (quantity: number) => ({ sku: 'DESK', quantity });
const first: ChunkToCommit[] = [
  chunkOf(0, [orderRow(2, 'A-2', lamp(2)), orderRow(3, 'A-3', desk(3)), orderRow(4, 'A-4', lamp(1))], [rejection(5)]),
  // Row 7 is blank.
  chunkOf(1, [orderRow(6, 'A-6', desk(4)), orderRow(8, 'A-2', lamp(2))], [rejection(9, 'invalid_date')]),
];
export const second: ChunkToCommit[] = [chunkOf(0, [orderRow(2, 'B-2', desk(1))])];
export const LAMP = '["LAMP","HUB-1"]';
export const DESK = '["DESK","HUB-1"]';

/** The file of these chunks; rows that no chunk has are blank. */
export function sourceOf(chunks: ChunkToCommit[]): string {
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

export interface Filled {
  objects: ObjectStore;
  /** The first file; it has a report. */
  fileId: string;
  other: string;
  report: ReportRecord;
  /** Of the audit log: entries 3 to 5 of the first chain are left, and all 4 of the second, which began after it and has ended. */
  chains: { first: string; second: string };
}

export async function fill({ store, publish }: Opened<unknown>): Promise<Filled> {
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
    await store.files.recordIntake(claim, {
      ...{ intake: INTAKE, columns: [...ORDER_COLUMNS], parentFileId: null, format: null },
    });
    for (const chunk of chunks) await store.chunks.commit(claim, chunk);
    const report = await writeReport({ objects, store, clock: systemClock }, claim.fileId, () => {});
    await store.files.finish(claim, { ...COMPLETED, report });
    return { fileId: claim.fileId, report };
  };
  const { fileId, report } = await ingest(first);
  const { fileId: other } = await ingest(second);
  await publish();
  return { objects, fileId, other, report: report!, chains: await fillAudit(store) };
}

async function fillAudit(store: OrderStore): Promise<Filled['chains']> {
  let nowMs = Date.UTC(2026, 10, 20);
  const clock = { ...systemClock, now: () => nowMs++ };
  const beginMs = nowMs;
  const act = (orderId: string) => ({
    ...{ principal: 'key:abc', action: 'setOrderStatus', target: `order ${orderId}`, status: 200, code: null },
    ...{ requestId: `request-${orderId}`, address: '127.0.0.1' },
  });
  const logs = [1, 2].map(() => new AuditLog({ audit: store.audit, clock, logger: pino({ level: 'silent' }) }));
  for (const orderId of ['A-1', 'A-2', 'A-3', 'A-4']) await logs[0]!.record(act(orderId));
  for (const orderId of ['A-5', 'A-6']) await logs[1]!.record(act(orderId));
  await logs[1]!.close();
  // The first two are of the same time.
  await deleteOldEntries(store, beginMs + 1, 10);
  const [first, second] = [await chainOf(store, 'order A-4'), await chainOf(store, 'order A-5')];
  return { first, second };
}

const chainOf = async ({ audit }: OrderStore, target: string): Promise<string> =>
  (await audit.list({ target }, { limit: 1, after: null })).items[0]!.chain;
