/**
 * The event stream in Kafka: two topics, one with an event for each order as it was created, one with an event for each later change. A
 * message is keyed by the order's id. Events are published at least once, those of an order to one partition of each topic, and can be
 * read for as long as the topics keep them. All readers agree on the order within a partition, not across partitions and topics.
 *
 * Each topic is by itself (`Feed`): a subscriber needs and reads only the topics of its types. Nothing connects before the first use,
 * nothing is read before the first subscription.
 * Source: CloudEvents 1.0.2, Kafka protocol binding; https://kafka.apache.org/documentation/
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { limits } from '../limits.ts';
import { CREATED, type EventType, ORDER_CREATED, type OrderEvent, typeOfEvent } from '../model/event.ts';
import type { EventStream, OrderEvents } from '../ports/event-stream.ts';
import { createClient, type KafkaEventStreamOptions } from './event-stream.kafka/client.ts';
import { Closings } from './event-stream.kafka/closings.ts';
import { Feed } from './event-stream.kafka/feed.ts';
import { Group } from './event-stream.kafka/group.ts';
import { merge } from './event-stream.kafka/merge.ts';
import { BEGINNING, toCursor, toParts } from './event-stream.kafka/position.ts';
import { Semaphore } from './event-stream.kafka/semaphore.ts';

export interface KafkaEventStream extends EventStream {
  close(): Promise<void>;
}

export function createKafkaEventStream(
  options: KafkaEventStreamOptions,
  { logger, replayIdleMs = limits.kafkaReplayIdleMs }: { logger: Logger; replayIdleMs?: number },
): KafkaEventStream {
  const closed = new AbortController();
  const closings = new Closings();
  const places = new Semaphore(limits.kafkaReplays);
  const setup = { kafka: createClient(options, logger), options, closings, places, replayIdleMs, logger };
  const created = new Feed(options.topic, () => ORDER_CREATED, setup);
  const changes = new Feed(options.changesTopic, typeOfEvent, setup);
  /** In the order of the parts of a cursor. */
  const feeds = [created, changes];

  /** The feeds that have events of these types, by their numbers. */
  const feedsOf = (types: ReadonlySet<EventType>): number[] => [
    ...(types.has(ORDER_CREATED) ? [0] : []),
    ...([...types].some((type) => type !== ORDER_CREATED) ? [1] : []),
  ];

  return {
    beginning: BEGINNING,

    async end(types = CREATED) {
      const parts = feeds.map(() => '');
      await Promise.all(
        feedsOf(types).map(async (n) => {
          parts[n] = await feeds[n]!.end();
        }),
      );
      return toCursor(parts);
    },

    async check(after, types = CREATED) {
      const parts = toParts(after, feeds.length);
      await Promise.all(feedsOf(types).map((n) => feeds[n]!.locate(parts[n]!)));
    },

    async behind(after) {
      const position = await created.locate(toParts(after, feeds.length)[0]!);
      const watermarks = await created.topic.watermarks();
      return watermarks.reduce((sum, { high }, partition) => sum + Math.max(0, high - (position[partition] ?? 0)), 0);
    },

    group: new Group(setup.kafka, created.topic, options, logger),

    async *subscribe(after, caller, types = CREATED) {
      const parts = toParts(after, feeds.length);
      const numbers = feedsOf(types);
      const sources = numbers.map((n) => (signal: AbortSignal) => feeds[n]!.follow(parts[n]!, types, signal));
      const signal = AbortSignal.any([caller, closed.signal]);
      for await (const { source, value } of merge(sources, signal)) {
        const n = numbers[source]!;
        const cursorAt = (part: string) => toCursor(parts.with(n, part));
        const events = value.events.map((event) => ({ ...event, cursor: cursorAt(event.cursor) }));
        parts[n] = value.part;
        yield { events, cursor: toCursor(parts) };
      }
    },

    async publish({ events }) {
      const later: OrderEvent[] = [];
      await created.topic.publish(createdOf(events, later));
      await changes.topic.publish(later);
    },

    async inspect() {
      const missing = await Promise.all(feeds.map(({ topic }) => topic.missing()));
      return { engine: 'Kafka', address: options.brokers.join(','), missing: missing.flat() };
    },

    async close() {
      closed.abort();
      const left = (async () => {
        await Promise.all(feeds.map((feed) => feed.closeTail()));
        await closings.done();
        await Promise.all(feeds.map(({ topic }) => topic.close()));
      })();
      const late = new AbortController();
      await Promise.race([left, sleep(limits.kafkaCloseMs, undefined, { signal: late.signal }).catch(() => {})]);
      late.abort();
    },
  };
}

/** The events of new orders; all others are put into `later`. Each event is built once. */
function* createdOf(events: OrderEvents, later: OrderEvent[]): Generator<OrderEvent> {
  for (const event of events)
    if (event.type === ORDER_CREATED) yield event;
    else later.push(event);
}
