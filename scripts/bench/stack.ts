/**
 * The stack profile of the benchmark: orders into MongoDB beside a bare `insertMany` loop, and events into Kafka beside a bare
 * kafkajs loop, on the same servers, one after the other. The servers are those of the tests, on this machine, with 300 stock rows: the
 * MongoDB emulator scans all of them for each take.
 */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { generateOrders, generateStock } from '../../src/generate.ts';
import { AWS_SETTINGS, makeBucketAndQueues } from '../engines/bucket-and-queues.ts';
import { startFauxqs } from '../engines/fauxqs.ts';
import { startKafka } from '../engines/kafka.ts';
import { startMongo } from '../engines/mongo.ts';
import { INVALID_SHARE } from './inputs.ts';
import { grouped, median, medianRatio, post, thousands } from './measure.ts';
import { contender, ROOT, residentMemory, runToEnd, startServer } from './processes.ts';
import type { Bench } from './report.ts';

interface Round {
  rowsPerSecond: number;
  ordersPerSecond: number;
  eventsPerSecond: number;
  workerMiB: number;
  publisherMiB: number;
}

const ROWS = 200_000;

export async function stack(bench: Bench): Promise<void> {
  const { say, work, rounds } = bench;
  const rows = bench.scaled(ROWS);
  Object.assign(process.env, AWS_SETTINGS);
  const [aws, mongo, kafka] = await Promise.all([
    startFauxqs(),
    startMongo({ compiling: 'all' }),
    startKafka({ compiling: 'all' }),
  ]);
  try {
    const file = join(work, 'stack.csv');
    await writeFile(
      file,
      fewKeys(Buffer.concat([...generateOrders({ rows, invalidShare: INVALID_SHARE, seed: 1, ids: 'random' })])),
      'latin1',
    );
    const ours: Round[] = [];
    const inserts: number[] = [];
    const sends: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(await ingest(file, { aws: aws.url, mongo: mongo.url, kafka: kafka.url }));
      inserts.push(await perSecond('mongo-insert-many.ts', [mongo.url, file]));
      sends.push(await perSecond('kafka-send.ts', [kafka.url, file]));
    }
    const of = (figure: keyof Round) => median(ours.map((run) => run[figure]));
    const ratio = (figure: keyof Round, bare: number[]) => {
      const value = medianRatio(
        ours.map((run) => run[figure]),
        bare,
      );
      bench.ratio(`stack, ${figure} OMS / bare loop`, value);
      return value.toFixed(2);
    };
    say(`## The stack: ${grouped(rows)} rows, random order ids, 300 stock keys`);
    say();
    say('| what | OMS | bare loop | ratio |');
    say('|---|---|---|---|');
    say(`| rows/s, one worker, from its claim to the end of the file | ${thousands(of('rowsPerSecond'))} | | |`);
    say(
      `| orders/s into MongoDB | ${thousands(of('ordersPerSecond'))} | ${thousands(median(inserts))} (\`insertMany\`) | ${ratio('ordersPerSecond', inserts)} |`,
    );
    say(
      `| events/s into Kafka | ${thousands(of('eventsPerSecond'))} | ${thousands(median(sends))} (kafkajs) | ${ratio('eventsPerSecond', sends)} |`,
    );
    say(`| peak RSS of the worker, MiB | ${Math.max(...ours.map((run) => run.workerMiB))} | | |`);
    say(`| peak RSS of the publisher, MiB | ${Math.max(...ours.map((run) => run.publisherMiB))} | | |`);
    say();
  } finally {
    await Promise.all([aws.stop(), mongo.stop(), kafka.stop()]);
  }
}

/** One hub and three colours, so that there are 300 pairs of SKU and hub. As latin1, so that every byte stays what it is. */
const fewKeys = (csv: Buffer): string =>
  csv
    .toString('latin1')
    .replace(/,HUB-(\d|10),/g, ',HUB-1,')
    .replace(/(\d{5})-(?:BLU|OAK)(?=,HUB)/g, '$1-BLK');

async function ingest(file: string, engines: { aws: string; mongo: string; kafka: string }): Promise<Round> {
  const name = `bench-${randomUUID()}`;
  const env = {
    ...(await makeBucketAndQueues(engines.aws, { bucket: name, queue: name })),
    OMS_ORDER_STORE: `${engines.mongo}/${name}`,
    OMS_EVENT_STREAM: `kafka://${engines.kafka}/${name}?changes_topic=${name}-changes&partitions=3&replication=1`,
    OMS_PORT: '0',
    OMS_IMS_PORT: '0',
    OMS_LOG_LEVEL: 'error',
  };
  const start = (role: string) => startServer(join(ROOT, 'bin/oms'), ['start', '--role', role], env);
  const api = await start('api');
  const worker = await start('worker');
  try {
    const body = [...new Set(fewKeys(Buffer.from(generateStock())).split('\n'))].join('\n');
    await fetch(`${api.url}/inventory`, { method: 'PUT', headers: { 'content-type': 'text/csv' }, body });
    const { answer } = await post(`${api.url}/upload?name=bench.csv`, file);
    const { file_id } = JSON.parse(answer) as { file_id: string };
    const ended = await until(async () => {
      const shown = (await (await fetch(`${api.url}/files/${file_id}`)).json()) as Ended;
      return shown.finished_at === null ? null : shown;
    });
    if (ended.status !== 'completed') throw new Error(`the file ended as ${JSON.stringify(ended)}`);
    const seconds = (Date.parse(ended.finished_at!) - Date.parse(ended.started_at!)) / 1000;
    const workerMiB = (await residentMemory(worker.child.pid!)).peakMiB;

    const publisher = await start('publisher');
    // From when the first are out, so that the start of the process is not counted.
    const first = await until(async () => {
      const published = await publishedBy(api.url);
      return published > 0 ? { published, atMs: performance.now() } : null;
    });
    await until(async () => ((await publishedBy(api.url)) === ended.progress.accepted ? true : null));
    const publishing = (performance.now() - first.atMs) / 1000;
    const publisherMiB = (await residentMemory(publisher.child.pid!)).peakMiB;
    await publisher.stop();
    return {
      rowsPerSecond: ended.progress.rows / seconds,
      ordersPerSecond: ended.progress.accepted / seconds,
      eventsPerSecond: (ended.progress.accepted - first.published) / publishing,
      workerMiB,
      publisherMiB,
    };
  } finally {
    await worker.stop();
    await api.stop();
    const client = new MongoClient(engines.mongo);
    await client.db(name).dropDatabase();
    await client.close();
  }
}

interface Ended {
  status: string;
  started_at: string | null;
  finished_at: string | null;
  progress: { rows: number; accepted: number };
}

async function publishedBy(url: string): Promise<number> {
  const { events } = (await (await fetch(`${url}/stats`)).json()) as { events: { published: number } };
  return events.published;
}

async function until<Result>(look: () => Promise<Result | null>): Promise<Result> {
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    await delay(100);
  }
}

async function perSecond(script: string, args: string[]): Promise<number> {
  const { output } = await runToEnd(process.execPath, [contender(script), ...args]);
  const { count, seconds } = JSON.parse(output) as { count: number; seconds: number };
  return count / seconds;
}
