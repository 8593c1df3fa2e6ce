/**
 * Messages that failed too often: to the dead-letter queue with the reason, and back by a redrive.
 * Source: Amazon SQS Developer Guide, "Using dead-letter queues".
 */
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Logger } from 'pino';
import { limits } from '../../limits.ts';
import { isInvalid, unlessReceiptEnded } from './errors.ts';
import type { Queue } from './queue.ts';

/** Copies the message to the dead-letter queue; the caller deletes it from its own. */
export async function sendToDeadLetters(queue: Queue, body: string, why: string, logger?: Logger): Promise<void> {
  const { client, deadUrl, options } = queue;
  if (deadUrl === null) {
    logger?.error({ queue: options.queue, body, why }, 'a dead message is deleted: the queue has no dead-letter queue');
    return;
  }
  const message = { QueueUrl: deadUrl, MessageBody: body };
  const attributes = { why: { DataType: 'String', StringValue: attributeText(why) } };
  const withReason = new SendMessageCommand({ ...message, MessageAttributes: attributes });
  const sent = await queue.inTime((bound) =>
    client.send(withReason, bound).catch((error) => {
      if (isInvalid(error)) return null;
      throw error;
    }),
  );
  if (sent) return;
  // A body as large as a message may be leaves no room for an attribute.
  logger?.error({ queue: options.queue, why }, 'a dead message is too large to have its reason with it');
  await queue.inTime((bound) => client.send(new SendMessageCommand(message), bound));
}

/** Moves all dead messages back and returns their bodies. */
export async function redrive(queue: Queue): Promise<string[]> {
  const { client, url, deadUrl } = queue;
  if (deadUrl === null) return [];
  // A message that dies again immediately comes a second time: it is left for the next redrive, or this one would have no end.
  const bodies = new Set<string>();
  for (;;) {
    const receive = new ReceiveMessageCommand({
      QueueUrl: deadUrl,
      MaxNumberOfMessages: limits.sqsRedriveMessages,
      // Without a wait SQS asks only some of its servers.
      WaitTimeSeconds: 1,
      VisibilityTimeout: limits.sqsRedriveSeconds,
    });
    const { Messages = [] } = await queue.inTime((bound) => client.send(receive, bound));
    if (Messages.length === 0) return [...bodies];
    for (const { Body, ReceiptHandle } of Messages) {
      if (bodies.has(Body!)) continue;
      bodies.add(Body!);
      const again = new SendMessageCommand({ QueueUrl: url, MessageBody: Body! });
      await queue.inTime((bound) => client.send(again, bound));
      await deleteFrom(queue, deadUrl, ReceiptHandle!);
    }
  }
}

export async function deleteFrom({ client, inTime }: Queue, from: string, receipt: string): Promise<void> {
  const command = new DeleteMessageCommand({ QueueUrl: from, ReceiptHandle: receipt });
  await inTime((bound) => client.send(command, bound).catch(unlessReceiptEnded));
}

/** What an attribute of a message can hold: not empty, and no control characters but those of text. */
function attributeText(text: string): string {
  return (
    text.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '?').slice(0, limits.sqsReasonChars) ||
    '?'
  );
}
