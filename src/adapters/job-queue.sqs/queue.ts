/** What all operations on the queue share: the client, the time limit, the errors. */
import { SQSClient } from '@aws-sdk/client-sqs';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { clientOptions, engineError, placeOf, within } from '../aws.ts';
import { isMissing } from './errors.ts';
import { type Bound, findQueue, type SqsOptions } from './find-queue.ts';
import { missingQueueOrRights } from './missing.ts';

export interface Queue {
  client: SQSClient;
  options: SqsOptions;
  /** Where it is, for people. */
  place: string;
  url: string;
  /** Null when there is no dead-letter queue. */
  deadUrl: string | null;
  visibilityMs: number;
  /** Any request but the wait for a message. Throws `job_queue_unavailable`. */
  inTime<Answer>(send: (bound: Bound) => Promise<Answer>): Promise<Answer>;
  unavailable(error: unknown): OmsError;
}

/** Throws `queue_missing` and `job_queue_unavailable`. */
export async function openQueue(options: SqsOptions): Promise<Queue> {
  const client = new SQSClient({
    ...clientOptions(options, {
      silenceMs: limits.sqsSilenceMs,
      configured: () => new SQSClient().config.region(),
    }),
    // The URL that a service gives for a queue may name a host that only it knows.
    useQueueUrlAsEndpoint: false,
  });
  const place = await placeOf(options, () => client.config.region());
  const unavailable = (error: unknown, waits = true): OmsError =>
    engineError('job_queue_unavailable', error, { what: `the queue "${options.queue}" at ${place}`, waits });

  const { url, visibilityMs, dead } = await findQueue(client, options.queue).catch((error) => {
    client.destroy();
    const missing = missingQueueOrRights(error, options);
    if (!missing) throw unavailable(error, false);
    throw new OmsError(
      isMissing(error) ? 'queue_missing' : 'job_queue_unavailable',
      `${missing.what} at ${place}: ${missing.cure}`,
      { cause: error, details: { missing: [missing] } },
    );
  });
  return {
    ...{ client, options, place, url, visibilityMs },
    deadUrl: dead?.url ?? null,
    inTime: (send) =>
      within(limits.sqsAnswerMs, send).catch((error) => {
        throw unavailable(error);
      }),
    unavailable,
  };
}
