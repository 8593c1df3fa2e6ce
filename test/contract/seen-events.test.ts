/** What of the events those are sent who do not see all orders, or no personal data, on each event stream with an order store. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seenBatch } from '../../src/access/seen-events.ts';
import { EVERYTHING, type View } from '../../src/model/access.ts';
import { EVENT_TYPES, type PublishedEvent } from '../../src/model/event.ts';
import { eventStreams, GUARD_MS, type Opened, type Publishing } from '../support/adapters.ts';
import { item, newOrder, toCreate, toDelete, toEdit, toMove } from '../support/changes.ts';
import { chunkOf, ingestChunks, orderRow } from '../support/chunks.ts';
import { publishPending } from '../support/publish.ts';

for (const { name, open, missing } of eventStreams)
  describe.skipIf(missing !== null)(`a view of the events on ${name}`, () => {
    let opened: Opened<Publishing>;
    /** Of all orders. */
    let all: PublishedEvent[];
    let end: string;
    beforeAll(async () => {
      opened = await open();
      const { store, events } = opened.first;
      const levels = ['HUB-1', 'HUB-2'].map((hubId) => ({ sku: 'S', hubId, available: 1_000 }));
      await store.stock.change(levels, null);
      const at = (hubId: string) => item('S', 1, { hubId });
      const of = (customerEmail: string) => ({ customerEmail, customerName: `Geheim ${customerEmail}` });
      await ingestChunks(store, [
        chunkOf(0, [
          orderRow(2, 'ROW-1', { sku: 'S', ...of('a@example.com') }),
          orderRow(3, 'ROW-2', { sku: 'S', hubId: 'HUB-2', ...of('b@example.com') }),
        ]),
      ]);
      await publishPending(opened.first);
      await store.changes.apply([
        toCreate('BOTH', newOrder([at('HUB-1'), at('HUB-2')], of('A@Example.com'))),
        toMove('ROW-1', 'confirmed'),
        toMove('ROW-2', 'confirmed'),
        toCreate('GONE', newOrder([at('HUB-1')], of('a@example.com'))),
        toDelete('GONE'),
        // From one person to another.
        toEdit('ROW-2', { customerEmail: 'a@example.com', customerName: 'Geheim New' }),
        toEdit('BOTH', { shippingAddress: 'Geheimweg 3' }),
      ]);
      await publishPending(opened.first);
      all = [];
      for await (const batch of events.subscribe(
        events.beginning,
        AbortSignal.timeout(GUARD_MS),
        new Set(EVENT_TYPES),
      )) {
        all.push(...batch.events);
        end = batch.cursor;
        if (new Set(all.map(idOf)).size >= 9) break;
      }
    });
    afterAll(() => opened.close());

    const idOf = ({ json }: PublishedEvent) => (JSON.parse(json) as { id: string }).id;
    const seen = async (view: Partial<View>) => {
      const batch = await seenBatch(
        opened.second.store.orders,
        { ...EVERYTHING, ...view },
        { events: all, cursor: end },
      );
      expect(batch.cursor).toBe(end);
      return batch.events;
    };
    const idsOf = (events: PublishedEvent[]) => [...new Set(events.map(idOf))].toSorted();

    test('that shows everything has the very bytes', async () => {
      expect(await seen({})).toBe(all);
    });

    test('of hubs has those of orders that have an item there, with their bytes', async () => {
      const ofOne = await seen({ hubs: ['HUB-1'] });
      expect(idsOf(ofOne)).toEqual(['BOTH:2', 'BOTH:created', 'ROW-1:2', 'ROW-1:created']);
      for (const event of ofOne) expect(all).toContainEqual(event);
      expect(idsOf(await seen({ hubs: ['HUB-2'] }))).toEqual([
        ...['BOTH:2', 'BOTH:created', 'ROW-2:2', 'ROW-2:3', 'ROW-2:created'],
      ]);
      expect(await seen({ hubs: ['HUB-3'] })).toEqual([]);
      expect(await seen({ hubs: [] })).toEqual([]);
    });

    test('of a customer has those of their orders, and nothing of who had one before', async () => {
      const ofA = await seen({ email: 'a@example.com' });
      expect(idsOf(ofA)).toEqual([
        ...['BOTH:2', 'BOTH:created', 'ROW-1:2', 'ROW-1:created', 'ROW-2:2', 'ROW-2:3', 'ROW-2:created'],
      ]);
      expect(JSON.stringify(ofA)).not.toContain('b@example.com');
      expect(JSON.stringify(ofA)).toContain('Geheim a@example.com');
      expect(await seen({ email: 'b@example.com' })).toEqual([]);
      expect(await seen({ email: '' })).toEqual([]);
    });

    test('without personal data has all events, and each of these fields as null', async () => {
      const hidden = await seen({ personal: false });
      expect(idsOf(hidden)).toEqual(idsOf(all));
      expect(JSON.stringify(hidden)).not.toMatch(/geheim|example\.com|St James/i);
      const parsed = hidden.map(({ json }) => JSON.parse(json) as { id: string; data: object });
      expect(parsed.find(({ id }) => id === 'ROW-1:created')).toMatchObject({
        data: { customer: { name: null, email: null }, shipping_address: null, total_amount: '19.99' },
      });
      expect(parsed.find(({ id }) => id === 'BOTH:2')).toMatchObject({
        data: { changes: [{ field: 'shipping_address', from: null, to: null }] },
      });
      // All else of an event stays as it is.
      const known = all.map(({ json }) => Object.keys((JSON.parse(json) as { data: object }).data));
      expect(parsed.map(({ data }) => Object.keys(data))).toEqual(known);
    });
  });
