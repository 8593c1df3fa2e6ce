/** Ingests a claimed file until it ends, is released at a chunk border, or the claim is lost. Then handles the message. */
import type { Logger } from 'pino';
import { isOmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { FileRecord } from '../../model/file.ts';
import type { Claim } from '../../ports/files.ts';
import { backoffMs } from '../../ports/retry.ts';
import { ingest } from '../ingest/ingest.ts';
import { logFailure, type WorkerContext } from './context.ts';
import type { Hold } from './hold-claim.ts';
import type { Slot } from './state.ts';

export async function workOnFile(
  context: WorkerContext,
  claimed: { claim: Claim; file: FileRecord },
  receipt: string,
  slot: Slot,
  hold: Hold,
  log: Logger,
): Promise<void> {
  const { ports, options, stopping } = context;
  const { queue, store } = ports;
  const { claim, file } = claimed;
  log.debug({ stage: 'claim', epoch: claim.epoch, chunk: file.nextChunk, rows: file.rows }, 'claimed');
  const ingestOptions = {
    ...options,
    lost: hold.lost,
    shouldRelease: () => slot.release || stopping.aborted,
    asked: () => hold.asked,
  };
  try {
    const result = await ingest(ports, claimed, ingestOptions, log);
    if (result.kind === 'released') return await releaseFile(context, claim, receipt, log);
    await queue.delete(receipt);
    if (result.kind === 'paused') return log.info('the file is paused');
    await logEnd(context, claim.fileId, log);
  } catch (error) {
    if (isOmsError(error, 'claim_lost')) {
      log.info({ err: error }, 'another worker has claimed the file: this worker stops');
      return;
    }
    logFailure(log, error, 'the file could not be worked on: it will be tried again');
    await queue.extend(receipt, backoffMs({ ...limits.outageBackoff, lastMs: queue.visibilityMs }, file.attempts));
    await store.files.expire(claim);
  }
}

async function releaseFile({ ports, stopping }: WorkerContext, claim: Claim, receipt: string, log: Logger) {
  const { queue, store } = ports;
  log.debug({ stage: 'release' }, 'releasing at a chunk border');
  await store.files.release(claim);
  if (stopping.aborted) return queue.extend(receipt, 0);
  // A new message is queued behind the waiting ones, and its deliveries count from one again.
  await queue.send({ version: 1, fileId: claim.fileId });
  await queue.delete(receipt);
}

async function logEnd({ ports: { store } }: WorkerContext, fileId: string, log: Logger): Promise<void> {
  const file = await store.files.get(fileId);
  if (!file) return;
  const { status, rows, accepted, invalid, failure } = file;
  const tookMs = file.finishedAtMs! - file.startedAtMs!;
  log.info({ status, rows, accepted, invalid, failure, took_ms: tookMs }, 'the file has ended');
}
