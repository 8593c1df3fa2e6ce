/**
 * The event stream in Kafka: a topic with a message for each order, keyed by its id. Events are published at least once, those of
 * an order to one partition, and can be read for as long as the topic keeps them. All readers agree on the order within a partition,
 * not across partitions.
 *
 * New events are read once for all subscribers of this adapter (`Tail`). A subscriber that is further back reads from Kafka by itself
 * (`replay`) until the tail covers its position. Nothing connects before the first use, nothing is read before the first subscription.
 * Source: CloudEvents 1.0.2, Kafka protocol binding; https://kafka.apache.org/documentation/
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { limits } from '../limits.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { EventStream } from '../ports/event-stream.ts';
import { createClient, errorsOf, type KafkaEventStreamOptions } from './event-stream.kafka/client.ts';
import { Closings } from './event-stream.kafka/closings.ts';
import { BEGINNING, type Position, toCursor, toPosition } from './event-stream.kafka/position.ts';
import { type ReplaySetup, replay } from './event-stream.kafka/replay.ts';
import { Semaphore } from './event-stream.kafka/semaphore.ts';
import { SharedTail } from './event-stream.kafka/shared-tail.ts';
import { Tail } from './event-stream.kafka/tail.ts';
import { Topic } from './event-stream.kafka/topic.ts';

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
  const closed = new AbortController();
  const closings = new Closings();

  const watermarks = async () => {
    await topic.ensure();
    return topic.watermarks();
  };
  const locate = async (cursor: string): Promise<Position> => toPosition(cursor, await watermarks());

  const setup: ReplaySetup = {
    ...{ kafka, admin: () => topic.admin(), topic: options.topic, errors, logger },
    places: new Semaphore(limits.kafkaReplays),
    idleMs: replayIdleMs,
    close: (reader) => closings.close(reader),
    async relocate(position, signal) {
      Object.assign(position, await unlessAborted(locate(toCursor(position)), signal));
    },
  };

  const sharedTail = new SharedTail(async () => {
    const ends = (await watermarks()).map(({ high }) => high);
    return new Tail(setup, ends, { ended: (tail) => void closings.close(tail) });
  });

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
        // A new event wakes all subscribers together.
        await sliceTurn();
        const tail = await unlessAborted(sharedTail.get(), signal);
        if (!tail) return;
        if (!tail.covers(position)) {
          yield* replay(setup, position, tail, signal);
          continue;
        }
        const events = tail.take(position);
        if (events.length > 0) yield events;
        else await tail.changed(signal);
        if (tail.ended?.error) throw tail.ended.error;
        if (tail.ended) await setup.relocate(position, signal);
      }
    },

    publish: (batch) => topic.publish(batch),

    async inspect() {
      return { engine: 'Kafka', address: errors.address, missing: await topic.missing() };
    },

    async close() {
      closed.abort();
      const left = (async () => {
        const tail = await sharedTail.current();
        if (tail) void closings.close(tail);
        await closings.done();
        await topic.close();
      })();
      const late = new AbortController();
      await Promise.race([left, sleep(limits.kafkaCloseMs, undefined, { signal: late.signal }).catch(() => {})]);
      late.abort();
    },
  };
}

/** Undefined when the signal is aborted first; the work then continues without a reader of its result. */
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
