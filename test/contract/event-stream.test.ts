/** The contract of the EventStream port, run on each adapter: INV-3. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PublishedEvent } from '../../src/model/event.ts';
import { eventStreams, type Opened, type Publishing } from '../support/adapters.ts';
import { chunkOf, ingestChunks, orderRow, rejection } from '../support/chunks.ts';

describe.each(eventStreams)('EventStream on $name', ({ open }) => {
  let opened: Opened<Publishing>;
  beforeEach(async () => {
    opened = await open();
    await opened.first.store.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', available: 1_000_000 }], null);
  });
  afterEach(() => opened.close());

  const ingest = (ids: string[]) =>
    ingestChunks(opened.first.store, [
      chunkOf(
        0,
        ids.map((id, i) => orderRow(i + 2, id)),
        [rejection(ids.length + 2)],
      ),
    ]);
  const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);

  /** Waits and reads on from a cursor until so many events have come. */
  async function follow(after: string, count: number, limit: number, { events } = opened.first) {
    const seen: PublishedEvent[] = [];
    const signal = AbortSignal.timeout(30_000);
    let cursor = after;
    while (seen.length < count) {
      signal.throwIfAborted();
      await events.wait(cursor, signal);
      const batch = await events.read(cursor, limit);
      expect(batch.length).toBeLessThanOrEqual(limit);
      seen.push(...batch);
      cursor = batch.at(-1)?.cursor ?? cursor;
    }
    return seen;
  }
  const idsOf = (events: PublishedEvent[]) => events.map((event) => event.orderId);

  test('has one event for each accepted order, in one order for all readers, however it is read', async () => {
    const { events } = opened.first;
    const sent = [...ids('A', 40), ...ids('B', 30), ...ids('C', 5)];
    await ingest(sent.slice(0, 40));
    await ingest(sent.slice(40, 70));
    await ingest(sent.slice(70));
    const all = await follow(events.beginning, 75, 1_000);
    expect(idsOf(all).sort()).toEqual(sent.sort());
    for (const limit of [1, 7, 75]) expect(await follow(events.beginning, 75, limit, opened.second)).toEqual(all);
    expect(new Set(all.map(({ cursor }) => cursor)).size).toBe(75);
    expect(await events.read(await events.end(), 10)).toEqual([]);
  });

  test('goes on after any event, without a gap or a repeat', async () => {
    const { events } = opened.first;
    await ingest(ids('A', 20));
    const all = await follow(events.beginning, 20, 100);
    for (const [i, { cursor }] of all.entries()) expect(await events.read(cursor, 100)).toEqual(all.slice(i + 1));
    await ingest(ids('B', 3));
    expect(idsOf(await follow(all.at(-1)!.cursor, 3, 100)).sort()).toEqual(['B-0', 'B-1', 'B-2']);
  });

  test('from its end on has what comes later only', async () => {
    await ingest(ids('A', 5));
    await follow(opened.first.events.beginning, 5, 100);
    const end = await opened.first.events.end();
    await ingest(ids('B', 2));
    expect(idsOf(await follow(end, 2, 100)).sort()).toEqual(['B-0', 'B-1']);
  });

  test('a reader that waits is woken by events that another client makes', async () => {
    const { events } = opened.second;
    const following = follow(await events.end(), 4, 2, opened.second);
    await ingest(ids('A', 4));
    expect(await following).toHaveLength(4);
  });

  test('a wait for nothing ends when it is aborted', async () => {
    const { events } = opened.first;
    await events.wait(await events.end(), AbortSignal.abort());
    const stop = new AbortController();
    const waiting = events.wait(await events.end(), stop.signal);
    stop.abort();
    await waiting;
  });

  test('an event is the same bytes at every reading: a CloudEvent of the order as it was created (INV-3)', async () => {
    const { events, store } = opened.first;
    const fileId = await ingest(['A-1']);
    const [first] = await follow(events.beginning, 1, 1);
    const [again] = await follow(opened.second.events.beginning, 1, 1, opened.second);
    expect(again).toEqual(first);
    const order = (await store.orders.get('A-1'))!;
    const createdAt = new Date(order.createdAtMs).toISOString();
    expect(JSON.parse(first!.json)).toEqual({
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

  test('refuses a cursor that is not its own', async () => {
    const { events } = opened.first;
    for (const cursor of ['', 'x', '-1', 'o', 'o-1', 'o0x!', 'ozzzzzzzzzzz', '{}'])
      await expect(events.read(cursor, 1)).rejects.toMatchObject({ code: 'invalid_cursor', retryable: false });
  });

  test('refuses a cursor of another stream that went further', async () => {
    const other = await open();
    await ingest(ids('A', 5));
    const [ahead] = (await follow(opened.first.events.beginning, 5, 100)).slice(-1);
    await expect(other.first.events.read(ahead!.cursor, 1)).rejects.toMatchObject({ code: 'invalid_cursor' });
    await other.close();
  });

  test('answers a ping', async () => {
    await opened.first.events.ping();
  });
});
