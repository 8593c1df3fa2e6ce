/** Finds a queue and its dead-letter queue by the name of the queue. */
import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { limits } from '../../limits.ts';
import type { AwsAddress } from '../aws.ts';
import { isMissing } from './errors.ts';

export interface SqsOptions extends AwsAddress {
  /** The queue's name. */
  queue: string;
}

/** The attributes of the queue that matter here. */
export interface Found {
  url: string;
  arn: string;
  visibilityMs: number;
  /** Null when the queue has none. */
  dead: { name: string; url: string | null } | null;
}

export interface Bound {
  abortSignal: AbortSignal;
}

/** Bounded as a whole, so that a start that was given up for it can end. */
export async function findQueue(client: SQSClient, queue: string): Promise<Found> {
  const bound = { abortSignal: AbortSignal.timeout(limits.startCheckMs) };
  const url = await urlOf(client, { QueueName: queue }, bound);
  const command = new GetQueueAttributesCommand({
    QueueUrl: url,
    AttributeNames: ['QueueArn', 'VisibilityTimeout', 'RedrivePolicy'],
  });
  const { Attributes = {} } = await client.send(command, bound);
  const found = { url, arn: Attributes.QueueArn!, visibilityMs: Number(Attributes.VisibilityTimeout) * 1000 };
  if (!Attributes.RedrivePolicy) return { ...found, dead: null };
  const { deadLetterTargetArn } = JSON.parse(Attributes.RedrivePolicy) as { deadLetterTargetArn: string };
  const [, , , , account, name] = deadLetterTargetArn.split(':') as [string, string, string, string, string, string];
  const dead = { QueueName: name, QueueOwnerAWSAccountId: account };
  const deadUrl = await urlOf(client, dead, bound).catch((error) => {
    if (isMissing(error)) return null;
    throw error;
  });
  return { ...found, dead: { name, url: deadUrl } };
}

async function urlOf(
  client: SQSClient,
  queue: { QueueName: string; QueueOwnerAWSAccountId?: string },
  bound: Bound,
): Promise<string> {
  return (await client.send(new GetQueueUrlCommand(queue), bound)).QueueUrl!;
}
