/**
 * Clients that create, move, edit and delete orders beside workers whose files bring some of the same ids, and beside finalizers in some
 * runs, on virtual time: every call and every interleaving is chosen by one seed, and each request is sent again under its key until it is
 * answered. First everything goes wrong that may; then the faults end, and what was promised must be there. The same seed gives the same run.
 */
import { OmsError } from '../../src/errors.ts';
import { isEnded } from '../../src/model/file.ts';
import { requestErasure } from '../../src/pipeline/erase/requests.ts';
import { startEraser } from '../../src/pipeline/erase.ts';
import { startPublisher } from '../../src/pipeline/publish.ts';
import { startSweeper } from '../../src/pipeline/sweep.ts';
import { startUndoer } from '../../src/pipeline/undo.ts';
import { upload } from '../../src/pipeline/upload.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { createChangeInvariants, markedOf, readTables } from './change-invariants.ts';
import { checkRest } from './change-rest.ts';
import { EventLog } from './event-log.ts';
import { createFinalizing } from './finalizing.ts';
import { createInvariants, Violation } from './invariants.ts';
import { type Asked, createOrderClients, isAnswered, isShared } from './order-clients.ts';
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
import { type Actor, type EngineName, PORTS } from './scheduler.ts';
import { createSources, type SourceFile } from './source-files.ts';
import { createWorld } from './world.ts';

const MAX_ASKED = 60;
const MAX_ATTEMPTS = 3;
const MAX_FILES = 9;
const MAX_STEPS_TO_REST = 20_000;
/** In a share of the seeds one of these calls gets most faults. */
const FOCUSES = ['store.changes.apply', 'store.changes.apply', 'store.undo.step'];

/** Those of the finalizer that matter, one of which gets most faults in a share of its seeds. */
const FINALIZER_FOCUSES = [
  'store.changes.apply',
  'store.changes.history',
  'store.finalizing.keep',
  'store.finalizing.forget',
  'store.finalizing.move',
  'store.finalizing.kept',
  'decisions.decide',
  'events.read',
];

interface Role {
  actor: Actor;
  kind: 'worker' | 'publisher' | 'eraser' | 'undoer' | 'finalizer';
  stop(): Promise<void>;
}

