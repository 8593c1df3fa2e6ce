/** The engines of a run, all in this process on virtual time, and the roles of the pipeline on them. */
import pino, { type Logger } from 'pino';
import { createScratches } from '../../src/adapters/scratches.sqlite.ts';
import { limits } from '../../src/limits.ts';
import { isEnded } from '../../src/model/file.ts';
import type { IngestBounds } from '../../src/pipeline/ingest/options.ts';
import { readMessage } from '../../src/pipeline/message.ts';
import { startWorker } from '../../src/pipeline/worker.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { Charges } from './charges.ts';
import { Inventory, Objects, Queue, Stream } from './engines.ts';
import { FILES, type FileState } from './invariants.ts';
import { Store } from './order-store.ts';
import type { Random } from './random.ts';
import { type Actor, Scheduler } from './scheduler.ts';
import type { Sources } from './source-files.ts';

export const START_MS = Date.UTC(2026, 0, 1);

export type World = ReturnType<typeof createWorld>;

/** `report`: called with every violation, whatever happens next. */
export function createWorld(
  random: Random,
  { known, stock }: Pick<Sources, 'known' | 'stock'>,
  report: (what: string) => void,
  scheduler: Scheduler = new Scheduler(random, START_MS),
) {
  const objects = new Objects();
  const queue = new Queue(scheduler);
  const stream = new Stream();
  const ims = new Inventory();
  const charges = new Charges(report);
  const store = new Store(scheduler, charges, report);
  const logger = createLogger(report);
  let names = 0;

  for (const name of known) ims.known.add(name);
  for (const { sku, hubId, available } of stock)
    store.db
      .prepare('insert into stock (sku, hub_id, available, received) values (?, ?, ?, ?)')
      .run(sku, hubId, available, available);

  const files = () => store.rows<FileState>(FILES);
  const fileOf = (body: string) => {
    const message = readMessage(body);
    return message.kind === 'job' ? message.fileId : '';
  };
  /** Open and not paused, unless a client has queued it again since the holder of this message saw it, and is about to send a message. */
  const openFileOf = (body: string, seen: unknown) => {
    const fileId = fileOf(body);
    const file = files().find((other) => other.file_id === fileId);
    return file && !isEnded(file.status) && file.status !== 'paused' && (store.requeues.get(fileId) ?? 0) === seen
      ? file
      : null;
  };
  queue.look = (body) => store.requeues.get(fileOf(body)) ?? 0;
  // A message may go only when its file has ended or is paused, or another message is there for it.
  queue.onDelete = (body, seen) => {
    const file = openFileOf(body, seen);
    if (file && !queue.alive().some((other) => fileOf(other.body) === file.file_id))
      report(`the last message of ${file.name} was deleted while it was ${file.status}`);
  };
  queue.onDead = (body, seen) => {
    const file = openFileOf(body, seen);
    if (file) report(`a message of ${file.name} was moved to the dead letters while it was ${file.status}`);
  };

  const portsOf = (actor: Actor): Ports => ({
    objects: objects.portOf(actor, scheduler),
    queue: queue.portOf(actor),
    store: store.portOf(actor),
    events: stream.portOf(actor, scheduler),
    ims: ims.portOf(actor, scheduler),
    clock: scheduler.clock(actor),
    views: null,
  });
  const newActor = (kind: string, mortal: boolean) => scheduler.actor(`${kind}-${++names}`, mortal);

  return {
    scheduler,
    objects,
    queue,
    stream,
    ims,
    charges,
    store,
    logger,
    files,
    fileOf,
    portsOf,
    newActor,
    /** By default each worker cuts files into different chunks. */
    startWorker(own: Partial<IngestBounds> = {}) {
      const actor = newActor('worker', true);
      const bounds = {
        ...limits,
        detectBytes: 130,
        readBlockBytes: random.between(40, 400),
        maxRecordBytes: 4_000,
        maxPartRows: random.between(1, 3),
        firstChunkRows: random.between(1, 4),
        maxChunkRows: random.between(2, 6),
        maxChunkBytes: random.between(200, 1_000),
        ...own,
      };
      const options = { bucket: null, timeZone: 'UTC', maxInflatedBytes: 1_000_000, bounds };
      return { actor, ...startWorker({ ...portsOf(actor), scratches: createScratches() }, options, logger) };
    },
  };
}

/** An error that no injected fault explains is a mistake of the service, whatever comes of it. */
export function createLogger(report: (what: string) => void): Logger {
  return pino(
    { level: 'warn', base: null, timestamp: false },
    {
      write(line: string) {
        const { level, err, msg } = JSON.parse(line) as {
          level: number;
          msg: string;
          err?: { code?: string; retryable?: boolean; stack?: string };
        };
        if (err && err.retryable !== true && err.code !== 'claim_lost')
          report(`${msg}: ${err.stack ?? JSON.stringify(err)}`);
        // An operator need not act.
        if (err?.retryable && level >= 50) report(`an outage was logged as an error: ${msg}`);
      },
    },
  );
}
