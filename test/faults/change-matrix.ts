/**
 * The fault matrix of changes on MongoDB: every command of a change, of the sweeper and of the publisher is met by every fault, and what is
 * left is compared with runs without faults. As a script, `node change-matrix.ts <server> <scenario> <fate>`, it runs one scenario, the
 * cells of that fate first, and ends with 1 as soon as something differs.
 */
import { isDeepStrictEqual } from 'node:util';
import { violationsOf } from '../support/violations.ts';
import { type ChangeCell, type ChangeStep, LEFT, MEANWHILE, openChangeFaults } from './change-faults.ts';
import type { ChangeOutcome } from './change-outcome.ts';
import { FATES, type Fate } from './change-process.ts';
import { SCENARIOS } from './change-scenarios.ts';

type Faults = Awaited<ReturnType<typeof openChangeFaults>>;

export interface Undisturbed {
  name: string;
  cells: ChangeCell[];
  /** What is not as it should be, although nothing has happened. */
  problems: string[];
  allowed: { always: ChangeOutcome[]; withRival: ChangeOutcome[]; changedAgain: ChangeOutcome[] };
}

/** All changes are swept and published alike, but for what they say. */
const PUBLISHED = ['an edit', 'a deletion'];
/** Nobody can tell whether a reading was carried out. */
const OF_READING: readonly Fate[] = ['killed before', 'error before', 'frozen'];
/** A change is known, or not, by what this has done. */
const SWAPS = ['insert orders', 'update orders'];
const OF_SWAPS: Fate = 'answer lost, and no answer about orders after it';

export async function runUndisturbed(faults: Faults, name: string): Promise<Undisturbed> {
  const { right, isScarce } = SCENARIOS[name]!;
  const alone = await faults.run(name);
  const problems: string[] = [];
  const differs = (what: string, words: string, should: string) => {
    if (words !== should) problems.push(`${what}: is "${words}", should be "${should}"`);
  };
  differs('alone', alone.words, right.alone);
  const withRival: ChangeOutcome[] = [];
  for (const [rival, should] of [['first', right.rivalFirst] as const, ['last', right.rivalLast] as const]) {
    if (should === undefined) continue;
    const { words, outcome } = await faults.run(name, { rival });
    differs(`the rival ${rival}`, words, should);
    withRival.push(outcome);
  }
  const always = [alone.outcome, (await faults.run(name, { isLost: true })).outcome];
  if (isScarce) always.push({ ...alone.untouched, answers: ['out_of_stock'] });
  const changedAgain = PUBLISHED.includes(name) ? [(await faults.run(name, { isChangedAgain: true })).outcome] : [];

  const steps = alone.steps.filter(
    ({ phase }) => phase === 'change' || (phase === 'publish' && PUBLISHED.includes(name)),
  );
  const cells = steps.flatMap((step) => cellsOf(step, withRival.length > 0));
  for (const left of name in LEFT ? (['before its swap', 'after its swap'] as const) : []) {
    const sweep = (await faults.run(name, { left })).steps.filter(isOfTickets);
    const isPossible = ({ meanwhile }: ChangeCell) =>
      left === 'before its swap' || !meanwhile?.startsWith('the change');
    cells.push(...sweep.flatMap((step) => cellsOf(step, false).filter(isPossible)).map((cell) => ({ ...cell, left })));
  }
  problems.push(...(await violationsOf(faults.healthy)).map((violation) => JSON.stringify(violation)));
  return { name, cells, problems, allowed: { always, withRival, changedAgain } };
}

const isOfTickets = ({ phase, command }: ChangeStep) => phase === 'sweep' && !command.endsWith(' files');

function cellsOf(step: ChangeStep, hasRival: boolean): ChangeCell[] {
  const fates = step.command.startsWith('find ')
    ? OF_READING
    : FATES.filter((fate) => fate !== OF_SWAPS || (step.phase === 'change' && SWAPS.includes(step.command)));
  const others = MEANWHILE[step.phase].filter((meanwhile) => hasRival || meanwhile !== 'a rival goes on');
  return fates.flatMap((fate): ChangeCell[] =>
    fate === 'frozen' ? others.map((meanwhile) => ({ step, fate, meanwhile })) : [{ step, fate }],
  );
}

function allowedAt({ allowed }: Undisturbed, { meanwhile }: ChangeCell): ChangeOutcome[] {
  if (meanwhile === 'a rival goes on') return allowed.withRival;
  return meanwhile === 'the order is changed again' ? allowed.changedAgain : allowed.always;
}

export interface Mismatch {
  at: string;
  is: unknown;
  shouldBe: unknown;
}

/** Null when it comes to what it should. */
export async function mismatchOf(faults: Faults, undisturbed: Undisturbed, cell: ChangeCell): Promise<Mismatch | null> {
  const { step, left, fate, meanwhile } = cell;
  const what = [
    undisturbed.name,
    left && `left ${left}`,
    `${step.phase}: ${step.command} (${step.nth})`,
    fate,
    meanwhile,
  ];
  const at = what.filter(Boolean).join(', ');
  try {
    const different = await compare(faults, undisturbed, cell);
    return different && { at, ...different };
  } catch (error) {
    return { at, is: String(error), shouldBe: 'without an error' };
  }
}

async function compare(
  faults: Faults,
  undisturbed: Undisturbed,
  cell: ChangeCell,
): Promise<Pick<Mismatch, 'is' | 'shouldBe'> | null> {
  const { name } = undisturbed;
  let run = await faults.run(name, { cell });
  // On a busy machine the last steps of a change may come behind its answer, when its process has gone: then once more.
  if (!run.reached) run = await faults.run(name, { cell });
  if (!run.reached) return { is: 'never reached', shouldBe: 'reached' };
  const allowed = allowedAt(undisturbed, cell);
  if (allowed.some((outcome) => isDeepStrictEqual(run.outcome, outcome))) return null;
  const [expected] = allowed;
  const fields = Object.keys(run.outcome).filter((field) => !isDeepStrictEqual(run.outcome[field], expected![field]));
  const only = (outcome: ChangeOutcome) => Object.fromEntries(fields.map((field) => [field, outcome[field]]));
  return { is: { words: run.words, ...only(run.outcome) }, shouldBe: only(expected!) };
}

if (import.meta.main) {
  const [, , server, name, first] = process.argv;
  const end = (mismatch: Mismatch): never => {
    process.stdout.write(`${JSON.stringify(mismatch)}\n`);
    process.exit(1);
  };
  const faults = await openChangeFaults(server!);
  const undisturbed = await runUndisturbed(faults, name!).catch((error) =>
    end({ at: 'undisturbed', is: String(error), shouldBe: 'without an error' }),
  );
  if (undisturbed.problems.length > 0) end({ at: 'undisturbed', is: undisturbed.problems, shouldBe: [] });
  const isFirst = ({ fate, meanwhile }: ChangeCell) => Number(fate === first || meanwhile === first);
  for (const cell of undisturbed.cells.toSorted((a, b) => isFirst(b) - isFirst(a))) {
    const mismatch = await mismatchOf(faults, undisturbed, cell);
    if (mismatch) end(mismatch);
  }
  const [violation] = await violationsOf(faults.healthy);
  if (violation) end({ at: 'the end', is: violation, shouldBe: null });
  process.exit(0);
}
