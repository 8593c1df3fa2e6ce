/**
 * One change of an order on MongoDB, from the request to its published event, with a fault at one command of one of three processes: the
 * one that changes, the sweeper of what a dead one has left, and the publisher. Whoever asked asks again under the same key, and another
 * process takes over; the end is compared with that of an undisturbed run.
 */
import { createMongoOrderStore, type MongoOrderStore } from '../../src/adapters/order-store.mongo/order-store.ts';
import { limits } from '../../src/limits.ts';
import type { ChangeRequest, Outcome } from '../../src/model/change-request.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';
import { newDatabaseUrl } from '../support/adapters/mongo.ts';
import { applyOne, item, keyOf, newOrder, toCreate, toDelete, toEdit, toMove } from '../support/changes.ts';
import { startMongoProxy } from '../support/mongo-proxy.ts';

export const CHANGE_FAULTS = ['killed before', 'killed after', 'error before', 'answer lost'] as const;
type ChangeFault = (typeof CHANGE_FAULTS)[number];

export const PHASES = ['change', 'sweep', 'publish'] as const;
type Phase = (typeof PHASES)[number];

/** A command of a phase: the nth of its name. */
export interface ChangeStep {
  phase: Phase;
  command: string;
  nth: number;
}

export interface ChangeCell {
  step: ChangeStep;
  fault: ChangeFault;
}

/** Of the order `id`, which has 4 of A and 1 of B unless it is created; 10 of each are there at first. */
export const CHANGES: Record<string, (id: string) => ChangeRequest> = {
  'a creation': (id) => toCreate(id, newOrder([item(`${id}-A`, 4), item(`${id}-B`)]), keyOf(id)),
  'a creation without stock': (id) => toCreate(id, newOrder([item(`${id}-A`, 4), item(`${id}-B`, 11)]), keyOf(id)),
  'a move': (id) => toMove(id, 'confirmed', keyOf(id)),
  'a cancellation': (id) => toMove(id, 'cancelled', keyOf(id)),
  'an edit': (id) => toEdit(id, { items: [item(`${id}-A`, 2), item(`${id}-B`, 3)] }, keyOf(id)),
  'an edit without stock': (id) => toEdit(id, { items: [item(`${id}-A`, 2), item(`${id}-B`, 12)] }, keyOf(id)),
  'a deletion': (id) => toDelete(id, keyOf(id)),
};

export interface ChangeRun {
  outcome: unknown;
  steps: ChangeStep[];
  reached: boolean;
}

/** A process that may die: what it asks is never answered then. */
interface Process {
  store: MongoOrderStore;
  died: Promise<'died'>;
  stop(): Promise<void>;
}

