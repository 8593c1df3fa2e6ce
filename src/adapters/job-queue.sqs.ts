/**
 * The job queue as a queue of SQS, or of anything that speaks its protocol: the visibility timeout and the number of deliveries
 * after which a message is dead are the queue's own attributes, and so is the dead-letter queue. A receipt that has ended is no
 * error here; SQS itself says it for some and keeps quiet for others.
 * Source: Amazon SQS Developer Guide, "Amazon SQS visibility timeout", "Amazon SQS short and long polling" and "Using dead-letter
 * queues"; Amazon SQS API Reference.
 */
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Logger } from 'pino';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Inspection, Missing } from '../ports/inspection.ts';
import type { Delivery, JobQueue } from '../ports/job-queue.ts';
import {
  type AwsAddress,
  clientOptions,
  endpointOption,
  engineError,
  isForbidden,
  isNamed,
  placeOf,
  within,
} from './aws.ts';

export interface SqsOptions extends AwsAddress {
  /** The queue's name. */
  queue: string;
}

/** What was found at AWS. */
interface Found {
  url: string;
  arn: string;
  visibilityMs: number;
  /** Null when the queue has none. */
  dead: { name: string; url: string | null } | null;
}

/**
 * Throws `queue_missing` and `job_queue_unavailable`. Where the queue or a right is missing, `details.missing` is what an inspection
 * would tell of it.
 */
