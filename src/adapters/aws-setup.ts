/**
 * What the owner of bucket and queue sets up beside them, and the service can work without: S3 notifies the queue of objects under
 * incoming/, the queue's policy allows it, and parts of unfinished uploads are removed. Only for `oms doctor`: the checks take rights that
 * OMS itself does not need. Where they are not given nothing is reported.
 * Source: Amazon S3 User Guide, "Amazon S3 Event Notifications"; Amazon S3 API Reference; Amazon SQS Developer Guide, "Access policy".
 */
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  type LifecycleRule,
  type NotificationConfiguration,
  type QueueConfiguration,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { limits } from '../limits.ts';
import { INCOMING, UPLOADS } from '../model/file.ts';
import type { Missing } from '../ports/inspection.ts';
import { clientOptions, endpointOption, isNamed } from './aws.ts';
import type { SqsOptions } from './job-queue.sqs.ts';
import type { S3Options } from './object-store.s3.ts';

/** Either is null where another engine is used. */
export async function missingSetup(
  bucket: S3Options | null,
  queue: SqsOptions | null,
): Promise<{ objects: Missing[]; queue: Missing[] }> {
  const s3 = bucket && new S3Client({ ...clientOptions(bucket, ofS3), forcePathStyle: bucket.pathStyle });
  const sqs = queue && new SQSClient({ ...clientOptions(queue, ofSqs), useQueueUrlAsEndpoint: false });
  const bound = { abortSignal: AbortSignal.timeout(limits.startCheckMs) };
  try {
    const found = sqs && (await findQueue(sqs, queue, bound).catch(() => null));
    const [lifecycle, notification] = await Promise.all([
      s3 && missingLifecycle(s3, bucket, bound),
      s3 && found && missingNotification(s3, bucket, found, bound),
    ]);
    const policy = bucket && found && missingPolicy(bucket, queue, found);
    return {
      objects: [notification, lifecycle].filter((missing) => missing !== null),
      queue: policy ? [policy] : [],
    };
  } finally {
    s3?.destroy();
    sqs?.destroy();
  }
}

const ofS3 = { silenceMs: limits.s3SilenceMs, configured: () => new S3Client().config.region() };
const ofSqs = { silenceMs: limits.sqsSilenceMs, configured: () => new SQSClient().config.region() };

interface Bound {
  abortSignal: AbortSignal;
}

interface Queue {
  url: string;
  arn: string;
  policy: { Version?: string; Statement?: Statement | Statement[] };
}

async function findQueue(sqs: SQSClient, { queue }: SqsOptions, bound: Bound): Promise<Queue> {
  const { QueueUrl: url } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue }), bound);
  const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn', 'Policy'] });
  const { Attributes = {} } = await sqs.send(command, bound);
  return { url: url!, arn: Attributes.QueueArn!, policy: JSON.parse(Attributes.Policy || '{}') };
}

async function missingNotification(
  s3: S3Client,
  options: S3Options,
  { arn }: Queue,
  bound: Bound,
): Promise<Missing | null> {
  const command = new GetBucketNotificationConfigurationCommand({ Bucket: options.bucket });
  const found = await s3.send(command, bound).catch(() => null);
  if (!found || found.QueueConfigurations?.some((one) => one.QueueArn === arn && notifiesOfIncoming(one))) return null;
  const { $metadata: _, QueueConfigurations = [], ...others } = found;
  const ours: QueueConfiguration = {
    Id: 'incoming',
    QueueArn: arn,
    Events: ['s3:ObjectCreated:*'],
    Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: INCOMING }] } },
  };
  // The command replaces the whole configuration.
  const all: NotificationConfiguration = {
    ...others,
    QueueConfigurations: [...QueueConfigurations.filter(({ Id }) => Id !== ours.Id), ours],
  };
  return {
    what: `the bucket "${options.bucket}" does not tell the queue of objects that are put under ${INCOMING}: they stay there unread`,
    cure:
      `once the queue has its policy, aws s3api put-bucket-notification-configuration${endpointOption(options)} ` +
      `--bucket ${options.bucket} --notification-configuration ${quoted(all)}`,
    required: false,
  };
}

/** Of small objects and of those in parts. */
const PUTS = ['s3:ObjectCreated:Put', 's3:ObjectCreated:CompleteMultipartUpload'];

