/**
 * Runs the pipeline itself in one thread, on virtual time: uploads, workers, publishers, the sweeper and users, with every call and
 * every interleaving chosen by one seed. First everything goes wrong that may; then the faults end, and all must come to rest with
 * what was promised. The same seed gives the same run.
 */
import pino, { type Logger } from 'pino';
import { isOmsError, OmsError } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';
import { orderCreatedJson } from '../../src/model/event.ts';
import { isEnded, UPLOADS } from '../../src/model/file.ts';
import { readMessage } from '../../src/pipeline/message.ts';
import { startPublisher } from '../../src/pipeline/publish.ts';
import { startSweeper } from '../../src/pipeline/sweep.ts';
import { upload } from '../../src/pipeline/upload.ts';
import { startWorker } from '../../src/pipeline/worker.ts';
import type { StockChange } from '../../src/ports/order-store.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { Inventory, Objects, Queue, Stream } from './engines.ts';
import { createInvariants, type FileState, Violation } from './invariants.ts';
import { Store } from './order-store.ts';
import { createRandom } from './random.ts';
import { type Actor, PORTS, Scheduler } from './scheduler.ts';
import { createSources, type SourceFile } from './source-files.ts';

export interface SimulationResult {
  seed: number;
  steps: number;
  /** Of all steps: two runs with the same hash were the same run. */
  hash: string;
  /** How often each call met each outcome, and each thing from outside happened. */
  counts: ReadonlyMap<string, number>;
  /** Null when all held. */
  violation: string | null;
  lastSteps: string[];
}

const START_MS = Date.UTC(2026, 0, 1);
/** To come to rest after the faults; the longest that was seen is a third of it. */
const MAX_STEPS_TO_REST = 15_000;
const MAX_WORKERS = 4;

interface Role {
  actor: Actor;
  kind: 'worker' | 'publisher';
  stop(): Promise<void>;
}

