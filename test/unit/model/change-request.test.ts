/** The judgement on a change of an order: its order, and what any sequence of changes does to stock and history. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { type Ask, type ChangeRequest, judge, outOfStock } from '../../../src/model/change-request.ts';
import type { Order, OrderItem, StoredOrder } from '../../../src/model/order.ts';
import { differingFields, type OrderChange, orderAt } from '../../../src/model/order-change.ts';
import { DEFAULT_WORKFLOW, WORKFLOWS, type Workflow } from '../../../src/model/workflow.ts';

const item = (sku: string, quantity: number): OrderItem => ({
  ...{ sku, hubId: 'HUB-1', productName: `Product ${sku}`, quantity },
  ...{ unitPriceMinor: 100, lineTotalMinor: 100 * quantity },
});
const contentOf = (...items: OrderItem[]) => ({
  ...{ customerName: 'Ada', customerEmail: 'ada@example.com', items, orderDateMs: 5, shippingAddress: '12 St James' },
  totalMinor: items.reduce((sum, one) => sum + one.lineTotalMinor, 0),
});
const request = (ask: Ask, more: Partial<ChangeRequest> = {}): ChangeRequest => ({
  ...{ orderId: 'A-1', ask, actor: 'ada', within: null, ifMatch: null, key: null },
  ...more,
});
const toStatus = (status: string): Ask => ({ kind: 'status', status, reason: null });
const edit = (patch: Extract<Ask, { kind: 'edit' }>['patch']): Ask => ({ kind: 'edit', patch, reason: null });
const REMOVE: Ask = { kind: 'delete' };
const create = (...items: OrderItem[]): Ask => ({ kind: 'create', content: contentOf(...items) });

const rules = { workflow: DEFAULT_WORKFLOW, trackStock: true };
const stored = (order: Partial<Order> = {}, more: Partial<StoredOrder> = {}): StoredOrder => ({
  order: {
    ...contentOf(item('S', 2)),
    ...{ orderId: 'A-1', status: 'on_hold', version: 1, actor: null, fileId: null, row: null },
    ...{ createdAtMs: 1, updatedAtMs: 1 },
    ...order,
  },
  holdsStock: true,
  ...{ deleted: false, untouched: true, undone: false },
  ...more,
});
const shipped = stored({ status: 'shipped' });
const deleted = stored({ status: 'deleted' }, { deleted: true, holdsStock: false });

/** In short: the refusal's code, the outcome, or `change`. */
function verdict(asked: ChangeRequest, current: StoredOrder | null): string {
  const judgement = judge(asked, current, rules, 9);
  if ('plan' in judgement) return 'change';
  const { answer } = judgement;
  return answer.outcome === 'refused' ? answer.refusal.code : answer.outcome;
}

