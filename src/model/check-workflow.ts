/**
 * Checks a workflow that somebody wrote: its form first, then its graph. No order can get into a state that the rules of stock have no
 * answer for: stock that left does not come back to be held, and is given back once. Each fault is a line that names the state and the cure.
 */
import { limits } from '../limits.ts';
import {
  RESERVED_NAMES,
  STOCK_STATES,
  type StockState,
  stateOf,
  type Workflow,
  type WorkflowState,
} from './workflow.ts';

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,49}$/;
const MEMBERS = ['initial', 'states', 'finalize', 'undo'];
const STATE_MEMBERS = ['to', 'editable', 'stock', 'restock'];
const FINALIZE_MEMBERS = ['confirm', 'cancel'];

/** What somebody wrote, on one line and bounded. */
const quoted = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 60);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isStockState = (value: unknown): value is StockState => STOCK_STATES.includes(value as StockState);

/** The workflow, or all that is wrong with it. */
export function checkWorkflow(given: unknown): { workflow: Workflow } | { faults: string[] } {
  const faults: string[] = [];
  const workflow = readWorkflow(given, faults);
  if (workflow === null || faults.length > 0) return { faults };
  const inGraph = [...movesFaults(workflow), ...reachFaults(workflow), ...targetFaults(workflow)];
  return inGraph.length > 0 ? { faults: inGraph } : { workflow };
}

function readWorkflow(given: unknown, faults: string[]): Workflow | null {
  if (!isObject(given)) {
    faults.push('is not a JSON object: write {"initial":…,"states":{…},"finalize":…,"undo":…}');
    return null;
  }
  unknownMembers(given, MEMBERS, '', faults);
  const { initial, finalize = null, undo } = given;
  const states = readStates(given.states, faults);
  if (typeof initial !== 'string') faults.push('has no "initial": name the state of new orders');
  if (undo !== null && typeof undo !== 'string')
    faults.push('has no "undo": name the state of orders whose file is undone, or write null');
  if (finalize !== null && !isFinalize(finalize))
    faults.push('has a "finalize" without "confirm" and "cancel": name both states, or write null');
  else if (finalize !== null) unknownMembers(finalize, FINALIZE_MEMBERS, ' in "finalize"', faults);
  const { confirm, cancel } = (finalize ?? {}) as { confirm: string; cancel: string };
  return {
    initial: initial as string,
    states,
    finalize: finalize === null ? null : { confirm, cancel },
    undo: undo as string | null,
  };
}

const isFinalize = (value: unknown): value is Record<string, unknown> & Workflow['finalize'] =>
  isObject(value) && typeof value.confirm === 'string' && typeof value.cancel === 'string';

function unknownMembers(given: Record<string, unknown>, known: string[], where: string, faults: string[]): void {
  for (const name of Object.keys(given))
    if (!known.includes(name))
      faults.push(`has the member ${quoted(name)}${where}: leave it out, known are ${known.join(', ')}`);
}

function readStates(given: unknown, faults: string[]): Workflow['states'] {
  const entries = isObject(given) ? Object.entries(given) : [];
  if (entries.length === 0) faults.push('has no "states": write at least one');
  if (entries.length > limits.maxWorkflowStates) {
    faults.push(`has ${entries.length} states: leave some out, ${limits.maxWorkflowStates} are the most`);
    return {};
  }
  const states: [string, WorkflowState][] = [];
  for (const [name, state] of entries) {
    if (!NAME.test(name))
      faults.push(`has the state ${quoted(name)}: name it by a letter, then up to 49 letters, digits and underscores`);
    else if (RESERVED_NAMES.includes(name)) faults.push(`has the state ${name}, a name of OMS itself: rename it`);
    else if (!isObject(state))
      faults.push(`has the state ${name} without members: write {"to":[…],"editable":…,"stock":…}`);
    else states.push([name, readState(name, state, faults)]);
  }
  return Object.fromEntries(states);
}

function readState(name: string, state: Record<string, unknown>, faults: string[]): WorkflowState {
  unknownMembers(state, STATE_MEMBERS, ` in the state ${name}`, faults);
  const { to, editable, stock, restock = false } = state;
  const isList = Array.isArray(to) && to.every((target) => typeof target === 'string');
  if (!isList) faults.push(`has no list "to" in the state ${name}: name the states that follow, or write []`);
  if (typeof editable !== 'boolean') faults.push(`has no "editable" in the state ${name}: write true or false`);
  if (!isStockState(stock))
    faults.push(`has no such "stock" as ${quoted(stock)} in the state ${name}: write "held", "gone" or "returned"`);
  if (typeof restock !== 'boolean')
    faults.push(`has "restock":${quoted(restock)} in the state ${name}: write true or false`);
  return {
    to: isList ? to : [],
    editable: editable === true,
    stock: isStockState(stock) ? stock : 'held',
    ...(restock === true && { restock }),
  };
}

function* movesFaults(workflow: Workflow): Generator<string> {
  for (const [name, { to, editable, stock, restock }] of Object.entries(workflow.states)) {
    for (const [n, target] of to.entries()) {
      const after = stateOf(workflow, target);
      const move = `has the move from ${name} to ${quoted(target).slice(1, -1)}`;
      if (!after) yield `${move}, which is none of its states: add that state, or leave the move out`;
      else if (target === name) yield `${move} itself: leave it out`;
      else if (to.indexOf(target) < n) yield `${move} twice: leave one out`;
      else if (stock === 'returned') yield `${move}, but the stock of ${name} was given back: leave it out`;
      else if (stock === 'gone' && after.stock === 'held')
        yield `${move}, but stock that is gone cannot be held again: leave it out`;
    }
    if (editable && stock !== 'held')
      yield `allows edits in ${name}, where stock is ${stock}: write "editable":false, edits need held stock`;
    if (restock && stock !== 'returned')
      yield `has "restock" in ${name}, where stock is ${stock}: leave it out, only a returned state can restock`;
  }
}

function* reachFaults(workflow: Workflow): Generator<string> {
  const { initial } = workflow;
  const state = stateOf(workflow, initial);
  if (!state) {
    yield `has "initial":${quoted(initial)}, which is none of its states: name one of them`;
    return;
  }
  if (state.stock !== 'held')
    yield `begins in ${initial}, where stock is ${state.stock}: begin in a state with "stock":"held"`;
  const reached = new Set([initial]);
  for (const name of reached) for (const target of stateOf(workflow, name)?.to ?? []) reached.add(target);
  for (const name of Object.keys(workflow.states))
    if (!reached.has(name)) yield `has no way from ${initial} to ${name}: add a move to it, or leave the state out`;
}

function* targetFaults(workflow: Workflow): Generator<string> {
  const { initial, finalize, undo } = workflow;
  const targets: [member: string, target: string, givesBack: boolean][] = [];
  if (finalize) targets.push(['finalize.confirm', finalize.confirm, false], ['finalize.cancel', finalize.cancel, true]);
  if (undo !== null) targets.push(['undo', undo, true]);
  const next = stateOf(workflow, initial)?.to;
  for (const [member, target, givesBack] of targets) {
    const state = stateOf(workflow, target);
    if (!state) yield `has "${member}":${quoted(target)}, which is none of its states: name one of them`;
    else if (next && !next.includes(target))
      yield `has "${member}":"${target}", but no move from ${initial} to ${target}: add it`;
    else if (givesBack && state.stock !== 'returned')
      yield `has "${member}":"${target}", where stock is ${state.stock}: name a state with "stock":"returned"`;
  }
}
