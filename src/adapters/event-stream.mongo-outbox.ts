/**
 * The event stream without a broker on MongoDB: publishing gives the orders of a chunk, and each change of an order, the next numbers,
 * without gaps, and readers follow the numbers. One query for all subscribers of this process finds out whether there are more.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../limits.ts';
import { type EventType, ORDER_CREATED, type OrderEvent } from '../model/event.ts';
import type { EventStream, OutboxBatch } from '../ports/event-stream.ts';
import { createOutboxEventStream, type NumberedEvent, type NumberedEvents } from './event-stream.outbox.ts';
import type { NumberedChangeDocument, NumberedDocument, OrderDocument } from './order-store.mongo/documents.ts';
import { isDuplicateKey, mapErrors } from './order-store.mongo/errors.ts';
import type { MongoOrderStore } from './order-store.mongo/order-store.ts';
import { eventsOf } from './order-store.mongo/outbox.ts';
import { changeEvent, changesOfBatch, isOfChanges } from './order-store.mongo/publish-changes.ts';
import { pauseBetweenRounds } from './order-store.mongo/rounds.ts';

const behind = (last: Pick<NumberedDocument, '_id' | 'count'> | null): number => (last ? last._id + last.count : 1);

export function createMongoOutboxEventStream({ database, inspect }: MongoOrderStore): EventStream {
  const { outbox, orders } = database;
  const newestEntry = () => outbox.findOne({}, { sort: { _id: -1 } });
  const newest = async () => behind(await newestEntry()) - 1;
  let polling: Promise<number> | null = null;

  /** The entries from the one with this number on, without a gap, so many numbers of them. */
  async function entriesFrom(number: number, count: number): Promise<NumberedDocument[]> {
    const inside = await outbox.findOne({ _id: { $lte: number } }, { sort: { _id: -1 } });
    let next = inside && behind(inside) > number ? inside._id : number;
    const entries: NumberedDocument[] = [];
    for await (const entry of outbox.find({ _id: { $gte: next } }, { sort: { _id: 1 }, limit: count })) {
      // With several shards a later number may be visible before an earlier one.
      if (entry._id > next) break;
      next = behind(entry);
      entries.push(entry);
      if (next >= number + count) break;
    }
    return entries;
  }

  async function ordersOf(
    entries: NumberedDocument[],
    types: ReadonlySet<EventType>,
  ): Promise<Map<string, OrderDocument>> {
    const ids = new Set(entries.flatMap((entry) => ('order' in entry && types.has(entry.type) ? [entry.order] : [])));
    const found = ids.size > 0 ? await orders.find({ _id: { $in: [...ids] } }).toArray() : [];
    return new Map(found.map((document) => [document._id, document]));
  }

  const numbered: NumberedEvents = mapErrors({
    newest,

    async after(number, types, limit) {
      const entries = await entriesFrom(number + 1, limit);
      const changed = await ordersOf(entries, types);
      const found: NumberedEvent[] = [];
      let last = number;
      for (const entry of entries) {
        if ('order' in entry) {
          const document = types.has(entry.type) ? changed.get(entry.order) : undefined;
          if (document) found.push({ number: entry._id, ...changeEvent(document, entry.m) });
          last = entry._id;
        } else if (types.has(ORDER_CREATED)) {
          const events = await eventsOf(database, entry.chunk);
          for (let i = Math.max(0, number + 1 - entry._id); i < events.length && found.length < limit; i++)
            found.push({ number: entry._id + i, ...(events.at(i) as OrderEvent) });
          last = found.length === limit ? found.at(-1)!.number : behind(entry) - 1;
        } else last = behind(entry) - 1;
        if (found.length === limit) break;
      }
      return { last, events: found };
    },

    behind: async (number) => (await newest()) - number,

    async wait(number, signal) {
      while (!signal.aborted) {
        polling ??= delay(limits.mongoOutboxPollMs)
          .then(newest)
          .finally(() => {
            polling = null;
          });
        if ((await polling) > number) return;
      }
    },
  });

  /** What has an entry already. It is read after the newest entry: the insert fails if there is a newer one by then. */
  async function entriesOf({ id, events }: OutboxBatch): Promise<EntryOf[]> {
    if (!isOfChanges(id)) return (await outbox.findOne({ chunk: id })) ? [] : [{ chunk: id, count: events.length }];
    const parts = changesOfBatch(id).map(({ order, m }, i) => ({
      order,
      m,
      type: events.at(i)!.type,
      count: 1 as const,
    }));
    const ids = [...new Set(parts.map(({ order }) => order))];
    const known = await outbox.find({ order: { $in: ids } }, { projection: { order: 1, m: 1 } }).toArray();
    const keys = new Set(known.map((entry) => keyOf(entry as NumberedChangeDocument)));
    return parts.filter((part) => !keys.has(keyOf(part)));
  }

  /** At most one entry per chunk, and per change. */
  async function publish(batch: OutboxBatch): Promise<void> {
    for (let round = 0; ; round++) {
      if (round > 0) await pauseBetweenRounds(round);
      let next = behind(await newestEntry());
      const entries = (await entriesOf(batch)).map((entry): NumberedDocument => {
        const numbered = { _id: next, ...entry };
        next = behind(numbered);
        return numbered;
      });
      if (entries.length === 0) return;
      try {
        // One after the other: numbers have no gaps.
        await outbox.insertMany(entries, { ordered: true });
        return;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    }
  }

  return createOutboxEventStream(numbered, { inspect, ...mapErrors({ publish }) });
}

type EntryOf = Omit<NumberedDocument, '_id'> & ({ chunk: string } | Omit<NumberedChangeDocument, '_id'>);

const keyOf = ({ order, m }: Pick<NumberedChangeDocument, 'order' | 'm'>): string => `${order}\n${m}`;
