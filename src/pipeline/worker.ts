/**
 * Takes jobs from the queue and ingests their files, several at once. Decides what becomes of each message: deleted when
 * its file has ended, left to come again when another worker holds the file, dead when it is not one of ours or its file
 * crashes whoever works on it.
 *
 * While a file is in work its message is kept hidden and its lease renewed at a third of the visibility timeout. When all
 * slots are taken and a file waits, the file that has had its turn longest is released at its next chunk border and queued again
 * behind it. A file that may be what crashed the worker is worked on alone.
 */
import type { Logger } from 'pino';
import { isOmsError, isRetryable } from '../errors.ts';
import { limits } from '../limits.ts';
import type { FileRecord } from '../model/file.ts';
import { every } from '../ports/clock.ts';
import { type Claim, claimLost, type FileEnd } from '../ports/files.ts';
import type { Delivery, JobQueue } from '../ports/job-queue.ts';
import { backoffMs, retryPauseMs } from '../ports/retry.ts';
import { adopt } from './adopt.ts';
import { type IngestBounds, type IngestPorts, ingest } from './ingest.ts';
import { type Drop, readMessage } from './message.ts';
import { writeReport } from './report.ts';

export interface WorkerPorts extends IngestPorts {
  queue: JobQueue;
}

export interface WorkerOptions {
  /** The bucket whose notifications are for this service; null when it has none. */
  bucket: string | null;
  timeZone: string;
  maxInflatedBytes: number;
  /** How files are cut into chunks; by default as `limits` says. */
  bounds?: IngestBounds;
}

/** A claim that is kept for as long as somebody works under it. */
interface Hold {
  /** Aborted with `claim_lost`. */
  lost: AbortSignal;
  cancelRequested: boolean;
  stop(): void;
}

interface Slot {
  startedMs: number;
  release: boolean;
}

/** An outage is nobody's mistake: level 50 is for what somebody has to look at. */
const logFailure = (logger: Logger, error: unknown, message: string): void =>
  logger[isRetryable(error) ? 'warn' : 'error']({ err: error }, message);

