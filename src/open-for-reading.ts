/** The order store and the reports for reading only, beside a server that may run on them. */
import { existsSync } from 'node:fs';
import type { Logger } from 'pino';
import { databasePath, objectsPath } from './adapters/data-directory.ts';
import { createSqliteOrderStore } from './adapters/order-store.sqlite/order-store.ts';
import { findDamage } from './adapters/sqlite/damage.ts';
import { openForReading } from './adapters/sqlite/database.ts';
import { toStartError } from './adapters/sqlite/errors.ts';
import type { Config } from './config.ts';
import { OmsError } from './errors.ts';
import { portOpener } from './open-ports.ts';
import { systemClock } from './ports/clock.ts';
import type { ObjectStore } from './ports/object-store.ts';
import type { OrderStore } from './ports/order-store.ts';

/** Null when there is no order store yet. */
export async function openStoreForReading(config: Config): Promise<OrderStore | null> {
  const { trackStock, workflow, orderStore, eventStream } = config;
  const { now } = systemClock;
  if (orderStore.kind === 'mongodb') {
    const { createMongoOrderStore } = await import('./adapters/order-store.mongo/order-store.ts');
    return createMongoOrderStore({ url: orderStore.url, trackStock, workflow, now });
  }
  const path = databasePath(config.dataDirectory);
  if (!existsSync(path)) return null;
  const refuse = () => Promise.reject(new Error('opened for reading only'));
  try {
    return createSqliteOrderStore({
      db: openForReading(path),
      writer: { call: refuse, nextCommit: refuse },
      trackStock,
      publishes: eventStream.kind !== 'outbox',
      now,
    });
  } catch (error) {
    throw toStartError(error, path);
  }
}

/** Throws `nothing_there`, and `store_damaged` with the damage. */
export async function openStoresForReading(
  config: Config,
  logger: Logger,
): Promise<{ store: OrderStore; objects: ObjectStore; close(): Promise<void> }> {
  const { dataDirectory, orderStore } = config;
  if (orderStore.kind === 'sqlite') findDamage(databasePath(dataDirectory));
  const store = await openStoreForReading(config);
  if (!store)
    throw new OmsError(
      'nothing_there',
      `there is no order store in ${dataDirectory}: set OMS_DATA_DIR to the directory that has it`,
    );
  const embedded = { database: databasePath(dataDirectory), objects: objectsPath(dataDirectory), writerPort: null };
  const { open, close } = portOpener({ config, embedded }, logger);
  return {
    store,
    objects: await open.objects(),
    async close() {
      await close();
      await store.close();
    },
  };
}
