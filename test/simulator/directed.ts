/**
 * The pipeline on virtual time with outages that a test controls: one or more engines are slow, fail, hang or are gone for as long as the
 * test says. Every call of a port is recorded with its time. The interleaving comes from a seed, so each run is the same.
 */
import { OmsError } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';
import { orderCreated } from '../../src/model/event.ts';
import { isEnded, reportKey, UPLOADS } from '../../src/model/file.ts';
import { startPublisher } from '../../src/pipeline/publish.ts';
import { startSweeper } from '../../src/pipeline/sweep.ts';
import { upload } from '../../src/pipeline/upload.ts';
import type { CreateFileResult } from '../../src/ports/files.ts';
import { createInvariants, FILES, type FileState, Violation } from './invariants.ts';
import { createRandom } from './random.ts';
import { pieces } from './run.ts';
import { type Actor, type CallOptions, type PortName, Scheduler } from './scheduler.ts';
import { createOwnFile, type SourceFile } from './source-files.ts';
import { createWorld, START_MS } from './world.ts';

export const OUTAGES = ['slow', 'failing', 'hanging', 'gone'] as const;
export type OutageKind = (typeof OUTAGES)[number];

/** How long a slow engine takes to respond: just less than the shortest time limit, that of the IMS. */
const SLOW_MS = limits.imsTimeoutMs - 500;

/** After how long a call to a hanging engine fails: the time limits of the adapters, for all tries of one call together. */
export const HANG_MS: Record<PortName, number> = {
  objects: limits.s3AnswerMs,
  queue: limits.sqsAnswerMs,
  store: limits.mongoOperationMs,
  events: limits.kafkaRequestMs * (1 + limits.kafkaRetries),
  ims: (limits.imsTimeoutMs + limits.imsMaxRetryDelayMs) * (1 + limits.imsRetries),
};

export const CODES: Record<PortName, string> = {
  objects: 'object_store_unavailable',
  queue: 'job_queue_unavailable',
  store: 'store_unavailable',
  events: 'event_stream_unavailable',
  ims: 'ims_unavailable',
};

export interface Call {
  atMs: number;
  actor: string;
  /** `ims.validate` */
  what: string;
}

class DirectedScheduler extends Scheduler {
  readonly calls: Call[] = [];
  /** A whole engine, or one of its operations: `queue.send`. */
  readonly outages = new Map<string, OutageKind>();

  override call<Result>(
    actor: Actor,
    port: PortName,
    operation: string,
    work: () => Result | Promise<Result>,
    options: CallOptions = {},
  ): Promise<Result> {
    const { readyAtMs = () => 0, safe = false } = options;
    if (safe) return super.call(actor, port, operation, work, options);
    const madeMs = this.nowMs;
    const what = `${port}.${operation}`;
    this.calls.push({ atMs: madeMs, actor: actor.name, what });
    const outageNow = () => this.outages.get(port) ?? this.outages.get(what);
    const fail = () => {
      throw new OmsError(CODES[port], `${what} failed: it is ${outageNow() ?? 'back'}`, { retryable: true });
    };
    /** The call may have been carried out, and only the response lost. */
    const failPerhapsAfter = () => {
      if (this.random.chance(0.5)) void Promise.resolve(work()).catch(() => {});
      fail();
    };
    let hangs = false;
    const answer = () => {
      const outage = outageNow();
      if (hangs) failPerhapsAfter();
      if (outage === 'gone') fail();
      if (outage === 'failing' && this.random.chance(0.5)) failPerhapsAfter();
      return work();
    };
    const answerAtMs = () => {
      const outage = outageNow();
      const atMs = readyAtMs();
      // An abandoned wait for a message ends immediately.
      if (operation === 'receive' && atMs === 0) {
        hangs = false;
        return 0;
      }
      hangs ||= outage === 'hanging';
      if (hangs) return madeMs + (operation === 'receive' ? limits.sqsSilenceMs : HANG_MS[port]);
      if (outage === 'gone') return 0;
      return outage === 'slow' ? Math.max(atMs, madeMs + SLOW_MS) : atMs;
    };
    return super.call(actor, port, operation, answer, { ...options, readyAtMs: answerAtMs });
  }
}

