/**
 * The schema version of this store, and its migrations. Processes of neighbouring releases may share a store: it records its version and
 * the least version of a writer that may join. Of processes that start together one migrates, the others wait.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Leases } from '../../ports/leases.ts';
import type { Database } from './database.ts';
import { isDuplicateKey } from './errors.ts';
import { createIndexes, missingIndexes } from './indexes.ts';

/** Upgrades a store by one version. `run` MUST be quick, and safe to repeat, as it may be interrupted. Long work is a backfill. */
export interface Migration {
  version: number;
  /**
   * After it older writers are refused at their start; those that run keep running. What must wait until none of them is left waits for
   * `finishUpgrade`.
   */
  leastWriter: number;
  run?(database: Database): Promise<void>;
}

/** In the order of their versions, 1, 2, 3 and so on. A released migration never changes. */
export const MIGRATIONS: readonly Migration[] = [
  // Files record the size of their rejections.
  { version: 1, leastWriter: 1 },
  // Orders change.
  { version: 2, leastWriter: 1, run: createTotals },
];

/** Orders may be changed once no writer is left that does not know of changes. */
export const CHANGES_SINCE = 2;

async function createTotals({ totals }: Database): Promise<void> {
  try {
    await totals.insertOne({ _id: 'orders', seq: 0, batch: [] });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

/** Throws `upgrade_unfinished` while a process of an earlier release may be left, which would take the rows of a dry run for real. */
export async function checkDryRuns(database: Database): Promise<void> {
  if ((await readSchema(database, MIGRATIONS.length)).leastWriter >= CHANGES_SINCE) return;
  throw new OmsError(
    'upgrade_unfinished',
    'dry runs are possible once no process of an earlier release is left on this store: stop them all, then run `oms upgrade finish`',
    { retryable: true },
  );
}

const SCHEMA = 'schema';

/** Throws `schema_too_new` where this release may no longer join. */
export async function readSchema(
  { schema, db }: Database,
  latest: number,
): Promise<{ version: number; leastWriter: number }> {
  const stored = await schema.findOne({ _id: SCHEMA });
  const { version, least_writer: leastWriter } = stored ?? { version: 0, least_writer: 0 };
  if (leastWriter > latest)
    throw new OmsError(
      'schema_too_new',
      `OMS_ORDER_STORE: the database ${db.databaseName} has schema version ${version} and takes writers from version ${leastWriter} on, this release has ${latest}: start the newer release that wrote it, or restore a backup`,
    );
  return { version, leastWriter };
}

/** Creates the missing indexes and runs the migrations that are due. Throws `schema_too_new`. */
export async function migrate(database: Database, leases: Leases, migrations: readonly Migration[]): Promise<void> {
  const holder = randomUUID();
  const isDue = async () =>
    (await readSchema(database, migrations.length)).version < migrations.length ||
    (await missingIndexes(database)).length > 0;
  while (await isDue()) {
    if (await leases.take('migration', holder, limits.mongoMigrationLeaseMs)) {
      const renewal = setInterval(
        () => leases.take('migration', holder, limits.mongoMigrationLeaseMs).catch(() => {}),
        limits.mongoMigrationLeaseMs / 3,
      );
      try {
        // Checked no more: a compatible service may not list the indexes that it was asked for.
        return await runDue(database, migrations);
      } finally {
        clearInterval(renewal);
        await leases.release('migration', holder);
      }
    } else await delay(limits.mongoMigrationPollMs);
  }
}

async function runDue(database: Database, migrations: readonly Migration[]): Promise<void> {
  await createIndexes(database);
  const { version, leastWriter } = await readSchema(database, migrations.length);
  const isNew = version === 0 && (await isEmpty(database));
  for (const migration of migrations.slice(version)) {
    await migration.run?.(database);
    await record(database, {
      version: migration.version,
      leastWriter: isNew ? migration.version : Math.max(leastWriter, migration.leastWriter),
    });
  }
}

/** Releases before the first schema version have left no version, but chunks. */
const isEmpty = async ({ chunks, stock }: Database): Promise<boolean> =>
  (await chunks.findOne({}, { projection: { _id: 1 } })) === null &&
  (await stock.findOne({}, { projection: { _id: 1 } })) === null;

/**
 * The word of the operator that no process of an earlier release is left on this store: none may join any more. False when that was so
 * already. Throws `schema_too_new`, and `upgrade_not_begun` where this release has not migrated the store yet.
 */
export async function finishUpgrade(database: Database, latest: number): Promise<boolean> {
  const { version, leastWriter } = await readSchema(database, latest);
  if (version < latest)
    throw new OmsError(
      'upgrade_not_begun',
      `the database ${database.db.databaseName} has schema version ${version}, this release has ${latest}: start this release on it first`,
    );
  if (leastWriter >= latest) return false;
  await database.schema.updateOne(
    { _id: SCHEMA, version, least_writer: leastWriter },
    { $set: { least_writer: latest } },
  );
  return true;
}

/** Changes nothing when a second process records it, because the lease ran out. */
async function record({ schema }: Database, { version, leastWriter }: Omit<Migration, 'run'>): Promise<void> {
  const reached = { version, least_writer: leastWriter };
  if (version > 1) {
    await schema.updateOne({ _id: SCHEMA, version: version - 1 }, { $set: reached });
    return;
  }
  try {
    await schema.insertOne({ _id: SCHEMA, ...reached });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}