export async function openChangeFaults(server: string) {
  const path = new URL(newDatabaseUrl(server)).pathname;
  let aheadMs = 0;
  const now = () => Date.now() + aheadMs;
  const open = (at: string) => createMongoOrderStore({ url: at + path, trackStock: true, now });
  const healthy = open(server);
  await healthy.prepare();
  let runs = 0;

  async function startProcess(phase: Phase, cell: ChangeCell | null, run: ChangeRun): Promise<Process> {
    const { promise: died, resolve } = Promise.withResolvers<'died'>();
    const counts = new Map<string, number>();
    const proxy = await startMongoProxy(server, async ({ name: command }) => {
      const nth = counts.get(command) ?? 0;
      counts.set(command, nth + 1);
      run.steps.push({ phase, command, nth });
      const { step, fault } = cell ?? {};
      if (step?.phase !== phase || step.command !== command || step.nth !== nth) return { applies: 'all', cut: null };
      run.reached = true;
      const die = () => {
        proxy.stop();
        resolve('died');
      };
      const applies = fault === 'killed before' || fault === 'error before' ? 'nothing' : 'all';
      return { applies, cut: fault?.startsWith('killed') ? die : () => {} };
    });
    const store = open(proxy.url);
    return {
      store,
      died,
      async stop() {
        proxy.stop();
        await store.close();
      },
    };
  }

  /** The work of one process, whatever becomes of it. */
  async function inProcess(
    phase: Phase,
    cell: ChangeCell | null,
    run: ChangeRun,
    work: (store: OrderStore) => Promise<unknown>,
  ): Promise<void> {
    // Clients cost most of the time of a run: processes without a fault share one.
    if (cell !== null && cell.step.phase !== phase) {
      await work(healthy);
      return;
    }
    const process = await startProcess(phase, cell, run);
    const done = work(process.store).catch(() => {});
    await Promise.race([done, process.died]);
    await process.stop();
    await done;
  }

  /** Publishes all that waits; `events`: all bytes of each event of the order. */
  async function publish({ outbox }: OrderStore, id: string, events: Map<string, Set<string>>): Promise<void> {
    for (let batch = await outbox.pending(); batch !== null; batch = await outbox.pending()) {
      for (const { orderId, json } of batch.events) {
        const { id: eventId } = JSON.parse(json) as { id: string };
        if (orderId === id) events.set(eventId, (events.get(eventId) ?? new Set()).add(json));
      }
      await outbox.markPublished(batch.id);
    }
  }

  /** The change dies between its reservation and its swap, so that the sweeper has work. */
  const DIES: Record<string, string> = { 'a creation': 'insert orders', 'an edit': 'update orders' };
  const isLeft = (change: string, cell: ChangeCell | null): boolean => change in DIES && cell?.step.phase === 'sweep';

  async function run(change: string, cell: ChangeCell | null, sweeps = false): Promise<ChangeRun> {
    const id = `order-${++runs}`;
    const result: ChangeRun = { outcome: null, steps: [], reached: false };
    const request = CHANGES[change]!(id);
    const events = new Map<string, Set<string>>();
    const skus = ['A', 'B'].map((name) => `${id}-${name}`);
    await healthy.stock.change(
      skus.map((sku) => ({ sku, hubId: 'HUB-1', available: 10 })),
      null,
    );
    if (request.ask.kind !== 'create')
      await applyOne(healthy, toCreate(id, newOrder([item(`${id}-A`, 4), item(`${id}-B`)])));
    await publish(healthy, id, events);
    const sums = await readSums();

    const left: ChangeCell = { step: { phase: 'change', command: DIES[change]!, nth: 0 }, fault: 'killed before' };
    const answers: Outcome[] = [];
    const ask = async (store: OrderStore) => void answers.push(await applyOne(store, request));
    await inProcess('change', sweeps || isLeft(change, cell) ? left : cell, result, ask);
    aheadMs += 2 * limits.mongoTicketMs;
    await inProcess('sweep', cell, result, (store) => store.prune());
    await ask(healthy);
    await inProcess('publish', cell, result, (store) => publish(store, id, events));

    aheadMs += 2 * limits.mongoTicketMs;
    await healthy.prune();
    await publish(healthy, id, events);
    result.outcome = await outcomeOf(id, skus, answers, events, sums);
    return result;
  }

  const readSums = async () => {
    const { by_status, by_hub, amount_minor } = (await healthy.database.totals.findOne({ _id: 'orders' })) ?? {};
    return { ...by_status, ...by_hub, amount: Number(amount_minor ?? 0) } as Record<string, number>;
  };

  const stockOf = async (skus: readonly string[]) => {
    const rows = await healthy.database.stock.find({ sku: { $in: [...skus] } }, { sort: { sku: 1 } }).toArray();
    return rows.map(({ sku, available, received, tickets = {}, busy_since }) => ({
      ...{ sku, available, received, tickets: Object.keys(tickets), isBusy: busy_since !== undefined },
    }));
  };

  /** Without times, and without what names the run. */
  async function outcomeOf(
    id: string,
    skus: readonly string[],
    answers: readonly Outcome[],
    events: ReadonlyMap<string, Set<string>>,
    before: Record<string, number>,
  ): Promise<unknown> {
    const { database, orders, changes } = healthy;
    const after = await readSums();
    const outcome = {
      answers: [...new Set(answers.map(summary))],
      order: await orders.get(id),
      history: (await changes.history(id))?.changes ?? null,
      stock: await stockOf(skus),
      events: [...events].map(([name, jsons]) => [name, jsons.size, JSON.parse([...jsons][0]!)]),
      sums: Object.fromEntries(
        Object.keys(after)
          .map((name) => [name, after[name]! - (before[name] ?? 0)])
          .filter(([, moved]) => moved !== 0),
      ),
      waits: await database.orders.countDocuments({ _id: id, outbox_at: { $exists: true } }),
    };
    const text = JSON.stringify(outcome, (key, value) =>
      /[aA]tMs$|^(at|time|created_at|updated_at)$/.test(key) ? undefined : value,
    );
    return JSON.parse(text.replaceAll(id, 'ORDER'));
  }

  return {
    healthy,
    run,
    /** The steps of a sweep that finds something. */
    sweepOf: async (change: string) =>
      change in DIES ? (await run(change, null, true)).steps.filter(({ phase }) => phase === 'sweep') : [],
    async close() {
      await healthy.database.db.dropDatabase();
      await healthy.close();
    },
  };
}

const summary = (outcome: Outcome): string =>
  outcome.outcome === 'refused'
    ? outcome.refusal.code
    : `${outcome.outcome} ${'order' in outcome ? outcome.order.version : ''}`;
