/** Keeps a claim alive: renews the lease and keeps the message hidden, at each third of their time. */
import type { Logger } from 'pino';
import { limits } from '../../limits.ts';
import type { FileRecord } from '../../model/file.ts';
import { every } from '../../ports/clock.ts';
import { type Asked, type Claim, claimLost } from '../../ports/files.ts';
import type { WorkerContext } from './context.ts';
import type { Slot } from './state.ts';

export interface Hold {
  /** Aborted with `claim_lost`. */
  lost: AbortSignal;
  asked: Asked;
  stop(): void;
}

export function holdClaim(
  { ports: { queue, store, clock } }: WorkerContext,
  { claim, file }: { claim: Claim; file: FileRecord },
  receipt: string,
  slot: Slot,
  log: Logger,
): Hold {
  const lost = new AbortController();
  const hold: Hold = { lost: lost.signal, asked: file, stop };

  let failing = false;
  const heartbeat = every(clock, queue.visibilityMs / 3, async () => {
    try {
      const renewed = await store.files.renew(claim, queue.visibilityMs);
      if (renewed === null) lost.abort(claimLost(claim.fileId));
      else hold.asked = renewed;
      // A queue may end a delivery that was extended for too long: before that the file is queued under a new message.
      if (clock.now() - slot.startedMs > limits.maxDeliveryMs) slot.release = true;
      await queue.extend(receipt, queue.visibilityMs);
      failing = false;
    } catch (error) {
      if (!failing) log.warn({ err: error }, 'the lease cannot be renewed now: it is tried again');
      failing = true;
    }
  });
  const check = every(clock, limits.cancelCheckMs, async () => {
    try {
      hold.asked = (await store.files.get(claim.fileId)) ?? hold.asked;
    } catch {
      // The next check, or the next commit, notices what was asked.
    }
  });
  return hold;

  function stop(): void {
    heartbeat.stop();
    check.stop();
  }
}
