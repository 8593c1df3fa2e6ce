/**
 * Clients that create, move, edit and delete orders beside workers whose files bring some of the same ids, on virtual time: every call and
 * every interleaving is chosen by one seed, and each request is sent again under its key until it is answered. First everything goes wrong
 * that may; then the faults end, and what was promised must be there. The same seed gives the same run.
 */
import { OmsError } from '../../src/errors.ts';
import { eventId, orderEvent } from '../../src/model/event.ts';
import { isEnded } from '../../src/model/file.ts';
import { startPublisher } from '../../src/pipeline/publish.ts';
import { startSweeper } from '../../src/pipeline/sweep.ts';
import { upload } from '../../src/pipeline/upload.ts';
import { verify } from '../../src/pipeline/verify.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { createChangeInvariants, markedOf, readTables } from './change-invariants.ts';
import { EventLog } from './event-log.ts';
import { createInvariants, Violation } from './invariants.ts';
import { type Asked, createOrderClients, isAnswered, wrongEffect } from './order-clients.ts';
import { createRandom } from './random.ts';
import { type Actor, PORTS } from './scheduler.ts';
import type { SimulationResult } from './simulation.ts';
import { createSources, type SourceFile } from './source-files.ts';
import { createWorld } from './world.ts';

const MAX_ASKED = 60;
const MAX_ATTEMPTS = 3;
const MAX_STEPS_TO_REST = 20_000;
/** In a share of the seeds this call gets most faults. */
const FOCUS = 'store.changes.apply';

interface Role {
  actor: Actor;
  kind: 'worker' | 'publisher';
  stop(): Promise<void>;
}

