/** The engines in the data directory, each opening in one of its own. */
import { join } from 'node:path';
import { createOutboxEventStream } from '../../../src/adapters/event-stream.outbox.ts';
import { createSqliteJobQueue } from '../../../src/adapters/job-queue.sqlite.ts';
import { prepareDirectory } from '../../../src/adapters/object-store.directory/prepare.ts';
import { createDirectoryObjectStore } from '../../../src/adapters/object-store.directory.ts';
import { numberedEvents } from '../../../src/adapters/order-store.sqlite/numbered-events.ts';
import { createSqliteOrderStore } from '../../../src/adapters/order-store.sqlite/order-store.ts';
import { openForReading } from '../../../src/adapters/sqlite/database.ts';
import { Writer } from '../../../src/adapters/sqlite/writer.ts';
import { type SqliteOperations, startSqliteWriter } from '../../../src/adapters/sqlite-operations.ts';
import { limits } from '../../../src/limits.ts';
import type { JobQueue } from '../../../src/ports/job-queue.ts';
import type { ObjectStore } from '../../../src/ports/object-store.ts';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import type { Adapter, Opened, OrderStoreOptions, Publishing } from '../adapters.ts';
import { temporaryDirectory } from '../service.ts';

export const directoryObjectStore: Adapter<ObjectStore> = {
  name: 'directory',
  missing: null,
  async open() {
    const root = await temporaryDirectory();
    await prepareDirectory(root);
    return {
      first: createDirectoryObjectStore(root),
      second: createDirectoryObjectStore(root),
      async close() {},
    };
  },
};

export const sqliteJobQueue: Adapter<JobQueue> & { maxDeliveries: number; receiptsEnd: boolean; once: boolean } = {
  name: 'SQLite',
  missing: null,
  maxDeliveries: limits.maxDeliveries,
  receiptsEnd: true,
  once: true,
  open: () => openSqlite((connection) => createSqliteJobQueue(connection)),
};

export const sqliteOrderStore: Adapter<OrderStore, [OrderStoreOptions?]> = {
  name: 'SQLite',
  missing: null,
  open: (options = { trackStock: true }) =>
    openSqlite((connection) => createSqliteOrderStore({ ...connection, ...options, publishes: false })),
};

export const sqliteOutbox: Adapter<Publishing> & { totalOrder: boolean } = {
  name: 'outbox of SQLite',
  missing: null,
  totalOrder: true,
  open: () =>
    openSqlite((connection) => {
      const store = createSqliteOrderStore({ ...connection, trackStock: true, publishes: false });
      return { store, events: createOutboxEventStream(numberedEvents(connection.db, connection.writer), store) };
    }),
};

type Connection = ReturnType<typeof connect>;

function connect(path: string, port: ConstructorParameters<typeof Writer>[0]) {
  return { db: openForReading(path), writer: new Writer<SqliteOperations>(port), now: Date.now };
}

export async function openSqlite<Port>(make: (connection: Connection) => Port): Promise<Opened<Port>> {
  const path = join(await temporaryDirectory(), 'oms.db');
  const thread = await startSqliteWriter(path);
  const connections = [connect(path, thread.connect()), connect(path, thread.connect())] as const;
  return {
    first: make(connections[0]),
    second: make(connections[1]),
    async close() {
      for (const { db } of connections) db.close();
      await thread.close();
    },
  };
}
