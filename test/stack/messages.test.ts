/**
 * All kinds of messages in the job queue: foreign ones go to the dead-letter queue with the reason, those without work are deleted, and
 * none of them delays files. Files that were given up come back by `oms redrive`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { MongoClient } from 'mongodb';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createHttpIms } from '../../src/adapters/ims.http.ts';
import { createSqsJobQueue } from '../../src/adapters/job-queue.sqs.ts';
import { createScratches } from '../../src/adapters/scratches.sqlite.ts';
import { startReferenceIms } from '../../src/ims/reference-ims.ts';
import { limits } from '../../src/limits.ts';
import { upload as takeUpload } from '../../src/pipeline/upload.ts';
import { startWorker } from '../../src/pipeline/worker.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { newQueue, sqsClient } from '../support/adapters/aws.ts';
import { directoryObjectStore, sqliteOrderStore } from '../support/adapters/sqlite.ts';
import { setSwitches } from '../support/http.ts';
import {
  csv,
  ended,
  type FileJson,
  ingest,
  orderLine,
  runOms,
  type Service,
  setStock,
  upload,
} from '../support/service.ts';
import { missingEngines, newStack, type Stack } from '../support/stack.ts';

const endpoint = inject('engines').fauxqs!;
/** Near the most that SQS takes. */
const LARGEST_BODY = 1_048_576;

let sqs: SQSClient;
beforeAll(() => {
  sqs = sqsClient(endpoint);
});
afterAll(() => sqs.destroy());

const urlOf = async (queue: string) => (await sqs.send(new GetQueueUrlCommand({ QueueName: queue }))).QueueUrl!;
const sendTo = async (queue: string, body: string) =>
  sqs.send(new SendMessageCommand({ QueueUrl: await urlOf(queue), MessageBody: body }));

async function countOf(queue: string): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: await urlOf(queue),
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}

/** Waits for so many messages and reads them without deleting them. */
async function deadOf(queue: string, count: number): Promise<Message[]> {
  const seen = new Map<string, Message>();
  while (seen.size < count) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: await urlOf(`${queue}-dead`),
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 0,
        MessageAttributeNames: ['All'],
      }),
    );
    for (const message of Messages) seen.set(message.MessageId!, message);
    await delay(20);
  }
  return [...seen.values()];
}

async function empty(queue: string): Promise<void> {
  while ((await countOf(queue)) > 0) await delay(50);
}

let unique = 0;
const order = () => csv(orderLine(`M-${process.pid}-${unique++}`));

describe.skipIf(missingEngines !== null)('in a queue of SQS', () => {
  let stack: Stack;
  let service: Service;

  beforeAll(async () => {
    stack = await newStack();
    // With the name of an engine that is not needed here it starts sooner.
    service = await stack.start('api,worker,publisher', { OMS_EVENT_STREAM: 'outbox:' });
    await setStock(service, [['SKU-1', 'HUB-1', 1_000]]);
  });

  test('a foreign message goes to the dead-letter queue with the reason, one without work is deleted, and files are ingested meanwhile', async () => {
    const finished = await ingest(service, order());
    const foreign: [body: string, why: RegExp][] = [
      ['{"version":1,', /not JSON/],
      ['{"version":2,"fileId":"f_1"}', /version 2.*start the newer release/],
      ['{"hello":"world"}', /neither a job nor a bucket notification/],
      ['[null]', /neither a job nor a bucket notification/],
    ];
    const huge = 'x'.repeat(LARGEST_BODY);
    const nothing = [
      JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: stack.bucket }),
      JSON.stringify({ Records: [] }),
      JSON.stringify({ version: 1, fileId: 'f_unknown' }),
      JSON.stringify({ version: 1, fileId: '__proto__' }),
      JSON.stringify({ version: 1, fileId: finished.file_id }),
    ];
    for (const body of [...foreign.map(([body]) => body), huge, ...nothing]) await sendTo(stack.queue, body);

    expect(await ingest(service, order())).toMatchObject({ status: 'completed' });
    const dead = await deadOf(stack.queue, foreign.length + 1);
    for (const [body, why] of foreign) {
      const { MessageAttributes } = dead.find(({ Body }) => Body === body)!;
      expect(MessageAttributes!.why!.StringValue).toMatch(why);
    }
    // It fills its message: there is no room for a reason.
    expect(dead.find(({ Body }) => Body === huge)).toBeDefined();
    await empty(stack.queue);
    expect(dead).toHaveLength(foreign.length + 1);
    expect(await (await fetch(`${service.url}/files/${finished.file_id}`)).json()).toEqual(finished);
  });

  test('a redrive delivers dead messages again: foreign ones go back to the dead-letter queue', async () => {
    const before = await countOf(`${stack.queue}-dead`);
    expect(before).toBeGreaterThan(0);
    const handled = () =>
      service.log.filter(({ msg }) => msg === 'a message was moved to the dead-letter queue').length;
    const until = handled() + before;
    expect(await runOms(['redrive'], stack.env)).toMatchObject({ code: 0, stdout: '0 files queued again\n' });
    while (handled() < until) await delay(20);
    await empty(stack.queue);
    expect(await countOf(`${stack.queue}-dead`)).toBe(before);
  });
});

