/** Kafka for the contract and for tests of the whole service: each opening has a topic of its own. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pino } from 'pino';
import type { KafkaEventStreamOptions } from '../../../src/adapters/event-stream.kafka/client.ts';
import { Kafka, logLevel } from '../../../src/adapters/event-stream.kafka/kafkajs.ts';
import { createKafkaEventStream } from '../../../src/adapters/event-stream.kafka.ts';
import { createSqliteOrderStore } from '../../../src/adapters/order-store.sqlite/order-store.ts';
import { openForReading } from '../../../src/adapters/sqlite/database.ts';
import { Writer } from '../../../src/adapters/sqlite/writer.ts';
import { type SqliteOperations, startSqliteWriter } from '../../../src/adapters/sqlite-operations.ts';
import type { Adapter, Publishing } from '../adapters.ts';
import type { Engines } from '../engines.ts';
import { temporaryDirectory } from '../service.ts';
import { openMongo } from './mongo.ts';

/** Topics that are not there yet. */
export const kafkaOptions = (
  broker: string,
  values: Partial<KafkaEventStreamOptions> = {},
): KafkaEventStreamOptions => ({
  brokers: [broker],
  topic: `orders-${randomUUID()}`,
  changesTopic: `changes-${randomUUID()}`,
  partitions: 3,
  replication: -1,
  tls: false,
  sasl: null,
  compression: 'zstd',
  ...values,
});

export const openKafka = (options: KafkaEventStreamOptions, bounds: { replayIdleMs?: number } = {}) =>
  createKafkaEventStream(options, { ...bounds, logger: pino({ level: 'silent' }) });

/** A client beside the adapter: to look at Kafka from outside. */
export async function withAdmin<Result>(
  broker: string,
  work: (admin: ReturnType<Kafka['admin']>) => Promise<Result>,
): Promise<Result> {
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Partitions are apart: readers agree on the order within each. */
const totalOrder = false;

export const kafkaStreams = ({ kafka, mongo, why }: Engines): (Adapter<Publishing> & { totalOrder: boolean })[] => [
  {
    name: 'Kafka, orders in SQLite',
    missing: why.kafka ?? null,
    totalOrder,
    async open() {
      const path = join(await temporaryDirectory(), 'oms.db');
      const thread = await startSqliteWriter(path);
      const options = kafkaOptions(kafka!);
      const clients = [0, 1].map(() => {
        const [db, writer] = [openForReading(path), new Writer<SqliteOperations>(thread.connect())];
        return {
          store: createSqliteOrderStore({ db, writer, trackStock: true, publishes: true, now: Date.now }),
          events: openKafka(options),
        };
      });
      return {
        first: clients[0]!,
        second: clients[1]!,
        async close() {
          for (const { store, events } of clients) {
            await events.close();
            await store.close();
          }
          await thread.close();
        },
      };
    },
  },
  {
    name: 'Kafka, orders on MongoDB',
    missing: why.kafka ?? why.mongo ?? null,
    totalOrder,
    async open() {
      const options = kafkaOptions(kafka!);
      const events: ReturnType<typeof openKafka>[] = [];
      const opened = await openMongo(mongo!, { trackStock: true }, (store): Publishing => {
        const stream = openKafka(options);
        events.push(stream);
        return { store, events: stream };
      });
      return {
        ...opened,
        async close() {
          for (const stream of events) await stream.close();
          await opened.close();
        },
      };
    },
  },
];
