/**
 * The composition root: ports -> roles. Which engine stands behind each port is decided in `open-ports.ts`.
 *
 * A process carries out one or more roles: the API in this thread, which answers HTTP and writes no database; the worker and the
 * publisher each in a thread of its own. With SQLite a further thread owns every write. See docs/ARCHITECTURE.md.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { databasePath, isNewStore, objectsPath, openDataDirectory } from './adapters/data-directory.ts';
import { prepareDirectory, unprepareDirectory } from './adapters/object-store.directory.ts';
import { createSqliteOrderStore } from './adapters/order-store.sqlite/order-store.ts';
import { findDamage } from './adapters/sqlite/damage.ts';
import { openForReading } from './adapters/sqlite/database.ts';
import { notOurs } from './adapters/sqlite/errors.ts';
import { watchDatabase } from './adapters/sqlite/watch.ts';
import { Writer } from './adapters/sqlite/writer.ts';
import { type SqliteOperations, startSqliteWriter } from './adapters/sqlite-operations.ts';
import { checkEngines } from './check-engines.ts';
import type { Config } from './config.ts';
import { isOmsError, OmsError } from './errors.ts';
import { limits } from './limits.ts';
import { isEmbedded, type OpeningSteps, openPorts, type PortsOptions, portOpener } from './open-ports.ts';
import { readMessage } from './pipeline/message.ts';
import { ownBucket } from './pipeline/own-bucket.ts';
import { startPublisher } from './pipeline/publish.ts';
import { queueStrandedFiles, startSweeper } from './pipeline/sweep.ts';
import { startWorker } from './pipeline/worker.ts';
import { systemClock } from './ports/clock.ts';
import type { ObjectStore } from './ports/object-store.ts';
import type { OrderStore } from './ports/order-store.ts';
import type { Ports } from './ports/ports.ts';
import { ROLES, type Role } from './roles.ts';

export type Undo = (() => Promise<void> | void)[];

export interface Engine {
  ports: Ports;
  imsUrl: string;
  /** Resolves with what went wrong when a thread dies by itself: the process must end then. */
  died: Promise<Error>;
  /** Starts a background role in a thread of its own. */
  startRole(role: Exclude<Role, 'api'>): void;
  stop(): Promise<void>;
  announce(url: string | null): void;
  /** A new store was begun in the data directory. */
  begun: boolean;
}

/**
 * Takes the data directory where an engine is in it, opens all ports and checks what the roles need. Throws
 * `data_directory_held`, `data_directory_unusable`, `data_directory_incomplete`, `schema_too_new`, `store_damaged`, `store_unusable`,
 * `store_unavailable`, `disk_full`, `address_in_use`, `invalid_catalog`, `invalid_configuration`, `engine_unusable`.
 */
