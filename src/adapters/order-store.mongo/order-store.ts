/**
 * The order store on MongoDB, from 4.4 on, and on compatible services: single-document writes only, no transactions. See
 * `commit-chunk.ts` for how a chunk is committed without them.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { limits } from '../../limits.ts';
import { type Missing, withoutCredentials } from '../../ports/inspection.ts';
import type { OrderStore } from '../../ports/order-store.ts';
import { BACKFILLS, createBackfills, type MongoBackfill } from './backfills.ts';
import { chunkOperations } from './commit-chunk.ts';
import { type Database, openDatabase } from './database.ts';
import { bounded, isDuplicateKey, toOmsError, withOurErrors } from './errors.ts';
import { createFiles } from './files.ts';
import { missingIndexes } from './indexes.ts';
import { createLeases } from './leases.ts';
import { createOrders } from './orders.ts';
import { createOutbox } from './outbox.ts';
import { pruneFiles } from './prune.ts';
import { createRejections } from './rejections.ts';
import { MIGRATIONS, type Migration, migrate } from './schema.ts';
import { createStatistics } from './statistics.ts';
import { createStock } from './stock.ts';
import { createVerification } from './verify.ts';

const OLDEST_VERSION = [4, 4] as const;
const NO_SUCH_COMMAND = 59;

export interface MongoOrderStore extends OrderStore {
  readonly database: Database;
}

/** From the schema of earlier releases to that of this one. */
interface Upgrade {
  migrations: readonly Migration[];
  backfills: readonly MongoBackfill[];
}

/** Bounds that a test makes smaller, so that it need not wait for them or fill them. */
type Bounds = Record<'mongoOperationMs' | 'mongoInsertDocuments', number>;

/** Throws `invalid_configuration`; nothing is connected before the first call. */
export function createMongoOrderStore(
  options: { url: string; trackStock: boolean; now: () => number; logger?: Logger },
  { mongoOperationMs, mongoInsertDocuments }: Bounds = limits,
  { migrations, backfills }: Upgrade = { migrations: MIGRATIONS, backfills: BACKFILLS },
): MongoOrderStore {
  const { url, now, logger } = options;
  const inTime = <Operations extends object>(operations: Operations) => bounded(operations, mongoOperationMs);
  const database = openDatabase(url, logger);
  const { client, db } = database;
  const leases = inTime(createLeases(database, now));
  const chunks = chunkOperations(database, { ...options, mongoInsertDocuments });

  return {
    database,
    files: inTime(createFiles(database, chunks, now)),
    chunks: inTime({ commit: chunks.commit }),
    rejections: inTime(createRejections(database)),
    orders: inTime(createOrders(database)),
    // A change may be one of a quarter of a million rows.
    stock: withOurErrors(createStock(database, now)),
    statistics: inTime(createStatistics(database)),
    verification: createVerification(database),
    outbox: inTime(createOutbox(database)),
    leases,
    backfills: inTime(createBackfills(database, backfills, migrations.length, now)),

    ...withOurErrors({
      async inspect() {
        const { version } = (await db.admin().command({ buildInfo: 1 })) as { version: string };
        const missing: Missing[] = [];
        if (isTooOld(version))
          missing.push({
            what: `it is MongoDB ${version}`,
            cure: `update it to ${OLDEST_VERSION.join('.')} or later`,
            required: true,
          });
        const skewMs = now() - (await serverTime());
        if (Math.abs(skewMs) > limits.mongoClockSkewMs)
          missing.push({
            what: `the clock of this machine is ${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} that of the database`,
            cure: 'set both by NTP, for example `chronyc makestep`',
            required: true,
          });
        const indexes = await missingIndexes(database);
        if (indexes.length > 0)
          missing.push({
            what: `the indexes ${indexes.join(', ')} are not there`,
            cure: '`oms start` makes them',
            required: false,
          });
        return {
          engine: `MongoDB ${version}`,
          address: `${withoutCredentials(url)}, database ${db.databaseName}`,
          missing,
        };
      },

      prepare: () => migrate(database, leases, migrations),

      async installation() {
        const _id = 'installation';
        const known = await database.installation.findOne({ _id });
        if (known) return known.name;
        try {
          await database.installation.insertOne({ _id, name: randomUUID().replaceAll('-', '') });
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
        }
        return (await database.installation.findOne({ _id }))!.name;
      },

      prune: () => pruneFiles(database, now),
    }),
    async close() {
      await client.close();
    },
  };

  async function serverTime(): Promise<number> {
    const admin = db.admin();
    // Compatible services may know it by its old name only.
    const hello = await admin.command({ hello: 1 }).catch((error) => {
      if (error.code !== NO_SUCH_COMMAND) throw toOmsError(error);
      return admin.command({ isMaster: 1 });
    });
    return (hello.localTime as Date).getTime();
  }
}

function isTooOld(version: string): boolean {
  const [major, minor] = version.split('.').map(Number) as [number, number];
  return major < OLDEST_VERSION[0] || (major === OLDEST_VERSION[0] && minor < OLDEST_VERSION[1]);
}
