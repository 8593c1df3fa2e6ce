/** The erasure of a person from an order with its history. */
import { describe, expect, test } from 'vitest';
import { type ErasureOf, withoutPerson } from '../../../src/model/erasure.ts';
import { type Order, orderJson } from '../../../src/model/order.ts';
import { changeJson, differingFields, type FieldChange, type OrderChange } from '../../../src/model/order-change.ts';
import { item, newOrder } from '../../support/changes.ts';

const order: Order = {
  ...newOrder([item('S')]),
  ...{ orderDateMs: 0, orderId: 'A-1', status: 'shipped', version: 1, actor: null, fileId: 'f_1', row: 2 },
  ...{ createdAtMs: 0, updatedAtMs: 1_000 },
};
const change = (version: number, fields: FieldChange[]): OrderChange => ({
  ...{ version, kind: 'edited', fromStatus: 'on_hold', toStatus: 'on_hold', fields },
  ...{ reason: `reason ${version}`, actor: 'anna', atMs: 0 },
});
const email = (from: string, to: string): FieldChange => ({ field: 'customer_email', from, to });
const erase = (
  of: ErasureOf,
  changes: OrderChange[] = [],
  { deleted = false, ...values }: { deleted?: boolean } & Partial<Order> = {},
) =>
  withoutPerson(
    { stored: { order: { ...order, ...values }, holdsStock: true, deleted, untouched: true, undone: false }, changes },
    of,
  );

describe('an erasure', () => {
  test.each<[string, ErasureOf, boolean]>([
    ['of the person of the order', { email: 'ada@example.com' }, true],
    ['of a person whose e-mail begins alike', { email: 'ada@example.co' }, false],
    ['of nobody', { email: '' }, false],
    ['of orders in its state for long', { unchangedSinceMs: 1_001, states: ['shipped'] }, true],
    ['of orders in its state, changed later', { unchangedSinceMs: 1_000, states: ['shipped'] }, false],
    ['of orders in another state', { unchangedSinceMs: 1_001, states: ['on_hold'] }, false],
  ])('%s', (_, of, erased) => {
    expect(erase(of) !== null).toBe(erased);
    expect(erase(of, [], { deleted: true })).toBeNull();
    expect(erase(of, [], { customerEmail: '' })).toBeNull();
  });

  test('takes each owner out of the history for the versions that were theirs, and no one else', () => {
    const history = [
      change(2, [email('ada@example.com', 'bob@example.com'), { field: 'customer_name', from: 'Ada', to: 'Bob' }]),
      change(3, [{ field: 'shipping_address', from: 'A', to: 'B' }]),
      change(4, [email('bob@example.com', 'ADA@example.com')]),
      change(5, [
        { field: 'shipping_address', from: 'B', to: 'C' },
        { field: 'total_amount', from: 1, to: 2 },
      ]),
      change(6, [email('ADA@example.com', 'cy@example.com')]),
    ];
    const erased = erase({ email: 'ada@example.com' }, history, { customerEmail: 'cy@example.com' })!;
    expect(
      erased.changes.map(({ fields, reason }) => [reason, ...fields.flatMap(({ from, to }) => [from, to])]),
    ).toEqual([
      [null, '', 'bob@example.com', '', 'Bob'],
      ['reason 3', 'A', 'B'],
      [null, 'bob@example.com', ''],
      [null, '', '', 1, 2],
      [null, '', 'cy@example.com'],
    ]);
    expect(erased.stored.order.customerEmail).toBe('cy@example.com');
    expect(withoutPerson(erased, { email: 'ada@example.com' })).toBeNull();
  });

  test('shows nothing of the person, and compares nothing of it', () => {
    const history = [change(2, [{ field: 'customer_name', from: 'Ada', to: 'Ada Lovelace' }])];
    const { stored, changes } = erase({ email: 'ada@example.com' }, history)!;
    expect(orderJson(stored.order)).toEqual({
      ...orderJson(order),
      ...{ customer: { name: null, email: null }, shipping_address: null },
    });
    expect(changes.map(changeJson)).toMatchObject([
      { reason: null, changes: [{ field: 'customer_name', from: null, to: null }] },
    ]);
    expect(differingFields(stored.order, order)).toEqual([]);
    expect(differingFields(stored.order, { ...order, totalMinor: 1 })).toEqual(['total_amount']);
  });
});
