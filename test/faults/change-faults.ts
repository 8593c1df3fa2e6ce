/**
 * One change of an order on MongoDB, from the request to its published event, with a fault at one command of one of three processes: the
 * one that changes, the sweeper of what a dead one has left, and the publisher. Whoever asked asks again under the same key, and another
 * process takes over, also while the first is only frozen. Returns all that is left, to be compared with runs without faults.
 */
import { createMongoOrderStore } from '../../src/adapters/order-store.mongo/order-store.ts';
import { decodePlan } from '../../src/adapters/order-store.mongo/plan.ts';
import { limits } from '../../src/limits.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';
import { newDatabaseUrl } from '../support/adapters/mongo.ts';
import { applyOne, item, keyOf, newOrder, toCreate, toEdit } from '../support/changes.ts';
import { type ChangeOutcome, inWords, Told } from './change-outcome.ts';
import { type Fate, type Place, type Process, startProcess } from './change-process.ts';
import { type Asked, SCENARIOS, type Scene, summary } from './change-scenarios.ts';

type Phase = 'change' | 'sweep' | 'publish';
export interface ChangeStep extends Place {
  phase: Phase;
}

/** What others do while a process is frozen. */
export const MEANWHILE = {
  change: ['the sweeper goes on', 'it is asked again', 'the sweeper goes on and it is asked again', 'a rival goes on'],
  sweep: ['another sweeps', 'the change goes on', 'the change is made and dies', 'another change of the rows dies'],
  publish: ['another publishes', 'the order is changed again'],
} as const;
export type Meanwhile = (typeof MEANWHILE)[Phase][number];

/** When the change has died whose tickets the sweeper uses up. */
export type Left = 'before its swap' | 'after its swap';

export interface ChangeCell {
  step: ChangeStep;
  left?: Left;
  fate: Fate;
  meanwhile?: Meanwhile;
}

/** Runs that others are compared with. */
export interface Plan {
  cell?: ChangeCell | null;
  rival?: 'first' | 'last';
  /** The first request is never sent. */
  isLost?: boolean;
  isChangedAgain?: boolean;
  left?: Left;
}

export interface ChangeRun {
  outcome: ChangeOutcome;
  /** What it would be had nothing been asked. */
  untouched: ChangeOutcome;
  /** In words, as `Scenario.right` has it. */
  words: string;
  steps: ChangeStep[];
  reached: boolean;
}

/** The changes whose tickets are swept, with their swaps: there they die, or stand still. */
export const LEFT: Record<string, string> = {
  'a creation': 'insert orders',
  'an edit': 'update orders',
  'a cancellation': 'update orders',
  'a row of a file that is erased': 'update orders',
};

