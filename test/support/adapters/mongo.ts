/** MongoDB for the contracts: each opening has a database of its own. */
import { randomUUID } from 'node:crypto';
import { createMongoOutboxEventStream } from '../../../src/adapters/event-stream.mongo-outbox.ts';
import { createMongoOrderStore, type MongoOrderStore } from '../../../src/adapters/order-store.mongo/order-store.ts';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import type { Adapter, Opened, OrderStoreOptions, Publishing } from '../adapters.ts';
import type { Engines } from '../engines.ts';

/** The URL of a new database of the server. */
export const newDatabaseUrl = (server: string): string => `${server}/oms-${randomUUID()}`;

export async function openMongo<Port>(
  server: string,
  { trackStock }: OrderStoreOptions,
  make: (store: MongoOrderStore) => Port,
): Promise<Opened<Port>> {
  const options = { url: newDatabaseUrl(server), trackStock, now: Date.now };
  const stores = [createMongoOrderStore(options), createMongoOrderStore(options)] as const;
  await stores[0].prepare();
  return {
    first: make(stores[0]),
    second: make(stores[1]),
    async close() {
      await stores[0].database.db.dropDatabase();
      for (const store of stores) await store.close();
    },
  };
}

export const mongoOrderStore = ({ mongo, why }: Engines): Adapter<OrderStore, [OrderStoreOptions?]> => ({
  name: 'MongoDB',
  missing: why.mongo ?? null,
  open: (options = { trackStock: true }) => openMongo<OrderStore>(mongo!, options, (store) => store),
});

export const mongoOutbox = ({ mongo, why }: Engines): Adapter<Publishing> & { totalOrder: boolean } => ({
  name: 'outbox of MongoDB',
  missing: why.mongo ?? null,
  totalOrder: true,
  open: () =>
    openMongo(mongo!, { trackStock: true }, (store) => ({ store, events: createMongoOutboxEventStream(store) })),
});