export async function simulate(seed: number, steps: number): Promise<SimulationResult> {
  const random = createRandom(seed);
  const scheduler = new Scheduler(random, START_MS);
  const objects = new Objects();
  const queue = new Queue(scheduler);
  const stream = new Stream();
  const ims = new Inventory();
  const store = new Store(scheduler);
  const sources = createSources(random);
  const byName = new Map(sources.files.map((source) => [source.name, source]));
  const invariants = createInvariants({ store, objects, stream, ims, sources: byName });
  const roles: Role[] = [];
  const uploaders: { actor: Actor; source: SourceFile }[] = [];
  let names = 0;
  /** Found by something that runs beside the steps. */
  let found: Violation | null = null;
  const onRejection = (error: unknown) => {
    found ??= new Violation(`a promise was rejected and nobody looked: ${describe(error)}`);
  };
  process.on('unhandledRejection', onRejection);

  const portsOf = (actor: Actor): Ports => ({
    objects: objects.portOf(actor, scheduler),
    queue: queue.portOf(actor),
    store: store.portOf(actor),
    events: stream.portOf(actor, scheduler),
    ims: ims.portOf(actor, scheduler),
    clock: scheduler.clock(actor),
  });
  const newActor = (kind: string, mortal: boolean) => scheduler.actor(`${kind}-${++names}`, mortal);
  const logger = createLogger((what) => {
    found ??= new Violation(what);
  });

  const files = () => store.rows<FileState>('select * from files order by file_no');
  const live = (kind: Role['kind']) => roles.filter((role) => role.kind === kind && !role.actor.dead);
  const waitingSources = [...sources.files];
  const restocked = new Map<string, number>(sources.stock.map(({ sku, available }) => [sku, available]));
  let usersAtWork = 0;

  // A message may go only when its file has ended, or another message is there for it.
  const fileOf = (body: string) => {
    const message = readMessage(body);
    return message.kind === 'job' ? message.fileId : '';
  };
  queue.look = (body) => store.requeues.get(fileOf(body)) ?? 0;
  queue.onDelete = (body, seen) => {
    const fileId = fileOf(body);
    const file = files().find((other) => other.file_id === fileId);
    if (!file || isEnded(file.status) || queue.alive().some((other) => fileOf(other.body) === fileId)) return;
    // Who retried it is about to send one.
    if ((store.requeues.get(fileId) ?? 0) !== seen) return;
    found ??= new Violation(`the last message of ${file.name} was deleted while it was ${file.status}`);
  };

  function startWorkerRole(): void {
    const actor = newActor('worker', true);
    const bounds = {
      ...limits,
      detectBytes: 130,
      readBlockBytes: random.between(40, 400),
      maxRecordBytes: 4_000,
      maxPartRows: random.between(1, 3),
      maxChunkRows: random.between(2, 6),
      maxChunkBytes: random.between(200, 1_000),
    };
    const options = { bucket: null, timeZone: 'UTC', maxInflatedBytes: 1_000_000, bounds };
    roles.push({ actor, kind: 'worker', ...startWorker(portsOf(actor), options, logger) });
  }

  function startPublisherRole(): void {
    const actor = newActor('publisher', true);
    roles.push({ actor, kind: 'publisher', ...startPublisher(portsOf(actor), logger) });
  }

  const sweeping = scheduler.actor('sweeper', false);
  const sweeper = startSweeper(portsOf(sweeping), { exclusive: false }, logger);

  /** What somebody does by the API: it may fail, and then they may be told so. */
  function user(what: string, mortal: boolean, work: (ports: Ports) => Promise<unknown>): Actor {
    const actor = newActor(what, mortal);
    usersAtWork++;
    work(portsOf(actor))
      .catch((error) => {
        if (!(error instanceof OmsError)) found ??= new Violation(`${what} failed: ${describe(error)}`);
      })
      .finally(() => usersAtWork--);
    return actor;
  }

  function uploadFile(source: SourceFile, force: boolean): void {
    const later = () => waitingSources.push(source);
    const actor = user('upload', true, async (ports) => {
      const options = { name: source.name, encoding: null, parentFileId: null, force, idempotencyKey: null };
      const result = await upload({ ...ports, logger }, pieces(source.bytes), {
        ...options,
        maxBytes: 1_000_000,
      }).catch((error) => {
        if (!force) later();
        throw error;
      });
      // INV-5
      if (result.kind === 'created' && !files().some(({ file_id }) => file_id === result.file.fileId))
        found ??= new Violation(`INV-5 ${source.name} was answered as created and is not there`);
    });
    uploaders.push({ actor, source });
  }

  const cancelFile = (fileId: string) => user('cancel', false, (ports) => ports.store.files.requestCancel(fileId));

  const retryFile = (fileId: string) => {
    return user('retry', false, async (ports) => {
      if (await ports.store.files.requeue(fileId)) await ports.queue.send({ version: 1, fileId });
    });
  };

  /** Sent again under its key until it is answered: it must count once. */
  function restock(sku: string, delta: number): void {
    const changes: StockChange[] = [{ sku, hubId: 'HUB-1', delta }];
    const key = `restock-${names}`;
    user('restock', false, async ({ store, clock }) => {
      for (;;) {
        try {
          const [answer] = await store.stock.change(changes, key);
          if (!('error' in answer!)) restocked.set(sku, restocked.get(sku)! + delta);
          return;
        } catch (error) {
          if (!isOmsError(error) || !error.retryable) throw error;
          await clock.sleep(1_000);
        }
      }
    });
  }

  /** Something from outside; nothing when it does not fit now. */
  async function disturb(): Promise<void> {
    const all = files();
    const sharedSkus = sources.stock.filter(({ sku }) => sku.startsWith('S-')).map(({ sku }) => sku);
    const open = all.filter(({ status }) => !isEnded(status));
    const ended = all.filter(({ status }) => status === 'failed' || status === 'cancelled');
    const workers = live('worker');
    const blows = scheduler.blowsLeft > 0;
    const hidden = queue.alive().filter(({ visibleAtMs }) => visibleAtMs > scheduler.nowMs);
    const events: (readonly [number, string, boolean, () => unknown])[] = [
      [16, 'upload', waitingSources.length > 0, () => uploadFile(waitingSources.shift()!, false)],
      [
        1,
        'upload again',
        all.length < 9 && sources.files.some(({ shared }) => shared),
        () => uploadFile(random.pick(sources.files.filter(({ shared }) => shared)), random.chance(0.5)),
      ],
      [2, 'restock', true, () => restock(random.pick(sharedSkus), random.between(-3, 12))],
      [3, 'cancel', open.length > 0, () => cancelFile(random.pick(open).file_id)],
      [4, 'retry', ended.length > 0, () => retryFile(random.pick(ended).file_id)],
      [2, 'the IMS changes', true, () => toggle(ims.known, random.pick(sources.fickle))],
      [
        2,
        'a worker is killed',
        blows && workers.length > 0,
        () => scheduler.kill(scheduler.someoneAtWork(workers.map(({ actor }) => actor))),
      ],
      [
        1,
        'a publisher is killed',
        live('publisher').length > 1,
        () => scheduler.kill(random.pick(live('publisher')).actor),
      ],
      [
        4,
        'a worker freezes',
        blows && workers.length > 0,
        () => scheduler.freeze(scheduler.someoneAtWork(workers.map(({ actor }) => actor))),
      ],
      [
        1,
        'a publisher freezes',
        blows && live('publisher').length > 0,
        () => scheduler.freeze(random.pick(live('publisher')).actor),
      ],
      [4, 'a worker starts', workers.length < MAX_WORKERS, startWorkerRole],
      [1, 'a publisher starts', live('publisher').length < 2, startPublisherRole],
      [
        1,
        'a worker is stopped',
        workers.length > 2,
        () => {
          const [role] = roles.splice(roles.indexOf(random.pick(workers)), 1);
          void role!.stop();
        },
      ],
      [
        1.5,
        'an outage',
        true,
        () => scheduler.outageUntilMs.set(random.pick(PORTS), scheduler.nowMs + random.between(1, 90_000)),
      ],
      [2, 'visibility is lost', hidden.length > 0, () => Object.assign(random.pick(hidden), { visibleAtMs: 0 })],
      [1, 'a message comes twice', queue.alive().length > 0, () => queue.send(random.pick(queue.alive()).body)],
    ];
    const possible = events.filter(([, , fits]) => fits);
    const [, name, , action] = random.weighted(possible.map((event) => [event[0], event] as const));
    await scheduler.act(name, action);
  }

  /** Time goes on to the next moment at which something is due, or beyond it. */
  function letTimePass(leapMs: number): void {
    const untilMs = scheduler.nextMs();
    if (untilMs === Number.POSITIVE_INFINITY) throw new Violation('nothing will ever happen again');
    scheduler.advance(untilMs - scheduler.nowMs + leapMs);
  }

  const leap = () =>
    random.weighted([
      [30, 0],
      [40, random.between(0, 5_000)],
      [25, random.between(0, 30_000)],
      [3, random.between(60_000, 130_000)],
    ]);

  function check(): void {
    if (found) throw found;
    invariants.check();
  }

  const idle = (): boolean =>
    waitingSources.length === 0 &&
    usersAtWork === uploaders.filter(({ actor }) => actor.dead).length &&
    files().every(({ status }) => isEnded(status)) &&
    queue.alive().length === 0 &&
    stream.published.size === store.rows('select seq from orders').length &&
    (store.rows<{ value: number }>("select value from totals where name = 'published'")[0]?.value ?? 0) ===
      stream.published.size;

  /** Without faults, until the condition holds. */
  async function drain(what: string, condition: () => boolean, leapMs: () => number): Promise<void> {
    const begun = scheduler.step;
    while (!condition()) {
      if (scheduler.step - begun > MAX_STEPS_TO_REST)
        throw new Violation(`${what} has not happened ${MAX_STEPS_TO_REST} steps after the faults: ${describeState()}`);
      if (waitingSources.length > 0 && random.chance(0.1))
        await scheduler.act('upload', () => uploadFile(waitingSources.shift()!, false));
      if (!(await scheduler.pickOne())) letTimePass(leapMs());
      check();
    }
  }

  const describeState = () =>
    JSON.stringify({
      files: files().map(({ name, status, rows }) => `${name} ${status} ${rows}`),
      messages: queue.alive().length,
      events: stream.published.size,
      orders: store.rows('select seq from orders').length,
      waiting: waitingSources.length,
      users: usersAtWork,
    });

  async function run(): Promise<void> {
    for (const sku of sources.known) ims.known.add(sku);
    for (const { sku, hubId, available } of sources.stock)
      store.db
        .prepare('insert into stock (sku, hub_id, available, received) values (?, ?, ?, ?)')
        .run(sku, hubId, available, available);
    for (let count = random.between(2, 3); count > 0; count--) startWorkerRole();
    startPublisherRole();
    // The others come while these are in work.
    for (let count = random.between(1, waitingSources.length); count > 0; count--)
      await scheduler.act('upload', () => uploadFile(waitingSources.shift()!, false));

    scheduler.faultRate = random.pick([0.02, 0.08, 0.25]);
    scheduler.blowsLeft = 8;
    const disturbance = random.pick([0.01, 0.03, 0.06]);
    while (scheduler.step < steps) {
      if (random.chance(disturbance)) await disturb();
      else if (random.chance(0.06) && scheduler.nextMs() < Number.POSITIVE_INFINITY) letTimePass(leap());
      else if (!(await scheduler.pickOne())) letTimePass(leap());
      check();
    }

    scheduler.note('the faults end');
    scheduler.faultRate = 0;
    scheduler.outageUntilMs.clear();
    for (const sku of sources.known) ims.known.add(sku);
    if (live('worker').every(({ actor }) => actor.frozenUntilMs > scheduler.nowMs)) startWorkerRole();
    if (live('publisher').every(({ actor }) => actor.frozenUntilMs > scheduler.nowMs)) startPublisherRole();
    for (const { actor, source } of uploaders) {
      actor.frozenUntilMs = Math.min(actor.frozenUntilMs, scheduler.nowMs + random.between(0, 100_000));
      if (actor.dead && !waitingSources.includes(source)) waitingSources.push(source);
    }
    const few = () => random.between(0, 5_000);
    await drain('rest', idle, few);

    scheduler.note('those that were frozen wake up');
    for (const { actor } of roles) actor.frozenUntilMs = 0;
    const awakeMs = scheduler.nowMs + 400_000;
    await drain('rest', () => scheduler.nowMs > awakeMs && idle(), few);

    for (const { file_id, failure } of files().filter(({ status }) => status === 'failed' || status === 'cancelled'))
      if (failure!.includes('"internal"') || random.chance(0.5)) await scheduler.act('retry', () => retryFile(file_id));
    await drain('rest', idle, few);

    const sweptMs = scheduler.nowMs + 3 * limits.orphanMs;
    await drain(
      'a sweep of what is left',
      () => scheduler.nowMs > sweptMs && idle(),
      () => 15 * 60_000,
    );

    let stopped = false;
    void Promise.all([sweeper, ...roles.filter(({ actor }) => !actor.dead)].map((role) => role.stop())).then(() => {
      stopped = true;
    });
    await drain('the stop', () => stopped, few);
    await checkRest();
  }

  /** What must hold when all is done. */
  async function checkRest(): Promise<void> {
    for (const file of files()) {
      const { broken } = byName.get(file.name)!;
      const code = file.failure === null ? null : (JSON.parse(file.failure) as { code: string }).code;
      const fits =
        file.status === 'cancelled' ||
        (broken ? code === 'unclosed_quote' : file.status === 'completed' && code === null);
      if (!fits) throw new Violation(`${file.name} has ended as ${file.status} (${file.failure})`);
    }
    for (const { name } of sources.files)
      if (!files().some((file) => file.name === name)) throw new Violation(`INV-5 ${name} was lost`);
    const keys = new Set(files().map(({ file_id }) => UPLOADS + file_id));
    for (const key of objects.stored.keys())
      if (key.startsWith(UPLOADS) && !keys.has(key)) throw new Violation(`INV-5 an object without a file was left`);
    for (const key of keys) if (!objects.stored.has(key)) throw new Violation(`INV-5 the object of a file is gone`);
    for (const { sku, received } of store.rows<{ sku: string; received: number }>('select sku, received from stock'))
      if (received !== restocked.get(sku))
        throw new Violation(`INV-2 ${sku}: received ${received}, it was given ${restocked.get(sku)}`);
    const calm = store.portOf(scheduler.actor('reader', false));
    const orders: Promise<void>[] = [...stream.published].map(async ([orderId, json]) => {
      if (orderCreatedJson((await calm.orders.get(orderId))!) !== json)
        throw new Violation(`INV-3 ${orderId}: the event does not have the bytes of the order`);
    });
    let read = false;
    const reading = Promise.all(orders).then(() => {
      read = true;
    });
    reading.catch(() => {});
    while (await scheduler.pickOne());
    if (!read) await reading;
  }

  let violation: string | null = null;
  try {
    await run();
    if (found) throw found;
  } catch (error) {
    if (!(error instanceof Violation)) throw new Error(`seed ${seed}, step ${scheduler.step}: ${describe(error)}`);
    violation = error.message;
  } finally {
    process.off('unhandledRejection', onRejection);
    store.close();
  }
  const { hash, last } = scheduler.trace();
  return { seed, steps: scheduler.step, hash, counts: scheduler.counts, violation, lastSteps: last };
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 500) yield bytes.subarray(at, at + 500);
}

function toggle(set: Set<string>, item: string): void {
  if (!set.delete(item)) set.add(item);
}

const describe = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** An error that no injected fault explains is a mistake of the service, whatever comes of it. */
function createLogger(report: (what: string) => void): Logger {
  return pino(
    { level: 'warn', base: null, timestamp: false },
    {
      write(line: string) {
        const { err, msg } = JSON.parse(line) as {
          msg: string;
          err?: { code?: string; retryable?: boolean; stack?: string };
        };
        if (err && err.retryable !== true && err.code !== 'claim_lost')
          report(`${msg}: ${err.stack ?? JSON.stringify(err)}`);
      },
    },
  );
}