export async function startEngine(
  config: Config,
  { command, roles }: { command: string; roles: readonly Role[] },
  logger: Logger,
): Promise<Engine> {
  // A bound that this thread was started with would go before those of the threads that it starts.
  setFlagsFromString('--max-semi-space-size=0');
  const undo: Undo = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const embedding = isEmbedded(config) ? startEmbedded(config, command, undo) : null;
    // What is needed next is loaded while the writer thread starts.
    if (config.ims.kind === 'reference') void import('./ims/reference-ims.ts');
    const embedded = await embedding;
    if (embedded) undo.push(embedded.watch(logger));
    const options = () => ({ config, embedded: embedded?.connect() ?? null });
    const died = Promise.withResolvers<Error>();
    embedded?.died.then(died.resolve);

    let imsUrl = '';
    const steps: OpeningSteps = {
      check: (opening) => checkEngines(opening, roles, logger),
      async serveIms(store) {
        imsUrl = await serveIms(config, store, roles.length === ROLES.length, undo);
        return imsUrl;
      },
    };
    const { ports, close } = await openPorts(options(), steps, logger);
    undo.push(close);
    await ports.store.prepare();
    // What oms.db knows of was asked before they were begun.
    if (embedded?.objectsBegun && config.orderStore.kind !== 'sqlite' && (await hasFiles(ports.store)))
      throw await unprepareDirectory(objectsPath(config.dataDirectory));
    if (config.objectStore.kind === 's3' && roles.some((role) => role !== 'publisher')) await ownBucket(ports);
    // Its first use makes the topic.
    if (roles.includes('publisher')) await ports.events.end();
    // Nobody else can have queued them: this process owns the queue.
    if (embedded) await queueStrandedFiles(ports, 0, logger, embedded.queued);

    return {
      ports,
      imsUrl,
      died: died.promise,
      announce: (url) => embedded?.announce(url),
      begun: embedded?.begun ?? false,
      startRole(role) {
        if (role === 'publisher' && ports.events.publish === null) return;
        const threadOptions: RoleOptions = { ...options(), imsUrl, role };
        const writerPort = threadOptions.embedded?.writerPort;
        const thread = new Worker(new URL('./role-thread.ts', import.meta.url), {
          workerData: threadOptions,
          transferList: writerPort ? [writerPort] : [],
          name: role,
          resourceLimits: limits.workerHeap,
        });
        let stopping = false;
        thread.once('error', died.resolve);
        thread.once(
          'exit',
          (code) => stopping || died.resolve(new Error(`the ${role} thread ended with code ${code}`)),
        );
        undo.push(async () => {
          stopping = true;
          thread.postMessage('stop');
          await once(thread, 'exit');
        });
        if (role !== 'worker') return;
        const sweeper = startSweeper(ports, { exclusive: embedded !== null }, logger);
        undo.push(() => sweeper.stop());
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const hasFiles = async (store: Pick<OrderStore, 'files'>) =>
  (await store.files.list({}, { limit: 1, after: null })).items.length > 0;

export interface Embedded {
  died: Promise<Error>;
  /** For one thread. */
  connect(): NonNullable<PortsOptions['embedded']>;
  /** Files whose message is in the queue. */
  queued: ReadonlySet<string>;
  announce(url: string | null): void;
  /** There was no database before. */
  begun: boolean;
  /** There was no directory of uploads before. */
  objectsBegun: boolean;
  /** Tells the log when the database can no longer be used; returns how to end that. */
  watch(logger: Logger): () => void;
}

/** The data directory, its lock, and the thread that writes its database where one is used. */
export async function startEmbedded(config: Config, command: string, undo: Undo): Promise<Embedded> {
  const directory = openDataDirectory(config.dataDirectory);
  undo.push(() => directory.release());
  directory.announce({ command, url: null });
  const { database, objects } = directory;
  const keepsObjects = config.objectStore.kind === 'directory';
  const announce = (url: string | null) => directory.announce({ command, url });
  if (config.jobQueue.kind !== 'sqlite' && config.orderStore.kind !== 'sqlite') {
    const objectsBegun = await prepareDirectory(objects);
    return {
      objectsBegun,
      died: new Promise<Error>(() => {}),
      connect: () => ({ database, objects, writerPort: null }),
      queued: new Set<string>(),
      announce,
      begun: false,
      watch: () => () => {},
    };
  }
  const begun = config.orderStore.kind === 'sqlite' && isNewStore(config.dataDirectory);
  const starting = startSqliteWriter(database);
  undo.push(() =>
    starting.then(
      (thread) => thread.close(),
      () => {},
    ),
  );
  const writerThread = await starting;
  const connection = new Writer<SqliteOperations>(writerThread.connect());
  // The lock proves that whoever held leases and messages here is dead.
  const [kept, , waiting] = await Promise.all([
    connection.call('keptObjects', null),
    connection.call('freeLeases', null),
    connection.call('freeDeliveries', null),
  ]);
  const objectsBegun = keepsObjects && (await prepareDirectory(objects, kept));
  return {
    objectsBegun,
    died: writerThread.died,
    connect: () => ({ database, objects, writerPort: writerThread.connect() }),
    queued: new Set(waiting.map(readMessage).flatMap((message) => (message.kind === 'job' ? [message.fileId] : []))),
    announce,
    begun,
    watch: (logger) => watchDatabase(connection, logger),
  };
}

/** The address of the IMS. The reference IMS is served by each process that has no other. */
async function serveIms(
  config: Config,
  store: Pick<OrderStore, 'stock'>,
  onlyProcess: boolean,
  undo: Undo,
): Promise<string> {
  if (config.ims.kind === 'http') return config.ims.baseUrl;
  const { port, catalogFile } = config.ims;
  const { startReferenceIms } = await import('./ims/reference-ims.ts');
  const start = (on: number) =>
    startReferenceIms({
      port: on,
      ...(catalogFile === null ? {} : { catalogFile }),
      // What there is stock of is known, so that people who bring their own stock need no catalog.
      alsoKnown: (names) => store.stock.named(names),
    });
  const ims = await start(port).catch((error) => {
    // Beside other processes the first one has the port; nobody has to find those of the others.
    if (onlyProcess || !isOmsError(error, 'address_in_use')) throw error;
    return start(0);
  });
  undo.push(() => ims.close());
  return ims.url;
}

export interface RoleOptions extends PortsOptions {
  imsUrl: string;
  role: Exclude<Role, 'api'>;
}

/** What runs in the thread of a role. */
export async function runRole(options: RoleOptions, logger: Logger) {
  const { ports, close } = await openPorts(options, { serveIms: async () => options.imsUrl }, logger);
  const { timeZone, maxUploadBytes, objectStore } = options.config;
  const bucket = objectStore.kind === 's3' ? objectStore.bucket : null;
  const running =
    options.role === 'worker'
      ? startWorker(ports, { bucket, timeZone, maxInflatedBytes: maxUploadBytes }, logger)
      : startPublisher(ports, logger);
  return {
    async stop(): Promise<void> {
      await running.stop();
      await close();
    },
  };
}

export async function startServer(config: Config, roles: readonly Role[], logger: Logger) {
  const starting = startEngine(config, { command: 'oms start', roles }, logger);
  // Loaded here only, as the other threads need none of it, and while the writer thread starts.
  const [engine, { startHttpServer }] = await Promise.all([starting, import('./http/server.ts')]);
  try {
    const server = await startHttpServer({ ports: engine.ports, config, roles, logger });
    engine.announce(server.url);
    // Expected of a first start; else the sign that a disk was not mounted.
    if (engine.begun)
      logger.info({ path: config.dataDirectory }, 'the data directory was empty: a new store was begun');
    for (const role of roles) if (role !== 'api') engine.startRole(role);
    return {
      url: server.url,
      imsUrl: engine.imsUrl,
      ports: engine.ports,
      died: engine.died,
      async stop(): Promise<void> {
        await server.stop();
        await engine.stop();
      },
    };
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

/** The order store for looking only, beside a server that may run; null when there is none yet. */
export async function openStoreForReading(config: Config): Promise<OrderStore | null> {
  const { trackStock, orderStore, eventStream } = config;
  const { now } = systemClock;
  if (orderStore.kind === 'mongodb') {
    const { createMongoOrderStore } = await import('./adapters/order-store.mongo/order-store.ts');
    return createMongoOrderStore({ url: orderStore.url, trackStock, now });
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
    throw notOurs(error, path);
  }
}

/** The order store and the reports, likewise. Throws `nothing_there`, and `store_damaged` with what is found. */
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
