/** Objects that users put into the bucket under `incoming/` are ingested like uploads: once each. They stay where they are. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { AWS_ENVIRONMENT, newBucket, newQueue, s3Client, sqsClient } from '../support/adapters/aws.ts';
import { newDatabaseUrl } from '../support/adapters/mongo.ts';
import { listAll, problemOf } from '../support/http.ts';
import {
  csv,
  ended,
  type FileJson,
  getJson,
  orderLine,
  type Service,
  setStock,
  startService,
} from '../support/service.ts';

const { moto, mongo, why } = inject('engines');
const missing = [why.moto, why.mongo].filter(Boolean).join('; ') || null;
const MAX_BYTES = 20_000;

let unique = 0;
const order = () => csv(orderLine(`B-${process.pid}-${unique++}`));

describe.skipIf(missing !== null)('an object that is put into the bucket', () => {
  let s3: S3Client;
  let sqs: SQSClient;
  let bucket: string;
  let queueUrl: string;
  let service: Service;

  const put = (key: string, body: string | Uint8Array, ContentType?: string) =>
    s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.from(body as string), ContentType }));
  const files = (named: (name: string) => boolean) =>
    listAll<FileJson>(service, '/files?limit=1000').then((all) => all.filter(({ name }) => named(name)));
  const named = (name: string) => files((other) => other === name);

  /** The end of the file that an object becomes. */
  async function becomes(name: string): Promise<FileJson> {
    for (;;) {
      const [file] = await named(name);
      if (file) return ended(service, file.file_id);
      await delay(25);
    }
  }

  /** Until nothing is in the queue, in flight or not. */
  async function quiet(): Promise<void> {
    for (;;) {
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: queueUrl,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      );
      if (Object.values(Attributes).every((count) => count === '0')) return;
      await delay(50);
    }
  }

  /** What S3 sends for a put: the test sends it itself, as often as it likes. */
  const notify = (key: string, eTag: string, sequencer: string) =>
    sqs.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: JSON.stringify({
          Records: [
            {
              ...{ eventVersion: '2.1', eventSource: 'aws:s3', eventName: 'ObjectCreated:Put' },
              eventTime: '2026-11-21T10:00:00.000Z',
              s3: { bucket: { name: bucket }, object: { key, eTag: eTag.replaceAll('"', ''), sequencer } },
            },
          ],
        }),
      }),
    );

  beforeAll(async () => {
    [s3, sqs] = [s3Client(moto!), sqsClient(moto!)];
    bucket = await newBucket(moto!);
    // The message of a file that is busy comes back after as long.
    const queue = await newQueue(moto!, { visibilitySeconds: 5, maxDeliveries: 1_000 });
    queueUrl = (await sqs.send(new GetQueueUrlCommand({ QueueName: queue }))).QueueUrl!;
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
    );
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: bucket,
        NotificationConfiguration: {
          QueueConfigurations: [{ QueueArn: Attributes!.QueueArn, Events: ['s3:ObjectCreated:*'] }],
        },
      }),
    );
    const settings = {
      ...AWS_ENVIRONMENT,
      OMS_OBJECT_STORE: `s3://${bucket}?endpoint=${moto}&path_style=true`,
      OMS_JOB_QUEUE: `sqs://${queue}?endpoint=${moto}`,
      OMS_ORDER_STORE: newDatabaseUrl(mongo!),
      OMS_MAX_UPLOAD_BYTES: String(MAX_BYTES),
      OMS_LOG_LEVEL: 'debug',
    };
    service = await startService({ env: settings });
    await setStock(service, [['SKU-1', 'HUB-1', 1_000]]);
  });
  afterAll(() => {
    s3?.destroy();
    sqs?.destroy();
  });

  test.each(['plain.csv', 'a b+c%2B&=.csv', 'größe 中文 😀.csv', 'north/2026/11/x y.csv'])(
    'is a file with the name %s, with a report, and stays where it is',
    async (name) => {
      const body = csv(orderLine(`K-${unique++}`), orderLine(`K-${unique++}`, { quantity: '0' }));
      await put(`incoming/${name}`, body);
      const file = await becomes(name);
      expect(file).toMatchObject({
        status: 'completed',
        size_bytes: Buffer.byteLength(body),
        progress: { rows: 2, accepted: 1, invalid: 1 },
      });
      const report = await fetch(`${service.url}/invalid-files/${file.invalid_file}`);
      expect(await report.text()).toContain('invalid_quantity');
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: `incoming/${name}` }));
      expect(await Body!.transformToString()).toBe(body);
      expect(await named(name)).toHaveLength(1);
    },
  );

  test('is read in the encoding that its content type declares', async () => {
    const body = Buffer.from(csv(orderLine(`SJIS-${bucket}`, { customer_name: '\x93c\x92\x86' })), 'latin1');
    await put('incoming/sjis.csv', body, 'text/csv; charset=Shift_JIS');
    expect(await becomes('sjis.csv')).toMatchObject({
      status: 'completed',
      intake: { encoding: 'shift_jis' },
      progress: { accepted: 1 },
    });
    expect(await getJson(service, `/orders/SJIS-${bucket}`)).toMatchObject({ customer: { name: '田中' } });
    await put('incoming/klingon.csv', order(), 'text/csv; charset=klingon');
    expect(await becomes('klingon.csv')).toMatchObject({ status: 'failed', failure: { code: 'unsupported_encoding' } });
  });

  test('that cannot be ingested is recorded as failed, with the reason', async () => {
    const same = order();
    await put('incoming/first.csv', same);
    const first = await becomes('first.csv');
    await put('incoming/again.csv', same);
    await put('incoming/empty.csv', '');
    await put('incoming/book.xlsx', Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), Buffer.alloc(600, 7)]));
    await put('incoming/large-1.csv', csv(...Array.from({ length: 300 }, (_, i) => orderLine(`L1-${i}`))));
    await put('incoming/large-2.csv', csv(...Array.from({ length: 300 }, (_, i) => orderLine(`L2-${i}`))));
    const failed = (code: string) => ({
      status: 'failed',
      failure: { code },
      progress: { percent: expect.any(Number) },
    });
    const again = await becomes('again.csv');
    expect(again).toMatchObject(failed('duplicate_file'));
    expect(again.failure!.message).toContain(first.file_id);
    const retry = (file: FileJson) => fetch(`${service.url}/files/${file.file_id}/retry`, { method: 'POST' });
    await problemOf(await retry(again), 409, 'duplicate_file');
    expect(await becomes('empty.csv')).toMatchObject(failed('empty_file'));
    expect(await becomes('book.xlsx')).toMatchObject(failed('not_csv'));
    // One by one: a file that was not read has no hash, and is never a repeat.
    for (const name of ['large-1.csv', 'large-2.csv']) {
      const file = await becomes(name);
      expect(file).toMatchObject(failed('too_large'));
      expect((await retry(file)).status).toBe(202);
      expect(await ended(service, file.file_id)).toMatchObject(failed('too_large'));
    }
    expect((await getJson<{ items: unknown[] }>(service, '/orders?q=L1-')).items).toEqual([]);
  });

  test('elsewhere is ignored, and so are the objects of the service itself', async () => {
    const before = (await files(() => true)).length;
    await put('elsewhere/x.csv', order());
    await put('incoming-not/x.csv', order());
    await put('incoming/folder/', '');
    await put('incoming/last.csv', order());
    await becomes('last.csv');
    await quiet();
    expect(await files(() => true)).toHaveLength(before + 1);
  });

  test('whose notification comes twice, or that is replaced or deleted before it is read, becomes one file or none', async () => {
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: bucket, NotificationConfiguration: {} }));
    const newer = csv(orderLine(`N-${unique++}`), orderLine(`N-${unique++}`));
    const puts: [key: string, body: string][] = [
      ['incoming/twice.csv', order()],
      ['incoming/replaced.csv', order()],
      ['incoming/replaced.csv', newer],
      ['incoming/deleted.csv', order()],
    ];
    const told: [key: string, eTag: string, sequencer: string][] = [];
    for (const [i, [key, body]] of puts.entries()) told.push([key, (await put(key, body)).ETag!, String(i)]);
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'incoming/deleted.csv' }));
    for (const one of [...told, ...told]) await notify(...one);

    expect(await becomes('twice.csv')).toMatchObject({ status: 'completed', progress: { rows: 1, accepted: 1 } });
    expect(await becomes('replaced.csv')).toMatchObject({ status: 'completed', progress: { rows: 2, accepted: 2 } });
    await quiet();
    expect(await named('twice.csv')).toHaveLength(1);
    expect(await named('replaced.csv')).toHaveLength(1);
    expect(await named('deleted.csv')).toEqual([]);
  });
});
