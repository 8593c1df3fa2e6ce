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
import * as z from 'zod';
import { isOmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { FileRecord } from '../model/file.ts';
import type { Delivery, JobQueue } from '../ports/job-queue.ts';
import { type Claim, claimLost } from '../ports/order-store.ts';
import { type IngestPorts, ingest } from './ingest.ts';
import { writeReport } from './report.ts';

export interface WorkerPorts extends IngestPorts {
  queue: JobQueue;
}

export interface WorkerOptions {
  timeZone: string;
  maxInflatedBytes: number;
}

const jobSchema = z.object({ version: z.literal(1), fileId: z.string() });

interface Slot {
  startedMs: number;
  release: boolean;
}

export function startWorker(ports: WorkerPorts, options: WorkerOptions, logger: Logger) {
  const { queue, store, clock } = ports;
  const stopping = new AbortController();
  const slots = new Set<Slot>();
  /** The slot of a file that may crash the worker: while it is set no other file is begun. */
  let alone: Slot | null = null;
  let slotFreed = Promise.withResolvers<void>();
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
      try {
        const delivery = await queue.receive(limits.receiveWaitMs, stopping.signal);
        failures = 0;
        if (delivery) occupySlot(delivery);
      } catch (error) {
        logger.warn({ err: error }, 'no message could be received');
        const pause = Math.min(limits.outageLastPauseMs, limits.outageFirstPauseMs * 2 ** failures++);
        await clock.sleep(pause * (0.5 + Math.random() / 2), stopping.signal);
      }
    }
    while (slots.size > 0) await slotFreed.promise;
  }

  function occupySlot(delivery: Delivery): void {
    const slot: Slot = { startedMs: clock.now(), release: false };
    slots.add(slot);
    handle(delivery, slot)
      .catch((error) => logger.error({ err: error }, 'a message could not be handled: it will come again'))
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
    const { receipt } = delivery;
    const job = readJob(delivery.body);
    if (!job) {
      logger.error(
        { body: delivery.body.slice(0, 200) },
        'a message that is not a job of this release was put aside as dead',
      );
      await queue.deadLetter(receipt, 'not a job of this release');
      return;
    }
    const { fileId } = job;
    const claimed = await store.files.claim(fileId, queue.visibilityMs);
    switch (claimed.kind) {
      case 'unknown':
        logger.warn({ file_id: fileId }, 'a job for a file that is not in the order store was dropped');
        await queue.delete(receipt);
        return;
      case 'ended':
        await queue.delete(receipt);
        return;
      case 'busy':
        await queue.extend(receipt, Math.max(1, claimed.untilMs - clock.now()));
        return;
      case 'exhausted':
        await giveUp(claimed.claim, receipt);
        return;
      case 'claimed':
        if (claimed.file.strikes > limits.suspectStrikes && !(await becomeAlone(slot))) {
          await store.files.release(claimed.claim);
          await queue.extend(receipt, limits.turnCheckMs);
          return;
        }
        await work(claimed, receipt, slot, logger.child({ file_id: fileId }));
    }
  }

  async function work(
    claimed: { claim: Claim; file: FileRecord },
    receipt: string,
    slot: Slot,
    log: Logger,
  ): Promise<void> {
    const { claim, file } = claimed;
    const lost = new AbortController();
    let cancelRequested = file.cancelRequested;
    log.debug({ stage: 'claim', epoch: claim.epoch, chunk: file.nextChunk, rows: file.rows }, 'claimed');

    const heartbeat = setInterval(async () => {
      try {
        const [renewed] = await Promise.all([
          store.files.renew(claim, queue.visibilityMs),
          queue.extend(receipt, queue.visibilityMs),
        ]);
        if (renewed === null) lost.abort(claimLost(claim.fileId));
        else cancelRequested = renewed.cancelRequested;
      } catch (error) {
        log.warn({ err: error }, 'the lease could not be renewed');
      }
    }, queue.visibilityMs / 3);

    const cancelCheck = setInterval(async () => {
      try {
        cancelRequested ||= (await store.files.get(claim.fileId))?.cancelRequested ?? false;
      } catch {
        // The next look, or the next commit, finds out.
      }
    }, limits.cancelCheckMs);

    try {
      const result = await ingest(
        ports,
        claimed,
        {
          ...options,
          lost: lost.signal,
          shouldRelease: () => slot.release || stopping.signal.aborted,
          cancelRequested: () => cancelRequested,
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
      log.error({ err: error }, 'the file could not be worked on: it will be tried again');
      await queue.extend(receipt, Math.min(queue.visibilityMs, limits.outageFirstPauseMs * 2 ** file.attempts));
      await store.files.expire(claim);
    } finally {
      clearInterval(heartbeat);
      clearInterval(cancelCheck);
    }
  }

  async function summarize(fileId: string, log: Logger): Promise<void> {
    const file = await store.files.get(fileId);
    if (!file) return;
    const { status, rows, accepted, invalid, failure } = file;
    const tookMs = file.finishedAtMs! - file.startedAtMs!;
    log.info({ status, rows, accepted, invalid, failure, took_ms: tookMs }, 'the file has ended');
  }

  async function giveUp(claim: Claim, receipt: string): Promise<void> {
    const message = `the service failed ${limits.maxStrikes} times in a row on this file without getting further: see its log, then retry the file`;
    logger.error({ file_id: claim.fileId }, message);
    const report = await writeReport(ports, claim.fileId);
    await store.files.finish(claim, { status: 'failed', failure: { code: 'internal', message, row: null }, report });
    await queue.deadLetter(receipt, message);
  }
}

/** The job of a message, or null when it is none of this release. */
export function readJob(body: string): { fileId: string } | null {
  try {
    return jobSchema.safeParse(JSON.parse(body)).data ?? null;
  } catch {
    return null;
  }
}
