/**
 * Runs the pipeline itself in one thread, on virtual time: uploads, workers, publishers, the sweeper and users, with every call and
 * every interleaving chosen by one seed. First everything goes wrong that may; then the faults end, and all work must finish with what
 * was promised. The same seed gives the same run.
 */
import { isOmsError, OmsError } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';
import { orderCreated } from '../../src/model/event.ts';
import { isEnded, UPLOADS } from '../../src/model/file.ts';
import { startPublisher } from '../../src/pipeline/publish.ts';
import { redrive } from '../../src/pipeline/redrive.ts';
import { cancelFile, resumeFile, retryFile } from '../../src/pipeline/requeue-file.ts';
import { startSweeper } from '../../src/pipeline/sweep.ts';
import { upload } from '../../src/pipeline/upload.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { StockChange } from '../../src/ports/stock.ts';
import { createInvariants, type FileState, Violation } from './invariants.ts';
import { createPoison } from './poison.ts';
import { createRandom } from './random.ts';
import {
  describe,
  type Event,
  Findings,
  letTimePass,
  oneOf,
  pieces,
  runSeed,
  type SimulationResult,
  toggle,
} from './run.ts';
import { type Actor, PORTS } from './scheduler.ts';
import { createSources, type SourceFile } from './source-files.ts';
import { createWorld } from './world.ts';

/** In a share of the seeds one of these calls gets most faults. */
export const FOCUSES = [
  'events.publish',
  'objects.commit',
  'objects.commitReport',
  'queue.deadLetter',
  'queue.delete',
  'queue.redrive',
  'queue.send',
  'store.chunks.commit',
  'store.files.claim',
  'store.files.close',
  'store.files.create',
  'store.files.finish',
  'store.files.pause',
  'store.files.recordIntake',
  'store.files.release',
  'store.files.requeue',
  'store.outbox.markPublished',
] as const;
/** Calls that only happen for files that were given up. */
const OF_GIVEN_UP: readonly string[] = ['queue.deadLetter', 'queue.redrive', 'store.files.requeue'];

/** Steps to finish after the faults; the longest seen is a third of it. */
const MAX_STEPS_TO_REST = 30_000;
const MAX_WORKERS = 4;

interface Role {
  actor: Actor;
  kind: 'worker' | 'publisher';
  stop(): Promise<void>;
}

