/**
 * S3 and SQS for the contracts and for tests of the whole service: each opening has a bucket, or a queue with its dead-letter
 * queue, of its own.
 */
import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createSqsJobQueue } from '../../../src/adapters/job-queue.sqs.ts';
import { createS3ObjectStore } from '../../../src/adapters/object-store.s3.ts';
import type { JobQueue } from '../../../src/ports/job-queue.ts';
import type { ObjectStore } from '../../../src/ports/object-store.ts';
import type { Adapter } from '../adapters.ts';
import type { Engines } from '../engines.ts';

/** What the SDK signs with, here and in a service that a test starts; credentials of the user who runs the tests are not used. */
export const AWS_ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};
for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
Object.assign(process.env, AWS_ENVIRONMENT);

/** Few enough to be counted out. */
const MAX_DELIVERIES = 5;
const REGION = 'us-east-1';

export const s3Client = (endpoint: string) => new S3Client({ endpoint, region: REGION, forcePathStyle: true });
export const sqsClient = (endpoint: string) =>
  new SQSClient({ endpoint, region: REGION, useQueueUrlAsEndpoint: false });

/** The name of a new bucket. */
export async function newBucket(endpoint: string): Promise<string> {
  const bucket = `oms-${randomUUID()}`;
  const s3 = s3Client(endpoint);
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  s3.destroy();
  return bucket;
}

/** The name of a new queue, whose dead-letter queue is `<name>-dead` unless it has none. */
export async function newQueue(
  endpoint: string,
  {
    visibilitySeconds = 60,
    deadLetters = true,
    maxDeliveries = MAX_DELIVERIES,
  }: { visibilitySeconds?: number; deadLetters?: boolean; maxDeliveries?: number } = {},
): Promise<string> {
  const queue = `oms-${randomUUID()}`;
  const sqs = sqsClient(endpoint);
  const attributes: Record<string, string> = { VisibilityTimeout: String(visibilitySeconds) };
  if (deadLetters) {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${queue}-dead` }));
    const dead = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    attributes.RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: dead.Attributes!.QueueArn,
      maxReceiveCount: maxDeliveries,
    });
  }
  await sqs.send(new CreateQueueCommand({ QueueName: queue, Attributes: attributes }));
  sqs.destroy();
  return queue;
}

export interface OnEngine {
  /** Why there is no such engine here; the tests on it are skipped, and the run prints that at its end. */
  missing: string | null;
}

/** LocalStack, or an endpoint of the environment: only on some machines, and not required. */
const endpoints = (engines: Engines, further: 's3' | 'sqs') =>
  (['fauxqs', 'moto', further] as const)
    .map((engine) => ({ engine, endpoint: engines[engine], missing: engines.why[engine] ?? null }))
    // Without an endpoint the SDK would ask AWS itself.
    .filter(({ endpoint, missing }) => endpoint || missing);

export const s3Options = (endpoint: string, bucket: string) => ({ bucket, endpoint, region: REGION, pathStyle: true });

export const s3Stores = (engines: Engines): (Adapter<ObjectStore> & OnEngine)[] =>
  endpoints(engines, 's3').map(({ engine, endpoint, missing }) => ({
    name: engine === 's3' ? 'S3' : `S3 of ${engine}`,
    missing,
    async open() {
      const options = s3Options(endpoint!, await newBucket(endpoint!));
      const [first, second] = [createS3ObjectStore(options), createS3ObjectStore(options)];
      return {
        first,
        second,
        async close() {
          first.close();
          second.close();
        },
      };
    },
  }));

export const sqsQueues = (
  engines: Engines,
): (Adapter<JobQueue> & OnEngine & { maxDeliveries: number; receiptsEnd: boolean; once: boolean })[] =>
  endpoints(engines, 'sqs').map(({ engine, endpoint, missing }) => ({
    name: engine === 'sqs' ? 'SQS' : `SQS of ${engine}`,
    missing,
    maxDeliveries: MAX_DELIVERIES,
    // SQS may delete a message by an older receipt, and a dead-letter queue takes whatever it is sent.
    receiptsEnd: false,
    // SQS promises no more than at least once, and moto now and then gives two that ask together the same message.
    once: engine === 'fauxqs',
    async open() {
      const options = { queue: await newQueue(endpoint!), endpoint: endpoint!, region: REGION };
      const [first, second] = await Promise.all([createSqsJobQueue(options), createSqsJobQueue(options)]);
      return {
        first,
        second,
        async close() {
          first.close();
          second.close();
        },
      };
    },
  }));
