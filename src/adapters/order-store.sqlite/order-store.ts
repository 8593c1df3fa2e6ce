/** The order store on SQLite: reads through a connection of the calling thread, writes through the writer thread. */
import { DEFAULT_WORKFLOW, type Workflow } from '../../model/workflow.ts';
import type { OrderStore } from '../../ports/order-store.ts';
import type { Calls, Commits, Probing } from '../sqlite/calls.ts';
import type { Database } from '../sqlite/database.ts';
import { inspectDatabase } from '../sqlite/health.ts';
import { createAudit } from './audit.ts';
import { createBackfills } from './backfills.ts';
import { createChanges } from './changes.ts';
import { createDryRuns } from './dry-runs.ts';
import { createErasure } from './erasure.ts';
import { createFiles } from './files.ts';
import { createFinalizing } from './finalizing.ts';
import { createJournal } from './journal.ts';
import type { StoreOperations } from './operations.ts';
import { createOrders } from './orders.ts';
import { createOutbox } from './outbox.ts';
import { createRejections } from './rejections.ts';
import { createSmallRecords } from './small-records.ts';
import { createStatistics } from './statistics.ts';
import { createStock } from './stock.ts';
import { createUndo } from './undo.ts';
import { createVerification } from './verify.ts';

export function createSqliteOrderStore(options: {
  db: Database;
  writer: Calls<StoreOperations & Probing> & Commits;
  trackStock: boolean;
  /** By default the preset `default`. */
  workflow?: Workflow;
  /** Events are published to another engine; else the commit of an order publishes it. */
  publishes: boolean;
  now: () => number;
}): OrderStore {
  const { db, writer, trackStock, workflow = DEFAULT_WORKFLOW, publishes, now } = options;
  return {
    files: createFiles(db, writer, now),
    chunks: {
      commit: (claim, { orders, ...chunk }) =>
        writer.call('commitChunk', {
          claim,
          chunk: { ...chunk, orders: orders.toMessage() },
          status: workflow.initial,
          trackStock,
        }),
    },
    dryRuns: createDryRuns(db, writer, trackStock),
    rejections: createRejections(db, writer),
    orders: createOrders(db),
    changes: createChanges(db, writer, { workflow, trackStock }, now),
    erasure: createErasure(db, writer),
    undo: createUndo(db, writer, { workflow, trackStock }),
    stock: createStock(db, writer),
    statistics: createStatistics(db, workflow, publishes),
    outbox: createOutbox(db, writer),
    journal: createJournal(db),
    smallRecords: createSmallRecords(db, writer),
    audit: createAudit(db, writer),
    finalizing: createFinalizing(db, writer),
    // The process that holds the data directory is the only one.
    leases: { take: async () => true, async release() {} },
    backfills: createBackfills(writer),
    verification: createVerification(db),
    inspect: () => inspectDatabase(db, writer),
    async installation() {
      return (db.prepare('select name from installation').get() as { name: string }).name;
    },
    async prepare() {},
    async prune() {},
    async close() {
      db.close();
    },
  };
}
