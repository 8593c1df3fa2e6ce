/** The events of changes, on each event stream with an order store: INV-3. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ChangeRequest } from '../../../src/model/change-request.ts';
import { EVENT_TYPES, type EventType, type PublishedEvent } from '../../../src/model/event.ts';
import { orderJson } from '../../../src/model/order.ts';
import { eventStreams, GUARD_MS, type Opened, type Publishing } from '../../support/adapters.ts';
import { applyOne, changed, item, newOrder, toCreate, toDelete, toEdit, toMove } from '../../support/changes.ts';
import { chunkOf, ingestChunks, orderRow } from '../../support/chunks.ts';
import { publishPending } from '../../support/publish.ts';

const ALL = new Set(EVENT_TYPES);

/** A stream may keep creations and changes apart: then there is no order between the two. */
const creationsFirst = (events: PublishedEvent[]) => [
  ...events.filter(({ type }) => type === 'order.created'),
  ...events.filter(({ type }) => type !== 'order.created'),
];

for (const { name, open, missing, totalOrder } of eventStreams)
  describe.skipIf(missing !== null)(`the events of changes on ${name}`, () => {
    let opened: Opened<Publishing>;
    let first: Publishing;
    beforeEach(async () => {
      opened = await open();
      ({ first } = opened);
      await first.store.stock.change([{ sku: 'S', hubId: 'HUB-1', available: 1_000_000 }], null);
    });
    afterEach(() => opened.close());

    /** The events of these types after a cursor, until so many different ones have come. */
    async function read(count: number, types: ReadonlySet<EventType> = ALL, after = first.events.beginning) {
      await publishPending(first);
      const seen = new Map<string, PublishedEvent>();
      if (count === 0) return [];
      for await (const batch of first.events.subscribe(after, AbortSignal.timeout(GUARD_MS), types)) {
        for (const event of batch.events) seen.set((JSON.parse(event.json) as { id: string }).id, event);
        if (seen.size >= count) break;
      }
      expect(seen.size).toBe(count);
      return [...seen.values()];
    }
    const parsed = (events: PublishedEvent[]) => events.map(({ json }) => JSON.parse(json) as { id: string });
    const idsOf = (events: PublishedEvent[]) => parsed(events).map(({ id }) => id);
    const ofOrder = (events: PublishedEvent[], orderId: string) => events.filter((event) => event.orderId === orderId);
    const apply = (...asks: ChangeRequest[]) => first.store.changes.apply(asks);

    test('an order that was undone and comes again has one more creation', async () => {
      const { store } = first;
      const ingest = (customerName: string) =>
        ingestChunks(store, [chunkOf(0, [orderRow(2, 'R-1', { sku: 'S', customerName })])]);
      const fileId = await ingest('Ada');
      await store.undo.request(fileId, null);
      while (await store.undo.step(fileId));
      await ingest('Grace');
      const events = await read(3);
      expect(idsOf(totalOrder ? events : creationsFirst(events))).toEqual(
        totalOrder ? ['R-1:created', 'R-1:2', 'R-1:3'] : ['R-1:created', 'R-1:3', 'R-1:2'],
      );
      const created = await read(2, new Set(['order.created']));
      expect(parsed(created)).toMatchObject([
        { id: 'R-1:created', data: { customer: { name: 'Ada' } } },
        { id: 'R-1:3', sequence: '3', data: { version: 3, customer: { name: 'Grace' } } },
      ]);
    });

    test('come in the order of the versions of each order, after its creation', async () => {
      await ingestChunks(first.store, [
        chunkOf(0, [orderRow(2, 'R-1', { sku: 'S' }), orderRow(3, 'R-2', { sku: 'S' })]),
      ]);
      await apply(toCreate('P-1', newOrder([item('S')])), toMove('R-1', 'confirmed'), toMove('P-1', 'confirmed'));
      await apply(toEdit('R-1', { customerName: 'Grace' }), toMove('P-1', 'cancelled'), toMove('R-1', 'shipped'));
      const events = await read(8);
      const inOrder = totalOrder ? events : creationsFirst(events);
      expect(idsOf(ofOrder(inOrder, 'R-1'))).toEqual(['R-1:created', 'R-1:2', 'R-1:3', 'R-1:4']);
      expect(idsOf(ofOrder(inOrder, 'P-1'))).toEqual(['P-1:created', 'P-1:2', 'P-1:3']);
      expect(idsOf(ofOrder(inOrder, 'R-2'))).toEqual(['R-2:created']);
    });

    test('tell what changed', async () => {
      const order = changed(await applyOne(first.store, toCreate('P-1', newOrder([item('S', 2)]), { actor: 'anna' })));
      const outcomes = await apply(
        toEdit('P-1', { items: [item('S', 3), item('S', 1)] }, { actor: 'bob', reason: 'one more' }),
        toMove('P-1', 'confirmed', { reason: 'paid' }),
      );
      const events = parsed(creationsFirst(await read(3)));
      const at = outcomes.map((outcome) => new Date(changed(outcome).updatedAtMs).toISOString());
      const envelope = { specversion: '1.0', source: '/oms', subject: 'P-1', datacontenttype: 'application/json' };
      const created = new Date(order.createdAtMs).toISOString();
      const { version, actor, ...former } = orderJson(order);
      expect(events[0]).toEqual({
        ...envelope,
        ...{ id: 'P-1:created', type: 'order.created', time: created, data: { ...former, version, actor } },
      });
      expect(events[1]).toMatchObject({
        ...envelope,
        ...{ id: 'P-1:2', type: 'order.edited', time: at[0], sequence: '2' },
        data: {
          ...{ order_id: 'P-1', version: 2, status: 'on_hold', previous_status: 'on_hold', reason: 'one more' },
          ...{ actor: 'bob', at: at[0] },
          changes: [
            { field: 'items', from: [{ quantity: 2 }], to: [{ quantity: 3 }, { quantity: 1 }] },
            { field: 'total_amount', from: '39.98', to: '79.96' },
          ],
        },
      });
      expect(events[2]).toEqual({
        ...envelope,
        ...{ id: 'P-1:3', type: 'order.status_changed', time: at[1], sequence: '3' },
        data: {
          ...{ order_id: 'P-1', version: 3, status: 'confirmed', previous_status: 'on_hold', reason: 'paid' },
          ...{ actor: null, at: at[1], changes: [] },
        },
      });
    });

    test('of a creation keep their bytes whatever becomes of the order', async () => {
      await ingestChunks(first.store, [chunkOf(0, [orderRow(2, 'R-1', { sku: 'S' })])]);
      await apply(toCreate('P-1', newOrder([item('S'), item('S', 2)])));
      const before = (await read(2)).map(({ json }) => json);
      for (const id of ['R-1', 'P-1'])
        await apply(
          toEdit(id, { items: [item('S', 3), item('S', 1)], customerName: 'Grace' }, { actor: 'bob' }),
          toMove(id, 'confirmed'),
          toEdit(id, { items: [item('S', 9)], shippingAddress: 'elsewhere' }),
        );
      const created = await read(2, new Set(['order.created']));
      expect(created.map(({ json }) => json).sort()).toEqual(before.sort());
      expect(created.map(({ type }) => type)).toEqual(['order.created', 'order.created']);
    });

    test('can be read by type, and resumed after each', async () => {
      for (let n = 0; n < 5; n++) {
        await apply(toCreate(`P-${n}`, newOrder([item('S')])), toMove(`P-${n}`, 'confirmed'));
        await apply(toEdit(`P-${n}`, { customerName: 'Grace' }), toDelete(`P-${n}`));
      }
      const all = await read(20);
      for (const type of EVENT_TYPES) {
        const those = await read(5, new Set([type]));
        expect(those.map((event) => event.type)).toEqual(Array(5).fill(type));
        const rest = await read(3, new Set([type]), those[1]!.cursor);
        if (totalOrder) expect(idsOf(rest)).toEqual(idsOf(those.slice(2)));
      }
      const two = await read(10, new Set<EventType>(['order.edited', 'order.deleted']));
      expect(idsOf(two).sort()).toEqual(
        idsOf(all.filter(({ type }) => type === 'order.edited' || type === 'order.deleted')).sort(),
      );
      if (!totalOrder) return;
      for (const [n, { cursor }] of all.entries())
        expect(idsOf(await read(19 - n, ALL, cursor))).toEqual(idsOf(all.slice(n + 1)));
      expect(await first.events.end()).toBe(all.at(-1)!.cursor);
    });

    // A topic is read the same wherever the orders are, and thousands of changes on MongoDB take long.
    if (name === 'Kafka, orders on MongoDB') return;

    test('a reader that waits for one type has it, however many others come', async () => {
      const end = await first.events.end();
      const reading = (async () => {
        for await (const batch of first.events.subscribe(
          end,
          AbortSignal.timeout(GUARD_MS),
          new Set(['order.deleted']),
        ))
          if (batch.events.length > 0) return batch.events.map(({ orderId }) => orderId);
        return null;
      })();
      for (let n = 0; n < 10; n++) {
        const ids = Array.from({ length: 100 }, (_, i) => `P-${n}-${i}`);
        await first.store.changes.apply(ids.map((id) => toCreate(id, newOrder([item('S')]))));
        await first.store.changes.apply(ids.map((id) => toMove(id, 'confirmed')));
      }
      await apply(toDelete('P-3-3'));
      await publishPending(first);
      expect(await reading).toEqual(['P-3-3']);
    });
  });

