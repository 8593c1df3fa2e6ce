/**
 * A baseline of the benchmark: an event for each row of an order file into Kafka, as a bare kafkajs loop would: JSON of the row, one
 * awaited request of some 900 kB after the other, acks of all, zstd. Prints how many a second.
 */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { Partitioners } from 'kafkajs';
import { CompressionTypes, Kafka, logLevel } from '../../../src/adapters/event-stream.kafka/kafkajs.ts';

const [broker, file] = process.argv.slice(2) as [string, string];
const REQUEST_BYTES = 900 * 1024;
const rows = parse(await readFile(file), { columns: true, relax_quotes: true, relax_column_count: true }) as Record<
  string,
  string
>[];
const topic = `kafka-send-${randomUUID()}`;
const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
const admin = kafka.admin();
await admin.connect();
await admin.createTopics({ topics: [{ topic, numPartitions: 3, replicationFactor: 1 }], waitForLeaders: true });
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, maxInFlightRequests: 1 });
await producer.connect();

const started = performance.now();
let messages: { key: string; value: string }[] = [];
let bytes = 0;
const send = async () => {
  await producer.sendBatch({ acks: -1, compression: CompressionTypes.ZSTD, topicMessages: [{ topic, messages }] });
  messages = [];
  bytes = 0;
};
for (const row of rows) {
  const value = JSON.stringify({
    specversion: '1.0',
    id: `${row.order_id}:created`,
    source: '/oms',
    type: 'order.created',
    subject: row.order_id,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    data: {
      order_id: row.order_id,
      status: 'on_hold',
      customer: { name: row.customer_name, email: row.customer_email },
      items: [{ ...row, line_total: row.total_amount }],
      order_date: row.order_date,
      shipping_address: row.shipping_address,
    },
  });
  messages.push({ key: row.order_id!, value });
  bytes += value.length;
  if (bytes > REQUEST_BYTES) await send();
}
if (messages.length > 0) await send();
const seconds = (performance.now() - started) / 1000;
await admin.deleteTopics({ topics: [topic] });
await Promise.all([producer.disconnect(), admin.disconnect()]);
process.stdout.write(JSON.stringify({ count: rows.length, seconds }));
