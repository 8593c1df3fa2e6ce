/**
 * One run of the pipeline over one file, from its upload to the pruning after its end, with a fault at one of its steps; returns the final
 * state. A killed process is started again, and another is started beside a frozen one.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createSqliteJobQueue } from '../../src/adapters/job-queue.sqlite.ts';
import { prepareDirectory } from '../../src/adapters/object-store.directory/prepare.ts';
import { createDirectoryObjectStore } from '../../src/adapters/object-store.directory.ts';
import { createScratches } from '../../src/adapters/scratches.sqlite.ts';
import { isOmsError, OmsError } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';
import { ORDER_COLUMNS } from '../../src/model/columns.ts';
import { type OrderEvent, orderCreated } from '../../src/model/event.ts';
import { isEnded, reportKey, uploadKey } from '../../src/model/file.ts';
import { startPublisher } from '../../src/pipeline/publish.ts';
import { startSweeper } from '../../src/pipeline/sweep.ts';
import { upload } from '../../src/pipeline/upload.ts';
import { startWorker } from '../../src/pipeline/worker.ts';
import type { EventStream } from '../../src/ports/event-stream.ts';
import type { Ims } from '../../src/ports/ims.ts';
import type { JobQueue } from '../../src/ports/job-queue.ts';
import type { ObjectStore, StagedObject } from '../../src/ports/object-store.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { createLogger } from '../simulator/world.ts';
import { chunkOf, ingestChunks, orderRow, readAll } from '../support/chunks.ts';
import { violationsOf } from '../support/violations.ts';
import {
  eachCall,
  LocalDatabase,
  type Others,
  openMongo,
  openSqlite,
  type StoreName,
  type StoreUnderTest,
  unavailable,
} from './stores.ts';
import { type Actor, type Cell, DELIVERED_AGAIN, GIVEN_UP, type Kind, type Step, World } from './world.ts';

/** `paused`: after the first chunk, then resumed and completed. */
export const ENDS = ['completed', 'failed', 'cancelled', 'paused'] as const;
export type End = (typeof ENDS)[number];

export interface Scenario {
  store: StoreName;
  /** The address of MongoDB. */
  server: string | null;
  end: End;
  /** From which request on the IMS changes its answers, without any fault. */
  imsChangesAt?: number;
}

export type Outcome = Record<string, unknown> & { problems: string[] };

const NAME = 'matrix.csv';
const HUB = 'HUB-1';
const POLL_MS = 5_000;
/** Time for a process that woke up to notice that it is late. */
const REST_MS = limits.queueVisibilityMs / 2;
const CLAIMS_LOST = limits.maxStrikes + 1;

const row = (orderId: string, sku: string, quantity: number, email = 'ada@example.com') =>
  [
    ...[orderId, 'Ada Lovelace', email, 'Analytical Engine', sku, HUB, quantity, '19.99'],
    ...[((quantity * 1999) / 100).toFixed(2), '2026-11-20T00:00:00Z', '12 St James Square'],
  ].join(',');

/**
 * Two chunks: scarce and plentiful stock, none, and a pair without a row of stock; repeats within the chunk, within the file and of
 * orders of other files, one of which comes in the middle; rows that are not valid.
 */
const LINES = [
  ORDER_COLUMNS.join(','),
  row('A-1', 'scarce', 3),
  row('A-2', 'plenty', 7),
  row('A-3', 'scarce', 4),
  row('A-1', 'scarce', 1),
  row('A-4', 'none', 1),
  row('EARLIER', 'plenty', 2),
  row('LATE', 'plenty', 5),
  row('A-5', 'scarce', 2),
  row('A-9', 'plenty', 1, 'nobody'),
  row('A-6', 'empty', 1),
  row('A-2', 'plenty', 7),
  row('A-7', 'plenty', 1),
  row('A-8', 'nobody-knows', 1),
  row('A-10', 'scarce', 1),
  '',
];
const BOUNDS = { ...limits, maxChunkRows: 10, maxRecordBytes: 2_000 };