/** The final state, without ids and times that the server generates. */
export interface EndState {
  files: unknown[];
  orders: unknown[];
  rejections: unknown[];
  stock: readonly unknown[];
  reports: string[];
  events: string[];
}

export interface ShownFile extends FileState {
  shown_status: string;
  waiting_for: string | null;
  attempts: number;
}

interface Shown {
  name: string;
  fileId: string;
  status: string;
  waitingFor: string | null;
  chunks: number;
  attempts: number;
}

/** Small, so that a file has many chunks, each with several parts. */
const BOUNDS = {
  ...limits,
  detectBytes: 130,
  readBlockBytes: 200,
  maxRecordBytes: 4_000,
  maxPartRows: 2,
  maxChunkRows: 4,
};

export type Directed = ReturnType<typeof startPipeline>;

/** Workers, a publisher and the sweeper, with a number of files that are not uploaded yet. */
export function startPipeline({
  seed,
  files,
  rows,
  workers,
}: {
  seed: number;
  files: number;
  rows: number;
  workers: number;
}) {
  const random = createRandom(seed);
  const owned = Array.from({ length: files }, (_, index) => createOwnFile(random, index, rows));
  const sources = owned.map(({ file }) => file);
  const stock = owned.flatMap((own) => own.stock);
  const known = stock.flatMap(({ sku, hubId }) => [sku, hubId]);
  let found: Violation | null = null;
  const off = (what: string) => {
    found ??= new Violation(what);
  };
  const scheduler = new DirectedScheduler(random, START_MS);
  const world = createWorld(random, { known, stock }, off, scheduler);
  const { objects, queue, stream, store, logger } = world;
  const invariants = createInvariants(world, new Map(sources.map((source) => [source.name, source])));
  const onRejection = (error: unknown) =>
    off(`a promise was rejected without a handler: ${(error as Error)?.stack ?? error}`);
  process.on('unhandledRejection', onRejection);

  const portsFor = (name: string) => world.portsOf(scheduler.actor(name, false));
  const startRoles = () => [
    ...Array.from({ length: workers }, () => world.startWorker(BOUNDS)),
    startPublisher(portsFor('publisher'), logger),
  ];
  let roles = startRoles();
  let sweeper = startSweeper(portsFor('sweeper'), { exclusive: false }, logger);

  async function step(): Promise<void> {
    if (!(await scheduler.pickOne())) {
      const nextMs = scheduler.nextMs();
      if (nextMs === Number.POSITIVE_INFINITY) throw new Violation('nothing happens any more');
      scheduler.advance(nextMs - scheduler.nowMs);
    }
    invariants.check();
    if (found) throw found;
  }

  /** Lets time pass until the condition holds; throws when it does not hold in time. */
  async function until(what: string, holds: () => boolean, withinMs: number): Promise<void> {
    const untilMs = scheduler.nowMs + withinMs;
    while (!holds()) {
      if (scheduler.nowMs > untilMs)
        throw new Violation(`${what} has not happened within ${withinMs} ms: ${JSON.stringify(shown())}`);
      await step();
    }
  }

  /** Awaits the result, within that time. */
  async function settled<Result>(
    what: string,
    work: Promise<Result>,
    withinMs: number,
  ): Promise<PromiseSettledResult<Result>> {
    let ended = false;
    const end = () => {
      ended = true;
    };
    work.then(end, end);
    await scheduler.act(what, () => {});
    await until(what, () => ended, withinMs);
    const [result] = await Promise.allSettled([work]);
    return result;
  }

  let shownOf: readonly ShownFile[] = [];
  let shownNow: Shown[] = [];
  /** The same array until a file changes. */
  function shown(): readonly Shown[] {
    const files = store.rows<ShownFile>(FILES);
    if (files === shownOf) return shownNow;
    shownOf = files;
    shownNow = files
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((file) => ({
        name: file.name,
        fileId: file.file_id,
        status: file.shown_status,
        waitingFor: file.waiting_for,
        chunks: file.next_chunk,
        attempts: file.attempts,
      }));
    return shownNow;
  }

  function uploadFile(source: SourceFile): Promise<CreateFileResult> {
    const ports = { ...portsFor(`upload of ${source.name}`), logger };
    const asked = {
      name: source.name,
      encoding: null,
      parentFileId: null,
      hubs: null,
      force: false,
      idempotencyKey: null,
    };
    return upload(ports, pieces(source.bytes, 1_000), { ...asked, maxBytes: 1_000_000 });
  }

  function endState(): EndState {
    const named = 'select f.name, x.* from files f join';
    const without = ({ file_no, seq, created_at, updated_at, ...rest }: Record<string, unknown>) => rest;
    const all = store.rows<FileState>('select * from files order by name');
    const state: EndState = {
      files: all.map(({ name, status, rows: read, accepted, invalid, failure, report_rows }) => ({
        name,
        status,
        rows: read,
        accepted,
        invalid,
        failure,
        report_rows,
      })),
      orders: store.rows<Record<string, unknown>>(`${named} orders x using (file_no) order by x.order_id`).map(without),
      rejections: store
        .rows<Record<string, unknown>>(`${named} rejections x using (file_no) order by f.name, x.row`)
        .map(without),
      stock: store.rows('select * from stock order by sku'),
      reports: all.flatMap(({ report_name, report_rows }) =>
        report_name === null
          ? []
          : objects.stored.get(reportKey({ name: report_name, rows: report_rows! }))!.bytes.toString(),
      ),
      events: [...stream.published.keys()].toSorted(),
    };
    const text = all.reduce((text, { file_id, name }) => text.replaceAll(file_id, name), JSON.stringify(state));
    return JSON.parse(text) as EndState;
  }

  return {
    scheduler,
    sources,
    store,
    queue,
    portsFor,
    step,
    until,
    settled,
    shown,
    uploadFile,
    endState,
    openFiles: () => shown().filter(({ status }) => !isEnded(status as FileState['status'])),
    /** Uploaded objects without a file, and files without their object. */
    orphans(): string[] {
      const keys = new Set(shown().map(({ fileId }) => UPLOADS + fileId));
      const kept = [...objects.stored.keys()].filter((key) => key.startsWith(UPLOADS));
      return [...kept.filter((key) => !keys.has(key)), ...[...keys].filter((key) => !kept.includes(key))];
    },
    /** All files have ended, all events are published and no message is left. */
    atRest: () =>
      queue.alive().length === 0 &&
      shown().every(({ status }) => isEnded(status as FileState['status'])) &&
      store.rows('select seq from orders').length === stream.published.size,
    /** INV-3: each event has the bytes of its order as it is read. */
    async expectEventsOfOrders(): Promise<void> {
      const { orders } = portsFor('reader').store;
      const compared = Promise.all(
        [...stream.published].map(async ([orderId, json]) => {
          if (orderCreated((await orders.get(orderId))!.order).json !== json) throw new Violation(`INV-3 ${orderId}`);
        }),
      );
      const result = await settled('reading the events', compared, 60_000);
      if (result.status === 'rejected') throw result.reason;
    },
    /** A graceful stop of the workers and the publisher. */
    stopWork: async (withinMs: number) =>
      void (await settled('the stop', Promise.all(roles.map((role) => role.stop())), withinMs)),
    async stopSweeper(withinMs: number): Promise<void> {
      await settled('the stop', sweeper.stop(), withinMs);
    },
    startAgain(): void {
      roles = startRoles();
      sweeper = startSweeper(portsFor('sweeper'), { exclusive: false }, logger);
    },
    close(): void {
      process.off('unhandledRejection', onRejection);
      store.close();
    },
  };
}
