/** A workflow is data: presets that are right, and one line for each rule that somebody's own one breaks. */
import { describe, expect, test } from 'vitest';
import { checkWorkflow } from '../../../src/model/check-workflow.ts';
import { givesBack, isCounted, stateOf, WORKFLOWS, type Workflow } from '../../../src/model/workflow.ts';

/** A workflow that keeps all rules, as JSON that a case may change. */
const right = () => ({
  initial: 'new',
  states: {
    new: { to: ['checked', 'cancelled'], editable: true, stock: 'held' },
    checked: { to: ['new', 'sent', 'cancelled'], editable: false, stock: 'held' },
    sent: { to: ['refunded'], editable: false, stock: 'gone' },
    cancelled: { to: [], editable: false, stock: 'returned' },
    refunded: { to: [], editable: false, stock: 'returned', restock: true },
  } as Record<string, Record<string, unknown>>,
  finalize: { confirm: 'checked', cancel: 'cancelled' } as unknown,
  undo: 'cancelled' as unknown,
});
type Given = ReturnType<typeof right>;

const check = (change: (given: Given) => unknown) => {
  const given = right();
  return checkWorkflow(change(given) ?? given);
};

describe('the presets', () => {
  test.each(Object.entries(WORKFLOWS))('%s keeps all rules', (_, workflow) =>
    expect(checkWorkflow(JSON.parse(JSON.stringify(workflow)))).toEqual({ workflow }),
  );

  test.each([
    [
      'default',
      ['on_hold>confirmed', 'on_hold>cancelled', 'confirmed>shipped', 'confirmed>cancelled', 'shipped>delivered'],
    ],
    ['ordered', ['ORDERED>SHIPPED', 'ORDERED>CANCELLED', 'SHIPPED>DELIVERED']],
    [
      'pending',
      ['PENDING>CONFIRMED', 'PENDING>CANCELLED', 'CONFIRMED>SHIPPED', 'CONFIRMED>CANCELLED', 'SHIPPED>DELIVERED'],
    ],
    ['paid', ['PENDING>PAID', 'PENDING>CANCELLED', 'PAID>FULFILLED', 'PAID>CANCELLED']],
  ] as const)('%s has these moves', (name, moves) => {
    const { states }: Workflow = WORKFLOWS[name];
    expect(Object.entries(states).flatMap(([from, { to }]) => to.map((target) => `${from}>${target}`))).toEqual(moves);
  });

  test.each([
    ['default', 'on_hold', 'confirmed', 'cancelled', 'cancelled', ['on_hold', 'confirmed']],
    ['ordered', 'ORDERED', undefined, undefined, 'CANCELLED', ['ORDERED']],
    ['pending', 'PENDING', 'CONFIRMED', 'CANCELLED', 'CANCELLED', ['PENDING']],
    ['paid', 'PENDING', 'PAID', 'CANCELLED', 'CANCELLED', ['PENDING']],
  ] as const)('%s begins, ends and can be edited where it should', (name, initial, confirm, cancel, undo, editable) => {
    const workflow: Workflow = WORKFLOWS[name];
    expect([workflow.initial, workflow.finalize?.confirm, workflow.finalize?.cancel, workflow.undo]).toEqual([
      ...[initial, confirm, cancel, undo],
    ]);
    const states = Object.entries(workflow.states);
    expect(states.filter(([, state]) => state.editable).map(([state]) => state)).toEqual(editable);
  });
});

describe('a workflow of somebody’s own', () => {
  test('is taken as it is written, cycles among held states included', () =>
    expect(check(() => {})).toEqual({ workflow: right() }));

  test('needs no target of the finalizer, and none of an undo', () => {
    expect(check((given) => Object.assign(given, { finalize: null, undo: null }))).toEqual({
      workflow: { ...right(), finalize: null, undo: null },
    });
    const { finalize: _, ...without } = right();
    expect(checkWorkflow(without)).toEqual({ workflow: { ...right(), finalize: null } });
  });

  test('has every fault told', () =>
    expect(
      check(({ states }) => {
        states.cancelled!.editable = true;
        states.sent!.to = ['checked', 'refunded', 'nowhere'];
      }),
    ).toEqual({
      faults: [
        'has the move from sent to checked, but stock that is gone cannot be held again: leave it out',
        'has the move from sent to nowhere, which is none of its states: add that state, or leave the move out',
        'allows edits in cancelled, where stock is returned: write "editable":false, edits need held stock',
      ],
    }));
});