/** The SKU that the IMS does not know; and the one that it does not know after it has changed its answers. */
const UNKNOWN = 'nobody-knows';
const FICKLE = 'scarce';

export async function run(
  { store: storeName, server, end, imsChangesAt = Number.POSITIVE_INFINITY }: Scenario,
  cell: Cell | null,
): Promise<{ outcome: Outcome; steps: Step[]; reached: boolean }> {
  const world = new World(cell);
  const { problems } = world;
  const root = await mkdtemp(join(tmpdir(), 'oms-faults-'));
  await prepareDirectory(join(root, 'objects'));
  const objects = createDirectoryObjectStore(join(root, 'objects'));
  const database = new LocalDatabase(world);
  const queueOf = (actor: Actor | null) =>
    createSqliteJobQueue({ db: database.db, writer: database.writerOf(actor), now: () => world.nowMs });
  const queue = queueOf(null);
  const events = new Map<string, Set<string>>();
  const staged: StagedObject[] = [];
  const logger = createLogger((what) => problems.push(what));
  const bytes = Buffer.from(LINES.join('\n') + (end === 'failed' ? '"a quote that is never closed' : ''));

  const once = (work: () => Promise<unknown>) => {
    let done: Promise<unknown> | undefined;
    return async () => {
      done ??= work();
      await done;
    };
  };
  const others: Others = {
    // Without it only the first of three rows fits: a decision that was made before is void.
    beforeTake: once(() => store.direct.stock.change([{ sku: FICKLE, hubId: HUB, available: 6 }], null)),
    beforeInsert: once(() => ingestChunks(store.direct, [chunkOf(0, [orderRow(2, 'LATE', { sku: 'plenty' })])])),
  };
  const store: StoreUnderTest =
    storeName === 'SQLite' ? openSqlite(world, database) : openMongo(server!, world, others);

  const bringOthers = async () => {
    await others.beforeTake();
    await others.beforeInsert();
  };
  const file = async () => {
    const page = await store.direct.files.list({}, { limit: 20, after: null });
    return page.items.find(({ name }) => name === NAME) ?? null;
  };
  const request = once(async () => {
    const { fileId } = (await file())!;
    if (end === 'cancelled') await store.direct.files.requestCancel(fileId);
    if (end === 'paused') await store.direct.files.requestPause(fileId);
  });
  let questions = 0;

  function imsOf(actor: Actor): Ims {
    return {
      inspect: unused,
      validate: (pairs) =>
        world.call(
          actor,
          'ims.validate',
          async () => {
            await request();
            if (questions++ >= imsChangesAt) world.imsChanged = true;
            // A chunk takes so long that the next one asks again about the same pairs.
            world.nowMs += limits.pairsKeptMs + 1;
            return pairs.map(({ sku }) => ({
              skuValid: sku !== UNKNOWN && !(world.imsChanged && sku === FICKLE),
              hubValid: true,
            }));
          },
          { error: unavailable('ims_unavailable') },
        ),
      isKnown: () => false,
      async close() {},
    };
  }

  function eventsOf(actor: Actor): EventStream {
    return {
      ...{ inspect: unused, end: unused, check: unused, subscribe: unused, behind: unused },
      ...{ beginning: '0', group: null },
      publish: (batch) => {
        const add = (published: Iterable<OrderEvent>) => {
          for (const { json } of published) {
            const { id } = JSON.parse(json) as { id: string };
            events.set(id, (events.get(id) ?? new Set()).add(json));
          }
        };
        return world.call(actor, 'events.publish', () => add(batch.events), {
          error: unavailable('event_stream_unavailable'),
          parts: batch.events.length > 1 ? batch.events.length : 0,
          partly: (count) => add([...batch.events].slice(0, count)),
        });
      },
    };
  }

  async function portsOf(actor: Actor): Promise<Ports> {
    const port = await store.portOf(actor);
    const { files, leases } = port;
    const took = <Result>(result: Result, itDid: boolean): Result => {
      world.another(actor, itDid);
      return result;
    };
    return {
      views: null,
      objects: objectsOf(world, actor, objects, staged),
      queue: queuePort(world, actor, queueOf(actor)),
      store: {
        ...port,
        files: {
          ...files,
          claim: async (fileId, leaseMs) => {
            const result = await files.claim(fileId, leaseMs);
            return took(result, result.kind === 'claimed' || result.kind === 'exhausted');
          },
        },
        leases: {
          ...leases,
          take: async (...lease) => {
            const result = await leases.take(...lease);
            return took(result, result);
          },
        },
      } satisfies OrderStore,
      events: eventsOf(actor),
      ims: imsOf(actor),
      clock: world.clockOf(actor),
    };
  }

  let accepted = false;
  const roles = new Map<Kind, { actor: Actor; ended: boolean; stop(): Promise<void> }[]>();

  /** Starts an actor of this kind, and another as soon as it is gone. */
  async function start(kind: Kind): Promise<void> {
    const actor = world.actor(kind);
    const role = { actor, ended: false, stop: async () => {} };
    roles.set(kind, [...(roles.get(kind) ?? []), role]);
    void actor.gone.promise.then(() =>
      world.meanwhile(async () => {
        if (cell?.fault === GIVEN_UP && actor === world.victim) await giveUp();
        if (!role.ended && (kind !== 'upload' || !accepted)) await start(kind);
      }),
    );
    const ports = await portsOf(actor);
    if (kind === 'upload') void uploadFile(actor, ports);
    else if (kind === 'worker')
      role.stop = startWorker(
        { ...ports, scratches: createScratches() },
        { bucket: null, timeZone: 'UTC', maxInflatedBytes: 1_000_000, bounds: BOUNDS },
        logger,
      ).stop;
    else if (kind === 'publisher') role.stop = startPublisher(ports, logger).stop;
    else role.stop = startSweeper(ports, { exclusive: true }, logger).stop;
  }

  async function stop(kind: Kind): Promise<void> {
    for (const role of roles.get(kind) ?? []) {
      const { actor } = role;
      role.ended = true;
      if (actor.dead || actor.waits) continue;
      let left = false;
      void Promise.race([role.stop(), actor.gone.promise]).then(() => {
        left = true;
      });
      await world.until(`the end of a ${kind}`, () => left);
    }
    roles.set(kind, []);
  }

  /** A user who retries until the upload works. */
  async function uploadFile(actor: Actor, ports: Ports): Promise<void> {
    const options = { name: NAME, encoding: null, parentFileId: null, hubs: null, force: false, idempotencyKey: null };
    for (;;) {
      try {
        const result = await upload({ ...ports, logger }, Readable.from([bytes]), { ...options, maxBytes: 1_000_000 });
        // INV-5
        if (result.kind === 'created' && !(await world.meanwhile(() => store.direct.files.get(result.file.fileId))))
          problems.push('a file that was answered as created is not there');
        accepted = true;
        world.another(actor, true);
        return;
      } catch (error) {
        if (!(error instanceof OmsError)) problems.push(`the upload failed: ${error}`);
      }
    }
  }

  /** Ten workers in a row have crashed on the file. */
  async function giveUp(): Promise<void> {
    world.nowMs += 2 * limits.queueVisibilityMs;
    const found = await file();
    if (found) for (let claims = 0; claims < CLAIMS_LOST; claims++) await store.direct.files.claim(found.fileId, -1);
  }

  const waiting = async () => {
    const { visible, inFlight } = await queue.depth();
    return visible + inFlight > 0;
  };
  const pending = async () => (await store.direct.outbox.pending()) !== null;

  async function worked(): Promise<void> {
    await world.until('an empty queue', async () => !(await waiting()));
    if (!(await pending())) return;
    await start('publisher');
    await world.until('an empty outbox', async () => !(await pending()));
    await stop('publisher');
  }

  const isPaused = async () => (await file())?.status === 'paused';
  const ended = async () => isEnded((await file())?.status ?? 'queued') || (await isPaused());

  async function sweepUntil(what: string, condition: () => Promise<boolean>): Promise<void> {
    await start('sweeper');
    await world.until(what, condition);
    await stop('sweeper');
  }

  const swept = () => sweepUntil('a sweep', async () => (await store.leftovers()).length === 0);

  async function letItRun(): Promise<void> {
    world.deliverAgain = () => void world.meanwhile(sendAgain);
    await store.direct.stock.change(
      [
        { sku: FICKLE, hubId: HUB, available: 4 },
        { sku: 'plenty', hubId: HUB, available: 100 },
        { sku: 'empty', hubId: HUB, available: 0 },
      ],
      null,
    );
    await ingestChunks(store.direct, [chunkOf(0, [orderRow(2, 'EARLIER', { sku: 'plenty' })])]);
    await store.direct.outbox.markPublished((await store.direct.outbox.pending())!.id);
    // No other process can interfere with one transaction.
    if (storeName === 'SQLite') await bringOthers();

    await start('upload');
    await world.until('an upload', () => accepted);
    await start('worker');
    await worked();
    if (cell?.step.kind === 'upload') await wakeUp();
    if (!(await ended())) await sweepUntil('a file that is queued again', ended);
    await worked();
    if (await isPaused()) {
      await store.direct.files.resume((await file())!.fileId);
      await sendAgain();
      await worked();
    }
    if (cell?.fault === DELIVERED_AGAIN) {
      await sendAgain();
      await worked();
    }
    // In case the file has never got so far.
    await bringOthers();
    await worked();
    // A creation that broke off is removed after a day.
    if (cell?.step.kind === 'upload') world.nowMs += limits.mongoCreatingMs;
    await swept();
    if (!(await wakeUp())) return;
    await worked();
    await swept();
  }

  async function wakeUp(): Promise<boolean> {
    if (!world.victim?.waits || world.victim.dead) return false;
    world.wake();
    const untilMs = world.nowMs + REST_MS;
    await world.until('rest', () => world.nowMs > untilMs);
    if (world.victim.kind === 'worker' && (await pending()))
      problems.push('a worker that woke up after the end of its file has something to publish');
    return true;
  }

  async function sendAgain(): Promise<void> {
    const found = await file();
    if (found) await queue.send({ version: 1, fileId: found.fileId });
  }

  try {
    await letItRun();
    const outcome = await outcomeOf();
    return { outcome, steps: world.steps, reached: world.reached };
  } catch (error) {
    problems.push(error instanceof Error ? error.stack! : String(error));
    return { outcome: { problems }, steps: world.steps, reached: world.reached };
  } finally {
    world.end();
    await store.close();
    for (const object of staged) await object.abort();
    database.db.close();
    await rm(root, { recursive: true, force: true });
  }

  /** Everything that a user or a consumer can see, without times and ids that differ from run to run. */
  async function outcomeOf(): Promise<Outcome> {
    const { direct } = store;
    const all = (await direct.files.list({}, { limit: 20, after: null })).items;
    const own = all.filter(({ name }) => name === NAME);
    if (own.length !== 1) problems.push(`${own.length} files came of the upload`);
    const { fileId, status, rows, accepted: taken, invalid, invalidByCode, failure, report, ...rest } = own[0]!;
    const orders = await readAll((page) => direct.orders.list({}, page), 100);

    for (const violation of await violationsOf(direct, objects)) problems.push(JSON.stringify(violation));
    problems.push(...(await store.leftovers()));
    if (await direct.outbox.pending()) problems.push('events are still pending');
    const expected = new Map(orders.map((order) => [`${order.orderId}:created`, orderCreated(order).json]));
    expected.delete('EARLIER:created');
    for (const [id, jsons] of events) {
      if (jsons.size !== 1) problems.push(`INV-3 ${id} was published with different bytes`);
      else if (!jsons.has(expected.get(id)!)) problems.push(`INV-3 ${id} does not have the bytes of its order`);
      expected.delete(id);
    }
    for (const id of expected.keys()) problems.push(`INV-3 ${id} was never published`);

    const uploads = (await Array.fromAsync(objects.list('uploads/'))).map(({ key }) => key);
    if (uploads.join() !== uploadKey(fileId)) problems.push(`INV-5 there are the objects ${uploads.join()}`);
    const reportBytes = report && (await read(reportKey(report)));
    if (report && (report.rows !== invalid || report.sizeBytes !== reportBytes!.length))
      problems.push('the report is not the one of the file');
    const { dead } = await queue.depth();

    const names = new Map(all.map((other) => [other.fileId, other.name === NAME ? 'THIS FILE' : 'ANOTHER FILE']));
    const plain = <Value>(value: Value): Value =>
      JSON.parse(
        JSON.stringify(value, (key, inner) =>
          /AtMs$|^(created_at|updated_at|time)$/.test(key) ? undefined : typeof inner === 'bigint' ? `${inner}` : inner,
        ).replace(/f_[a-z0-9]{21,}/g, (id) => names.get(id) ?? id),
      );
    const totals = await direct.statistics.totals();
    return {
      problems,
      file: { status, rows, accepted: taken, invalid, invalidByCode, failure, offset: rest.offset, row: rest.row },
      orders: plain(orders).sort((a, b) => (a.orderId < b.orderId ? -1 : 1)),
      stock: (await direct.stock.list({ sort: 'key' }, { limit: 10, after: null })).items,
      events: [...events]
        .map(([id, [json]]) => [id, plain(JSON.parse(json!))])
        .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
      report: reportBytes === null ? null : plain(reportBytes.toString()),
      rejections: plain(await readAll((page) => direct.rejections.list(fileId, {}, page), 100)),
      totals: plain({ rows: totals.rows, orders: totals.orders, invalidByCode: totals.invalidByCode }),
      dead,
    };
  }

  async function read(key: string): Promise<Buffer> {
    try {
      return Buffer.concat(await (await objects.open(key)).toArray());
    } catch (error) {
      if (!isOmsError(error, 'object_missing')) throw error;
      return Buffer.alloc(0);
    }
  }
}

