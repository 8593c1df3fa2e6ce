/**
 * One change of an order on SQLite with a fault: a statement of its transaction fails, or its process dies at it; or the whole call meets
 * the fault, also while it is asked again or a rival goes on.
 */
import type { Violation } from '../../src/ports/verification.ts';
import { violationsOf } from '../support/violations.ts';
import { type ChangeOutcome, inWords, Told } from './change-outcome.ts';
import { type Asking, SCENARIOS } from './change-scenarios.ts';
import { LocalDatabase, openSqlite } from './stores.ts';
import { type Cell, type Fault, type Step, World } from './world.ts';

const ID = 'order-1';
const OF_A_STATEMENT: readonly Fault[] = ['killed before', 'killed after', 'error before'];
const OF_A_CALL: readonly Fault[] = [...OF_A_STATEMENT, 'answer lost', 'frozen past the end'];
export const NAMES = Object.keys(SCENARIOS).filter((name) => !SCENARIOS[name]!.needsSteps);

type Meanwhile = 'it is asked again' | 'a rival goes on';

export interface Plan {
  cell?: Cell;
  meanwhile?: Meanwhile;
  rival?: 'first' | 'last';
  /** The first request is never sent. */
  isLost?: boolean;
}

export interface SqliteRun {
  outcome: ChangeOutcome;
  words: string;
  violations: Violation[];
  steps: Step[];
  reached: boolean;
}

const unused = () => {
  throw new Error('one transaction: there is nothing to die between');
};

export async function runOnSqlite(
  name: string,
  { cell, meanwhile, rival, isLost = false }: Plan = {},
): Promise<SqliteRun> {
  const world = new World(cell ?? null);
  const database = new LocalDatabase(world);
  const store = openSqlite(world, database);
  const { direct } = store;
  const told = new Told(ID);
  const skus = ['A', 'B'].map((name) => `${ID}-${name}`);
  await direct.stock.change(
    skus.map((sku) => ({ sku, hubId: 'HUB-1', available: 10 })),
    null,
  );
  const asked = await SCENARIOS[name]!.begin({ id: ID, healthy: direct, dying: unused });
  await told.publish(direct);

  const answer = async (asking: Asking, port = direct) => void told.answers.push(await asking(port));
  const askAgain = async () => {
    await asked.between?.(direct);
    await answer(asked.ask);
  };
  const goOnAsRival = async () => void told.others.push(await asked.rival!(direct));
  if (rival === 'first') await goOnAsRival();
  if (!isLost) {
    const actor = world.actor('worker');
    const done = answer(asked.ask, await store.portOf(actor)).catch(() => {});
    await Promise.race([done, actor.gone.promise]);
    if (meanwhile === 'it is asked again') await askAgain();
    if (meanwhile === 'a rival goes on') await goOnAsRival();
    world.wake();
    if (!actor.dead) await done;
  }
  await askAgain();
  if (rival === 'last') await goOnAsRival();
  await told.publish(direct);
  await asked.finish?.(direct);
  await told.publish(direct);

  const { items } = await direct.stock.list({ sort: 'key' }, { limit: 10, after: null });
  const stock = items.map(({ available }) => ({ available, tickets: 0, isBusy: false }));
  const outcome = await told.outcome(direct, { stock, waits: false });
  const violations = await violationsOf(direct);
  world.end();
  database.db.close();
  return { outcome, words: inWords(outcome), violations, steps: world.steps, reached: world.reached };
}

export const hasRival = (name: string) => SCENARIOS[name]!.right.rivalFirst !== undefined;

export function plansOf(name: string, steps: readonly Step[]): Plan[] {
  const cells = steps.flatMap((step) =>
    (step.level === 'statement' ? OF_A_STATEMENT : OF_A_CALL).map((fault): Cell => ({ step, fault, part: null })),
  );
  const others: readonly Meanwhile[] = hasRival(name)
    ? ['it is asked again', 'a rival goes on']
    : ['it is asked again'];
  return cells.flatMap((cell): Plan[] =>
    cell.fault === 'frozen past the end' ? others.map((meanwhile) => ({ cell, meanwhile })) : [{ cell }],
  );
}