const STATE = { to: [], editable: false, stock: 'held' };
const add = (name: string, state: unknown = STATE) => {
  return ({ states }: Given) => {
    states.new!.to = [...(states.new!.to as string[]), name];
    // As JSON.parse does it, also for `__proto__`.
    Object.defineProperty(states, name, { value: state, enumerable: true });
  };
};

const set = (name: string, members: object) => {
  return ({ states }: Given) => {
    states[name] = { ...states[name], ...members };
  };
};

describe('is refused with one line when', () => {
  const cases: [rule: string, change: (given: Given) => unknown, line: string][] = [
    ['it is no object', () => [], 'is not a JSON object: write {"initial":…,"states":{…},"finalize":…,"undo":…}'],
    [
      'it has an unknown member',
      (given) => Object.assign(given, { inital: 'new' }),
      'has the member "inital": leave it out, known are initial, states, finalize, undo',
    ],
    ['it has no initial state', ({ initial: _, ...given }) => given, 'has no "initial": name the state of new orders'],
    ['it has no states', (given) => ({ ...given, states: {} }), 'has no "states": write at least one'],
    ['its states are a list', (given) => ({ ...given, states: ['new'] }), 'has no "states": write at least one'],
    [
      'it has too many states',
      ({ states }) => {
        for (let n = 0; n < 46; n++) states[`s${n}`] = STATE;
      },
      'has 51 states: leave some out, 50 are the most',
    ],
    [
      'a name is no word',
      add('on hold'),
      'has the state "on hold": name it by a letter, then up to 49 letters, digits and underscores',
    ],
    [
      'a name is too long',
      add('a'.repeat(51)),
      `has the state "${'a'.repeat(51)}": name it by a letter, then up to 49 letters, digits and underscores`,
    ],
    [
      'a name is a member of all objects',
      add('__proto__'),
      'has the state "__proto__": name it by a letter, then up to 49 letters, digits and underscores',
    ],
    ['a name is that of deleted orders', add('deleted'), 'has the state deleted, a name of OMS itself: rename it'],
    ['a name is that of no order', add('void'), 'has the state void, a name of OMS itself: rename it'],
    [
      'a state is no object',
      add('later', 'held'),
      'has the state later without members: write {"to":[…],"editable":…,"stock":…}',
    ],
    [
      'a state has an unknown member',
      add('later', { ...STATE, final: true }),
      'has the member "final" in the state later: leave it out, known are to, editable, stock, restock',
    ],
    [
      'a state has no moves',
      add('later', { editable: false, stock: 'held' }),
      'has no list "to" in the state later: name the states that follow, or write []',
    ],
    [
      'moves are no names',
      add('later', { ...STATE, to: [7] }),
      'has no list "to" in the state later: name the states that follow, or write []',
    ],
    [
      'a state does not say whether it can be edited',
      add('later', { to: [], stock: 'held' }),
      'has no "editable" in the state later: write true or false',
    ],
    [
      'a state means nothing for stock',
      add('later', { ...STATE, stock: 'sold' }),
      'has no such "stock" as "sold" in the state later: write "held", "gone" or "returned"',
    ],
    [
      'a restock is neither',
      add('later', { ...STATE, stock: 'returned', restock: 'yes' }),
      'has "restock":"yes" in the state later: write true or false',
    ],
    [
      'a move leads nowhere',
      ({ states }) => void (states.sent!.to as string[]).push('constructor'),
      'has the move from sent to constructor, which is none of its states: add that state, or leave the move out',
    ],
    [
      'a state moves to itself',
      ({ states }) => void (states.sent!.to as string[]).push('sent'),
      'has the move from sent to sent itself: leave it out',
    ],
    [
      'a move is there twice',
      ({ states }) => void (states.sent!.to as string[]).push('refunded'),
      'has the move from sent to refunded twice: leave one out',
    ],
    [
      'a move leads out of returned',
      ({ states }) => void (states.cancelled!.to as string[]).push('refunded'),
      'has the move from cancelled to refunded, but the stock of cancelled was given back: leave it out',
    ],
    [
      'stock that is gone is held again',
      ({ states }) => void (states.sent!.to as string[]).push('checked'),
      'has the move from sent to checked, but stock that is gone cannot be held again: leave it out',
    ],
    [
      'a gone state can be edited',
      set('sent', { editable: true }),
      'allows edits in sent, where stock is gone: write "editable":false, edits need held stock',
    ],
    [
      'a returned state can be edited',
      set('cancelled', { editable: true }),
      'allows edits in cancelled, where stock is returned: write "editable":false, edits need held stock',
    ],
    [
      'a state restocks that is not returned',
      set('sent', { restock: true }),
      'has "restock" in sent, where stock is gone: leave it out, only a returned state can restock',
    ],
    [
      'it begins in an unknown state',
      (given) => Object.assign(given, { initial: 'constructor' }),
      'has "initial":"constructor", which is none of its states: name one of them',
    ],
    [
      'it begins where stock is gone',
      (given) => ({
        initial: 'sent',
        states: { sent: given.states.sent, refunded: given.states.refunded },
        undo: 'refunded',
      }),
      'begins in sent, where stock is gone: begin in a state with "stock":"held"',
    ],
    [
      'a state cannot be reached',
      set('island', { ...STATE, to: ['new'] }),
      'has no way from new to island: add a move to it, or leave the state out',
    ],
    [
      'the finalizer has half a target',
      (given) => Object.assign(given, { finalize: { confirm: 'checked' } }),
      'has a "finalize" without "confirm" and "cancel": name both states, or write null',
    ],
    [
      'the finalizer has a third target',
      (given) => Object.assign(given, { finalize: { confirm: 'checked', cancel: 'cancelled', hold: 'new' } }),
      'has the member "hold" in "finalize": leave it out, known are confirm, cancel',
    ],
    [
      'the finalizer confirms into an unknown state',
      (given) => Object.assign(given, { finalize: { confirm: 'toString', cancel: 'cancelled' } }),
      'has "finalize.confirm":"toString", which is none of its states: name one of them',
    ],
    [
      'the finalizer confirms where no move leads',
      (given) => Object.assign(given, { finalize: { confirm: 'sent', cancel: 'cancelled' } }),
      'has "finalize.confirm":"sent", but no move from new to sent: add it',
    ],
    [
      'the finalizer cancels and keeps the stock',
      (given) => Object.assign(given, { finalize: { confirm: 'checked', cancel: 'checked' } }),
      'has "finalize.cancel":"checked", where stock is held: name a state with "stock":"returned"',
    ],
    [
      'it says nothing of an undo',
      ({ undo: _, ...given }) => given,
      'has no "undo": name the state of orders whose file is undone, or write null',
    ],
    [
      'an undo leads to an unknown state',
      (given) => Object.assign(given, { undo: 'gone' }),
      'has "undo":"gone", which is none of its states: name one of them',
    ],
    [
      'an undo leads where no move leads',
      (given) => Object.assign(given, { undo: 'refunded' }),
      'has "undo":"refunded", but no move from new to refunded: add it',
    ],
    [
      'an undo keeps the stock',
      (given) => Object.assign(given, { undo: 'checked' }),
      'has "undo":"checked", where stock is held: name a state with "stock":"returned"',
    ],
  ];
  test.each(cases)('%s', (_, change, line) => expect(check(change)).toEqual({ faults: [line] }));

  test('what it quotes stays short and on one line', () => {
    const { faults } = checkWorkflow({ ...right(), [`\n${'x'.repeat(1_000)}`]: 1 }) as { faults: string[] };
    expect(faults).toHaveLength(1);
    expect(faults[0]!.length).toBeLessThan(150);
    expect(faults[0]).not.toContain('\n');
  });
});

describe('a state', () => {
  test.each(['constructor', '__proto__', 'toString', '', 'ON_HOLD'])('%j is none of the default ones', (name) => {
    const workflow: Workflow = WORKFLOWS.default;
    expect(stateOf(workflow, name)).toBeUndefined();
    expect(givesBack(workflow, name, 'cancelled')).toBe(false);
    expect(givesBack(workflow, 'on_hold', name)).toBe(false);
  });

  test('gives stock back on the way from held to returned, and from gone where it restocks', () => {
    const workflow = right() as unknown as Workflow;
    const pairs = Object.keys(workflow.states).flatMap((from) => Object.keys(workflow.states).map((to) => [from, to]));
    expect(pairs.filter(([from, to]) => givesBack(workflow, from!, to!)).map((pair) => pair.join('>'))).toEqual([
      ...['new>cancelled', 'new>refunded', 'checked>cancelled', 'checked>refunded', 'sent>refunded'],
    ]);
    expect(Object.keys(workflow.states).filter((name) => isCounted(workflow, name))).toEqual([
      'new',
      'checked',
      'sent',
    ]);
  });
});
