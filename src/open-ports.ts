/**
 * Configuration -> adapters: which engine is behind each port. Engines that are not configured are not even loaded. Each thread opens its
 * own ports.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Logger } from 'pino';
import { viewsPath } from './adapters/data-directory.ts';
import { createOutboxEventStream } from './adapters/event-stream.outbox.ts';
import { createHttpIms } from './adapters/ims.http.ts';
import { createSqliteJobQueue } from './adapters/job-queue.sqlite.ts';
import { createDirectoryObjectStore } from './adapters/object-store.directory.ts';
import type { MongoOrderStore } from './adapters/order-store.mongo/order-store.ts';
import { numberedEvents } from './adapters/order-store.sqlite/numbered-events.ts';
import { createSqliteOrderStore } from './adapters/order-store.sqlite/order-store.ts';
import { createReadModels } from './adapters/read-models.sqlite/read-models.ts';
import { type Database, openForReading } from './adapters/sqlite/database.ts';
import { Writer } from './adapters/sqlite/writer.ts';
import type { SqliteOperations } from './adapters/sqlite-operations.ts';
import type { Config } from './config.ts';
import { OmsError } from './errors.ts';
import { systemClock } from './ports/clock.ts';
import type { EventStream } from './ports/event-stream.ts';
import type { Inspected } from './ports/inspection.ts';
import type { JobQueue } from './ports/job-queue.ts';
import type { ObjectStore } from './ports/object-store.ts';
import type { OrderStore } from './ports/order-store.ts';
import type { EnginePort, PortName, Ports } from './ports/ports.ts';

/** What a thread needs to open its own ports: plain data, and a port to the writer thread where there is one. */
export interface PortsOptions {
  config: Config;
  /** Null when no engine is in the data directory. */
  embedded: { database: string; objects: string; writerPort: MessagePort | null } | null;
}

/** Whether an engine is in the data directory, so that one process must own all of it. */
export const isEmbedded = ({ objectStore, jobQueue, orderStore }: Config): boolean =>
  objectStore.kind === 'directory' || jobQueue.kind === 'sqlite' || orderStore.kind === 'sqlite';

/** The variable that chooses the engine of each port. */
export const VARIABLES = {
  objects: 'OMS_OBJECT_STORE',
  queue: 'OMS_JOB_QUEUE',
  store: 'OMS_ORDER_STORE',
  events: 'OMS_EVENT_STREAM',
  ims: 'OMS_IMS',
} as const satisfies Record<PortName, string>;

/** Opens each port at its first use; `close` closes those that were opened, the last one first. */
export function portOpener({ config, embedded }: PortsOptions, logger: Logger) {
  const { objectStore, jobQueue, orderStore, eventStream } = config;
  const { now } = systemClock;
  const opened = new AsyncDisposableStack();
  const closing = <Port extends { close(): unknown }>(port: Port): Port =>
    opened.adopt(port, async () => {
      await port.close();
    });
  let connection: { db: Database; writer: Writer<SqliteOperations> } | null = null;
  const sqlite = () => {
    if (connection) return connection;
    const writer = new Writer<SqliteOperations>(embedded!.writerPort!);
    const db = openForReading(embedded!.database, (damage) => writer.reportDamage(damage));
    connection = { db, writer };
    opened.defer(() => db.close());
    return connection;
  };
  let store: Promise<OrderStore> | null = null;

  const open = {
    async objects(): Promise<ObjectStore> {
      if (objectStore.kind === 'directory') return createDirectoryObjectStore(embedded!.objects);
      const { createS3ObjectStore } = await import('./adapters/object-store.s3.ts');
      const s3 = createS3ObjectStore({ ...objectStore, maxObjectBytes: config.maxUploadBytes });
      return closing(s3);
    },

    async queue(): Promise<JobQueue> {
      if (jobQueue.kind === 'sqlite') return createSqliteJobQueue({ ...sqlite(), now });
      const { createSqsJobQueue } = await import('./adapters/job-queue.sqs.ts');
      const sqs = await createSqsJobQueue(jobQueue, { logger });
      return closing(sqs);
    },

    store(): Promise<OrderStore> {
      store ??= (async () => {
        const publishes = eventStream.kind !== 'outbox';
        const { trackStock, workflow } = config;
        if (orderStore.kind === 'sqlite')
          return createSqliteOrderStore({ ...sqlite(), trackStock, workflow, publishes, now });
        const { createMongoOrderStore } = await import('./adapters/order-store.mongo/order-store.ts');
        const mongo = createMongoOrderStore({ url: orderStore.url, trackStock, workflow, now, logger });
        return closing(mongo);
      })();
      return store;
    },

    async events(): Promise<EventStream> {
      if (eventStream.kind === 'kafka') {
        const { createKafkaEventStream } = await import('./adapters/event-stream.kafka.ts');
        const kafka = createKafkaEventStream(eventStream, { logger });
        return closing(kafka);
      }
      const orders = await open.store();
      if (orderStore.kind === 'sqlite') {
        const { db, writer } = sqlite();
        return createOutboxEventStream(numberedEvents(db, writer), orders);
      }
      const { createMongoOutboxEventStream } = await import('./adapters/event-stream.mongo-outbox.ts');
      return createMongoOutboxEventStream(orders as MongoOrderStore);
    },
  };
  return { open, close: () => opened.disposeAsync() };
}

export interface OpenedPorts {
  ports: Ports;
  close(): Promise<void>;
}

export interface OpeningSteps {
  /** Checks all ports while they are opened, and throws one error for all that are down. */
  check?(opening: Record<EnginePort, Promise<Inspected>>): Promise<void>;
  /** Returns the address of the IMS, which may need the order store. */
  serveIms(store: OrderStore): Promise<string>;
}

/** Opens all ports. Throws what the engines throw, with the variable's name; then nothing is left open. */
export async function openPorts(
  options: PortsOptions,
  { check, serveIms }: OpeningSteps,
  logger: Logger,
): Promise<OpenedPorts> {
  const { open, close } = portOpener(options, logger);
  try {
    const opening = { store: open.store(), objects: open.objects(), queue: open.queue(), events: open.events() };
    // Each is awaited below; until then a rejection must not count as unhandled.
    for (const port of Object.values(opening)) port.catch(() => {});
    await check?.(opening);
    const store = await named('store', opening.store);
    const objects = await named('objects', opening.objects);
    const queue = await named('queue', opening.queue);
    const events = await named('events', opening.events);
    const ims = createHttpIms({ baseUrl: await serveIms(store), logger });
    const views = store.journal && createReadModels(viewsPath(options.config.dataDirectory), options.config.workflow);
    return {
      ports: { objects, queue, store, events, ims, views, clock: systemClock },
      async close() {
        views?.close();
        await ims.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function named<Port>(port: EnginePort, opening: Promise<Port>): Promise<Port> {
  try {
    return await opening;
  } catch (error) {
    if (!(error instanceof OmsError)) throw error;
    const { code, message, retryable, details, path } = error;
    throw new OmsError(code, `${VARIABLES[port]}: ${message}`, { retryable, details, path, cause: error });
  }
}