const unused = () => {
  throw new Error('unused in the fault matrix');
};

/** `open`: what was ever begun, for a process that dies in this thread keeps its file open. */
function objectsOf(world: World, actor: Actor, objects: ObjectStore, open: StagedObject[]): ObjectStore {
  const error = unavailable('object_store_unavailable');
  const call = <Result>(what: string, work: () => Promise<Result>) =>
    world.call(actor, `objects.${what}`, work, { error });
  const steps = (staged: StagedObject): StagedObject => {
    open.push(staged);
    return {
      write: (bytes) => call('write', () => staged.write(bytes)),
      commit: () => call('commit', () => staged.commit()),
      // It must not throw.
      abort: () => world.under(actor, () => staged.abort()),
    };
  };
  return {
    ...objects,
    stage: (key) => call('stage', async () => steps(await objects.stage(key))),
    stat: (key) => call('stat', () => objects.stat(key)),
    // In one block: time must not pass while it is read.
    open: (key, options) =>
      call('open', async () => {
        const bytes = Buffer.concat(await (await objects.open(key, options)).toArray());
        return Readable.from(bytes.length > 0 ? [bytes] : [], { objectMode: false });
      }),
    delete: (key) => call('delete', () => objects.delete(key)),
    async *list(prefix) {
      yield* await call('list', () => Array.fromAsync(objects.list(prefix)));
    },
  };
}

function queuePort(world: World, actor: Actor, queue: JobQueue): JobQueue {
  const clock = world.clockOf(actor);
  const error = unavailable('job_queue_unavailable');
  return {
    ...eachCall(queue, (what, work) => world.call(actor, `queue.${what}`, work, { error })),
    depth: () => queue.depth(),
    /** Calls only when there is a message: the number of empty receives depends on the time. */
    async receive(waitMs, signal) {
      const untilMs = clock.now() + waitMs;
      while (!signal?.aborted && clock.now() <= untilMs) {
        if ((await queue.depth()).visible > 0)
          return world.call(actor, 'queue.receive', () => queue.receive(0, signal), { error });
        await clock.sleep(POLL_MS, signal);
      }
      return null;
    },
  };
}
