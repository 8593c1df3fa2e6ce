/**
 * The event stream without a broker on MongoDB: publishing gives the orders of a chunk the next numbers, without gaps, and readers
 * follow the numbers. One query for all subscribers of this process finds out whether there are more.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../limits.ts';
import { ORDER_CREATED } from '../model/event.ts';
import type { EventStream, OutboxBatch } from '../ports/event-stream.ts';
import { createOutboxEventStream, type NumberedEvent, type NumberedEvents } from './event-stream.outbox.ts';
import type { NumberedChunkDocument } from './order-store.mongo/documents.ts';
import { isDuplicateKey, mapErrors } from './order-store.mongo/errors.ts';
import type { MongoOrderStore } from './order-store.mongo/order-store.ts';
import { eventsOf } from './order-store.mongo/outbox.ts';
import { pauseBetweenRounds } from './order-store.mongo/rounds.ts';

const behind = (last: NumberedChunkDocument | null): number => (last ? last._id + last.count : 1);

export function createMongoOutboxEventStream({ database, inspect }: MongoOrderStore): EventStream {
  const { outbox, chunks } = database;
  const newestChunk = () => outbox.findOne({}, { sort: { _id: -1 } });
  const newest = async () => behind(await newestChunk()) - 1;
  let polling: Promise<number> | null = null;

  const numbered: NumberedEvents = mapErrors({
    newest,

    async after(number, types, limit) {
      const found: NumberedEvent[] = [];
      const inside = await outbox.findOne({ _id: { $lte: number + 1 } }, { sort: { _id: -1 } });
      let next = number + 1;
      const from = inside && behind(inside) > number + 1 ? inside._id : number + 1;
      for await (const entry of outbox.find({ _id: { $gte: from } }, { sort: { _id: 1 } })) {
        // With several shards a later number may be visible before an earlier one.
        if (entry._id > next) break;
        next = entry._id + entry.count;
        const chunk = await chunks.findOne({ _id: entry.chunk });
        const events = await eventsOf(chunk!);
        for (let i = Math.max(0, number + 1 - entry._id); i < events.length && found.length < limit; i++)
          found.push({ number: entry._id + i, ...events.at(i)! });
        if (found.length === limit) break;
      }
      return { last: found.at(-1)?.number ?? number, events: types.has(ORDER_CREATED) ? found : [] };
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

  /**
   * At most one entry per chunk: the newest entry is read first, then whether this chunk has an entry, and the insert fails if there is a
   * newer entry by then.
   */
  async function publish({ id, events }: OutboxBatch): Promise<void> {
    for (let round = 0; ; round++) {
      if (round > 0) await pauseBetweenRounds(round);
      const last = await newestChunk();
      if (await outbox.findOne({ chunk: id })) return;
      try {
        await outbox.insertOne({ _id: behind(last), chunk: id, count: events.length });
        return;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    }
  }

  return createOutboxEventStream(numbered, { inspect, ...mapErrors({ publish }) });
}