// Most of the time they wait for processes to start.
describe.skipIf(missingEngines !== null)('a file that was given up', { concurrent: true }, () => {
  test.each([
    ['while the service runs', true],
    ['while it does not', false],
  ])('comes back by a redrive %s', async (_, running) => {
    const stack = await newStack({ visibilitySeconds: 5 });
    const env: Record<string, string> = { ...stack.env, OMS_EVENT_STREAM: 'outbox:' };
    const client = new MongoClient(env.OMS_ORDER_STORE!);
    const api = await stack.start('api', env);
    await setStock(api, [['SKU-1', 'HUB-1', 1_000]]);
    const { file_id: fileId } = (await (await upload(api, order())).json()) as FileJson;
    // As often as its worker would have had to crash on it.
    await client
      .db()
      .collection<{ _id: string }>('files')
      .updateOne({ _id: fileId }, { $set: { strikes: limits.maxStrikes } });
    await client.close();
    let worker = await stack.start('worker', env);
    expect(await ended(api, fileId)).toMatchObject({ status: 'failed', failure: { code: 'internal' } });
    const [dead] = await deadOf(stack.queue, 1);
    expect(JSON.parse(dead!.Body!)).toEqual({ version: 1, fileId });
    expect(dead!.MessageAttributes!.why!.StringValue).toMatch(/failed 10 times in a row/);

    if (!running) expect(await worker.stop()).toBe(0);
    expect(await runOms(['redrive'], env)).toMatchObject({ code: 0, stdout: '1 files queued again\n' });
    if (!running) worker = await stack.start('worker', env);
    expect(await ended(api, fileId)).toMatchObject({ status: 'completed', progress: { accepted: 1 } });
    await empty(stack.queue);
    expect(await countOf(`${stack.queue}-dead`)).toBe(0);
    expect(await Promise.all([api.stop(), worker.stop()])).toEqual([0, 0]);
  });
});

test.skipIf(missingEngines !== null)(
  'a file in work for longer than SQS keeps a delivery continues under a new message',
  async () => {
    const queue = await newQueue(endpoint, { visibilitySeconds: 3 });
    const jobs = await createSqsJobQueue({ queue, endpoint, region: 'us-east-1' });
    const [objects, store] = [await directoryObjectStore.open(), await sqliteOrderStore.open()];
    const imsServer = await startReferenceIms({
      port: 0,
      alsoKnown: async (names) => names,
    });
    const ims = createHttpIms({ baseUrl: imsServer.url });
    let aheadMs = 0;
    const clock = { ...systemClock, now: () => Date.now() + aheadMs };
    const log: Record<string, unknown>[] = [];
    const logger = pino({ level: 'debug' }, { write: (line) => void log.push(JSON.parse(line)) });
    const ports = { objects: objects.first, store: store.first, queue: jobs, ims, clock };
    const lines = (stage: string) => log.filter((line) => line.stage === stage);
    const reached = async (stage: string, count: number) => {
      while (lines(stage).length < count) await delay(20);
    };

    await setSwitches({ imsUrl: imsServer.url }, { outage: true });
    await store.first.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', available: 1_000 }], null);
    const bytes = (async function* () {
      yield Buffer.from(order());
    })();
    const options = {
      name: 'a.csv',
      encoding: null,
      parentFileId: null,
      hubs: null,
      force: false,
      idempotencyKey: null,
    };
    const created = await takeUpload({ ...ports, logger }, bytes, { ...options, maxBytes: 1_000_000 });
    const { fileId } = (created as { file: { fileId: string } }).file;
    const workerPorts = { ...ports, scratches: createScratches() };
    const worker = startWorker(workerPorts, { timeZone: 'UTC', maxInflatedBytes: 1_000_000, bucket: null }, logger);
    await reached('claim', 1);
    aheadMs = limits.maxDeliveryMs + 1;
    await reached('claim', 2);
    expect(lines('release')).toHaveLength(1);
    const { visible, inFlight } = await jobs.depth();
    expect(visible + inFlight).toBe(1);
    await setSwitches({ imsUrl: imsServer.url }, { outage: false });
    while ((await store.first.files.get(fileId))!.finishedAtMs === null) await delay(20);
    expect(await store.first.files.get(fileId)).toMatchObject({ status: 'completed', accepted: 1, attempts: 1 });
    await worker.stop();
    expect(await jobs.depth()).toEqual({ visible: 0, inFlight: 0, dead: 0 });
    await ims.close();
    await imsServer.close();
    jobs.close();
    await objects.close();
    await store.close();
  },
);
