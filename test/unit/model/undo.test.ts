/** What an undo does to an order, and how it comes again. */
import { expect, test } from 'vitest';
import type { Order, StoredOrder } from '../../../src/model/order.ts';
import { type OrderChange, orderAt } from '../../../src/model/order-change.ts';
import { judgeUndo, takeAgain } from '../../../src/model/undo.ts';
import { DEFAULT_WORKFLOW, WORKFLOWS } from '../../../src/model/workflow.ts';
import { item, newOrder } from '../../support/changes.ts';

const CONTENT = { ...newOrder([item('S', 2), item('S'), item('T')]), orderDateMs: 1 };
const order: Order = {
  ...CONTENT,
  ...{
    orderId: 'A-1',
    status: 'on_hold',
    version: 1,
    actor: null,
    fileId: 'f_1',
    row: 2,
    createdAtMs: 1,
    updatedAtMs: 1,
  },
};
const stored = (values: Partial<Order> = {}, more: Partial<StoredOrder> = {}): StoredOrder => ({
  ...{ order: { ...order, ...values }, holdsStock: true, deleted: false, untouched: true, undone: false },
  ...more,
});
const judge = (one: StoredOrder, workflow = DEFAULT_WORKFLOW) => judgeUndo({ actor: 'olga' }, 'f_1', one, workflow, 9);

test('an order as the file made it goes to the undo state, and gives its stock back, once per pair', () => {
  expect(judge(stored())).toMatchObject({
    next: {
      order: { status: 'cancelled', version: 2, actor: 'olga', updatedAtMs: 9, fileId: 'f_1' },
      ...{ holdsStock: false, deleted: false, untouched: false, undone: true },
    },
    change: { kind: 'undone', fromStatus: 'on_hold', toStatus: 'cancelled', version: 2, fields: [], actor: 'olga' },
    moves: [
      { sku: 'S', quantity: -3 },
      { sku: 'T', quantity: -1 },
    ],
  });
  expect(judge(stored({}, { holdsStock: false }))).toMatchObject({ next: { holdsStock: false }, moves: [] });
});

test.each([
  ['that somebody has changed', stored({ version: 2 }, { untouched: false }), DEFAULT_WORKFLOW],
  ['that was deleted', stored({ status: 'deleted' }, { untouched: false, deleted: true }), DEFAULT_WORKFLOW],
  ['of a former workflow, from whose state there is no way', stored(), WORKFLOWS.paid],
  ['where the workflow has no undo state any more', stored(), { ...DEFAULT_WORKFLOW, undo: null }],
])('an order %s stays', (_, one, workflow) => {
  expect(judge(one, workflow)).toBe('kept');
});

test('what was undone before, or is of another file by now, is done', () => {
  expect(judge(stored({ status: 'cancelled', version: 2 }, { untouched: false, undone: true }))).toBe('undone');
  expect(judge(stored({ fileId: 'f_2', version: 3 }))).toBe('undone');
});

test('an undone order comes again as its next version, from which the way leads back to what it was', () => {
  const undone = stored({ status: 'cancelled', version: 2 }, { holdsStock: false, untouched: false, undone: true });
  const content = { ...CONTENT, customerName: 'Grace', items: [item('T', 4)], totalMinor: 4 * 1999 };
  const source = { fileId: 'f_2', row: 7 };
  const plan = takeAgain(undone, { content, source, actor: null, status: 'on_hold', trackStock: true }, 12);
  expect(plan).toMatchObject({
    next: {
      order: { ...content, ...source, status: 'on_hold', version: 3, createdAtMs: 1, updatedAtMs: 12 },
      ...{ holdsStock: true, untouched: true, undone: false },
    },
    change: { kind: 'created', fromStatus: 'cancelled', toStatus: 'on_hold', former: { fileId: 'f_1', row: 2 } },
    moves: [{ sku: 'T', quantity: 4 }],
  });
  const history: OrderChange[] = [
    {
      ...{ version: 1, kind: 'created', fromStatus: null, toStatus: 'on_hold', fields: [] },
      ...{ reason: null, actor: null, atMs: 1 },
    },
    {
      ...{ version: 2, kind: 'undone', fromStatus: 'on_hold', toStatus: 'cancelled', fields: [] },
      ...{ reason: null, actor: null, atMs: 9 },
    },
    plan.change,
  ];
  expect(orderAt(plan.next.order, history, 1)).toEqual(order);
  expect(orderAt(plan.next.order, history, 3)).toEqual(plan.next.order);
});