describe('a request is judged', () => {
  test.each<[what: string, ChangeRequest, StoredOrder | null, string]>([
    ['a new order', request(create(item('S', 1))), null, 'change'],
    ['the same order again', request(create(item('S', 2))), stored(), 'unchanged'],
    ['the same order again, shipped meanwhile', request(create(item('S', 2))), shipped, 'unchanged'],
    ['another order under the id', request(create(item('S', 3))), stored(), 'order_conflict'],
    ['a new order under a deleted id', request(create(item('S', 2))), deleted, 'order_deleted'],
    ['a change of no order', request(toStatus('confirmed')), null, 'not_found'],
    ['a change of a deleted order', request(toStatus('confirmed'), { ifMatch: [7] }), deleted, 'order_deleted'],
    ['a second deletion', request(REMOVE, { ifMatch: [7] }), deleted, 'deleted'],
    [
      'another version, before nothing to do',
      request(toStatus('on_hold'), { ifMatch: [2] }),
      stored(),
      'version_mismatch',
    ],
    ['another version, before a wrong move', request(toStatus('lost'), { ifMatch: [2] }), stored(), 'version_mismatch'],
    ['one of several versions', request(toStatus('confirmed'), { ifMatch: [4, 1] }), stored(), 'change'],
    ['the status that it has', request(toStatus('shipped')), shipped, 'unchanged'],
    [
      'an edit of nothing, where edits are not allowed',
      request(edit({ shippingAddress: '12 St James' })),
      shipped,
      'unchanged',
    ],
    ['an edit where edits are not allowed', request(edit({ shippingAddress: 'elsewhere' })), shipped, 'not_editable'],
    ['a move that is not in the workflow', request(toStatus('delivered')), stored(), 'invalid_transition'],
    ['a move to an inherited name', request(toStatus('constructor')), stored(), 'invalid_transition'],
    ['a deletion of what has left', request(REMOVE), shipped, 'not_deletable'],
    ['a deletion', request(REMOVE), stored(), 'change'],
    [
      'a deletion of a cancelled order',
      request(REMOVE),
      stored({ status: 'cancelled' }, { holdsStock: false }),
      'change',
    ],
    [
      'an edit of an order with too many',
      request(edit({ customerName: 'B' })),
      stored({ version: limits.maxOrderEdits }),
      'too_many_changes',
    ],
    ['a move of that order', request(toStatus('confirmed')), stored({ version: limits.maxOrderEdits }), 'change'],
    [
      'the last move but one',
      request(toStatus('confirmed')),
      stored({ version: limits.maxOrderChanges - 1 }),
      'too_many_changes',
    ],
    ['a deletion then', request(REMOVE), stored({ version: limits.maxOrderChanges - 1 }), 'change'],
  ])('%s', (_, asked, current, expected) => {
    expect(verdict(asked, current)).toBe(expected);
  });

  test('an edit changes what differs by the same rules, and leaves the rest as it is', () => {
    const items = [item('S', 2), { ...item('R', 1), productName: 'Caf\u00e9' }];
    const current = stored({ ...contentOf(...items), customerName: 'Zo\u00eb', version: 1 });
    const [first, second] = items as [OrderItem, OrderItem];
    const composed = { customerName: 'Zoe\u0308', items: [first, { ...second, productName: 'Cafe\u0301' }] };
    expect(verdict(request(edit(composed)), current)).toBe('unchanged');
    const judged = judge(request(edit({ ...composed, shippingAddress: 'elsewhere' })), current, rules, 9);
    expect(judged).toMatchObject({
      plan: {
        next: { order: { customerName: 'Zo\u00eb', items, shippingAddress: 'elsewhere', version: 2 } },
        change: { fields: [{ field: 'shipping_address' }] },
        moves: [],
      },
    });
    expect(judge(request(edit({ items: [second, first] })), current, rules, 9)).toMatchObject({
      plan: { next: { order: { items: [second, first] } }, change: { fields: [{ field: 'items' }] }, moves: [] },
    });
  });

  test('a refused move says from where, to where, and what is allowed', () => {
    expect(judge(request(toStatus('delivered')), stored(), rules, 9)).toMatchObject({
      answer: {
        refusal: { members: { from: 'on_hold', to: 'delivered', allowed: ['confirmed', 'cancelled'] } },
      },
    });
  });

  test('an order without a date gets the time of its creation, and is the same order whatever date is stored', () => {
    const ask: Ask = { kind: 'create', content: { ...contentOf(item('S', 2)), orderDateMs: null } };
    expect(judge(request(ask), null, rules, 9)).toMatchObject({ plan: { next: { order: { orderDateMs: 9 } } } });
    expect(verdict(request(ask), stored({ orderDateMs: 77 }))).toBe('unchanged');
  });

  test('each item whose pair is short is named, repeated pairs by their sum', () => {
    const items = [item('S', 2), item('R', 1), item('S', 2)];
    const moves = [
      { sku: 'S', hubId: 'HUB-1', quantity: 4 },
      { sku: 'R', hubId: 'HUB-1', quantity: 1 },
    ];
    expect(outOfStock(items, moves, (sku) => (sku === 'S' ? 3 : 1))).toMatchObject({
      refusal: {
        code: 'out_of_stock',
        members: {
          errors: [
            { pointer: '/items/0/quantity', available: 3 },
            { pointer: '/items/2/quantity', available: 3 },
          ],
        },
      },
    });
  });
});