function notifiesOfIncoming({ Events = [], Filter }: QueueConfiguration): boolean {
  const rules = Filter?.Key?.FilterRules ?? [];
  const prefix = rules.find(({ Name }) => Name?.toLowerCase() === 'prefix')?.Value ?? '';
  const all = Events.includes('s3:ObjectCreated:*') || PUTS.every((put) => (Events as string[]).includes(put));
  return all && INCOMING.startsWith(prefix);
}

async function missingLifecycle(s3: S3Client, options: S3Options, bound: Bound): Promise<Missing | null> {
  const command = new GetBucketLifecycleConfigurationCommand({ Bucket: options.bucket });
  const rules = await s3.send(command, bound).then(
    ({ Rules = [] }) => Rules,
    (error) => (isNamed(error, 'NoSuchLifecycleConfiguration') ? [] : null),
  );
  if (rules === null || rules.some(removesParts)) return null;
  const ours: LifecycleRule = {
    ID: 'abort-uploads-left',
    Status: 'Enabled',
    Filter: { Prefix: '' },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  };
  return {
    what: `the bucket "${options.bucket}" keeps the parts of uploads that nobody ended, which are paid for`,
    cure:
      `aws s3api put-bucket-lifecycle-configuration${endpointOption(options)} --bucket ${options.bucket} ` +
      `--lifecycle-configuration ${quoted({ Rules: [...rules.filter(({ ID }) => ID !== ours.ID), ours] })}`,
    required: false,
  };
}

const removesParts = ({ Status, Filter, Prefix, AbortIncompleteMultipartUpload }: LifecycleRule): boolean =>
  Status === 'Enabled' &&
  AbortIncompleteMultipartUpload !== undefined &&
  !Filter?.Tag &&
  !Filter?.And &&
  UPLOADS.startsWith(Filter?.Prefix ?? Prefix ?? '');

/** The fields of a statement of a policy that matter here. */
interface Statement {
  Sid?: string;
  Effect?: string;
  Principal?: string | Record<string, string | string[]>;
  Action?: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

const S3_SERVICE = 's3.amazonaws.com';
const OUR_SID = 'bucket-of-oms';

function missingPolicy({ bucket }: S3Options, options: SqsOptions, { url, arn, policy }: Queue): Missing | null {
  const bucketArn = `arn:${arn.split(':')[1]}:s3:::${bucket}`;
  const statements = listOf(policy.Statement);
  if (statements.some((statement) => letsBucketSend(statement, bucketArn))) return null;
  const ours = {
    Sid: OUR_SID,
    Effect: 'Allow',
    Principal: { Service: S3_SERVICE },
    Action: 'sqs:SendMessage',
    Resource: arn,
    Condition: { ArnEquals: { 'aws:SourceArn': bucketArn } },
  };
  const all = {
    Version: policy.Version ?? '2012-10-17',
    Statement: [...statements.filter(({ Sid }) => Sid !== OUR_SID), ours],
  };
  return {
    what: `the policy of the queue "${options.queue}" does not let the bucket "${bucket}" tell it of objects under ${INCOMING}`,
    cure: `aws sqs set-queue-attributes${endpointOption(options)} --queue-url ${url} --attributes ${quoted({ Policy: JSON.stringify(all) })}`,
    required: false,
  };
}

function letsBucketSend({ Effect, Principal, Action, Condition = {} }: Statement, bucketArn: string): boolean {
  const principals = typeof Principal === 'string' ? [Principal] : Object.values(Principal ?? {}).flat();
  const sources = Object.values(Condition)
    .flatMap((condition) => Object.entries(condition))
    .filter(([key]) => key.toLowerCase() === 'aws:sourcearn')
    .flatMap(([, values]) => values);
  return (
    Effect === 'Allow' &&
    principals.some((principal) => principal === '*' || principal === S3_SERVICE) &&
    listOf(Action).some((action) => matches(action.toLowerCase(), 'sqs:sendmessage')) &&
    (sources.length === 0 || sources.some((source) => matches(source, bucketArn)))
  );
}

/** With `*` for anything, as in policies. */
const matches = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(text);

const listOf = <One>(some: One | One[] | undefined): One[] => (some === undefined ? [] : ([some].flat() as One[]));

/** For a shell. */
const quoted = (value: unknown): string => `'${JSON.stringify(value).replaceAll("'", "'\\''")}'`;
