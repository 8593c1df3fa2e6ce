/**
 * A process that completes a store while it ingests: the backfill of the test counts how often each order is filled. Its arguments are the
 * engine, where the store is, and a name for its life. It prints the name of each file that it has ingested, and `filled` at the end.
 */
import pino from 'pino';
import { createMongoOrderStore } from '../../src/adapters/order-store.mongo/order-store.ts';
import { createSqliteOrderStore } from '../../src/adapters/order-store.sqlite/order-store.ts';
import { openForReading } from '../../src/adapters/sqlite/database.ts';
import { startWriterThread, Writer } from '../../src/adapters/sqlite/writer.ts';
import type { SqliteOperations } from '../../src/adapters/sqlite-operations.ts';
import { startBackfills } from '../../src/pipeline/backfill.ts';
import { systemClock } from '../../src/ports/clock.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';
import { MONGO_UPGRADE } from './backfills.ts';
import { chunkOf, ingestChunks, orderRow } from './chunks.ts';

const [engine, place, life] = process.argv.slice(2) as ['SQLite' | 'MongoDB', string, string];

const now = Date.now;
const store = engine === 'SQLite' ? await openSqlite(place) : openMongo(place);
await store.prepare();
const backfills = startBackfills({ store, clock: systemClock }, pino({ level: 'warn' }, pino.destination(2)));
let filled = false;
void backfills.done.then(() => {
  filled = true;
});
for (let n = 0; !filled; n++) {
  const orders = Array.from({ length: 100 }, (_, i) => orderRow(i + 2, `${life}-${n}-${i}`));
  await ingestChunks(store, [chunkOf(0, orders)]);
  console.log(`${life}-${n}`);
  // Files come now and then.
  await systemClock.sleep(50);
}
console.log('filled');
process.exit();

async function openSqlite(path: string): Promise<OrderStore> {
  const thread = await startWriterThread(new URL('./backfilling-writer.ts', import.meta.url), { path });
  const writer = new Writer<SqliteOperations>(thread.connect());
  return createSqliteOrderStore({ db: openForReading(path), writer, trackStock: false, publishes: false, now });
}

function openMongo(url: string): OrderStore {
  return createMongoOrderStore({ url, trackStock: false, now }, undefined, MONGO_UPGRADE);
}
