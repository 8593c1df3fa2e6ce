/**
 * The job queue as a queue of SQS, or of anything that speaks its protocol. The visibility timeout, the dead-letter queue and the number
 * of deliveries after which a message goes there are the queue's own attributes.
 * Source: Amazon SQS Developer Guide, "Amazon SQS visibility timeout" and "Amazon SQS short and long polling"; Amazon SQS API Reference.
 */
import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import type { Logger } from 'pino';
import { limits } from '../limits.ts';
import type { Delivery, JobQueue } from '../ports/job-queue.ts';
import { within } from './aws.ts';
import { deleteFrom, redrive, sendToDeadLetters } from './job-queue.sqs/dead-letters.ts';
import { unlessReceiptEnded } from './job-queue.sqs/errors.ts';
import type { SqsOptions } from './job-queue.sqs/find-queue.ts';
import { inspect } from './job-queue.sqs/inspect.ts';
import { openQueue, type Queue } from './job-queue.sqs/queue.ts';

export type { SqsOptions } from './job-queue.sqs/find-queue.ts';

/**
 * Throws `queue_missing` and `job_queue_unavailable`. Where the queue or a right is missing, `details.missing` is what an inspection
 * reports of it.
 */
export async function createSqsJobQueue(
  options: SqsOptions,
  { logger }: { logger?: Logger } = {},
): Promise<JobQueue & { close(): void }> {
  const queue = await openQueue(options);
  const { client, url, deadUrl, visibilityMs } = queue;
  return {
    visibilityMs,

    async send(job) {
      const command = new SendMessageCommand({ QueueUrl: url, MessageBody: JSON.stringify(job) });
      await queue.inTime((bound) => client.send(command, bound));
    },

    receive: (waitMs, signal) => receive(queue, waitMs, signal),

    async extend(receipt, ms) {
      const seconds = Math.min(Math.ceil(ms / 1000), limits.sqsHideSeconds);
      const hide = { QueueUrl: url, ReceiptHandle: receipt, VisibilityTimeout: seconds };
      const command = new ChangeMessageVisibilityCommand(hide);
      await queue.inTime((bound) => client.send(command, bound).catch(unlessReceiptEnded));
    },

    delete: (receipt) => deleteFrom(queue, url, receipt),

    async deadLetter({ receipt, body }, why) {
      await sendToDeadLetters(queue, body, why, logger);
      await deleteFrom(queue, url, receipt);
    },

    redrive: () => redrive(queue),

    async depth() {
      const [live, dead] = await Promise.all([counts(queue, url), deadUrl === null ? null : counts(queue, deadUrl)]);
      return { ...live, dead: dead === null ? 0 : dead.visible + dead.inFlight };
    },

    inspect: () => inspect(queue),
    close: () => client.destroy(),
  };
}

async function receive(queue: Queue, waitMs: number, signal?: AbortSignal): Promise<Delivery | null> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queue.url,
    MaxNumberOfMessages: 1,
    WaitTimeSeconds: Math.min(Math.ceil(waitMs / 1000), limits.sqsWaitSeconds),
    VisibilityTimeout: queue.visibilityMs / 1000,
    MessageSystemAttributeNames: ['ApproximateReceiveCount'],
  });
  const send = (bound: { abortSignal: AbortSignal }) => queue.client.send(command, bound);
  const answer = await within(limits.sqsSilenceMs, send, signal).catch((error) => {
    if (signal?.aborted) return null;
    throw queue.unavailable(error);
  });
  const message = answer?.Messages?.[0];
  if (!message) return null;
  return {
    receipt: message.ReceiptHandle!,
    body: message.Body!,
    deliveries: Number(message.Attributes!.ApproximateReceiveCount),
  };
}

async function counts({ client, inTime }: Queue, of: string): Promise<{ visible: number; inFlight: number }> {
  const command = new GetQueueAttributesCommand({
    QueueUrl: of,
    AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
  });
  const { Attributes = {} } = await inTime((bound) => client.send(command, bound));
  return {
    visible: Number(Attributes.ApproximateNumberOfMessages),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
  };
}