describe('two orders', () => {
  const one = contentOf(item('S', 2));
  test.each([
    [one, []],
    [contentOf(item('R', 3)), ['product_name', 'sku', 'quantity', 'total_amount']],
    [contentOf(item('S', 1), item('S', 1)), ['items']],
    [
      { ...one, customerName: 'Eve', orderDateMs: 6, shippingAddress: 'x' },
      ['customer_name', 'order_date', 'shipping_address'],
    ],
    [{ customerEmail: 'eve@example.com' }, ['customer_email']],
    [{}, []],
  ])('%# differ in the fields that are sent and are others', (sent, fields) => {
    expect(differingFields(one, sent)).toEqual(fields);
  });

  test('are the same however accents are composed, but not those of a SKU or hub, by which stock is counted', () => {
    const accented = { ...contentOf({ ...item('\u00c9-1', 1), productName: 'Caf\u00e9' }), customerName: 'Z\u00e9' };
    const [only] = accented.items;
    const sent = (values: Partial<OrderItem>) => ({ customerName: 'Ze\u0301', items: [{ ...only!, ...values }] });
    expect(differingFields(accented, sent({ productName: 'Cafe\u0301' }))).toEqual([]);
    expect(differingFields(accented, sent({ sku: 'E\u0301-1' }))).toEqual(['sku']);
  });
});

const RESTOCKING: Workflow = {
  initial: 'new',
  states: {
    new: { to: ['kept', 'left'], editable: true, stock: 'held' },
    kept: { to: ['new', 'dropped'], editable: true, stock: 'held' },
    left: { to: ['lost', 'dropped'], editable: false, stock: 'gone' },
    dropped: { to: [], editable: false, stock: 'returned', restock: true },
    lost: { to: [], editable: false, stock: 'returned' },
  },
  finalize: null,
  undo: null,
};

const anyItems = fc
  .array(fc.tuple(fc.constantFrom('R', 'S', 'T'), fc.integer({ min: 1, max: 5 })), { minLength: 1, maxLength: 4 })
  .map((pairs) => pairs.map(([sku, quantity]) => item(sku, quantity)));
const anyAsk: fc.Arbitrary<Ask> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(5).map((n): Ask => toStatus(`#${n}`)) },
  { weight: 4, arbitrary: anyItems.map((items) => edit({ items })) },
  { weight: 2, arbitrary: fc.constantFrom('Ada', 'Eve').map((customerName) => edit({ customerName })) },
  { weight: 2, arbitrary: fc.constant(REMOVE) },
);

test.each<Workflow>([...Object.values(WORKFLOWS), RESTOCKING])(
  'any changes in workflow %# keep stock and history right',
  (workflow) => {
    fc.assert(
      fc.property(anyItems, fc.boolean(), fc.array(anyAsk, { maxLength: 25 }), (items, trackStock, asks) => {
        const states = Object.keys(workflow.states);
        const taken = new Map<string, number>();
        const history: OrderChange[] = [];
        const versions: Order[] = [];
        let current: StoredOrder | null = null;
        let left = false;
        const carryOut = (ask: Ask, atMs: number) => {
          const judgement = judge(request(ask, { actor: `at ${atMs}` }), current, { workflow, trackStock }, atMs);
          if ('answer' in judgement) return;
          const { next, change, moves } = judgement.plan;
          for (const { sku, quantity } of moves) taken.set(sku, (taken.get(sku) ?? 0) + quantity);
          history.push(change);
          versions.push(next.order);
          current = next;
          left ||= workflow.states[next.order.status]?.stock === 'gone';
        };
        carryOut({ kind: 'create', content: contentOf(...items) }, 1);
        for (const [n, ask] of asks.entries()) {
          const next = [...(workflow.states[current!.order.status]?.to ?? []), ...states];
          carryOut(ask.kind === 'status' ? toStatus(next[Number(ask.status.slice(1)) % next.length]!) : ask, n + 2);
        }

        const { order, holdsStock, deleted: isDeleted } = current!;
        const held = new Map<string, number>();
        if (holdsStock) for (const { sku, quantity } of order.items) held.set(sku, (held.get(sku) ?? 0) + quantity);
        expect(new Map([...taken].filter(([, quantity]) => quantity !== 0))).toEqual(held);
        if (!trackStock) expect(taken.size).toBe(0);
        const state = workflow.states[order.status];
        expect(holdsStock).toBe(
          trackStock && !isDeleted && (state?.stock !== 'returned' || (left && state.restock !== true)),
        );
        expect(history.map(({ version }) => version)).toEqual(history.map((_, n) => n + 1));
        expect(history.slice(1).map(({ fromStatus }) => fromStatus)).toEqual(
          history.slice(0, -1).map(({ toStatus: to }) => to),
        );
        if (!isDeleted)
          for (const [n, version] of versions.entries()) expect(orderAt(order, history, n + 1)).toEqual(version);
      }),
    );
  },
);
