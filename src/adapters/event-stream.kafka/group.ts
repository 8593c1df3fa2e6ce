/**
 * The finalizer as a consumer group: the partitions of the topic are shared among its members, and its offsets are committed once what
 * came of the events is durable. Before the first start the group gets an offset for each partition, so that a stop before the first event
 * does not lose the place, and a partition that is added later is read whole.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { limits } from '../../limits.ts';
import { ORDER_CREATED, type OrderEvent } from '../../model/event.ts';
import type { EventGroup, EventHandler, From } from '../../ports/event-group.ts';
import { errorsOf, type KafkaErrors, type KafkaEventStreamOptions, protocolError } from './client.ts';
import { consumerSettings, consumeUntilOver } from './consuming.ts';
import { toCursor, toPart } from './position.ts';
import type { Topic } from './topic.ts';

/** Members of one group must read the same topics, so installations with topics of their own have groups of their own. */
const groupOf = (topic: string): string => (topic === 'order.created' ? 'oms-finalizer' : `oms-finalizer-${topic}`);

/** For some seconds, when the broker has just made the topic that groups are kept in, or the group has moved to another broker. */
const LOADING = new Set(['GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR_FOR_GROUP']);

async function onceLoaded<Result>(work: () => Promise<Result>): Promise<Result> {
  const untilMs = Date.now() + limits.kafkaLeaderMs;
  for (;;)
    try {
      return await work();
    } catch (error) {
      if (!LOADING.has(protocolError(error) ?? '') || Date.now() > untilMs) throw error;
      await delay(limits.kafkaRetryDelayMs);
    }
}

export class Group implements EventGroup {
  readonly #kafka: Kafka;
  readonly #topic: Topic;
  readonly #name: string;
  readonly #group: string;
  readonly #errors: KafkaErrors;
  readonly #logger: Logger;

  constructor(kafka: Kafka, topic: Topic, options: KafkaEventStreamOptions, logger: Logger) {
    this.#kafka = kafka;
    this.#topic = topic;
    this.#name = options.topic;
    this.#group = groupOf(options.topic);
    this.#errors = errorsOf(options, options.topic, this.#group);
    this.#logger = logger;
  }

  async position(): Promise<string | null> {
    try {
      await this.#topic.ensure();
      const offsets = await this.#offsets();
      if (offsets.every((offset) => offset === null)) return null;
      const lows = await this.#topic.watermarks();
      return toCursor([toPart(lows.map(({ low }, partition) => offsets[partition] ?? low))]);
    } catch (error) {
      throw this.#errors.unavailable(error, `be asked for the offsets of the group "${this.#group}"`);
    }
  }

  async begin(from: From): Promise<void> {
    try {
      await this.#topic.ensure();
      await this.#begin(from);
    } catch (error) {
      throw this.#errors.unavailable(error, `keep the offsets of the group "${this.#group}"`);
    }
  }

  async consume(handle: EventHandler, signal: AbortSignal): Promise<void> {
    try {
      await this.#run(handle, signal);
    } catch (error) {
      throw this.#errors.unavailable(error, `read the topic "${this.#name}" as "${this.#group}"`);
    }
  }

  /** By the partition's number; null where none is committed. */
  async #offsets(): Promise<(number | null)[]> {
    const admin = await this.#topic.admin();
    const [found] = await onceLoaded(() => admin.fetchOffsets({ groupId: this.#group, topics: [this.#name] }));
    const offsets: (number | null)[] = [];
    for (const { partition, offset } of found?.partitions ?? [])
      offsets[partition] = Number(offset) < 0 ? null : Number(offset);
    return offsets;
  }

  async #begin(from: From): Promise<void> {
    const isBegun = async () => (await this.#offsets()).some((offset) => offset !== null);
    if (await isBegun()) return;
    const watermarks = await this.#topic.watermarks();
    const partitions = watermarks.map(({ low, high }, partition) => ({
      partition,
      offset: String(from === 'newest' ? high : low),
    }));
    try {
      const admin = await this.#topic.admin();
      await onceLoaded(() => admin.setOffsets({ groupId: this.#group, topic: this.#name, partitions }));
    } catch (error) {
      // Another process began at the same moment, and is in the group by now.
      if (!(await isBegun())) throw error;
    }
  }

  async #run(handle: EventHandler, signal: AbortSignal): Promise<void> {
    const consumer = this.#kafka.consumer(consumerSettings(this.#group));
    const start = async () => {
      await consumer.connect();
      await consumer.subscribe({ topics: [this.#name], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: limits.finalizerPartitions,
        eachBatch: (payload) => this.#eachBatch(consumer, payload, handle, signal),
      });
    };
    const crash = await consumeUntilOver(consumer, start, signal);
    await consumer
      .disconnect()
      .catch((error) => this.#logger.debug({ err: error }, 'the group was left without a word: Kafka notices it'));
    if (crash !== null) throw crash;
  }

  async #eachBatch(
    consumer: Consumer,
    { batch, heartbeat, resolveOffset, isStale, isRunning }: EachBatchPayload,
    handle: EventHandler,
    stopping: AbortSignal,
  ): Promise<void> {
    const { topic, partition, messages } = batch;
    const size = limits.finalizerSlice;
    for (let i = 0; i < messages.length; i += size) {
      if (stopping.aborted || isStale() || !isRunning()) return;
      const slice = messages.slice(i, i + size);
      const events = slice.map(({ key, value }): OrderEvent => {
        return { type: ORDER_CREATED, orderId: key?.toString() ?? '', json: value?.toString() ?? '' };
      });
      const handled = await withHeartbeat(heartbeat, stopping, (signal) => handle(events, signal));
      if (!handled) return;
      const last = slice.at(-1)!.offset;
      await consumer.commitOffsets([{ topic, partition, offset: String(Number(last) + 1) }]);
      resolveOffset(last);
    }
  }
}

/**
 * Stays in the group while the work goes on, and ends the work when the partition may belong to another member. Whether the work was done;
 * false when the signal was aborted.
 */
async function withHeartbeat(
  heartbeat: () => Promise<void>,
  stopping: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const lost = new AbortController();
  const signal = AbortSignal.any([stopping, lost.signal]);
  const beat = () => heartbeat().catch((error) => lost.abort(error));
  const timer = setInterval(beat, limits.kafkaHeartbeatMs);
  try {
    await work(signal);
  } finally {
    clearInterval(timer);
  }
  if (lost.signal.aborted) throw lost.signal.reason;
  return !stopping.aborted;
}
