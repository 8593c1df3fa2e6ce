/** The contract of the EventStream port, run on each adapter with an order store: INV-3. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ALL_TYPES, type PublishedEvent } from '../../src/model/event.ts';
import { eventStreams, GUARD_MS, type Opened, type Publishing } from '../support/adapters.ts';
import { chunkOf, ingestChunks, orderRow, rejection } from '../support/chunks.ts';
import { publishPending } from '../support/publish.ts';

for (const { name, open, missing, totalOrder } of eventStreams)
  describe.skipIf(missing !== null)(`EventStream on ${name}`, () => {
    let opened: Opened<Publishing>;
    let first: Publishing;
    let second: Publishing;
    beforeEach(async () => {
      opened = await open();
      ({ first, second } = opened);
      await first.store.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', available: 1_000_000 }], null);
    });
    afterEach(() => opened.close());

    const ingest = async (ids: string[]) => {
      const rows = ids.map((id, i) => orderRow(i + 2, id));
      const fileId = await ingestChunks(first.store, [chunkOf(0, rows, [rejection(ids.length + 2)])]);
      await publishPending(first);
      return fileId;
    };
    const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);

    /** Subscribes after a cursor, until so many events have come; one that was published again counts once. */
    async function follow(after: string, count: number, { events } = first): Promise<PublishedEvent[]> {
      const seen: PublishedEvent[] = [];
      if (count === 0) return seen;
      for await (const batch of events.subscribe(after, AbortSignal.timeout(GUARD_MS))) {
        seen.push(
          ...batch.events.filter(({ orderId }) => totalOrder || !seen.some((event) => event.orderId === orderId)),
        );
        if (seen.length >= count) break;
      }
      expect(seen).toHaveLength(count);
      return seen;
    }
    const idsOf = (events: PublishedEvent[]) => events.map((event) => event.orderId);
    /** What all readers agree on. */
    const shared = (events: PublishedEvent[]) =>
      totalOrder
        ? events
        : events
            .map(({ orderId, json }) => ({ orderId, json }))
            .sort((one, other) => (one.orderId < other.orderId ? -1 : 1));

    test('has one event for each accepted order, the same for all readers', async () => {
      const sent = [...ids('A', 40), ...ids('B', 30), ...ids('C', 5)];
      await ingest(sent.slice(0, 40));
      await ingest(sent.slice(40, 70));
      await ingest(sent.slice(70));
      const all = await follow(first.events.beginning, 75);
      expect(idsOf(all).sort()).toEqual([...sent].sort());
      expect(shared(await follow(second.events.beginning, 75, second))).toEqual(shared(all));
      expect(new Set(all.map(({ cursor }) => cursor)).size).toBe(75);
      expect(all.at(-1)!.cursor).toBe(await second.events.end());
    });

    test('resumes after any event, without a gap or a repeat', async () => {
      await ingest(ids('A', 20));
      const all = await follow(first.events.beginning, 20);
      for (const [i, { cursor }] of all.entries()) {
        await second.events.check(cursor);
        expect(shared(await follow(cursor, 19 - i, second))).toEqual(shared(all.slice(i + 1)));
      }
      await ingest(ids('B', 3));
      expect(idsOf(await follow(all.at(-1)!.cursor, 3)).sort()).toEqual(['B-0', 'B-1', 'B-2']);
    });

    test('from its end on has what comes later only', async () => {
      await ingest(ids('A', 5));
      const end = await first.events.end();
      await ingest(ids('B', 2));
      expect(idsOf(await follow(end, 2)).sort()).toEqual(['B-0', 'B-1']);
    });

    test('a reader that waits has events that another client makes', async () => {
      const following = follow(await second.events.end(), 4, second);
      await ingest(ids('A', 4));
      expect(idsOf(await following).sort()).toEqual(ids('A', 4));
    });

    test('many readers each have all events, each at its pace', async () => {
      await ingest(ids('A', 10));
      const { beginning } = first.events;
      const readers = [follow(beginning, 30), follow(beginning, 30, second), follow(await first.events.end(), 20)];
      await ingest(ids('B', 20));
      const [all, again, later] = (await Promise.all(readers)).map((events) => idsOf(events).sort());
      expect(all).toEqual([...ids('A', 10), ...ids('B', 20)].sort());
      expect(again).toEqual(all);
      expect(later).toEqual(ids('B', 20).sort());
    });

    test('a subscription ends when it is aborted', async () => {
      const collect = async (signal: AbortSignal) => {
        const seen: PublishedEvent[] = [];
        for await (const batch of second.events.subscribe(await second.events.end(), signal))
          seen.push(...batch.events);
        return seen;
      };
      expect(await collect(AbortSignal.abort())).toEqual([]);
      const stop = new AbortController();
      const collecting = collect(stop.signal);
      stop.abort();
      expect(await collecting).toEqual([]);
    });

    test('an event is the same bytes at every reading: a CloudEvent of the order as it was created (INV-3)', async () => {
      const fileId = await ingest(['A-1']);
      const [event] = await follow(first.events.beginning, 1);
      expect(await follow(second.events.beginning, 1, second)).toEqual([event]);
      const { order } = (await first.store.orders.get('A-1'))!;
      const createdAt = new Date(order.createdAtMs).toISOString();
      expect(JSON.parse(event!.json)).toEqual({
        specversion: '1.0',
        id: 'A-1:created',
        source: '/oms',
        type: 'order.created',
        subject: 'A-1',
        time: createdAt,
        datacontenttype: 'application/json',
        data: {
          order_id: 'A-1',
          status: 'on_hold',
          customer: { name: 'Ada Lovelace', email: 'ada@example.com' },
          items: [
            {
              sku: 'SKU-1',
              hub_id: 'HUB-1',
              product_name: 'Analytical Engine',
              quantity: 1,
              unit_price: '19.99',
              line_total: '19.99',
            },
          ],
          total_amount: '19.99',
          order_date: '2026-11-20T00:00:00.000Z',
          shipping_address: '12 St James Square',
          source: { file_id: fileId, row: 2 },
          created_at: createdAt,
          updated_at: createdAt,
        },
      });
    });

    test('publishing a batch again adds no other event', async () => {
      const { store, events } = first;
      // Where an order is published by its commit there is nothing that could be done twice.
      if (!events.publish) return expect(await store.outbox.pending()).toBeNull();
      await ingestChunks(store, [
        chunkOf(
          0,
          ids('A', 5).map((id, i) => orderRow(i + 2, id)),
        ),
      ]);
      const batch = (await store.outbox.pending())!;
      await events.publish(batch);
      await events.publish(batch);
      await publishPending(first);
      // Enough for each partition: what was published before has been read when all of these have.
      const last = new Set(ids('Z', 40));
      await ingestChunks(store, [
        chunkOf(
          0,
          [...last].map((id, i) => orderRow(i + 2, id)),
        ),
      ]);
      await publishPending(first);
      const seen = new Map<string, Set<string>>();
      for await (const read of events.subscribe(events.beginning, AbortSignal.timeout(GUARD_MS))) {
        for (const { orderId, json } of read.events) {
          if (!last.delete(orderId)) seen.set(orderId, (seen.get(orderId) ?? new Set()).add(json));
        }
        if (last.size === 0) break;
      }
      expect([...seen.keys()].sort()).toEqual(ids('A', 5));
      expect([...seen.values()].map((jsons) => jsons.size)).toEqual([1, 1, 1, 1, 1]);
    });

    test('refuses a cursor that is not its own', async () => {
      const { events } = first;
      const signal = AbortSignal.timeout(GUARD_MS);
      const refused = { code: 'invalid_cursor', retryable: false };
      for (const cursor of ['', '0', 'x', '-1', 'o', 'o-1', 'o0x!', 'ozzzzzzzzzzz', '{}', 'k.', 'k-1', 'kzzzzzzzzz']) {
        await expect(events.check(cursor)).rejects.toMatchObject(refused);
        await expect(events.subscribe(cursor, signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused);
      }
      await events.check(events.beginning);
      await events.check(await events.end());
    });

    test('refuses a cursor of another stream that went further', async () => {
      const other = await open();
      await ingest(ids('A', 5));
      const ahead = (await follow(first.events.beginning, 5)).at(-1)!;
      await expect(other.first.events.check(ahead.cursor)).rejects.toMatchObject({ code: 'invalid_cursor' });
      await other.close();
    });

    test('reports its engine', async () => {
      await first.events.end(ALL_TYPES);
      const { engine, address, missing: lacking } = await first.events.inspect();
      expect(engine).not.toBe('');
      expect(address).not.toBe('');
      expect(lacking).toEqual([]);
    });
  });
