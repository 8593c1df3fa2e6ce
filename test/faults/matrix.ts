/**
 * The fault matrix: every step of an undisturbed run is met by every fault that can meet it, and the final state is compared with that of
 * the undisturbed run (INV-1 to INV-5). As a script, `node matrix.ts <server> <point>`, it runs that of the worker on MongoDB, the cells of
 * that crash point first, and ends with 1 as soon as something differs.
 */
import { isDeepStrictEqual } from 'node:util';
import { cellsOf, pointOf } from './crash-points.ts';
import { ENDS, type End, type Outcome, run, type Scenario } from './run.ts';
import type { StoreName } from './stores.ts';
import { type Cell, GIVEN_UP, IMS_CHANGES, type Step } from './world.ts';

/** A run on MongoDB spends most of its time on clients that connect again. */
const AT_ONCE = 8;
const CHUNKS = 2;

export interface Undisturbed {
  scenario: Scenario;
  steps: Step[];
  outcome: Outcome;
  /** Other allowed outcomes of a fault: a cancel may be seen earlier or later, and the first plan of each chunk decides. */
  allowed: Outcome[];
  allowedWhenImsChanges: Outcome[];
}

export interface Mismatch {
  at: string;
  problems: string[];
  /** The differences between the actual and the expected state. */
  differing: Record<string, unknown>;
}

export async function runUndisturbed(scenario: Scenario): Promise<Undisturbed> {
  const { steps, outcome } = await run(scenario, null);
  const changed: Outcome[] = [];
  for (let imsChangesAt = 0; imsChangesAt < CHUNKS; imsChangesAt++)
    changed.push((await run({ ...scenario, imsChangesAt }, null)).outcome);
  const allowed = [outcome];
  if (scenario.end === 'cancelled') {
    const asked = steps.find(({ name }) => name === 'worker ims.validate')!;
    allowed.push((await run(scenario, { step: asked, fault: 'killed after', part: null })).outcome);
  }
  return { scenario, steps, outcome, allowed, allowedWhenImsChanges: [...allowed, ...changed] };
}

/** The cells of a run. Other ends than completed differ from it where the worker has read the file, a pause until its message is gone. */
export function cellsOfRun({ scenario, steps }: Undisturbed): Cell[] {
  if (scenario.end === 'completed') return steps.flatMap(cellsOf);
  const ofWorker = steps.filter(({ kind }) => kind === 'worker');
  const first = (what: string, from = 0) => ofWorker.findIndex(({ name }, i) => i >= from && name.startsWith(what));
  if (scenario.end !== 'paused') return ofWorker.slice(first('worker files.close')).flatMap(cellsOf);
  const from = first('worker files.pause');
  return ofWorker.slice(from, first('worker queue.delete', from) + 1).flatMap(cellsOf);
}

const nameOfCell = ({ step, fault, part }: Cell): string =>
  `${step.name} (${step.nth}): ${fault}${part === null ? '' : `, ${part} of ${step.parts}`}`;

async function mismatchOf(undisturbed: Undisturbed, cell: Cell): Promise<Mismatch | null> {
  const { outcome, reached } = await run(undisturbed.scenario, cell);
  const { problems } = outcome;
  if (!reached) problems.push('the step was not made');
  const at = `${undisturbed.scenario.end}, ${nameOfCell(cell)}`;
  if (problems.length === 0) {
    if (cell.fault === GIVEN_UP) return null;
    const allowed = cell.fault === IMS_CHANGES ? undisturbed.allowedWhenImsChanges : undisturbed.allowed;
    if (allowed.some((other) => isDeepStrictEqual(outcome, other))) return null;
  }
  const differing = Object.fromEntries(
    Object.entries(outcome)
      .filter(([field, value]) => !isDeepStrictEqual(value, undisturbed.outcome[field]))
      .map(([field, value]) => [field, { is: value, shouldBe: undisturbed.outcome[field] }]),
  );
  return { at, problems, differing };
}

/** The differences of all cells, some of which run in parallel. `onFirst` is called with the first of them. */
export async function mismatchesOf(
  undisturbed: Undisturbed,
  cells: Cell[],
  onFirst: (mismatch: Mismatch) => void = () => {},
): Promise<Mismatch[]> {
  const open = [...cells];
  const found: Mismatch[] = [];
  const lane = async () => {
    for (let cell = open.shift(); cell; cell = open.shift()) {
      const mismatch = await mismatchOf(undisturbed, cell);
      if (mismatch && found.push(mismatch) === 1) onFirst(mismatch);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return found;
}

export const scenarios = (store: StoreName, server: string | null): Scenario[] =>
  ENDS.map((end: End) => ({ store, server, end }));

if (import.meta.main) {
  const [, , server, point] = process.argv;
  const isFirst = (cell: Cell) => pointOf(cell, 'MongoDB') === point;
  for (const scenario of scenarios('MongoDB', server!)) {
    const undisturbed = await runUndisturbed(scenario);
    const { problems } = undisturbed.outcome;
    if (problems.length > 0) fail({ at: 'undisturbed', problems, differing: {} });
    const ofWorker = cellsOfRun(undisturbed)
      .filter(({ step }) => step.kind === 'worker')
      .toSorted((a, b) => Number(isFirst(b)) - Number(isFirst(a)));
    await mismatchesOf(undisturbed, ofWorker, fail);
  }
  process.exit(0);
}

function fail(mismatch: Mismatch): never {
  process.stdout.write(`${JSON.stringify(mismatch)}\n`);
  process.exit(1);
}