export async function openChangeFaults(server: string) {
  const path = new URL(newDatabaseUrl(server)).pathname;
  let aheadMs = 0;
  const now = () => Date.now() + aheadMs;
  const passMs = () => {
    aheadMs += 2 * limits.mongoTicketMs;
  };
  const open = (url: string) => createMongoOrderStore({ url: url + path, trackStock: true, now });
  const healthy = open(server);
  await healthy.prepare();
  let runs = 0;

  /** One that dies, or stands still, before the first command of a name. */
  async function stopped(command: string, fate: Fate, work: (store: OrderStore) => unknown) {
    const stands = Promise.withResolvers<void>();
    const goesOn = Promise.withResolvers<'goes on' | 'dies'>();
    const meets = { command, nth: 0, fate, onMet: stands.resolve, whileFrozen: () => goesOn.promise };
    const process = await startProcess({ server, open, onCommand() {}, meets });
    const done = (async () => work(process.store))().catch(() => {});
    await Promise.race([fate === 'frozen' ? stands.promise : process.died, done]);
    return {
      async end(how: 'goes on' | 'dies') {
        goesOn.resolve(how);
        await Promise.race([done, process.died]);
        await process.stop();
        await done;
      },
    };
  }

  const dying: Scene['dying'] = async (command, work) => (await stopped(command, 'killed before', work)).end('dies');

  async function run(name: string, plan: Plan = {}): Promise<ChangeRun> {
    const { cell = null, rival, isLost = false, isChangedAgain = false, left = cell?.left } = plan;
    const id = `order-${++runs}`;
    const steps: ChangeStep[] = [];
    const skus = ['A', 'B'].map((name) => `${id}-${name}`);
    const told = new Told(id);
    const processes: Process[] = [];
    let reached = false;

    await healthy.stock.change(
      skus.map((sku) => ({ sku, hubId: 'HUB-1', available: 10 })),
      null,
    );
    const asked: Asked = await SCENARIOS[name]!.begin({ id, healthy, dying });
    const sweep = async () => {
      passMs();
      await healthy.prune();
    };
    await sweep();
    await told.publish(healthy);
    const sums = await readSums();
    const read = async () => told.outcome(healthy, await insideOf(id, skus, sums));
    const untouched = await read();

    const between = once(() => asked.between?.(healthy));
    const ask = async (store: OrderStore) => void told.answers.push(await asked.ask(store));
    const askAgain = async () => {
      await between();
      await ask(healthy);
    };
    const goOnAsRival = once(async () => void told.others.push(await asked.rival!(healthy)));
    const changeAgain = once(async () => {
      told.others.push(
        summary(await applyOne(healthy, toEdit(id, { shippingAddress: '3 Mill Lane' }, keyOf(`${id} again`)))),
      );
    });
    let goOn = async (_: 'goes on' | 'dies') => {};
    const meanwhile: Record<Meanwhile, () => Promise<unknown>> = {
      'the sweeper goes on': sweep,
      'it is asked again': askAgain,
      'the sweeper goes on and it is asked again': () => sweep().then(askAgain),
      'a rival goes on': goOnAsRival,
      'another sweeps': () => healthy.prune(),
      'the change goes on': () => goOn('goes on'),
      'the change is made and dies': () => goOn('dies'),
      'another change of the rows dies': () =>
        dying('insert orders', (store) => applyOne(store, toCreate(`${id}-other`, newOrder([item(skus[0]!)])))),
      'another publishes': () => told.publish(healthy),
      'the order is changed again': changeAgain,
    };

    /** The work of one process, whatever becomes of it. */
    async function inProcess(phase: Phase, work: (store: OrderStore) => Promise<unknown>): Promise<void> {
      const { step, fate, meanwhile: happens } = cell ?? {};
      // Clients cost most of the time of a run: processes without a fault share one.
      if (step ? step.phase !== phase : Object.keys(plan).length > 0 && !(left && phase === 'sweep')) {
        await work(healthy);
        return;
      }
      const process = await startProcess({
        server,
        open,
        onCommand: (place) => steps.push({ phase, ...place }),
        meets: step
          ? {
              ...step,
              fate: fate!,
              onMet: () => {
                reached = true;
              },
              whileFrozen: async () => {
                await meanwhile[happens!]();
                return 'goes on';
              },
            }
          : null,
      });
      const done = work(process.store).catch(() => {});
      await Promise.race([done, process.died]);
      await process.stop();
      await done;
      processes.push(process);
    }

    if (rival === 'first') await goOnAsRival();
    if (left) {
      const stands = cell?.meanwhile === 'the change goes on' || cell?.meanwhile === 'the change is made and dies';
      const dies = left === 'before its swap' ? 'killed before' : 'killed after';
      const change = await stopped(LEFT[name]!, stands ? 'frozen' : dies, ask);
      goOn = once(change.end);
      if (!stands) await goOn('dies');
    } else if (!isLost) await inProcess('change', ask);
    passMs();
    await inProcess('sweep', (store) => store.prune());
    await goOn('goes on');
    await askAgain();
    if (rival === 'last') await goOnAsRival();
    await inProcess('publish', (store) => told.publish(store));
    if (isChangedAgain) await changeAgain();

    for (const process of processes) await process.arrive();
    await asked.finish?.(healthy);
    await sweep();
    await told.publish(healthy);
    const outcome = await read();
    return { outcome, untouched, words: inWords(outcome), steps, reached };
  }

  const readSums = async () => {
    const { by_status, by_hub, amount_minor } = (await healthy.database.totals.findOne({ _id: 'orders' })) ?? {};
    return { ...by_status, ...by_hub, amount: Number(amount_minor ?? 0) } as Record<string, number>;
  };

  const stockOf = async (skus: readonly string[]) => {
    const rows = await healthy.database.stock.find({ sku: { $in: [...skus] } }, { sort: { sku: 1 } }).toArray();
    return rows.map(({ sku, available, received, tickets = {}, busy_since }) => ({
      ...{ sku, available, received, tickets: Object.keys(tickets).length, isBusy: busy_since !== undefined },
    }));
  };

  const insideOf = async (id: string, skus: readonly string[], before: Record<string, number>) => {
    const after = await readSums();
    const moved = Object.keys(after).map((name): [string, number] => [name, after[name]! - (before[name] ?? 0)]);
    return {
      stock: await stockOf(skus),
      sums: Object.fromEntries(moved.filter(([, by]) => by !== 0)),
      person: await placesOfPerson(id),
      waits: (await healthy.database.orders.countDocuments({ _id: id, outbox_at: { $exists: true } })) > 0,
    };
  };

  const placesOfPerson = async (id: string) => {
    const { orders, chunks } = healthy.database;
    const order = await orders.findOne({ _id: id });
    const places = JSON.stringify(order)?.includes('ada@example.com') ? ['the order'] : [];
    for (const { plan } of order?.file ? await chunks.find({ file: order.file }).toArray() : []) {
      const rows = (await decodePlan(plan)).orders;
      if (rows.orderIds().some((_, i) => rows.text(i, 'customer_email') !== '')) places.push('the plan');
    }
    return places;
  };

  return {
    healthy,
    run,
    async close() {
      await healthy.database.db.dropDatabase();
      await healthy.close();
    },
  };
}

function once<Input extends unknown[]>(work: (...input: Input) => unknown): (...input: Input) => Promise<void> {
  let done: Promise<unknown> | undefined;
  return async (...input) => {
    done ??= Promise.resolve(work(...input));
    await done;
  };
}
