/**
 * Handles one message: it is deleted when its file has ended, hidden for a while when another worker holds the file, and moved to the
 * dead-letter queue when it is foreign.
 */
import { limits } from '../../limits.ts';
import { every } from '../../ports/clock.ts';
import type { Delivery } from '../../ports/job-queue.ts';
import { adopt } from '../adopt.ts';
import { type ObjectCreated, readMessage } from '../message.ts';
import type { WorkerContext } from './context.ts';
import { giveUp } from './give-up.ts';
import { holdClaim } from './hold-claim.ts';
import type { Slot } from './state.ts';
import { workOnFile } from './work-on-file.ts';

export async function handleMessage(context: WorkerContext, delivery: Delivery, slot: Slot): Promise<void> {
  const { queue } = context.ports;
  const message = readMessage(delivery.body);
  switch (message.kind) {
    case 'foreign':
      context.logger.error(
        { why: message.why, body: delivery.body.slice(0, 200) },
        'a message was moved to the dead-letter queue',
      );
      return queue.deadLetter(delivery, message.why);
    case 'nothing':
      context.logger.info(`${message.what} was dropped`);
      return queue.delete(delivery.receipt);
    case 'objectsCreated':
      return adoptAll(context, message.objects, delivery);
    case 'job':
      return handleJob(context, message.fileId, delivery, slot);
  }
}

/** Creates a file for each object and queues it; the notification is deleted when all are queued. */
async function adoptAll(
  { ports, options, logger }: WorkerContext,
  objects: ObjectCreated[],
  delivery: Delivery,
): Promise<void> {
  const { queue, clock } = ports;
  const { receipt } = delivery;
  const heartbeat = every(clock, queue.visibilityMs / 3, () =>
    queue.extend(receipt, queue.visibilityMs).catch(() => {}),
  );
  try {
    for (const object of objects) {
      if (object.bucket !== options.bucket) {
        const why = `it is about the bucket "${object.bucket}", which is not the bucket of this service`;
        logger.error({ why }, 'a message was moved to the dead-letter queue');
        return await queue.deadLetter(delivery, why);
      }
      const file = await adopt(ports, object, { maxBytes: options.maxInflatedBytes }, logger);
      if (file) await queue.send({ version: 1, fileId: file.fileId });
    }
    await queue.delete(receipt);
  } finally {
    heartbeat.stop();
  }
}

async function handleJob(context: WorkerContext, fileId: string, delivery: Delivery, slot: Slot): Promise<void> {
  const { queue, store, clock } = context.ports;
  const { state, logger, stopping } = context;
  const { receipt } = delivery;
  const uploader = (await store.files.get(fileId))?.uploadedBy ?? null;
  if (!state.shareOut(slot, uploader)) {
    // Behind the messages of others.
    await queue.send({ version: 1, fileId });
    await queue.delete(receipt);
    // In the slot, so that a queue of such messages alone does not keep the worker busy.
    return clock.sleep(limits.overShareMs, stopping);
  }
  const claimed = await store.files.claim(fileId, queue.visibilityMs);
  state.markClaimed();
  switch (claimed.kind) {
    case 'unknown':
      logger.warn({ file_id: fileId.slice(0, 200) }, 'a job for a file that is not in the order store was dropped');
      return queue.delete(receipt);
    case 'ended':
    case 'paused':
      return queue.delete(receipt);
    case 'busy': {
      const leaseMs = Math.max(1, claimed.untilMs - clock.now());
      return queue.extend(receipt, Math.min(queue.visibilityMs, leaseMs));
    }
    case 'exhausted':
    case 'claimed': {
      const log = logger.child({ file_id: fileId });
      const hold = holdClaim(context, claimed, receipt, slot, log);
      const isSuspect = claimed.file.strikes > limits.suspectStrikes;
      try {
        // Also given back: a message that was received before another file got the worker for itself.
        if ((isSuspect || state.mode.name === 'exclusive') && !(await state.becomeExclusive(slot))) {
          await store.files.release(claimed.claim);
          await queue.extend(receipt, limits.turnCheckMs);
        } else if (claimed.kind === 'exhausted') await giveUp(context, claimed.claim, delivery, hold, log);
        else await workOnFile(context, claimed, receipt, slot, hold, log);
      } finally {
        hold.stop();
      }
    }
  }
}
