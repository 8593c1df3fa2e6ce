/** A release after this one, as a test has it: each order has a count of how often it was filled. */
import { type MongoBackfill, BACKFILLS as OF_MONGO } from '../../src/adapters/order-store.mongo/backfills.ts';
import { decodePlan } from '../../src/adapters/order-store.mongo/plan.ts';
import { type Migration, MIGRATIONS as MONGO_MIGRATIONS } from '../../src/adapters/order-store.mongo/schema.ts';
import { BACKFILLS as OF_SQLITE, type SqliteBackfill } from '../../src/adapters/order-store.sqlite/backfills.ts';
import {
  MIGRATIONS as SQLITE_MIGRATIONS,
  type Migration as SqliteMigration,
} from '../../src/adapters/sqlite/schema.ts';
import { limits } from '../../src/limits.ts';

const NAME = 'fill';

const inSqlite: SqliteBackfill = {
  name: NAME,
  sinceVersion: SQLITE_MIGRATIONS.length + 1,
  step(db, cursor) {
    const from = Number(cursor ?? 0);
    const upTo = from + limits.backfillRows;
    db.prepare('update orders set filled = filled + 1 where seq > ? and seq <= ?').run(from, upTo);
    return db.prepare('select 1 from orders where seq > ? limit 1').get(upTo) ? String(upTo) : null;
  },
};

/** By chunks, whose plans name their orders. */
const inMongo: MongoBackfill = {
  name: NAME,
  sinceVersion: MONGO_MIGRATIONS.length + 1,
  async step({ chunks, orders }, cursor) {
    const chunk = await chunks.findOne({ _id: { $gt: cursor ?? '' }, state: 'committed' }, { sort: { _id: 1 } });
    if (!chunk) return null;
    const ids = (await decodePlan(chunk.plan)).orders.orderIds();
    // A step that runs twice changes nothing the second time.
    await orders.updateMany({ _id: { $in: ids } }, { $set: { filled: 1 } } as never);
    return chunk._id;
  },
};

const addColumn: SqliteMigration = {
  version: SQLITE_MIGRATIONS.length + 1,
  run: (db) => db.exec('alter table orders add column filled integer not null default 0'),
};
const markStore: Migration = {
  version: MONGO_MIGRATIONS.length + 1,
  leastWriter: MONGO_MIGRATIONS.length + 1,
  async run({ db }) {
    await db.collection('marks').updateOne({}, { $set: { migrated: true } }, { upsert: true });
  },
};

export const SQLITE_UPGRADE = { migrations: [...SQLITE_MIGRATIONS, addColumn], backfills: [...OF_SQLITE, inSqlite] };
export const MONGO_UPGRADE = { migrations: [...MONGO_MIGRATIONS, markStore], backfills: [...OF_MONGO, inMongo] };
