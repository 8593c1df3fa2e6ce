/**
 * The adapters that each port's contract is run on: one entry per engine. `first` and `second` are two clients of one engine,
 * as two threads or two processes hold them. Each opening is empty and apart from all others.
 */
import { join } from 'node:path';
import { createOutboxEventStream } from '../../src/adapters/event-stream.outbox.ts';
import { createSqliteJobQueue } from '../../src/adapters/job-queue.sqlite.ts';
import { createDirectoryObjectStore } from '../../src/adapters/object-store.directory.ts';
import { createSqliteOrderStore } from '../../src/adapters/order-store.sqlite/order-store.ts';
import { openForReading } from '../../src/adapters/sqlite/database.ts';
import { startWriterThread, Writer } from '../../src/adapters/sqlite/writer.ts';
import { limits } from '../../src/limits.ts';
import type { EventStream } from '../../src/ports/event-stream.ts';
import type { JobQueue } from '../../src/ports/job-queue.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';
import { temporaryDirectory } from './service.ts';

export interface Opened<Port> {
  first: Port;
  second: Port;
  close(): Promise<void>;
}

export interface Adapter<Port, Options extends unknown[] = []> {
  name: string;
  open(...options: Options): Promise<Opened<Port>>;
}

export const objectStores: Adapter<ObjectStore>[] = [
  {
    name: 'directory',
    async open() {
      const root = await temporaryDirectory();
      return {
        first: await createDirectoryObjectStore(root),
        second: await createDirectoryObjectStore(root),
        async close() {},
      };
    },
  },
];

export const jobQueues: (Adapter<JobQueue> & { maxDeliveries: number })[] = [
  {
    name: 'SQLite',
    maxDeliveries: limits.maxDeliveries,
    open: () => openSqlite((connection) => createSqliteJobQueue(connection)),
  },
];

export interface OrderStoreOptions {
  trackStock: boolean;
}

export const orderStores: Adapter<OrderStore, [OrderStoreOptions?]>[] = [
  {
    name: 'SQLite',
    open: (options = { trackStock: true }) =>
      openSqlite((connection) => createSqliteOrderStore({ ...connection, ...options })),
  },
];

/** An event stream with the order store whose orders it is about. */
export interface Publishing {
  store: OrderStore;
  events: EventStream;
}

export const eventStreams: Adapter<Publishing>[] = [
  {
    name: 'outbox of SQLite',
    open: () =>
      openSqlite((connection) => ({
        store: createSqliteOrderStore({ ...connection, trackStock: true }),
        events: createOutboxEventStream(connection.db, connection.writer),
      })),
  },
];

type Connection = ReturnType<typeof connect>;

function connect(path: string, port: ConstructorParameters<typeof Writer>[0]) {
  return { db: openForReading(path), writer: new Writer(port), now: Date.now };
}

async function openSqlite<Port>(make: (connection: Connection) => Port): Promise<Opened<Port>> {
  const path = join(await temporaryDirectory(), 'oms.db');
  const thread = await startWriterThread({ path });
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
