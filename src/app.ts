/**
 * The composition root: configuration -> adapters -> roles. The only file that sees all.
 *
 * Three threads share the work of a server: this one answers HTTP and only reads, the writer thread owns every write, and
 * the worker thread reads and validates files. See docs/ARCHITECTURE.md.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { type MessagePort, Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { databasePath, openDataDirectory } from './adapters/data-directory.ts';
import { createOutboxEventStream } from './adapters/event-stream.outbox.ts';
import { createHttpIms } from './adapters/ims.http.ts';
import { createSqliteJobQueue } from './adapters/job-queue.sqlite.ts';
import { createDirectoryObjectStore, discardStaged } from './adapters/object-store.directory.ts';
import { createSqliteOrderStore } from './adapters/order-store.sqlite/order-store.ts';
import { openForReading } from './adapters/sqlite/database.ts';
import { startWriterThread, Writer } from './adapters/sqlite/writer.ts';
import type { Config } from './config.ts';
import { limits } from './limits.ts';
import { queueStrandedFiles, startSweeper } from './pipeline/sweep.ts';
import { readJob, startWorker } from './pipeline/worker.ts';
import { systemClock } from './ports/clock.ts';
import type { OrderStore } from './ports/order-store.ts';
import type { Ports } from './ports/ports.ts';

/** What a thread needs to make its own ports. */
export interface PortsOptions {
  config: Config;
  imsUrl: string;
  directory: { database: string; objects: string };
  writerPort: MessagePort;
}

export async function openPorts(
  { config, imsUrl, directory, writerPort }: PortsOptions,
  logger: Logger,
): Promise<Ports> {
  const db = openForReading(directory.database);
  const writer = new Writer(writerPort);
  const { now } = systemClock;
  return {
    objects: await createDirectoryObjectStore(directory.objects),
    queue: createSqliteJobQueue({ db, writer, now }),
    store: createSqliteOrderStore({ db, writer, trackStock: config.trackStock, now }),
    events: createOutboxEventStream(db, writer),
    ims: createHttpIms({ baseUrl: imsUrl, logger }),
    clock: systemClock,
  };
}

export interface Engine {
  ports: Ports;
  imsUrl: string;
  /** Resolves with what went wrong when a thread dies by itself: the process must end then. */
  died: Promise<Error>;
  startWorker(): void;
  stop(): Promise<void>;
  announce(url: string | null): void;
}

/**
 * Takes the data directory and starts everything but the HTTP server. Throws `data_directory_held`,
 * `data_directory_unusable`, `schema_too_new`, `address_in_use`, `invalid_catalog`.
 */
export async function startEngine(config: Config, command: string, logger: Logger): Promise<Engine> {
  // A bound that this thread was started with would go before those of the threads that it starts.
  setFlagsFromString('--max-semi-space-size=0');
  const directory = openDataDirectory(config.dataDirectory);
  const undo: (() => Promise<void> | void)[] = [() => directory.release()];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    directory.announce({ command, url: null });
    await discardStaged(directory.objects);
    const writerThread = await startWriterThread({ path: directory.database });
    undo.push(() => writerThread.close());
    const connection = new Writer(writerThread.connect());
    // The lock proves that whoever held leases and messages here is dead.
    await connection.call('freeLeases', null);
    const waiting = await connection.call('freeDeliveries', null);
    const queued = new Set(waiting.map((body) => readJob(body)?.fileId ?? ''));

    const imsUrl = await startIms(config, undo);
    const { database, objects } = directory;
    const options = { config, imsUrl, directory: { database, objects } };
    const ports = await openPorts({ ...options, writerPort: writerThread.connect() }, logger);
    undo.push(() => ports.ims.close());
    await queueStrandedFiles(ports, 0, logger, queued);

    const workerDied = Promise.withResolvers<Error>();
    return {
      ports,
      imsUrl,
      died: Promise.race([writerThread.died, workerDied.promise]),
      announce: (url) => directory.announce({ command, url }),
      startWorker() {
        const port = writerThread.connect();
        const worker = new Worker(new URL('./worker-thread.ts', import.meta.url), {
          workerData: { ...options, writerPort: port } satisfies PortsOptions,
          transferList: [port],
          name: 'worker',
          resourceLimits: limits.workerHeap,
        });
        let stopping = false;
        worker.once('error', workerDied.resolve);
        worker.once(
          'exit',
          (code) => stopping || workerDied.resolve(new Error(`the worker thread ended with code ${code}`)),
        );
        const sweeper = startSweeper(ports, logger);
        undo.push(async () => {
          stopping = true;
          await sweeper.stop();
          worker.postMessage('stop');
          await once(worker, 'exit');
        });
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startIms(config: Config, undo: (() => Promise<void> | void)[]): Promise<string> {
  if (config.ims.kind === 'http') return config.ims.baseUrl;
  const store = openStoreForReading(config)!;
  const { startReferenceIms } = await import('./ims/reference-ims.ts');
  const ims = await startReferenceIms({
    port: config.ims.port,
    ...(config.ims.catalogFile === null ? {} : { catalogFile: config.ims.catalogFile }),
    // What there is stock of is known, so that people who bring their own stock need no catalog.
    isKnownSku: (sku) => store.stock.knows({ sku }),
    isKnownHub: (hubId) => store.stock.knows({ hubId }),
  });
  undo.push(async () => {
    await ims.close();
    await store.close();
  });
  return ims.url;
}

/** What runs in the worker thread. */
export async function runWorker(options: PortsOptions, logger: Logger) {
  const ports = await openPorts(options, logger);
  const { timeZone, maxUploadBytes } = options.config;
  const worker = startWorker(ports, { timeZone, maxInflatedBytes: maxUploadBytes }, logger);
  return {
    async stop(): Promise<void> {
      await worker.stop();
      await ports.ims.close();
    },
  };
}

export async function startServer(config: Config, logger: Logger) {
  const engine = await startEngine(config, 'oms start', logger);
  try {
    // Loaded here only: the worker thread needs none of it.
    const { startHttpServer } = await import('./http/server.ts');
    const server = await startHttpServer({ ports: engine.ports, config, logger });
    engine.announce(server.url);
    engine.startWorker();
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
export function openStoreForReading(config: Config): OrderStore | null {
  const path = databasePath(config.dataDirectory);
  if (!existsSync(path)) return null;
  const refuse = () => Promise.reject(new Error('opened for reading only'));
  return createSqliteOrderStore({
    db: openForReading(path),
    writer: { call: refuse },
    trackStock: config.trackStock,
    now: systemClock.now,
  });
}
