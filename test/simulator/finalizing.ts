/**
 * The finalizer in a simulation: a decision service that answers everything there is to answer, leases that end, and what must hold after
 * every step: each order is moved at most once, as the service said of the version that it had, and none that the position has passed is
 * forgotten.
 */
import { eventId } from '../../src/model/event.ts';
import type { Order } from '../../src/model/order.ts';
import { FINALIZER } from '../../src/pipeline/finalizer/decide.ts';
import { startFinalizer } from '../../src/pipeline/finalizer.ts';
import type { Decider, Decision } from '../../src/ports/decider.ts';
import type { Leases } from '../../src/ports/leases.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { readTables, type Tables } from './change-invariants.ts';
import type { EventLog } from './event-log.ts';
import { Violation } from './invariants.ts';
import { isShared } from './order-clients.ts';
import type { Actor } from './scheduler.ts';
import { WORKFLOW } from './workflow.ts';
import type { World } from './world.ts';

const { initial, finalize } = WORKFLOW;

export function createFinalizing({ scheduler, store, logger }: World, log: EventLog, report: (what: string) => void) {
  const { random } = scheduler;
  /** In some runs there is no decision service: all orders are confirmed. */
  const isAsked = random.chance(0.75);
  /** What the service said of each version of an order. */
  const said = new Map<string, Set<string>>();
  const answers = new Map<string, Decision>();
  /** Orders that the service has been asked about and has not answered, often several times. */
  const asked: string[] = [];
  const leases = new Map<string, { holder: string; untilMs: number }>();
  let isCalm = false;
  let seen: readonly unknown[] = [];

  const versionOf = (orderId: string, version: number) => `${orderId} version ${version}`;

  function someDecision(orderId: string): Decision {
    const isFinal = isCalm || random.chance(0.4);
    // What becomes of the rows of other files is known beforehand, so nothing gives back the stock that those find.
    const decision = isShared(orderId) && random.chance(0.3) ? 'cancel' : 'confirm';
    if (isFinal) return { decision, reason: null };
    return random.pick<Decision>([
      { decision: 'hold', reason: 'not yet', retryAfterMs: random.pick([null, 1, 20_000]) },
      { decision: 'none', answer: 'what?' },
      { decision: 'failed', answer: 'no order of mine' },
    ]);
  }

  /** One ask gets one answer, however often it comes. */
  function answer({ orderId, version, status }: Order, key: string): Decision {
    if (!/^.+:created:[1-9]\d*$/.test(key) || !key.startsWith(`${eventId(orderId)}:`))
      report(`${orderId} was asked about under the key ${key}`);
    if (status !== initial) report(`${orderId} was asked about while it was ${status}`);
    const decision = answers.get(key) ?? someDecision(orderId);
    if (decision.decision !== 'failed') answers.set(key, decision);
    const of = versionOf(orderId, version);
    said.set(of, (said.get(of) ?? new Set()).add(decision.decision));
    return decision;
  }

  const deciderOf = (actor: Actor): Decider => ({
    decide: (order, key, signal) =>
      new Promise((resolve, reject) => {
        const abort = () => reject(signal.reason);
        if (signal.aborted) return abort();
        signal.addEventListener('abort', abort);
        asked.push(order.orderId);
        const ended = () => {
          signal.removeEventListener('abort', abort);
          asked.splice(asked.indexOf(order.orderId), 1);
        };
        scheduler
          .call(actor, 'decisions', 'decide', () => answer(order, key))
          .then(resolve, reject)
          .finally(ended);
      }),
  });

  /** As a store for several processes has them. */
  const leasesOf = (actor: Actor): Leases => ({
    take: (name, holder, leaseMs) =>
      scheduler.call(actor, 'store', 'leases.take', () => {
        const held = leases.get(name);
        if (held && held.holder !== holder && held.untilMs >= scheduler.nowMs) return false;
        leases.set(name, { holder, untilMs: scheduler.nowMs + leaseMs });
        return true;
      }),
    release: (name, holder) =>
      scheduler.call(actor, 'store', 'leases.release', () => {
        if (leases.get(name)?.holder === holder) leases.delete(name);
      }),
  });

  const kept = () => store.rows<{ order_id: string; due_at: number | null }>('select * from finalizer_orders');
  const position = () => store.rows<{ cursor: string }>('select cursor from finalizer_position')[0]?.cursor ?? null;

  /** Orders that are still to be decided on, by id. */
  function undecided({ orders, changes }: Tables): Set<string> {
    const moved = new Set(changes.filter(({ kind }) => kind === 'status_changed').map(({ order_no }) => order_no));
    return new Set(
      orders.filter(({ seq, status }) => status === initial && !moved.has(seq)).map(({ order_id }) => order_id),
    );
  }

  function checkMoves({ orders, changes }: Tables): void {
    const idOf = new Map(orders.map(({ seq, order_id }) => [seq, order_id]));
    const moved = new Map<number, number>();
    for (const change of changes.toSorted((a, b) => a.version - b.version)) {
      const { order_no, version, kind, actor, to_status } = change;
      if (kind !== 'status_changed') continue;
      const before = moved.get(order_no);
      moved.set(order_no, before ?? version);
      if (actor !== FINALIZER) continue;
      const off = (what: string) => new Violation(`the finalizer moved ${idOf.get(order_no)} to ${to_status}: ${what}`);
      if (before !== undefined) throw off(`it was moved before, as version ${before}`);
      const decisions = said.get(versionOf(idOf.get(order_no)!, version - 1)) ?? new Set();
      const decision = to_status === finalize!.confirm ? 'confirm' : 'cancel';
      if (isAsked ? !decisions.has(decision) : decision !== 'confirm')
        throw off(`of version ${version - 1} the service said ${[...decisions].join(' and ') || 'nothing'}`);
    }
  }

  function checkPosition(tables: Tables): void {
    const cursor = position();
    if (cursor === null) return;
    const open = undecided(tables);
    for (const { order_id } of kept()) open.delete(order_id);
    for (const orderId of log.created.slice(0, Number(cursor)))
      if (open.has(orderId)) throw new Violation(`${orderId} was passed by the finalizer, neither decided nor kept`);
  }

  return {
    /** Orders on whose decision somebody is at work, more or less. */
    inWork: (): string[] => (isAsked ? asked : [...undecided(readTables(store))]),
    start(actor: Actor, ports: Ports) {
      const own = { ...ports, store: { ...ports.store, leases: leasesOf(actor) } };
      const decider = isAsked ? deciderOf(actor) : null;
      return startFinalizer(own, { workflow: WORKFLOW, from: 'beginning', decider }, logger);
    },
    /** From now on there is a decision on each order. */
    calm(): void {
      isCalm = true;
    },
    isAside: () => kept().some(({ due_at }) => due_at === null),
    isDone: () => undecided(readTables(store)).size === 0 && kept().length === 0,
    check(): void {
      const tables = readTables(store);
      const now = [tables.orders, tables.changes, kept(), position()];
      if (now.every((value, i) => value === seen[i])) return;
      seen = now;
      checkMoves(tables);
      checkPosition(tables);
    },
    describe: () => `${undecided(readTables(store)).size} undecided, ${JSON.stringify(kept())}, position ${position()}`,
  };
}