for (const { name, open, missing } of eventStreams)
  describe.skipIf(missing !== null)(`the events of deleted orders on ${name}`, () => {
    test('keep their place, id, type, time and version, without content', async () => {
      const { first, close } = await open();
      const { store, events } = first;
      await store.stock.change([{ sku: 'S', hubId: 'HUB-1', available: 100 }], null);
      await ingestChunks(store, [chunkOf(0, [orderRow(2, 'R-1', { sku: 'S' })])]);
      const secret = { customerName: 'Grace Hopper', shippingAddress: 'Arlington' };
      await store.changes.apply([toCreate('P-1', newOrder([item('S')]))]);
      for (const id of ['R-1', 'P-1'])
        await store.changes.apply([toEdit(id, secret, { reason: 'as Grace asked' }), toDelete(id)]);
      // Nothing was published before the deletion, so nothing of the content is ever sent.
      await publishPending({ store, events });
      const seen: PublishedEvent[] = [];
      for await (const batch of events.subscribe(events.beginning, AbortSignal.timeout(GUARD_MS), ALL)) {
        seen.push(...batch.events);
        if (seen.length >= 6) break;
      }
      for (const id of ['R-1', 'P-1']) {
        const { stored, changes } = (await store.changes.history(id))!;
        const those = creationsFirst(seen)
          .filter(({ orderId }) => orderId === id)
          .map(({ json }) => JSON.parse(json) as never);
        const statuses = ['on_hold', 'on_hold', 'deleted'];
        expect(those).toEqual(
          ['created', 'edited', 'deleted'].map((kind, n) => ({
            ...{
              specversion: '1.0',
              id: `${id}:${n === 0 ? 'created' : n + 1}`,
              source: '/oms',
              type: `order.${kind}`,
            },
            ...{ subject: id, time: new Date(changes[n]!.atMs).toISOString(), datacontenttype: 'application/json' },
            ...(n > 0 && { sequence: String(n + 1) }),
            data: { order_id: id, version: n + 1, status: statuses[n], erased: true },
          })),
        );
        expect(stored.deleted).toBe(true);
      }
      expect(JSON.stringify(seen)).not.toMatch(/Grace|Arlington|Ada/);
      await close();
    });
  });
