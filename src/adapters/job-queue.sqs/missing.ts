/** What the queue lacks for the service, each with the command or the rights that provide it. */
import { limits } from '../../limits.ts';
import type { Missing } from '../../ports/inspection.ts';
import { endpointOption, isForbidden } from '../aws.ts';
import { isMissing } from './errors.ts';
import type { Found, SqsOptions } from './find-queue.ts';

/** As an error says; null when it is another error. */
export function missingQueueOrRights(error: unknown, options: SqsOptions): Missing | null {
  const { queue } = options;
  if (isMissing(error))
    return {
      what: `the queue "${queue}" does not exist`,
      cure: `aws sqs create-queue${endpointOption(options)} --queue-name ${queue} --attributes VisibilityTimeout=60,MessageRetentionPeriod=1209600`,
      required: true,
    };
  if (!isForbidden(error)) return null;
  return {
    what: `no right to use the queue "${queue}"`,
    cure:
      'allow sqs:GetQueueUrl, sqs:GetQueueAttributes, sqs:SendMessage, sqs:ReceiveMessage, sqs:DeleteMessage and ' +
      'sqs:ChangeMessageVisibility on it and on its dead-letter queue',
    required: true,
  };
}

export function missingDeadLetterQueue(options: SqsOptions, { url, arn, dead }: Found): Missing {
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

export const tooShortVisibility = (options: SqsOptions, { url, visibilityMs }: Found): Missing => ({
  what: `the queue "${options.queue}" hides a delivered message for ${visibilityMs / 1000} s only, so that files are worked on twice`,
  cure: `aws sqs set-queue-attributes${endpointOption(options)} --queue-url ${url} --attributes VisibilityTimeout=60, then start the service again`,
  required: false,
});