export function startWorker(ports: WorkerPorts, options: WorkerOptions, logger: Logger) {
  const { queue, store, clock } = ports;
  const stopping = new AbortController();
  const slots = new Set<Slot>();
  /** The slot of a file that may crash the worker: while it is set no other file is begun. */
  let alone: Slot | null = null;
  let slotFreed = Promise.withResolvers<void>();
  /** Set while no message is asked for, as none could be handled: a backlog must not fall on an engine that is down. */
  let resting: Promise<void> | null = null;
  let rests = 0;
  const running = run();

  return {
    /** Releases the files in work at their next chunk border and returns when all are released. */
    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  };

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      if (alone || slots.size === limits.workerSlots) {
        await Promise.race([slotFreed.promise, clock.sleep(limits.turnCheckMs, stopping.signal)]);
        if (!alone && slots.size === limits.workerSlots) await endATurn().catch(() => {});
        continue;
      }
      if (resting) {
        await resting;
        continue;
      }
      try {
        const delivery = await queue.receive(limits.receiveWaitMs, stopping.signal);
        if (failures > 0) logger.info('messages are received again');
        failures = 0;
        if (delivery) occupySlot(delivery);
      } catch (error) {
        if (failures === 0) logger.warn({ err: error }, 'no message could be received');
        await pause(failures++);
      }
    }
    while (slots.size > 0) await slotFreed.promise;
  }

  function pause(failures: number): Promise<void> {
    return clock.sleep(retryPauseMs(clock, limits.outageBackoff, failures), stopping.signal);
  }

  function occupySlot(delivery: Delivery): void {
    const slot: Slot = { startedMs: clock.now(), release: false };
    slots.add(slot);
    handle(delivery, slot)
      .catch((error) => {
        logFailure(logger, error, 'a message could not be handled: it will come again');
        resting ??= pause(rests++).finally(() => {
          resting = null;
        });
      })
      .finally(() => {
        slots.delete(slot);
        if (alone === slot) alone = null;
        slotFreed.resolve();
        slotFreed = Promise.withResolvers();
      });
  }

  async function endATurn(): Promise<void> {
    const longest = [...slots].reduce((a, b) => (b.startedMs < a.startedMs ? b : a));
    if (clock.now() - longest.startedMs < limits.turnMs) return;
    if ((await queue.depth()).visible > 0) longest.release = true;
  }

  /** Releases all other files and waits until they are; false when another file is alone, or becoming so. */
  async function becomeAlone(slot: Slot): Promise<boolean> {
    if (alone) return false;
    alone = slot;
    while (slots.size > 1) {
      for (const other of slots) if (other !== slot) other.release = true;
      await slotFreed.promise;
    }
    return true;
  }

  async function handle(delivery: Delivery, slot: Slot): Promise<void> {
    const message = readMessage(delivery.body);
    switch (message.kind) {
      case 'foreign':
        logger.error({ why: message.why, body: delivery.body.slice(0, 200) }, 'a message was put aside as dead');
        await queue.deadLetter(delivery, message.why);
        return;
      case 'nothing':
        logger.info(`${message.what} was dropped`);
        await queue.delete(delivery.receipt);
        return;
      case 'drops':
        await takeDrops(message.drops, delivery);
        return;
      case 'job':
        await handleJob(message.fileId, delivery, slot);
    }
  }

  /** Makes files of the objects and queues them like any other; the notification is deleted when all are queued. */
  async function takeDrops(drops: Drop[], delivery: Delivery): Promise<void> {
    const { receipt } = delivery;
    const heartbeat = every(clock, queue.visibilityMs / 3, () =>
      queue.extend(receipt, queue.visibilityMs).catch(() => {}),
    );
    try {
      for (const drop of drops) {
        if (drop.bucket !== options.bucket) {
          const why = `it is about the bucket "${drop.bucket}", not about that of this service`;
          logger.error({ why }, 'a message was put aside as dead');
          return await queue.deadLetter(delivery, why);
        }
        const file = await adopt(ports, drop, { maxBytes: options.maxInflatedBytes }, logger);
        if (file) await queue.send({ version: 1, fileId: file.fileId });
      }
      await queue.delete(receipt);
    } finally {
      heartbeat.stop();
    }
  }

  async function handleJob(fileId: string, delivery: Delivery, slot: Slot): Promise<void> {
    const { receipt } = delivery;
    const claimed = await store.files.claim(fileId, queue.visibilityMs);
    rests = 0;
    switch (claimed.kind) {
      case 'unknown':
        logger.warn({ file_id: fileId.slice(0, 200) }, 'a job for a file that is not in the order store was dropped');
        await queue.delete(receipt);
        return;
      case 'ended':
        await queue.delete(receipt);
        return;
      case 'busy':
        await queue.extend(receipt, Math.min(queue.visibilityMs, Math.max(1, claimed.untilMs - clock.now())));
        return;
      case 'exhausted':
      case 'claimed': {
        const log = logger.child({ file_id: fileId });
        const hold = holdClaim(claimed, receipt, slot, log);
        try {
          const suspect = claimed.file.strikes > limits.suspectStrikes;
          // One that was received while another became alone is given back, too.
          if ((suspect || alone) && !(await becomeAlone(slot))) {
            await store.files.release(claimed.claim);
            await queue.extend(receipt, limits.turnCheckMs);
          } else if (claimed.kind === 'exhausted') await giveUp(claimed.claim, delivery, hold, log);
          else await work(claimed, receipt, slot, hold, log);
        } finally {
          hold.stop();
        }
      }
    }
  }

  /** Renews the lease and keeps the message hidden until it is stopped. */
  function holdClaim(
    { claim, file }: { claim: Claim; file: FileRecord },
    receipt: string,
    slot: Slot,
    log: Logger,
  ): Hold {
    const lost = new AbortController();
    const hold = { lost: lost.signal, cancelRequested: file.cancelRequested, stop };

    let failing = false;
    const heartbeat = every(clock, queue.visibilityMs / 3, async () => {
      try {
        const renewed = await store.files.renew(claim, queue.visibilityMs);
        if (renewed === null) lost.abort(claimLost(claim.fileId));
        else hold.cancelRequested = renewed.cancelRequested;
        // A queue may end a delivery that is extended for too long: a new message goes on in time.
        if (clock.now() - slot.startedMs > limits.maxDeliveryMs) slot.release = true;
        await queue.extend(receipt, queue.visibilityMs);
        failing = false;
      } catch (error) {
        if (!failing) log.warn({ err: error }, 'the lease cannot be renewed now: it is tried again');
        failing = true;
      }
    });
    const cancelCheck = every(clock, limits.cancelCheckMs, async () => {
      try {
        hold.cancelRequested ||= (await store.files.get(claim.fileId))?.cancelRequested ?? false;
      } catch {
        // The next look, or the next commit, finds out.
      }
    });
    return hold;

    function stop(): void {
      heartbeat.stop();
      cancelCheck.stop();
    }
  }

  async function work(
    claimed: { claim: Claim; file: FileRecord },
    receipt: string,
    slot: Slot,
    hold: Hold,
    log: Logger,
  ): Promise<void> {
    const { claim, file } = claimed;
    log.debug({ stage: 'claim', epoch: claim.epoch, chunk: file.nextChunk, rows: file.rows }, 'claimed');
    try {
      const result = await ingest(
        ports,
        claimed,
        {
          ...options,
          lost: hold.lost,
          shouldRelease: () => slot.release || stopping.signal.aborted,
          cancelRequested: () => hold.cancelRequested,
        },
        log,
      );
      if (result.kind === 'ended') {
        await queue.delete(receipt);
        await summarize(claim.fileId, log);
        return;
      }
      log.debug({ stage: 'release' }, 'releasing at a chunk border');
      await store.files.release(claim);
      if (stopping.signal.aborted) await queue.extend(receipt, 0);
      else {
        // A new message goes behind those that wait, and its deliveries count from one again.
        await queue.send({ version: 1, fileId: claim.fileId });
        await queue.delete(receipt);
      }
    } catch (error) {
      if (isOmsError(error, 'claim_lost')) {
        log.info({ err: error }, 'the file is in other hands: left alone');
        return;
      }
      logFailure(log, error, 'the file could not be worked on: it will be tried again');
      await queue.extend(receipt, backoffMs({ ...limits.outageBackoff, lastMs: queue.visibilityMs }, file.attempts));
      await store.files.expire(claim);
    }
  }

  async function summarize(fileId: string, log: Logger): Promise<void> {
    const file = await store.files.get(fileId);
    if (!file) return;
    const { status, rows, accepted, invalid, failure } = file;
    const tookMs = file.finishedAtMs! - file.startedAtMs!;
    log.info({ status, rows, accepted, invalid, failure, took_ms: tookMs }, 'the file has ended');
  }

  async function giveUp(claim: Claim, delivery: Delivery, hold: Hold, log: Logger): Promise<void> {
    const message = `the service failed ${limits.maxStrikes} times in a row on this file without getting further: see its log, then retry the file`;
    log.error(message);
    const failure: FileEnd['failure'] = { code: 'internal', message, row: null };
    try {
      const end = await store.files.close(claim, { status: 'failed', failure });
      const stop = AbortSignal.any([hold.lost, stopping.signal]);
      const report = await writeReport(ports, claim.fileId, () => stop.throwIfAborted());
      await store.files.finish(claim, { ...end, report });
    } catch (error) {
      if (isOmsError(error, 'claim_lost')) return log.info({ err: error }, 'the file is in other hands: left alone');
      if (!stopping.signal.aborted) throw error;
      await store.files.release(claim);
      return await queue.extend(delivery.receipt, 0);
    }
    await queue.deadLetter(delivery, message);
  }
}