export async function simulateChanges(seed: number, steps: number): Promise<SimulationResult> {
  const random = createRandom(seed);
  const sources = createSources(random);
  let found: Violation | null = null;
  const report = (what: string) => {
    found ??= new Violation(what);
  };
  const onRejection = (error: unknown) => report(`a promise was rejected without a handler: ${describe(error)}`);
  process.on('unhandledRejection', onRejection);

  const world = createWorld(random, sources, report);
  const { scheduler, queue, store, logger, files, newActor } = world;
  const tables = () => readTables(store);
  const isDeleted = (orderId: string) =>
    tables().orders.some(({ order_id, status }) => order_id === orderId && status === 'deleted');
  const log = new EventLog(isDeleted, report);
  const skus = ['S-1', 'S-2', 'S-3'];
  const clients = createOrderClients({ random, skus, orders: () => tables().orders, report });
  const ofOrders = createChangeInvariants(store, log, clients.isTracked);
  const invariants = createInvariants(world, new Map(sources.files.map((source) => [source.name, source])), ofOrders);
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
      const options = { name, encoding: null, parentFileId: null, force: false, idempotencyKey: null };
      return upload({ ...ports, logger }, pieces(bytes), { ...options, maxBytes: 1_000_000 });
    });

  function restock(sku: string, delta: number): void {
    const key = `restock-${++restocks}`;
    user('restock', async (ports) => {
      const [answer] = await ports.store.stock.change([{ sku, hubId: 'HUB-1', delta }], key);
      if (!('error' in answer!)) received.set(sku, received.get(sku)! + delta);
    });
  }

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
    const events: (readonly [number, string, boolean, () => unknown])[] = [
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
        1,
        'an outage',
        true,
        () => scheduler.outageUntilMs.set(random.pick(PORTS), scheduler.nowMs + random.between(1, 30_000)),
      ],
    ];
    const possible = events.filter(([, , fits]) => fits);
    const [, name, , action] = random.weighted(possible.map((event) => [event[0], event] as const));
    await scheduler.act(name, action);
  }

  function check(): void {
    if (found) throw found;
    invariants.check();
  }

  function letTimePass(leapMs: number): void {
    const untilMs = scheduler.nextMs();
    if (untilMs === Number.POSITIVE_INFINITY) throw new Violation('nothing will ever happen again');
    scheduler.advance(untilMs - scheduler.nowMs + leapMs);
  }

  async function drain(what: string, condition: () => boolean): Promise<void> {
    const begun = scheduler.step;
    while (!condition()) {
      if (scheduler.step - begun > MAX_STEPS_TO_REST)
        throw new Violation(`${what} has not happened ${MAX_STEPS_TO_REST} steps after the faults: ${describeState()}`);
      if (live('worker').every(({ actor }) => actor.frozenUntilMs > scheduler.nowMs)) startWorker();
      if (live('publisher').every(({ actor }) => actor.frozenUntilMs > scheduler.nowMs)) startPublishing();
      const isStuck = ({ dead, frozenUntilMs }: Actor) => dead || frozenUntilMs > scheduler.nowMs;
      for (const asked of open()) if ([...asked.attempts].every(isStuck)) send(asked);
      if (!(await scheduler.pickOne())) letTimePass(random.between(0, 5_000));
      check();
    }
  }

  const eventCount = () => tables().orders.length + tables().changes.length;
  const idle = () =>
    users.size === 0 &&
    open().length === 0 &&
    files().length >= sources.files.length &&
    files().every(({ status }) => isEnded(status)) &&
    queue.alive().length === 0 &&
    log.published.size === eventCount() &&
    markedOf(store) === eventCount();

  const describeState = () =>
    JSON.stringify({
      users: users.size,
      open: open().map(({ requests }) => requests.map(({ key }) => key!.key)),
      files: files().map(({ name, status }) => `${name} ${status}`),
      messages: queue.alive().length,
      events: `${log.published.size} of ${eventCount()}, ${markedOf(store)} marked`,
    });

  async function run(): Promise<void> {
    for (let count = random.between(1, 2); count > 0; count--) startWorker();
    startPublishing();
    const waiting = [...sources.files];
    const isFocused = random.chance(0.4);
    if (isFocused) Object.assign(scheduler.focus, { what: FOCUS, faultsLeft: 16 });
    scheduler.faultRate = random.pick(isFocused ? [0.02, 0.04] : [0.02, 0.08, 0.2]);
    scheduler.blowsLeft = 12;
    while (scheduler.step < steps) {
      if (live('worker').length === 0 && random.chance(0.1)) startWorker();
      if (waiting.length > 0 && random.chance(0.03)) await scheduler.act('upload', () => uploadFile(waiting.shift()!));
      else if (random.chance(0.12)) await disturb();
      else if (random.chance(0.04) && scheduler.nextMs() < Number.POSITIVE_INFINITY)
        letTimePass(random.between(0, 20_000));
      else if (!(await scheduler.pickOne())) letTimePass(random.between(0, 5_000));
      check();
    }

    scheduler.note('the faults end');
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
    await checkRest();
    let stopped = false;
    void Promise.all([sweeper, ...roles.filter(({ actor }) => !actor.dead)].map((role) => role.stop())).then(() => {
      stopped = true;
    });
    await drain('the stop', () => stopped);
  }

  /** The checks when all is done: each request has done what its client was told, and events say what the histories say. */
  async function checkRest(): Promise<void> {
    const { orders, changes } = tables();
    const idOf = new Map(orders.map(({ seq, order_id }) => [seq, order_id]));
    const effects = [
      ...orders.map(
        ({ order_id, created_by }) => [created_by, { orderId: order_id, version: 1, isDeletion: false }] as const,
      ),
      ...changes.map(
        ({ actor, order_no, version, kind }) =>
          [actor, { orderId: idOf.get(order_no)!, version, isDeletion: kind === 'deleted' }] as const,
      ),
    ];
    const wrong = wrongEffect(clients.all, new Map(effects.map(([actor, effect]) => [actor ?? '', effect])));
    if (wrong) throw new Violation(wrong);
    for (const { sku, received: is } of store.rows<{ sku: string; received: number }>('select * from stock'))
      if (is !== received.get(sku))
        throw new Violation(`INV-2 ${sku}: received ${is}, it was given ${received.get(sku)}`);

    for await (const { what, id, detail } of verify(store.direct, null, { maxInflatedBytes: 1_000_000 }))
      throw new Violation(`verify: ${what}: ${id}, ${detail}`);
    for (const { order_id } of orders) {
      const { stored, changes } = (await store.direct.changes.history(order_id))!;
      for (const { version } of stored.deleted ? [] : changes)
        if (orderEvent(stored, changes, version).json !== log.published.get(eventId(order_id, version)))
          throw new Violation(`INV-3 ${eventId(order_id, version)} is not what the history says`);
    }
    checkCreatedByRows();
  }

  /** What the row said, whatever became of the order. */
  function checkCreatedByRows(): void {
    const nameOf = new Map(files().map(({ file_no, name }) => [file_no, name]));
    for (const { order_id, file_no, row, status } of tables().orders) {
      if (file_no === 0 || status === 'deleted') continue;
      const source = sources.files.find(({ name }) => name === nameOf.get(file_no))!;
      const { cells } = source.rows.find((other) => other.row === row)!;
      const { data } = JSON.parse(log.published.get(eventId(order_id))!) as {
        data: { status: string; items: { sku: string; quantity: number }[]; shipping_address: string };
      };
      const said = [data.status, data.items.length, data.items[0]!.sku, data.items[0]!.quantity, data.shipping_address];
      const expected = ['on_hold', 1, cells[4], Number(cells[6]), cells[10]];
      if (String(said) !== String(expected))
        throw new Violation(`INV-3 the event of ${order_id} says ${said}, not ${expected}`);
    }
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
  for (const { requests, answers } of clients.all)
    for (const [n, { ask }] of requests.entries()) {
      const answer = answers[n];
      const what = typeof answer === 'string' || !answer ? `${answer}` : answer.outcome;
      scheduler.counts.set(`${ask.kind}: ${what}`, (scheduler.counts.get(`${ask.kind}: ${what}`) ?? 0) + 1);
    }
  return { seed, steps: scheduler.step, hash, counts: scheduler.counts, violation, lastSteps: last };
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 500) yield bytes.subarray(at, at + 500);
}

function toggle(set: Set<string>, item: string): void {
  if (!set.delete(item)) set.add(item);
}

const describe = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));
