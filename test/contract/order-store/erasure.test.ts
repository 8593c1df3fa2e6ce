/** The erasure of people from orders, on each order store with its events. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ErasureOf } from '../../../src/model/erasure.ts';
import { EVENT_TYPES } from '../../../src/model/event.ts';
import { orderJson } from '../../../src/model/order.ts';
import { changeJson } from '../../../src/model/order-change.ts';
import type { FoundOrder } from '../../../src/ports/erasure.ts';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import { GUARD_MS, type Opened, outboxes, type Publishing } from '../../support/adapters.ts';
import {
  applyOne,
  changed,
  isRefused,
  item,
  keyOf,
  newOrder,
  toCreate,
  toDelete,
  toEdit,
  toMove,
} from '../../support/changes.ts';
import { chunkOf, ingestChunks, orderRow, readAll } from '../../support/chunks.ts';
import { publishPending } from '../../support/publish.ts';
import { violationsOf } from '../../support/violations.ts';

const ADA = { email: 'ada@example.com' };
const GRACE = { customerName: 'Grace Hopper', customerEmail: 'grace@example.com', shippingAddress: '1 Navy Yard' };
const ALL_EVENTS = new Set(EVENT_TYPES);
const NOBODY = { customer: { name: null, email: null }, shipping_address: null };
const FINAL = ['delivered', 'cancelled'];

for (const { name, open, missing } of outboxes)
  describe.skipIf(missing !== null)(`the erasure of people on ${name}`, () => {
    let opened: Opened<Publishing>;
    let store: OrderStore;
    beforeEach(async () => {
      opened = await open();
      store = opened.first.store;
      await store.stock.change([{ sku: 'S', hubId: 'HUB-1', available: 1_000 }], null);
    });
    afterEach(() => opened.close());

    async function find(of: ErasureOf, from: string | null = null): Promise<{ found: FoundOrder[]; position: string }> {
      const found: FoundOrder[] = [];
      for (let position = from; ; ) {
        const page = await store.erasure.find(of, position);
        found.push(...page.found);
        position = page.position;
        if (page.end) return { found: found.sort((a, b) => (a.orderId < b.orderId ? -1 : 1)), position: position! };
      }
    }
    async function erase(of: ErasureOf): Promise<string[]> {
      const orderIds = (await find(of)).found.map(({ orderId }) => orderId);
      expect(await store.erasure.erase(of, orderIds)).toBe(orderIds.length);
      return orderIds;
    }
    const create = (id: string, values: Partial<typeof GRACE> = {}, terms = {}) =>
      applyOne(store, toCreate(id, newOrder([item('S', 2), item('S')], values), terms));
    const edit = (id: string, patch: object, reason = 'asked by Ada') => applyOne(store, toEdit(id, patch, { reason }));
    const shown = async (id: string) => orderJson((await store.orders.get(id))!.order);
    const historyOf = async (id: string) => (await store.changes.history(id))!.changes.map(changeJson);
    async function events(count: number): Promise<string[]> {
      await publishPending(opened.first);
      const json: string[] = [];
      for await (const batch of opened.second.events.subscribe(
        opened.second.events.beginning,
        AbortSignal.timeout(GUARD_MS),
        ALL_EVENTS,
      )) {
        json.push(...batch.events.map((event) => event.json));
        if (json.length >= count) return json;
      }
      throw new Error(`only ${json.length} of ${count} events have come`);
    }

    test('takes name, e-mail and address out of all orders of a person, whatever the case, and of no other', async () => {
      const row = (n: number, id: string, customerEmail: string) => orderRow(n, id, { sku: 'S', customerEmail });
      const fileId = await ingestChunks(store, [
        chunkOf(0, [row(2, 'R-1', 'ADA@Example.com'), row(3, 'R-2', 'bada@example.com')]),
        chunkOf(1, [row(4, 'R-3', 'ada@example.com'), row(5, 'R-4', 'ada@example.com.uk')]),
      ]);
      await create('P-1');
      await create('P-2', GRACE);
      await create('P-3');
      await applyOne(store, toDelete('P-3'));
      const before = await Promise.all(['R-1', 'R-2', 'P-1'].map(shown));
      expect((await find(ADA)).found).toEqual([
        { orderId: 'P-1', fileIds: [] },
        { orderId: 'R-1', fileIds: [fileId] },
        { orderId: 'R-3', fileIds: [fileId] },
      ]);
      expect(await erase(ADA)).toEqual(['P-1', 'R-1', 'R-3']);
      expect((await find(ADA)).found).toEqual([]);
      expect(await store.erasure.erase(ADA, ['P-1', 'R-1', 'R-2', 'P-2', 'P-3', 'none'])).toBe(0);
      expect(await Promise.all(['R-1', 'R-2', 'P-1'].map(shown))).toEqual([
        { ...before[0], ...NOBODY },
        before[1],
        { ...before[2], ...NOBODY },
      ]);
      const list = await readAll((page) => store.orders.list({ customerEmail: 'ada@example.com' }, page), 10);
      expect(list).toEqual([]);
      const named = await readAll((page) => store.orders.list({ q: 'ada' }, page), 10);
      expect(named.map(({ orderId }) => orderId)).toEqual(['R-4', 'R-2']);
      expect(await violationsOf(store)).toEqual([]);
    });

    test('leaves the places, ids and versions of events, without content', async () => {
      await ingestChunks(store, [
        chunkOf(0, [orderRow(2, 'R-1', { sku: 'S' }), orderRow(3, 'R-2', { sku: 'S', ...GRACE })]),
      ]);
      await create('P-1');
      await edit('R-1', { shippingAddress: '2 St James Square', items: [item('S', 4)] });
      await applyOne(store, toMove('P-1', 'confirmed', { reason: 'Ada has paid' }));
      const before = (await events(5)).map((json) => JSON.parse(json));
      const written = (await events(5)).filter((json) => json.includes('grace'));
      await erase(ADA);
      const after = (await events(5)).map((json) => JSON.parse(json));
      expect(after.map(({ data, ...envelope }) => envelope)).toEqual(before.map(({ data, ...envelope }) => envelope));
      for (const { subject, sequence = '1', data } of after)
        if (subject !== 'R-2')
          expect(data).toEqual({
            ...{ order_id: subject, version: Number(sequence), erased: true },
            status: data.version === 2 && subject === 'P-1' ? 'confirmed' : 'on_hold',
          });
      expect((await events(5)).filter((json) => json.includes('grace'))).toEqual(written);
      expect((await events(5)).join()).not.toMatch(/ada|james/i);
      expect(await historyOf('R-1')).toMatchObject([
        { version: 1, action: 'created', to: 'on_hold' },
        {
          ...{ version: 2, action: 'edited', reason: null },
          changes: [
            { field: 'items', to: [{ quantity: 4 }] },
            { field: 'total_amount' },
            { field: 'shipping_address', from: null, to: null },
          ],
        },
      ]);
      expect(await historyOf('P-1')).toMatchObject([{ version: 1 }, { version: 2, to: 'confirmed', reason: null }]);
      expect(await violationsOf(store)).toEqual([]);
    });

    test('takes a former customer out of the history of an order that is now of another', async () => {
      await create('P-1', {}, keyOf('K-1'));
      await edit('P-1', { shippingAddress: '2 St James Square' });
      await applyOne(store, toMove('P-1', 'confirmed', { reason: 'Ada has paid' }));
      await edit('P-1', GRACE);
      await edit('P-1', { shippingAddress: '2 Navy Yard' }, 'asked by Grace');
      const before = await shown('P-1');
      expect((await find(ADA)).found).toEqual([{ orderId: 'P-1', fileIds: [] }]);
      await erase(ADA);
      expect((await find(ADA)).found).toEqual([]);
      expect(await shown('P-1')).toEqual(before);
      const history = await historyOf('P-1');
      expect(JSON.stringify(history)).not.toMatch(/ada|james/i);
      expect(history.at(3)!.changes).toEqual([
        { field: 'customer_name', from: null, to: 'Grace Hopper' },
        { field: 'customer_email', from: null, to: 'grace@example.com' },
        { field: 'shipping_address', from: null, to: '1 Navy Yard' },
      ]);
      expect(history.at(4)).toMatchObject({ reason: 'asked by Grace', changes: [{ from: '1 Navy Yard' }] });
      const data = (await events(5)).map((json) => JSON.parse(json).data);
      expect(JSON.stringify(data)).not.toMatch(/ada|james/i);
      expect(data.map(({ erased = false }) => erased)).toEqual([true, true, false, true, false]);
      const again = await create('P-1', {}, keyOf('K-1'));
      expect(orderJson(changed(again))).toMatchObject({ version: 1, ...NOBODY });
      expect(await violationsOf(store)).toEqual([]);
      expect(await erase({ email: 'grace@example.com' })).toEqual(['P-1']);
      expect(await violationsOf(store)).toEqual([]);
    });

    test('leaves an order that goes on: the same again is a duplicate, and only its person stays away', async () => {
      const row = orderRow(2, 'R-1', { sku: 'S' });
      await ingestChunks(store, [chunkOf(0, [row])]);
      await create('P-1', {}, keyOf('K-1'));
      const [key, wanted] = [keyOf('K-2'), { shippingAddress: '3 St James Square' }];
      await applyOne(store, toEdit('P-1', wanted, key));
      await erase(ADA);
      const file = await ingestChunks(store, [chunkOf(0, [row, { ...row, row: 3, quantity: 2, totalMinor: 3998 }])]);
      const rejected = (await store.rejections.list(file, {}, { limit: 10, after: null })).items;
      expect(rejected.map(({ reasons }) => reasons[0]!.code)).toEqual(['duplicate_order', 'order_conflict']);
      expect(rejected[1]!.reasons[0]!.reason).toContain('with another quantity, total_amount,');
      expect(await create('P-1')).toMatchObject({ outcome: 'unchanged', order: { customerEmail: '' } });
      expect(await create('P-1', {}, keyOf('K-1'))).toMatchObject({ outcome: 'created', order: { customerEmail: '' } });
      expect(await applyOne(store, toEdit('P-1', wanted, key))).toMatchObject({
        outcome: 'changed',
        order: { version: 2, shippingAddress: '' },
      });
      for (const patch of [{ customerName: 'Ada' }, { customerEmail: 'ada@example.com' }, { shippingAddress: 'x' }])
        expect(await edit('P-1', { ...patch, items: [item('S')] })).toMatchObject(isRefused('not_editable'));
      expect(await edit('P-1', { items: [item('S', 5)] })).toMatchObject({ outcome: 'changed' });
      expect(await applyOne(store, toMove('P-1', 'confirmed'))).toMatchObject({ outcome: 'changed' });
      expect(await violationsOf(store)).toEqual([]);
      expect(await applyOne(store, toDelete('P-1'))).toEqual({ outcome: 'deleted' });
      expect(await applyOne(store, toMove('R-1', 'cancelled'))).toMatchObject({ outcome: 'changed' });
      expect(await violationsOf(store)).toEqual([]);
    });

    test('finds the orders that rest in a final state for long, each once it does', async () => {
      for (const id of ['P-1', 'P-2', 'P-3', 'P-4']) await create(id, GRACE);
      await applyOne(store, toMove('P-1', 'cancelled'));
      const since = (await applyOne(store, toMove('P-2', 'cancelled'))) as { order: { updatedAtMs: number } };
      const of = (unchangedSinceMs: number): ErasureOf => ({ unchangedSinceMs, states: FINAL });
      expect((await find(of(since.order.updatedAtMs - 60_000))).found).toEqual([]);
      const later = Date.now() + 60_000;
      const { found, position } = await find(of(later));
      expect(found.map(({ orderId }) => orderId)).toEqual(['P-1', 'P-2']);
      expect(await store.erasure.erase(of(later), ['P-1', 'P-2', 'P-3'])).toBe(2);
      expect((await find(of(later), position)).found).toEqual([]);
      await applyOne(store, toMove('P-3', 'cancelled'));
      const next = await find(of(later), position);
      expect(next.found).toEqual([{ orderId: 'P-3', fileIds: [] }]);
      await create('P-5', GRACE);
      await applyOne(store, toMove('P-5', 'cancelled'));
      expect((await find(of(later), next.position)).found).toEqual([{ orderId: 'P-5', fileIds: [] }]);
      expect((await find(of(later))).found.map(({ orderId }) => orderId)).toEqual(['P-3', 'P-5']);
      expect(await shown('P-1')).toMatchObject({ ...NOBODY, status: 'cancelled', total_amount: '59.97' });
      expect(await violationsOf(store)).toEqual([]);
    });
  });
