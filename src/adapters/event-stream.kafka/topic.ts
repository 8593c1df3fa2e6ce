/**
 * A topic itself: creates it if it is missing, reads its offsets, publishes to it. A client that failed is thrown away, so that the next
 * call begins with new connections: kafkajs does not recover from every outage.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Admin, CompressionTypes, type Kafka, type Message, Partitioners, type Producer } from 'kafkajs';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { OrderEvent } from '../../model/event.ts';
import type { Missing } from '../../ports/inspection.ts';
import { type KafkaErrors, type KafkaEventStreamOptions, protocolError, refusal } from './client.ts';
import { Connected } from './connected.ts';
import type { Watermarks } from './position.ts';

/** CloudEvents 1.0.2, Kafka protocol binding, structured mode. */
const HEADERS = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };

const COMPRESSION = {
  gzip: CompressionTypes.GZIP,
  zstd: CompressionTypes.ZSTD,
  none: CompressionTypes.None,
} as const;

/** A partition has no leader yet, or another than the client knows, or a broker does not know the new topic yet. */
const LEADERLESS = new Set(['LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION', 'UNKNOWN_TOPIC_OR_PARTITION']);

/** Of a message: key, value and headers, with room for lengths and for what Kafka adds. */
const sizeOf = ({ key, value }: Message): number =>
  Buffer.byteLength(key as string) + Buffer.byteLength(value as string) + 150;

export class Topic {
  readonly #name: string;
  readonly #options: KafkaEventStreamOptions;
  readonly #errors: KafkaErrors;
  readonly #admin: Connected<Admin>;
  readonly #producer: Connected<Producer>;
  #ready: Promise<void> | null = null;

  constructor(kafka: Kafka, name: string, options: KafkaEventStreamOptions, errors: KafkaErrors) {
    this.#name = name;
    this.#options = options;
    this.#errors = errors;
    this.#admin = new Connected(() => kafka.admin());
    this.#producer = new Connected(() =>
      kafka.producer({
        createPartitioner: Partitioners.DefaultPartitioner,
        allowAutoTopicCreation: false,
        // With more, a retry could overtake the request before it.
        maxInFlightRequests: 1,
      }),
    );
  }

  admin(): Promise<Admin> {
    return this.#admin.get();
  }

  /** By the partition's number. Waits for the leaders of a topic that was just created, here or elsewhere. */
  async watermarks(): Promise<Watermarks[]> {
    const untilMs = Date.now() + limits.kafkaLeaderMs;
    for (;;) {
      try {
        return await this.#call('be asked for the offsets of its topic', async (admin) => {
          const watermarks: Watermarks[] = [];
          for (const { partition, low, high } of await admin.fetchTopicOffsets(this.#name))
            watermarks[partition] = { low: Number(low), high: Number(high) };
          return watermarks;
        });
      } catch (error) {
        if (!LEADERLESS.has(protocolError(error) ?? '') || Date.now() > untilMs) throw error;
        // It keeps what it knows of the leaders, which is out of date.
        await this.#admin.drop();
        await delay(limits.kafkaRetryDelayMs);
      }
    }
  }

  /**
   * One request after the other, each awaited until all replicas in sync have it, so that none overtakes another. kafkajs's
   * idempotence is not used: after a request that failed for good it gives the next one the same sequence numbers, and Kafka may
   * drop that as a repeat. A repeated event does no harm here.
   */
  async publish(events: Iterable<OrderEvent>): Promise<void> {
    try {
      let messages: Message[] = [];
      let bytes = 0;
      const send = async () => {
        await this.ensure();
        const producer = await this.#producer.get();
        await producer.sendBatch({
          acks: -1,
          timeout: limits.kafkaAckMs,
          compression: COMPRESSION[this.#options.compression],
          topicMessages: [{ topic: this.#name, messages }],
        });
        messages = [];
        bytes = 0;
      };
      for (const { orderId, json } of events) {
        const message = { key: orderId, value: json, headers: HEADERS };
        const size = sizeOf(message);
        if (messages.length > 0 && bytes + size > limits.kafkaRequestBytes) await send();
        messages.push(message);
        bytes += size;
      }
      if (messages.length > 0) await send();
    } catch (error) {
      this.#ready = null;
      await this.#producer.drop();
      const { code, message, details } = this.#errors.unavailable(error, 'take events');
      // Always retryable: the events wait in the outbox, also until rights or passwords are corrected.
      throw new OmsError(code, message, { retryable: true, cause: error, details });
    }
  }

  /** Creates the topic if it is missing, and waits for its leaders: what is sent before that is sent again and arrives twice. */
  ensure(): Promise<void> {
    this.#ready ??= this.#call(`make the topic "${this.#name}"`, (admin) => this.#createIfMissing(admin))
      .then(() => this.watermarks())
      .then(() => {});
    return this.#ready;
  }

  /** What the service needs and the topic lacks; creates nothing. Throws where Kafka does not answer or does not accept the user. */
  async missing(): Promise<Missing[]> {
    const topic = this.#name;
    await this.#call('be asked', (admin) => admin.describeCluster());
    this.#ready = null;
    try {
      if (await this.#call(`be asked for the topic "${topic}"`, (admin) => this.#exists(admin))) {
        await this.watermarks();
        return [];
      }
      await this.#call(`make the topic "${topic}"`, (admin) => this.#create(admin, { validateOnly: true }));
      return [{ what: `the topic "${topic}" does not exist`, cure: '`oms start` makes it', required: false }];
    } catch (error) {
      const reason = refusal(error);
      if (reason === null) throw error;
      return [
        {
          what: `the topic "${topic}" is not there, or not for this user (${reason})`,
          cure: this.#errors.cureOf(error)!,
          required: true,
        },
      ];
    }
  }

  async #createIfMissing(admin: Admin): Promise<void> {
    if (!(await this.#exists(admin))) await this.#create(admin, { validateOnly: false });
  }

  async #exists(admin: Admin): Promise<boolean> {
    try {
      await admin.fetchTopicMetadata({ topics: [this.#name] });
      return true;
    } catch (error) {
      if (protocolError(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
      return false;
    }
  }

  /** `validateOnly`: the broker checks whether it would create the topic, and creates nothing. */
  async #create(admin: Admin, { validateOnly }: { validateOnly: boolean }): Promise<void> {
    const { partitions: numPartitions, replication: replicationFactor } = this.#options;
    await admin.createTopics({
      topics: [{ topic: this.#name, numPartitions, replicationFactor }],
      timeout: limits.kafkaAckMs,
      validateOnly,
      // The wait fails where a broker does not know the topic yet.
      waitForLeaders: false,
    });
  }

  async #call<Result>(what: string, work: (admin: Admin) => Promise<Result>): Promise<Result> {
    try {
      return await work(await this.#admin.get());
    } catch (error) {
      // The topic may have been deleted. Without an answer the connection may be broken.
      this.#ready = null;
      if (protocolError(error) === null) await this.#admin.drop();
      throw this.#errors.unavailable(error, what);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#producer.drop(), this.#admin.drop()]);
  }
}