/** `finalizes`: with finalizers. */
export async function simulateChanges(
  seed: number,
  steps: number,
  { finalizes = false }: { finalizes?: boolean } = {},
): Promise<SimulationResult> {
  const random = createRandom(seed);
  const sources = createSources(random);
  const findings = new Findings();
  const { report } = findings;
  const world = createWorld(random, sources, report);
  const { scheduler, queue, store, logger, files, newActor } = world;
  const tables = () => readTables(store);
  const mayChange = (orderId: string) =>
    store.erased.has(orderId) ||
    tables().orders.some(({ order_id, status }) => order_id === orderId && status === 'deleted');
  const log = new EventLog(mayChange, report);
  const skus = ['S-1', 'S-2', 'S-3'];
  const clients = createOrderClients({ random, skus, orders: () => tables().orders, report });
  const ofOrders = createChangeInvariants(store, log, clients.isTracked);
  const invariants = createInvariants(world, new Map(sources.files.map((source) => [source.name, source])), ofOrders);
  const finalizing = finalizes ? createFinalizing(world, log, report) : null;
  const engines: readonly EngineName[] = finalizes ? [...PORTS, 'decisions'] : PORTS;
  const received = new Map(sources.stock.map(({ sku, available }) => [sku, available]));
  const roles: Role[] = [];
  const users = new Set<Actor>();
  let restocks = 0;

  function portsOf(actor: Actor, trackStock = true): Ports {
    const ports = world.portsOf(actor);
    return {
      ...ports,
      store: trackStock ? ports.store : store.portOf(actor, false),
      events: log.portOf(actor, scheduler, ports.events),
    };
  }

  const live = (kind: Role['kind']) => roles.filter((role) => role.kind === kind && !role.actor.dead);
  const startWorker = () => void roles.push({ kind: 'worker', ...world.startWorker() });
  function startPublishing(): void {
    const actor = newActor('publisher', true);
    roles.push({ actor, kind: 'publisher', ...startPublisher(portsOf(actor), logger) });
  }
  function startFinalizing(): void {
    const actor = newActor('finalizer', true);
    roles.push({ actor, kind: 'finalizer', ...finalizing!.start(actor, portsOf(actor)) });
  }
  function startErasing(): void {
    const actor = newActor('eraser', true);
    roles.push({ actor, kind: 'eraser', ...startEraser(portsOf(actor), logger) });
  }
  function startUndoing(): void {
    const actor = newActor('undoer', true);
    roles.push({ actor, kind: 'undoer', ...startUndoer(portsOf(actor), logger) });
  }
  const sweeper = startSweeper(portsOf(scheduler.actor('sweeper', false)), { exclusive: false }, logger);

  /** Repeats what fails until it succeeds. */
  function user(what: string, work: (ports: Ports) => Promise<unknown>): void {
    const actor = newActor(what, false);
    const ports = portsOf(actor);
    const untilDone = async () => {
      for (;;) {
        try {
          return await work(ports);
        } catch (error) {
          if (!(error instanceof OmsError && error.retryable)) throw error;
          await ports.clock.sleep(1_000);
        }
      }
    };
    users.add(actor);
    untilDone()
      .catch((error) => report(`${what} failed: ${describe(error)}`))
      .finally(() => users.delete(actor));
  }

  const uploadFile = ({ name, bytes }: SourceFile) =>
    user('upload', (ports) => {
      const options = { name, encoding: null, parentFileId: null, hubs: null, force: false, idempotencyKey: null };
      return upload({ ...ports, logger }, pieces(bytes), { ...options, maxBytes: 1_000_000 });
    });

  function restock(sku: string, delta: number): void {
    const key = `restock-${++restocks}`;
    user('restock', async (ports) => {
      const [answer] = await ports.store.stock.change([{ sku, hubId: 'HUB-1', delta }], key);
      if (!('error' in answer!)) received.set(sku, received.get(sku)! + delta);
    });
  }

  const askToErase = () =>
    user('erase', async (ports) => {
      const email = clients.someEmail().toLowerCase();
      const { data } = await requestErasure(ports, email);
      store.requested.set(email, data.requestedMs);
    });
  const isErasing = () =>
    store.rows("select 1 from access_records where kind = 'erasure' and owner is not null").length > 0;

  /** Not beside finalizers: an order that comes again may be moved once more. */
  const undoable = () =>
    finalizes ? [] : files().filter(({ status, undo_state }) => isEnded(status) && undo_state === null);
  const askToUndo = () => {
    const { file_id } = random.pick(undoable());
    user('undo', ({ store }) => store.undo.request(file_id, null));
  };
  /** The same bytes again; there is one file of them that was not undone. */
  const comingAgain = () => {
    const there = new Set(files().flatMap(({ name, undo_state }) => (undo_state === 'done' ? [] : [name])));
    const undone = files().filter(({ name, undo_state }) => undo_state === 'done' && !there.has(name));
    return files().length < MAX_FILES ? undone : [];
  };
  const uploadAgain = () => {
    const { name } = random.pick(comingAgain());
    uploadFile(sources.files.find((source) => source.name === name)!);
  };
  const isUndoing = () => files().some(({ undo_state }) => undo_state === 'running');

  function send(asked: Asked): void {
    const actor = newActor('client', true);
    clients.attempt(asked, actor, portsOf(actor, asked.trackStock));
  }
  const open = () => clients.all.filter((asked) => !isAnswered(asked));
  /** Its attempts that are still under way. */
  const underWay = ({ attempts }: Asked): number => {
    for (const actor of attempts) if (actor.dead) attempts.delete(actor);
    return attempts.size;
  };

  async function disturb(): Promise<void> {
    const blows = scheduler.blowsLeft > 0;
    const again = clients.all.filter((asked) => underWay(asked) < MAX_ATTEMPTS);
    const workers = live('worker');
    const finalizers = live('finalizer');
    const beingAsked = clients.all.length < MAX_ASKED ? (finalizing?.inWork().filter(isShared) ?? []) : [];
    const events: Event[] = [
      [30, 'a client asks', clients.all.length < MAX_ASKED, () => send(clients.ask())],
      [6, 'a client asks again', again.length > 0, () => send(random.pick(again))],
      [
        2,
        'a key is used again',
        clients.all.length > 0,
        () => {
          const asked = clients.reuse();
          if (asked) send(asked);
        },
      ],
      [2, 'restock', true, () => restock(random.pick(skus), random.between(1, 6))],
      [1, 'a person is to be erased', true, askToErase],
      [
        2,
        'an eraser is killed',
        blows && live('eraser').length > 0,
        () => scheduler.kill(random.pick(live('eraser')).actor),
      ],
      [2, 'an eraser starts', live('eraser').length < 2, startErasing],
      [8, 'a file is to be undone', undoable().length > 0, askToUndo],
      [8, 'an undone file comes again', comingAgain().length > 0, uploadAgain],
      [
        2,
        'an undoer is killed',
        blows && live('undoer').length > 0,
        () => scheduler.kill(random.pick(live('undoer')).actor),
      ],
      [2, 'an undoer starts', live('undoer').length < 2, startUndoing],
      [1, 'the IMS changes', true, () => toggle(world.ims.known, random.pick(sources.fickle))],
      [2, 'a worker is killed', blows && workers.length > 0, () => scheduler.kill(random.pick(workers).actor)],
      [
        1,
        'a publisher is killed',
        live('publisher').length > 1,
        () => scheduler.kill(random.pick(live('publisher')).actor),
      ],
      [
        1,
        'a publisher freezes',
        blows && live('publisher').length > 0,
        () => scheduler.freeze(random.pick(live('publisher')).actor),
      ],
      [1, 'a publisher starts', live('publisher').length < 2, startPublishing],
      [
        12,
        'an order changes while it is decided on',
        beingAsked.length > 0,
        () => send(clients.askAbout(random.pick(beingAsked))),
      ],
      [4, 'a finalizer is killed', blows && finalizers.length > 0, () => scheduler.kill(random.pick(finalizers).actor)],
      [4, 'a finalizer freezes', blows && finalizers.length > 0, () => scheduler.freeze(random.pick(finalizers).actor)],
      [
        2,
        'a finalizer is stopped',
        finalizers.length > 0,
        () => {
          const [role] = roles.splice(roles.indexOf(random.pick(finalizers)), 1);
          void role!.stop();
        },
      ],
      [6, 'a finalizer starts', finalizes && finalizers.length < 2, startFinalizing],
      [
        1,
        'an outage',
        true,
        () => scheduler.outageUntilMs.set(random.pick(engines), scheduler.nowMs + random.between(1, 30_000)),
      ],
    ];
    await oneOf(scheduler, events);
  }

  function check(): void {
    findings.throwFirst();
    invariants.check();
    finalizing?.check();
  }

  async function drain(what: string, condition: () => boolean): Promise<void> {
    const begun = scheduler.step;
    while (!condition()) {
      if (scheduler.step - begun > MAX_STEPS_TO_REST)
        throw new Violation(`${what} has not happened ${MAX_STEPS_TO_REST} steps after the faults: ${describeState()}`);
      if (live('worker').every(({ actor }) => actor.frozenUntilMs > scheduler.nowMs)) startWorker();
      if (live('publisher').every(({ actor }) => actor.frozenUntilMs > scheduler.nowMs)) startPublishing();
      if (live('eraser').every(({ actor }) => actor.frozenUntilMs > scheduler.nowMs)) startErasing();
      if (live('undoer').every(({ actor }) => actor.frozenUntilMs > scheduler.nowMs)) startUndoing();
      if (finalizing) {
        if (live('finalizer').every(({ actor }) => actor.frozenUntilMs > scheduler.nowMs)) startFinalizing();
        if (finalizing.isAside() && users.size === 0)
          user('redrive', ({ store, clock }) => store.finalizing.askAgain(clock.now()));
      }
      const isStuck = ({ dead, frozenUntilMs }: Actor) => dead || frozenUntilMs > scheduler.nowMs;
      for (const asked of open()) if ([...asked.attempts].every(isStuck)) send(asked);
      if (!(await scheduler.pickOne())) letTimePass(scheduler, random.between(0, 5_000));
      check();
    }
  }

  const eventCount = () => tables().orders.length + tables().changes.length;
  const idle = () =>
    users.size === 0 &&
    !isErasing() &&
    !isUndoing() &&
    open().length === 0 &&
    files().length >= sources.files.length &&
    files().every(({ status }) => isEnded(status)) &&
    queue.alive().length === 0 &&
    (finalizing?.isDone() ?? true) &&
    log.published.size === eventCount() &&
    markedOf(store) === eventCount();

  const describeState = () =>
    JSON.stringify({
      users: users.size,
      erasing: isErasing(),
      undoing: isUndoing(),
      open: open().map(({ requests }) => requests.map(({ key }) => key!.key)),
      files: files().map(({ name, status }) => `${name} ${status}`),
      messages: queue.alive().length,
      events: `${log.published.size} of ${eventCount()}, ${markedOf(store)} marked`,
      finalizer: finalizing?.describe(),
    });

  async function run(): Promise<void> {
    for (let count = random.between(1, 2); count > 0; count--) startWorker();
    startPublishing();
    if (finalizes) startFinalizing();
    const waiting = [...sources.files];
    const isFocused = random.chance(0.4);
    const focus = finalizes ? random.pick(FINALIZER_FOCUSES) : random.pick(FOCUSES);
    if (isFocused) Object.assign(scheduler.focus, { what: focus, faultsLeft: 16 });
    scheduler.faultRate = random.pick(isFocused ? [0.02, 0.04] : [0.02, 0.08, 0.2]);
    scheduler.blowsLeft = 12;
    while (scheduler.step < steps) {
      if (live('worker').length === 0 && random.chance(0.1)) startWorker();
      if (waiting.length > 0 && random.chance(0.03)) await scheduler.act('upload', () => uploadFile(waiting.shift()!));
      else if (random.chance(0.12)) await disturb();
      else if (random.chance(0.04) && scheduler.nextMs() < Number.POSITIVE_INFINITY)
        letTimePass(scheduler, random.between(0, 20_000));
      else if (!(await scheduler.pickOne())) letTimePass(scheduler, random.between(0, 5_000));
      check();
    }

    scheduler.note('the faults end');
    finalizing?.calm();
    scheduler.focus.faultsLeft = 0;
    scheduler.faultRate = 0;
    scheduler.outageUntilMs.clear();
    for (const name of sources.known) world.ims.known.add(name);
    for (const source of waiting) await scheduler.act('upload', () => uploadFile(source));
    await drain('rest', idle);
    scheduler.note('those that were frozen wake up');
    for (const { actor } of roles) actor.frozenUntilMs = 0;
    for (const { attempts } of clients.all) for (const actor of attempts) actor.frozenUntilMs = 0;
    const awakeMs = scheduler.nowMs + 60_000;
    const settled = () => clients.all.every((asked) => underWay(asked) === 0);
    await drain('rest', () => scheduler.nowMs > awakeMs && settled() && idle());
    await checkRest({ store, objects: world.objects, files, sources, log, received, asked: clients.all });
    for (const { kind, actor } of tables().changes) {
      const what = kind === 'created' ? `taken again by a ${actor === null ? 'row' : 'request'}` : kind;
      scheduler.counts.set(what, (scheduler.counts.get(what) ?? 0) + 1);
    }
    let stopped = false;
    void Promise.all([sweeper, ...roles.filter(({ actor }) => !actor.dead)].map((role) => role.stop())).then(() => {
      stopped = true;
    });
    await drain('the stop', () => stopped);
  }

  const result = await runSeed(seed, findings, world, run);
  for (const { requests, answers } of clients.all)
    for (const [n, { ask }] of requests.entries()) {
      const answer = answers[n];
      const what = typeof answer === 'string' || !answer ? `${answer}` : answer.outcome;
      scheduler.counts.set(`${ask.kind}: ${what}`, (scheduler.counts.get(`${ask.kind}: ${what}`) ?? 0) + 1);
    }
  return result;
}