export async function createSqsJobQueue(
  options: SqsOptions,
  { logger }: { logger?: Logger } = {},
): Promise<JobQueue & { close(): void }> {
  const sqs = new SQSClient({
    ...clientOptions(options, {
      silenceMs: limits.sqsSilenceMs,
      configured: () => new SQSClient().config.region(),
    }),
    // The URL that a service gives for a queue may name a host that only it knows.
    useQueueUrlAsEndpoint: false,
  });
  const place = await placeOf(options, () => sqs.config.region());
  const what = `the queue "${options.queue}" at ${place}`;
  const failed = (error: unknown, waits = true): OmsError =>
    engineError('job_queue_unavailable', error, { what, waits });
  const unavailable = (error: unknown): never => {
    throw failed(error);
  };
  const inTime = <Answer>(send: (bound: { abortSignal: AbortSignal }) => Promise<Answer>) =>
    within(limits.sqsAnswerMs, send);

  const found = await look(sqs, options.queue).catch((error) => {
    sqs.destroy();
    const missing = missingQueue(error, options) ?? missingRights(error, options);
    if (missing)
      throw new OmsError(
        isMissing(error) ? 'queue_missing' : 'job_queue_unavailable',
        `${missing.what} at ${place}: ${missing.cure}`,
        { cause: error, details: { missing: [missing] } },
      );
    throw failed(error, false);
  });
  const { url, visibilityMs } = found;
  const deadUrl = found.dead?.url ?? null;

  async function remove(from: string, receipt: string): Promise<void> {
    const command = new DeleteMessageCommand({ QueueUrl: from, ReceiptHandle: receipt });
    await inTime((bound) => sqs.send(command, bound))
      .catch(unlessReceiptEnded)
      .catch(unavailable);
  }

  async function counts(of: string) {
    const command = new GetQueueAttributesCommand({
      QueueUrl: of,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    });
    const { Attributes = {} } = await inTime((bound) => sqs.send(command, bound)).catch(unavailable);
    return {
      visible: Number(Attributes.ApproximateNumberOfMessages),
      inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
    };
  }

  return {
    visibilityMs,

    async send(job) {
      const command = new SendMessageCommand({ QueueUrl: url, MessageBody: JSON.stringify(job) });
      await inTime((bound) => sqs.send(command, bound)).catch(unavailable);
    },

    async receive(waitMs, signal): Promise<Delivery | null> {
      const command = new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 1,
        WaitTimeSeconds: Math.min(Math.ceil(waitMs / 1000), limits.sqsWaitSeconds),
        VisibilityTimeout: visibilityMs / 1000,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      });
      const answer = await within(limits.sqsSilenceMs, (bound) => sqs.send(command, bound), signal).catch((error) => {
        if (signal?.aborted) return null;
        throw failed(error);
      });
      const message = answer?.Messages?.[0];
      if (!message) return null;
      return {
        receipt: message.ReceiptHandle!,
        body: message.Body!,
        deliveries: Number(message.Attributes!.ApproximateReceiveCount),
      };
    },

    async extend(receipt, ms) {
      const seconds = Math.min(Math.ceil(ms / 1000), limits.sqsHideSeconds);
      const hide = { QueueUrl: url, ReceiptHandle: receipt, VisibilityTimeout: seconds };
      await inTime((bound) => sqs.send(new ChangeMessageVisibilityCommand(hide), bound))
        .catch(unlessReceiptEnded)
        .catch(unavailable);
    },

    delete: (receipt) => remove(url, receipt),

    async deadLetter({ receipt, body }, why) {
      if (deadUrl === null)
        logger?.error(
          { queue: options.queue, body, why },
          'a dead message is deleted: the queue has no dead-letter queue',
        );
      else {
        const dead = { QueueUrl: deadUrl, MessageBody: body };
        const attributes = { why: { DataType: 'String', StringValue: attributeText(why) } };
        const command = new SendMessageCommand({ ...dead, MessageAttributes: attributes });
        await inTime((bound) => sqs.send(command, bound))
          .catch((error) => {
            // A body as large as a message may be leaves no room for an attribute.
            if (!isNamed(error, ...INVALID)) throw error;
            logger?.error({ queue: options.queue, why }, 'a dead message is too large to have its reason with it');
            return inTime((bound) => sqs.send(new SendMessageCommand(dead), bound));
          })
          .catch(unavailable);
      }
      await remove(url, receipt);
    },

    async redrive() {
      if (deadUrl === null) return [];
      // A message that dies again at once comes round again: it is left for the next redrive, or this one had no end.
      const bodies = new Set<string>();
      for (;;) {
        const command = new ReceiveMessageCommand({
          QueueUrl: deadUrl,
          MaxNumberOfMessages: limits.sqsRedriveMessages,
          // Without a wait SQS asks some of its servers only.
          WaitTimeSeconds: 1,
          VisibilityTimeout: limits.sqsRedriveSeconds,
        });
        const { Messages = [] } = await inTime((bound) => sqs.send(command, bound)).catch(unavailable);
        if (Messages.length === 0) return [...bodies];
        for (const { Body, ReceiptHandle } of Messages) {
          if (bodies.has(Body!)) continue;
          bodies.add(Body!);
          const again = new SendMessageCommand({ QueueUrl: url, MessageBody: Body! });
          await inTime((bound) => sqs.send(again, bound)).catch(unavailable);
          await remove(deadUrl, ReceiptHandle!);
        }
      }
    },

    async depth() {
      const [live, dead] = await Promise.all([counts(url), deadUrl === null ? null : counts(deadUrl)]);
      return { ...live, dead: dead === null ? 0 : dead.visible + dead.inFlight };
    },

    inspect: () => inspect(sqs, options, place),
    close: () => sqs.destroy(),
  };
}

/** Bounded as a whole, so that a start that was given up for it can end. */
async function look(sqs: SQSClient, queue: string): Promise<Found> {
  const bound = { abortSignal: AbortSignal.timeout(limits.startCheckMs) };
  const url = await urlOf(sqs, { QueueName: queue }, bound);
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: url,
      AttributeNames: ['QueueArn', 'VisibilityTimeout', 'RedrivePolicy'],
    }),
    bound,
  );
  const found = { url, arn: Attributes.QueueArn!, visibilityMs: Number(Attributes.VisibilityTimeout) * 1000 };
  if (!Attributes.RedrivePolicy) return { ...found, dead: null };
  const { deadLetterTargetArn } = JSON.parse(Attributes.RedrivePolicy) as { deadLetterTargetArn: string };
  const [, , , , account, name] = deadLetterTargetArn.split(':') as [string, string, string, string, string, string];
  const deadUrl = await urlOf(sqs, { QueueName: name, QueueOwnerAWSAccountId: account }, bound).catch((error) => {
    if (isMissing(error)) return null;
    throw error;
  });
  return { ...found, dead: { name, url: deadUrl } };
}

