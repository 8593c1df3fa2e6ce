/**
 * The order store on MongoDB, from 4.4 on, and on compatible services: single-document writes only, no transactions. See
 * `commit-chunk.ts` for how a chunk is committed without them.
 */
import type { Logger } from 'pino';
import { limits } from '../../limits.ts';
import { DEFAULT_WORKFLOW, type Workflow } from '../../model/workflow.ts';
import type { OrderStore } from '../../ports/order-store.ts';
import { auditChains, createAudit } from './audit.ts';
import { BACKFILLS, createBackfills, type MongoBackfill } from './backfills.ts';
import { blankPlans } from './blank-plans.ts';
import { commitChunk } from './commit-chunk.ts';
import { type Database, openDatabase } from './database.ts';
import { createDryRuns } from './dry-runs.ts';
import { createErasure } from './erasure.ts';
import { bounded, mapErrors } from './errors.ts';
import { createFiles } from './files.ts';
import { createFinalizing } from './finalizing.ts';
import { inspect } from './inspect.ts';
import { installationName } from './installation.ts';
import { createLeases } from './leases.ts';
import { createOrderChanges } from './order-changes.ts';
import { createOrders } from './orders.ts';
import { createOutbox } from './outbox.ts';
import { pruneFiles } from './prune.ts';
import { createRejections } from './rejections.ts';
import { finishUpgrade, MIGRATIONS, type Migration, migrate } from './schema.ts';
import { createSmallRecords } from './small-records.ts';
import { createStatistics } from './statistics.ts';
import { createStock } from './stock.ts';
import { StockLanes } from './stock-lanes.ts';
import { StockTickets } from './stock-tickets.ts';
import { sweepTickets } from './sweep-tickets.ts';
import { createUndo } from './undo.ts';
import { createVerification } from './verify.ts';

export interface MongoOrderStore extends OrderStore {
  readonly database: Database;
  /** See `schema.ts`. */
  finishUpgrade(): Promise<boolean>;
}

/** From the schema of earlier releases to that of this one. */
interface Upgrade {
  migrations: readonly Migration[];
  backfills: readonly MongoBackfill[];
}

/** Limits that tests lower, so that they need not wait for them or fill them. */
type Bounds = Record<'mongoOperationMs' | 'mongoInsertDocuments', number>;

/** Throws `invalid_configuration`; the first call connects. */
export function createMongoOrderStore(
  options: { url: string; trackStock: boolean; workflow?: Workflow; now: () => number; logger?: Logger },
  { mongoOperationMs, mongoInsertDocuments }: Bounds = limits,
  { migrations, backfills }: Upgrade = { migrations: MIGRATIONS, backfills: BACKFILLS },
): MongoOrderStore {
  const { url, trackStock, workflow = DEFAULT_WORKFLOW, now, logger } = options;
  const inTime = <Operations extends object>(operations: Operations) => bounded(operations, mongoOperationMs);
  const database = openDatabase(url, logger);
  const context = { database, trackStock, workflow, now, mongoInsertDocuments };
  const tickets = new StockTickets(new StockLanes(database, mongoOperationMs), now);
  const changes = { database, tickets, rules: { workflow, trackStock }, now };
  const orderChanges = createOrderChanges(changes, migrations.length);
  const leases = inTime(createLeases(database, now));

  return {
    database,
    files: inTime(createFiles(context)),
    chunks: inTime({ commit: commitChunk.bind(null, context) }),
    dryRuns: inTime(createDryRuns(context)),
    rejections: inTime(createRejections(database)),
    orders: inTime(createOrders(database)),
    changes: inTime(orderChanges),
    erasure: inTime(createErasure(database)),
    undo: inTime(createUndo(context, orderChanges)),
    // Without a bound: a change may have a quarter of a million rows.
    stock: mapErrors(createStock(database, now)),
    statistics: inTime(createStatistics(database)),
    verification: createVerification(database, workflow),
    outbox: inTime(createOutbox(database)),
    journal: null,
    smallRecords: inTime(createSmallRecords(database)),
    audit: { ...inTime(createAudit(database)), chains: () => auditChains(database) },
    finalizing: inTime(createFinalizing(database)),
    leases,
    backfills: inTime(createBackfills(database, backfills, migrations.length, now)),
    ...mapErrors({
      inspect: () => inspect(database, url, now),
      prepare: () => migrate(database, leases, migrations),
      installation: () => installationName(database),
      prune: async () => {
        await pruneFiles(database, now);
        await sweepTickets(database, now);
        await blankPlans(database);
      },
      finishUpgrade: () => finishUpgrade(database, migrations.length),
    }),
    async close() {
      await database.client.close();
    },
  };
}
