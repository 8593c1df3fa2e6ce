/** The stack profile for tests: S3, SQS, MongoDB and Kafka, each with a bucket, queue, database or topic of its own. */
import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { AWS_ENVIRONMENT, newBucket, newQueue } from './adapters/aws.ts';
import { newDatabaseUrl } from './adapters/mongo.ts';
import { type Service, startService } from './service.ts';

const engines = inject('engines');

/** Why tests on the whole stack cannot run here; null when they can. */
export const missingEngines: string | null =
  ['fauxqs', 'mongo', 'kafka'].flatMap((name) => engines.why[name] ?? []).join('; ') || null;

export interface Stack {
  /** The settings of a process of it. */
  env: Record<string, string>;
  bucket: string;
  queue: string;
  start(roles: string, extra?: Record<string, string>): Promise<Service>;
}

/** Where each engine is; the tests' own, or a proxy in front of it. */
export interface Addresses {
  s3: string;
  sqs: string;
  mongo: string;
  kafka: string;
}

export const engineAddresses = (): Addresses => ({
  s3: engines.fauxqs!,
  sqs: engines.fauxqs!,
  mongo: engines.mongo!,
  kafka: engines.kafka!,
});

export async function newStack({
  visibilitySeconds = 60,
  addresses = engineAddresses(),
}: {
  visibilitySeconds?: number;
  addresses?: Addresses;
} = {}): Promise<Stack> {
  const bucket = await newBucket(engines.fauxqs!);
  const queue = await newQueue(engines.fauxqs!, { visibilitySeconds, maxDeliveries: 1_000 });
  const topics = randomUUID();
  const database = new URL(newDatabaseUrl(addresses.mongo)).pathname;
  const env = {
    ...AWS_ENVIRONMENT,
    OMS_OBJECT_STORE: `s3://${bucket}?endpoint=${addresses.s3}&path_style=true`,
    OMS_JOB_QUEUE: `sqs://${queue}?endpoint=${addresses.sqs}`,
    OMS_ORDER_STORE: `${addresses.mongo}${database}`,
    OMS_EVENT_STREAM: `kafka://${addresses.kafka}/order.created-${topics}?changes_topic=order.changed-${topics}&partitions=3&replication=1`,
    OMS_LOG_LEVEL: 'debug',
  };
  return {
    env,
    bucket,
    queue,
    start: (roles, extra = {}) => startService({ env: { ...env, ...extra }, args: ['--role', roles] }),
  };
}