async function urlOf(
  sqs: SQSClient,
  queue: { QueueName: string; QueueOwnerAWSAccountId?: string },
  bound: { abortSignal: AbortSignal },
): Promise<string> {
  return (await sqs.send(new GetQueueUrlCommand(queue), bound)).QueueUrl!;
}

async function inspect(sqs: SQSClient, options: SqsOptions, place: string): Promise<Inspection> {
  const { queue } = options;
  const missing: Missing[] = [];
  try {
    const found = await look(sqs, queue);
    const { url, visibilityMs } = found;
    if (!found.dead?.url) missing.push(missingDeadLetterQueue(options, found));
    if (visibilityMs < limits.sqsLeastVisibilityMs)
      missing.push({
        what: `the queue "${queue}" hides a delivered message for ${visibilityMs / 1000} s only, so that files are worked on twice`,
        cure: `aws sqs set-queue-attributes${endpointOption(options)} --queue-url ${url} --attributes VisibilityTimeout=60, then start the service again`,
        required: false,
      });
  } catch (error) {
    const absent = missingQueue(error, options) ?? missingRights(error, options);
    if (!absent)
      throw engineError('job_queue_unavailable', error, { what: `the queue "${queue}" at ${place}`, waits: false });
    missing.push(absent);
  }
  return { engine: 'SQS', address: `${queue} at ${place}`, missing };
}

const isMissing = (error: unknown): boolean =>
  isNamed(error, 'QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue');

function missingQueue(error: unknown, options: SqsOptions): Missing | null {
  if (!isMissing(error)) return null;
  return {
    what: `the queue "${options.queue}" does not exist`,
    cure: `aws sqs create-queue${endpointOption(options)} --queue-name ${options.queue} --attributes VisibilityTimeout=60,MessageRetentionPeriod=1209600`,
    required: true,
  };
}

function missingRights(error: unknown, { queue }: SqsOptions): Missing | null {
  if (!isForbidden(error)) return null;
  return {
    what: `no right to use the queue "${queue}"`,
    cure:
      'allow sqs:GetQueueUrl, sqs:GetQueueAttributes, sqs:SendMessage, sqs:ReceiveMessage, sqs:DeleteMessage and ' +
      'sqs:ChangeMessageVisibility on it and on its dead-letter queue',
    required: true,
  };
}

function missingDeadLetterQueue(options: SqsOptions, { url, arn, dead }: Found): Missing {
  const name = dead?.name ?? `${options.queue}-dead`;
  const create = `aws sqs create-queue${endpointOption(options)} --queue-name ${name} --attributes MessageRetentionPeriod=1209600`;
  if (dead)
    return {
      what: `the dead-letter queue "${name}" of the queue "${options.queue}" does not exist: dead messages are deleted`,
      cure: `${create}, then start the service again`,
      required: false,
    };
  const deadLetterTargetArn = [...arn.split(':').slice(0, -1), name].join(':');
  const policy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: limits.maxDeliveries });
  const attributes = JSON.stringify({ RedrivePolicy: policy });
  return {
    what: `the queue "${options.queue}" has no dead-letter queue: dead messages are deleted`,
    cure: `${create}, then aws sqs set-queue-attributes${endpointOption(options)} --queue-url ${url} --attributes '${attributes}', then start the service again`,
    required: false,
  };
}

/** What a request is refused with that has a value that cannot be, by the names of several services. */
const INVALID = [
  'InvalidParameterValue',
  'InvalidParameterValueException',
  'AWS.SimpleQueueService.InvalidParameterValue',
];

/** Errors of a receipt that has ended, or never was one. Amended by SQS over time: newer names stand beside a general one. */
function unlessReceiptEnded(error: Error): void {
  if (isNamed(error, 'ReceiptHandleIsInvalid', 'MessageNotInflight')) return;
  if (isNamed(error, ...INVALID) && /receipt|visibility/i.test(error.message)) return;
  throw error;
}

/** What an attribute of a message can hold: not empty, and no control characters but those of text. */
function attributeText(text: string): string {
  return (
    text.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '?').slice(0, limits.sqsReasonChars) ||
    '?'
  );
}
