/**
 * Reads a topic from a position on, by a consumer in a group of its own, as kafkajs has no consumer without a group. No offset is ever
 * committed. The group is deleted at the end; after a crash Kafka drops it, as it holds no offsets. No event is skipped or read twice:
 * where kafkajs fetches from another offset than the next one, the reader ends.
 */
import { randomUUID } from 'node:crypto';
import type { Admin, Batch, EachBatchPayload, Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import type { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { EventType } from '../../model/event.ts';
import { GROUP_PREFIX, type KafkaErrors } from './client.ts';
import { consumerSettings, consumeUntilOver } from './consuming.ts';
import type { Position } from './position.ts';
import { Wakeup } from './wakeup.ts';

/** An event; without `type` it says only that there is no event up to `next`. */
export interface Item {
  partition: number;
  offset: number;
  /** The offset to read after this one. */
  next: number;
  type: EventType | null;
  orderId: string;
  json: string;
}

export interface ReaderHandlers {
  /** What was read of one partition, in order. */
  take(items: Item[]): void;
  /** While it returns true nothing more is fetched; `resume` makes the reader call it again. */
  full?(): boolean;
  /** Called once. Without an error the position has to be checked against the topic again. */
  ended(error: OmsError | null): void;
}

export interface ReaderSetup {
  kafka: Kafka;
  admin: () => Promise<Admin>;
  topic: string;
  /** Null for a message that is no event of the topic. */
  typeOf: (json: string) => EventType | null;
  errors: KafkaErrors;
  logger: Logger;
}

export class Reader {
  readonly #setup: ReaderSetup;
  readonly #handlers: ReaderHandlers;
  readonly #next: Position;
  readonly #resumed = new Wakeup();
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;
  #failures = 0;

  constructor(setup: ReaderSetup, from: Position, handlers: ReaderHandlers) {
    this.#setup = setup;
    this.#handlers = handlers;
    this.#next = [...from];
    this.#running = this.#run();
  }

  resume(): void {
    this.#resumed.wake();
  }

  /** Ends reading and deletes the group. */
  close(): Promise<void> {
    this.#ending.abort();
    return this.#running;
  }

  /** kafkajs gives up on errors that are temporary, for example when the coordinator of a group does not exist yet. */
  async #run(): Promise<void> {
    const { errors, topic, logger } = this.#setup;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const crash = await this.#consume();
      if (signal.aborted) return;
      const error = errors.unavailable(crash, `read the topic "${topic}"`);
      if (!error.retryable || ++this.#failures > limits.kafkaReaderRetries) return this.#end(error);
      logger.debug({ err: error }, 'reading events is begun again');
      await this.#resumed.wait(signal, limits.kafkaMaxRetryDelayMs);
    }
  }

  /** Reads until something fails, and returns that error, or until the reader ends. */
  async #consume(): Promise<unknown> {
    const { kafka, admin, topic, logger } = this.#setup;
    const { signal } = this.#ending;
    // A new one each time: the member that crashed may stay in the old group for a while and keep partitions.
    const groupId = `${GROUP_PREFIX}${randomUUID()}`;
    const consumer = kafka.consumer(consumerSettings(groupId));
    const { GROUP_JOIN, END_BATCH_PROCESS } = consumer.events;
    // Without committed offsets each join would start at the default: seek before the first fetch.
    consumer.on(GROUP_JOIN, ({ payload }) => {
      this.#failures = 0;
      for (const partition of payload.memberAssignment[topic] ?? []) {
        const next = this.#next[partition];
        if (next !== undefined) consumer.seek({ topic, partition, offset: String(next) });
      }
    });
    // Batches without a message, for example of control records, are reported only here.
    consumer.on(END_BATCH_PROCESS, ({ payload: { partition, batchSize, lastOffset } }) => {
      const next = Number(lastOffset) + 1;
      if (batchSize > 0 || signal.aborted || next <= (this.#next[partition] ?? 0)) return;
      this.#next[partition] = next;
      this.#handlers.take([{ partition, offset: next - 1, next, type: null, orderId: '', json: '' }]);
    });
    const start = async () => {
      await consumer.connect();
      // The default is the earliest: where retention has removed the next event, none that is kept is skipped.
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({ autoCommit: false, eachBatch: (payload) => this.#eachBatch(payload) });
    };
    const crash = await consumeUntilOver(consumer, start, signal);
    try {
      await consumer.disconnect();
      await (await admin()).deleteGroups([groupId]);
    } catch (error) {
      logger.debug({ err: error, groupId }, 'a group is left for Kafka to forget');
    }
    return crash;
  }

  async #eachBatch({ batch, heartbeat, isStale, isRunning }: EachBatchPayload): Promise<void> {
    if (this.#ending.signal.aborted || isStale() || !isRunning()) return;
    const { partition } = batch;
    const { fetchedOffset } = batch as Batch & { fetchedOffset: string };
    const from = Number(fetchedOffset);
    if (from !== (this.#next[partition] ?? from)) {
      this.#setup.logger.debug(
        { partition, from, next: this.#next[partition] },
        'events are not read on from where they were: looking where to go on',
      );
      this.#end(null);
      return;
    }
    const items = batch.messages.map((message): Item => {
      const offset = Number(message.offset);
      const json = message.value?.toString() ?? null;
      return {
        partition,
        offset,
        next: offset + 1,
        type: json === null ? null : this.#setup.typeOf(json),
        orderId: message.key?.toString() ?? '',
        json: json ?? '',
      };
    });
    const next = Number(batch.lastOffset()) + 1;
    if (items.length > 0) items.at(-1)!.next = next;
    this.#next[partition] = next;
    this.#handlers.take(items);
    await this.#untilTaken(heartbeat);
  }

  /** Stays in the group while the subscriber takes nothing. */
  async #untilTaken(heartbeat: () => Promise<void>): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted && this.#handlers.full?.()) {
      await this.#resumed.wait(signal, limits.kafkaHeartbeatMs);
      if (!signal.aborted) await heartbeat();
    }
  }

  #end(error: OmsError | null): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    this.#handlers.ended(error);
  }
}