/** `focusOn`: the call that gets most faults; chosen by the seed when absent. */
export async function simulate(seed: number, steps: number, focusOn?: string): Promise<SimulationResult> {
  const random = createRandom(seed);
  const sources = createSources(random);
  const byName = new Map(sources.files.map((source) => [source.name, source]));
  const findings = new Findings();
  const { report } = findings;
  const world = createWorld(random, sources, report);
  const { scheduler, objects, queue, stream, ims, store, charges, logger, files, portsOf, newActor } = world;
  const invariants = createInvariants(world, byName);
  const roles: Role[] = [];
  const uploaders: { actor: Actor; source: SourceFile }[] = [];
  const live = (kind: Role['kind']) => roles.filter((role) => role.kind === kind && !role.actor.dead);
  const awake = (kind: Role['kind']) => live(kind).filter(({ actor }) => actor.frozenUntilMs <= scheduler.nowMs);
  const waitingSources = [...sources.files];
  const restocked = new Map<string, number>(sources.stock.map(({ sku, available }) => [sku, available]));
  const usersAtWork = new Set<Actor>();
  let restocks = 0;

  const focus = focusOn ?? (random.chance(0.6) ? random.pick(FOCUSES) : null);
  const madeOf = ({ name }: SourceFile) => files().flatMap((file) => (file.name === name ? [file.file_id] : []));
  const isPoisonous = random.chance(0.25) || OF_GIVEN_UP.includes(focus ?? '');
  const poison = isPoisonous ? createPoison(random, sources.files, madeOf) : null;
  scheduler.force = (call) => {
    const fileId = poison?.deadlyTo(call);
    if (!fileId) return null;
    charges.poisoned(call.actor, fileId);
    return 'poisoned';
  };

  const startWorkerRole = () => void roles.push({ kind: 'worker', ...world.startWorker() });

  function startPublisherRole(): void {
    const actor = newActor('publisher', true);
    roles.push({ actor, kind: 'publisher', ...startPublisher(portsOf(actor), logger) });
  }

  const sweeping = scheduler.actor('sweeper', false);
  const sweeper = startSweeper(portsOf(sweeping), { exclusive: false }, logger);

  /** An action of a client over the API, which may fail with an error. */
  function user(what: string, mortal: boolean, work: (ports: Ports) => Promise<unknown>): Actor {
    const actor = newActor(what, mortal);
    usersAtWork.add(actor);
    work(portsOf(actor))
      .catch((error) => {
        if (!(error instanceof OmsError)) report(`${what} failed: ${describe(error)}`);
      })
      .finally(() => usersAtWork.delete(actor));
    return actor;
  }

  function uploadFile(source: SourceFile, force: boolean): void {
    const later = () => waitingSources.push(source);
    const actor = user('upload', true, async (ports) => {
      const options = {
        name: source.name,
        encoding: null,
        parentFileId: null,
        stopAtInvalid: random.chance(focus === 'store.files.pause' ? 0.8 : 0.2) ? String(random.between(1, 4)) : null,
        hubs: null,
        force,
        idempotencyKey: null,
      };
      const result = await upload({ ...ports, logger }, pieces(source.bytes), {
        ...options,
        maxBytes: 1_000_000,
      }).catch((error) => {
        if (!force) later();
        throw error;
      });
      // INV-5
      if (result.kind === 'created' && !files().some(({ file_id }) => file_id === result.file.fileId))
        report(`INV-5 ${source.name} was confirmed as created and is not there`);
    });
    uploaders.push({ actor, source });
  }

  /** The command, which reports when it breaks off. */
  async function redriveAll(ports: Ports): Promise<void> {
    const before = files().filter(isGivenUp);
    const times = new Map(store.requeues);
    await redrive(ports);
    const left = new Set(files().flatMap((file) => (isGivenUp(file) && !isThereAgain(file) ? [file.file_id] : [])));
    for (const { name, file_id } of before)
      if (left.has(file_id) && store.requeues.get(file_id) === times.get(file_id))
        report(`${name} was not brought back by a redrive`);
  }

  /** Repeats it until it succeeds. */
  const untilDone = async (clock: Ports['clock'], work: () => Promise<unknown>) => {
    for (;;) {
      try {
        await work();
        return;
      } catch (error) {
        if (!isOmsError(error) || !error.retryable) throw error;
        await clock.sleep(1_000);
      }
    }
  };

  /** Sent again under its key until there is a response: it must count once. */
  function restock(sku: string, delta: number): void {
    const changes: StockChange[] = [{ sku, hubId: 'HUB-1', delta }];
    const key = `restock-${++restocks}`;
    user('restock', false, ({ store, clock }) =>
      untilDone(clock, async () => {
        const [answer] = await store.stock.change(changes, key);
        if (!('error' in answer!)) restocked.set(sku, restocked.get(sku)! + delta);
      }),
    );
  }

  /** An event from outside; nothing when it does not fit now. */
  async function disturb(): Promise<void> {
    const all = files();
    const sharedSkus = sources.stock.filter(({ sku }) => sku.startsWith('S-')).map(({ sku }) => sku);
    const open = all.filter(({ status }) => !isEnded(status));
    const paused = all.filter(({ status, pause_requested }) => status === 'paused' || pause_requested === 1);
    const ended = all.filter(({ status }) => status === 'failed' || status === 'cancelled');
    const workers = live('worker');
    const blows = scheduler.blowsLeft > 0;
    const hidden = queue.alive().filter(({ visibleAtMs }) => visibleAtMs > scheduler.nowMs);
    const events: Event[] = [
      [16, 'upload', waitingSources.length > 0, () => uploadFile(waitingSources.shift()!, false)],
      [
        focus === 'queue.send' ? 8 : 1,
        'upload again',
        all.length < 9 && sources.files.some(({ shared }) => shared),
        () => uploadFile(random.pick(sources.files.filter(({ shared }) => shared)), random.chance(0.5)),
      ],
      [2, 'restock', true, () => restock(random.pick(sharedSkus), random.between(-3, 12))],
      [
        focus === 'objects.commitReport' ? 9 : 3,
        'cancel',
        open.length > 0,
        () => user('cancel', true, (ports) => cancelFile(ports, random.pick(open).file_id)),
      ],
      [
        focus === 'store.files.pause' ? 12 : 3,
        'pause',
        open.length > 0,
        () => user('pause', true, (ports) => ports.store.files.requestPause(random.pick(open).file_id)),
      ],
      [
        focus === 'store.files.pause' ? 20 : 5,
        'resume',
        paused.length > 0,
        () => user('resume', true, (ports) => resumeFile(ports, random.pick(paused).file_id)),
      ],
      [
        focus === 'objects.commitReport' ? 12 : 4,
        'retry',
        ended.length > 0,
        () => user('retry', true, (ports) => retryFile(ports, random.pick(ended).file_id)),
      ],
      [2, 'the IMS changes', true, () => toggle(ims.known, random.pick(sources.fickle))],
      [
        2,
        'a worker is killed',
        blows && workers.length > 0,
        () => scheduler.kill(scheduler.busyActor(workers.map(({ actor }) => actor))),
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
        () => scheduler.freeze(scheduler.busyActor(workers.map(({ actor }) => actor))),
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
        focus === 'store.files.release' ? 16 : 1,
        'a worker is stopped',
        workers.length > (focus === 'store.files.release' ? 0 : 2),
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
      [focus === 'queue.deadLetter' ? 10 : 0.5, 'a foreign message', true, () => queue.send('something else')],
      [
        OF_GIVEN_UP.includes(focus ?? '') ? 16 : 2,
        'a redrive',
        focus === 'queue.redrive' || all.some(isGivenUp),
        () => user('redrive', true, redriveAll),
      ],
    ];
    await oneOf(scheduler, events);
  }

  const leap = () =>
    random.weighted([
      [30, 0],
      [40, random.between(0, 5_000)],
      [25, random.between(0, 30_000)],
      [3, random.between(60_000, 130_000)],
    ]);

  function check(): void {
    findings.throwFirst();
    invariants.check();
  }

  const idle = (): boolean =>
    waitingSources.length === 0 &&
    [...usersAtWork].every(({ dead }) => dead) &&
    files().every(({ status }) => isEnded(status)) &&
    queue.alive().length === 0 &&
    stream.published.size === store.rows('select seq from orders').length &&
    (store.rows<{ value: number }>("select value from totals where name = 'published'")[0]?.value ?? 0) ===
      stream.published.size;

  /** Nobody else will. */
  const resuming = new Set<string>();
  async function resume(fileId: string): Promise<void> {
    resuming.add(fileId);
    const resumed = (ports: Ports) => resumeFile(ports, fileId).finally(() => resuming.delete(fileId));
    await scheduler.act('resume', () => user('resume', false, (ports) => untilDone(ports.clock, () => resumed(ports))));
  }

  /** Without faults, until the condition holds. */
  async function drain(what: string, condition: () => boolean, leapMs: () => number): Promise<void> {
    const begun = scheduler.step;
    while (!condition()) {
      if (scheduler.step - begun > MAX_STEPS_TO_REST)
        throw new Violation(`${what} has not happened ${MAX_STEPS_TO_REST} steps after the faults: ${describeState()}`);
      if (waitingSources.length > 0 && random.chance(0.1))
        await scheduler.act('upload', () => uploadFile(waitingSources.shift()!, false));
      for (const { file_id, status } of files())
        if (status === 'paused' && !resuming.has(file_id)) await resume(file_id);
      if (awake('worker').length === 0) startWorkerRole();
      if (awake('publisher').length === 0) startPublisherRole();
      for (const { actor, source } of uploaders.filter(({ actor }) => actor.dead)) {
        uploaders.splice(
          uploaders.findIndex((other) => other.actor === actor),
          1,
        );
        if (!waitingSources.includes(source)) waitingSources.push(source);
      }
      if (!(await scheduler.pickOne())) letTimePass(scheduler, leapMs());
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
      users: usersAtWork.size,
    });

  async function run(): Promise<void> {
    for (let count = random.between(2, 3); count > 0; count--) startWorkerRole();
    startPublisherRole();
    // The other files come while these are in work.
    for (let count = random.between(1, waitingSources.length); count > 0; count--)
      await scheduler.act('upload', () => uploadFile(waitingSources.shift()!, false));

    if (focus) Object.assign(scheduler.focus, { what: focus, faultsLeft: 16 });
    scheduler.faultRate = random.pick(focus ? [0.02, 0.04] : [0.02, 0.08, 0.25]);
    scheduler.blowsLeft = focus ? 20 : 8;
    const disturbance = random.pick(focus ? [0.03, 0.06] : [0.01, 0.03, 0.06]);
    while (scheduler.step < steps) {
      // As a process manager does.
      if (live('worker').length === 0 && random.chance(0.1)) startWorkerRole();
      if (random.chance(disturbance)) await disturb();
      else if (random.chance(0.06) && scheduler.nextMs() < Number.POSITIVE_INFINITY) letTimePass(scheduler, leap());
      else if (!(await scheduler.pickOne())) letTimePass(scheduler, leap());
      check();
    }

    scheduler.note('the faults end');
    // Most of the rare calls happen from here on.
    scheduler.focus.faultsLeft = Math.min(scheduler.focus.faultsLeft, 8);
    scheduler.faultRate = 0;
    scheduler.outageUntilMs.clear();
    for (const sku of sources.known) ims.known.add(sku);
    for (const actor of usersAtWork)
      actor.frozenUntilMs = Math.min(actor.frozenUntilMs, scheduler.nowMs + random.between(0, 100_000));
    const few = () => random.between(0, 5_000);
    await drain('rest', idle, few);

    scheduler.note('those that were frozen wake up');
    for (const { actor } of roles) actor.frozenUntilMs = 0;
    const awakeMs = scheduler.nowMs + 400_000;
    await drain('rest', () => scheduler.nowMs > awakeMs && idle(), few);

    await bringBack();
    await drain('rest', idle, few);

    const sweptMs = scheduler.nowMs + 3 * limits.orphanMs;
    await drain(
      'a sweep of what is left',
      () => scheduler.nowMs > sweptMs && idle(),
      () => 15 * 60_000,
    );

    scheduler.focus.faultsLeft = 0;
    for (const { actor } of roles) actor.frozenUntilMs = 0;
    let stopped = false;
    void Promise.all([sweeper, ...roles.filter(({ actor }) => !actor.dead)].map((role) => role.stop())).then(() => {
      stopped = true;
    });
    await drain('the stop', () => stopped, few);
    await checkRest();
  }

  /** Fixes the poison and resumes its file, and some of the cancelled files. */
  async function bringBack(): Promise<void> {
    const ended = files().filter(({ status }) => status === 'failed' || status === 'cancelled');
    for (const { name, status } of files())
      if (name === poison?.source.name && status === 'completed') throw new Violation(`${name} came through as it was`);
    if (poison) poison.fixed = true;
    const redriven = random.chance(0.5);
    if (redriven) {
      let done = false;
      await scheduler.act('a redrive', () =>
        user('redrive', false, (ports) => untilDone(ports.clock, () => redriveAll(ports)).then(() => (done = true))),
      );
      await drain(
        'a redrive',
        () => done,
        () => 0,
      );
    }
    for (const file of ended)
      if (isGivenUp(file) ? !redriven : random.chance(0.5))
        await scheduler.act('retry', () =>
          user('retry', false, (ports) => untilDone(ports.clock, () => retryFile(ports, file.file_id))),
        );
  }

  const isGivenUp = ({ status, failure }: FileState) => status === 'failed' && failure!.includes('"internal"');
  /** Its bytes were uploaded again, so it must not be retried. */
  const isThereAgain = (file: FileState) =>
    files().some(({ name, file_id, status }) => name === file.name && file_id !== file.file_id && status !== 'failed');

  /** The checks when all is done. */
  async function checkRest(): Promise<void> {
    for (const file of files()) {
      const { broken } = byName.get(file.name)!;
      const code = file.failure === null ? null : (JSON.parse(file.failure) as { code: string }).code;
      const fits =
        file.status === 'cancelled' ||
        (isGivenUp(file) && isThereAgain(file)) ||
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
      if (orderCreated((await calm.orders.get(orderId))!.order).json !== json)
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

  return runSeed(seed, findings, world, run);
}
