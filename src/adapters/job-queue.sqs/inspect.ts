/** Looks at the queue's attributes afresh. */
import { limits } from '../../limits.ts';
import type { Inspection, Missing } from '../../ports/inspection.ts';
import { engineError } from '../aws.ts';
import { findQueue } from './find-queue.ts';
import { missingDeadLetterQueue, missingQueueOrRights, tooShortVisibility } from './missing.ts';
import type { Queue } from './queue.ts';

export async function inspect({ client, options, place }: Queue): Promise<Inspection> {
  const missing: Missing[] = [];
  try {
    const found = await findQueue(client, options.queue);
    if (!found.dead?.url) missing.push(missingDeadLetterQueue(options, found));
    if (found.visibilityMs < limits.sqsLeastVisibilityMs) missing.push(tooShortVisibility(options, found));
  } catch (error) {
    const absent = missingQueueOrRights(error, options);
    if (!absent)
      throw engineError('job_queue_unavailable', error, {
        what: `the queue "${options.queue}" at ${place}`,
        waits: false,
      });
    missing.push(absent);
  }
  return { engine: 'SQS', address: `${options.queue} at ${place}`, missing };
}
