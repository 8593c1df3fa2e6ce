/** What a view shows, and what it hides. */
import { describe, expect, test } from 'vitest';
import { EVERYTHING } from '../../../src/model/access.ts';
import { orderCreated } from '../../../src/model/event.ts';
import type { Order } from '../../../src/model/order.ts';
import { areWithin, lowerAscii, seesFile, seesOrder, shownEvent, shownOrder } from '../../../src/model/views.ts';
import { item, newOrder } from '../../support/changes.ts';

const order: Order = {
  ...newOrder([item('S'), item('S', 1, { hubId: 'HUB-2' })], { customerEmail: 'Anna@Example.com' }),
  ...{ orderDateMs: 0, orderId: 'A-1', status: 'on_hold', version: 1, actor: null, fileId: 'f_1', row: 2 },
  ...{ createdAtMs: 0, updatedAtMs: 0 },
};
const sees = (hubs: string[] | null, email: string | null, deleted = false) =>
  seesOrder({ hubs, email }, { order, deleted });

describe('a view', () => {
  test.each<[string[] | null, string | null, boolean]>([
    [null, null, true],
    [['HUB-2'], null, true],
    [['HUB-3', 'HUB'], null, false],
    [[], null, false],
    [null, 'anna@example.com', true],
    [null, 'ann@example.com', false],
    [null, '', false],
    [['HUB-1'], 'anna@example.com', true],
    [['HUB-3'], 'anna@example.com', false],
  ])('of the hubs %j and the customer %j shows an order: %j', (hubs, email, shown) => {
    expect(sees(hubs, email)).toBe(shown);
    // A deleted order is of nobody.
    expect(sees(hubs, email, true)).toBe(hubs === null && email === null);
  });

  test('an order is changed by those only who have all its hubs', () => {
    const within = (hubs: string[] | null) => areWithin(hubs, order.items);
    expect([within(null), within(['HUB-1', 'HUB-2', 'HUB-3']), within(['HUB-1']), within([])]).toEqual([
      ...[true, true, false, false],
    ]);
  });

  test('a file is seen by those only who have all hubs that it is for', () => {
    const shown = (hubs: string[] | null, of: string[] | null) => seesFile({ hubs }, { hubs: of });
    expect([shown(null, null), shown(null, []), shown(['A', 'B'], ['B']), shown(['A'], ['A'])]).toEqual([
      ...[true, true, true, true],
    ]);
    expect([shown(['A'], null), shown(['A'], ['A', 'B']), shown(['A'], []), shown([], [])]).toEqual([
      ...[false, false, false, false],
    ]);
  });

  test('of a customer compares addresses by ASCII letters alone: no other letter becomes one of these', () => {
    expect(lowerAscii('Anna.ÄK\u212a@EXAMPLE.com')).toBe('anna.ÄK\u212a@example.com'.replace('K', 'k'));
  });

  test('without personal data shows all else, and one of everything the very bytes', () => {
    expect(shownOrder({ personal: false }, order)).toEqual({
      ...shownOrder({ personal: true }, order),
      ...{ customer: { name: null, email: null }, shipping_address: null },
    });
    const { json } = orderCreated(order);
    expect(shownEvent(EVERYTHING, json)).toBe(json);
    expect(shownEvent({ ...EVERYTHING, hubs: ['HUB-1'] }, json)).toBe(json);
    expect(shownEvent({ ...EVERYTHING, email: 'anna@example.com' }, json)).toBe(json);
    for (const view of [{ personal: false }, { email: 'bert@example.com' }])
      expect(JSON.parse(shownEvent({ ...EVERYTHING, ...view }, json))).toEqual({
        ...JSON.parse(json),
        data: { ...JSON.parse(json).data, customer: { name: null, email: null }, shipping_address: null },
      });
  });
});
