/** All operations on `oms.db`: those of the order store and those of the job queue. */
import { type QueueOperations, queueOperations } from './job-queue.sqlite.ts';
import type { SqliteBackfill } from './order-store.sqlite/backfills.ts';
import { type StoreOperations, storeOperations } from './order-store.sqlite/operations.ts';
import type { Probing } from './sqlite/calls.ts';
import type { Database } from './sqlite/database.ts';
import { type Performer, performerOf } from './sqlite/operations.ts';
import { startWriterThread, type WriterThread } from './sqlite/writer.ts';

export type SqliteOperations = StoreOperations & QueueOperations & Probing;

/** `backfills`: for tests, instead of those of this release. */
export function createOperations(db: Database, now: () => number, backfills?: readonly SqliteBackfill[]): Performer {
  const store = storeOperations(db, now, backfills);
  return performerOf(db, { ...store.table, ...queueOperations(db, now) }, store.forget);
}

/** Starts the thread that writes `oms.db`, with these operations. */
export const startSqliteWriter = (path: string): Promise<WriterThread> =>
  startWriterThread(new URL('./sqlite-writer-thread.ts', import.meta.url), { path });
