/**
 * The event stream in Kafka: a topic with a message for each order, keyed by its id. Events are published at least once, those of
 * an order to one partition, and are read for as long as the topic keeps them. All readers agree on the order within a
 * partition, not across partitions.
 *
 * What is new is read once for all subscribers of this adapter (`Tail`). A subscriber that is further back reads from Kafka by
 * itself until it has come near enough. Nothing connects before the first use, nothing is read before the first subscription.
 * Source: CloudEvents 1.0.2, Kafka protocol binding; https://kafka.apache.org/documentation/
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { limits } from '../limits.ts';
import type { PublishedEvent } from '../model/event.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { EventStream } from '../ports/event-stream.ts';
import { createClient, errorsOf, type KafkaEventStreamOptions } from './event-stream.kafka/client.ts';
import { BEGINNING, type Position, toCursor, toPosition } from './event-stream.kafka/position.ts';
import { type Item, Reader, type ReaderSetup } from './event-stream.kafka/reader.ts';
import { eventsOf, sizeOf, Tail } from './event-stream.kafka/tail.ts';
import { Topic } from './event-stream.kafka/topic.ts';
import { Turns } from './event-stream.kafka/turns.ts';
import { Wakeup } from './event-stream.kafka/wakeup.ts';

export interface KafkaEventStream extends EventStream {
  close(): Promise<void>;
}

export function createKafkaEventStream(
  options: KafkaEventStreamOptions,
  { logger, replayIdleMs = limits.kafkaReplayIdleMs }: { logger: Logger; replayIdleMs?: number },
): KafkaEventStream {
  const kafka = createClient(options, logger);
  const errors = errorsOf(options);
  const topic = new Topic(kafka, options, errors);
  const setup: ReaderSetup = { kafka, admin: () => topic.admin(), topic: options.topic, errors, logger };
  const replays = new Turns(limits.kafkaReplays);
  const closed = new AbortController();
  const closing = new Set<Promise<void>>();
  let opening: Promise<Tail> | null = null;

  const close = (one: { close(): Promise<void> }): Promise<void> => {
    const done = one.close().finally(() => closing.delete(done));
    closing.add(done);
    return done;
  };

  const watermarks = async () => {
    await topic.ensure();
    return topic.watermarks();
  };
  const locate = async (cursor: string): Promise<Position> => toPosition(cursor, await watermarks());

  const lookAgain = async (position: Position, signal: AbortSignal): Promise<void> => {
    Object.assign(position, await unlessAborted(locate(toCursor(position)), signal));
  };

  const openTail = async (): Promise<Tail> => {
    const last = opening;
    // Of many who see its end one makes place for the next.
    if ((await last)?.ended && opening === last) opening = null;
    opening ??= watermarks()
      .then(
        (all) =>
          new Tail(
            setup,
            all.map(({ high }) => high),
            { ended: (tail) => void close(tail) },
          ),
      )
      .catch((error: unknown) => {
        opening = null;
        throw error;
      });
    return opening;
  };

  return {
    beginning: BEGINNING,
    end: async () => toCursor((await watermarks()).map(({ high }) => high)),
    async check(after) {
      await locate(after);
    },

    async *subscribe(after, caller) {
      const signal = AbortSignal.any([caller, closed.signal]);
      const position = await unlessAborted(locate(after), signal);
      if (!position) return;
      while (!signal.aborted) {
        // What is new wakes all subscribers together.
        await sliceTurn();
        const tail = await unlessAborted(openTail(), signal);
        if (!tail) return;
        if (tail.covers(position)) {
          const events = tail.take(position);
          if (events.length > 0) yield events;
          else await tail.changed(signal);
          if (tail.ended?.error) throw tail.ended.error;
          if (tail.ended) await lookAgain(position, signal);
        } else {
          yield* replay(position, tail, signal);
        }
      }
    },

    publish: (batch) => topic.publish(batch),

    async inspect() {
      return { engine: 'Kafka', address: errors.address, missing: await topic.missing() };
    },

    async close() {
      closed.abort();
      const left = (async () => {
        const tail = await opening?.catch(() => null);
        if (tail) void close(tail);
        while (closing.size > 0) await Promise.all(closing);
        await topic.close();
      })();
      const late = new AbortController();
      await Promise.race([left, sleep(limits.kafkaCloseMs, undefined, { signal: late.signal }).catch(() => {})]);
      late.abort();
    },
  };

  /** Reads from Kafka until the tail covers the position, or the position has to be looked at again. */
  async function* replay(position: Position, tail: Tail, signal: AbortSignal): AsyncGenerator<PublishedEvent[]> {
    const leave = await replays.take(signal);
    if (!leave) return;
    const changed = new Wakeup();
    const read: Item[] = [];
    let bytes = 0;
    let ended: { error: Error | null } | null = null;
    const end = (error: Error | null) => {
      ended = { error };
      // Its subscriber may not come back for long, and its position is still before all this.
      read.length = 0;
      stop();
      changed.wake();
    };
    const reader = new Reader(setup, position, {
      take(items) {
        for (const item of items) bytes += sizeOf(item);
        read.push(...items);
        changed.wake();
      },
      full: () => read.length > limits.kafkaReplayEvents || bytes > limits.kafkaReplayBytes,
      ended: end,
    });
    const stop = () => void close(reader).finally(leave);
    signal.addEventListener('abort', stop, { once: true });
    try {
      while (!signal.aborted && !tail.ended && !tail.covers(position)) {
        const items = read.splice(0, limits.eventBatch);
        if (items.length > 0) {
          for (const item of items) bytes -= sizeOf(item);
          reader.resume();
          const events = eventsOf(items, position);
          // Whoever stands still gives its place to others, and begins again from where it was.
          const idle = setTimeout(end, replayIdleMs, null);
          try {
            if (events.length > 0) yield events;
          } finally {
            clearTimeout(idle);
          }
        } else if (ended) {
          const { error } = ended as { error: Error | null };
          if (error) throw error;
          await lookAgain(position, signal);
          return;
        } else if (!(await changed.wait(signal, limits.kafkaReplayQuietMs))) {
          // There may be nothing to read up to the tail, all that was there being gone by retention.
          await lookAgain(position, signal);
        }
      }
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }
}

/** Undefined when the signal is aborted first; what was under way goes on without anybody. */
async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result | undefined> {
  work.catch(() => {});
  if (signal.aborted) return undefined;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const leave = () => resolve(undefined);
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
