/** Fails a file that crashed every worker that claimed it: its report is written, its message is moved to the dead-letter queue. */
import type { Logger } from 'pino';
import { isOmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Claim, FileEnd } from '../../ports/files.ts';
import type { Delivery } from '../../ports/job-queue.ts';
import { writeReport } from '../report.ts';
import type { WorkerContext } from './context.ts';
import type { Hold } from './hold-claim.ts';

export async function giveUp(
  { ports, stopping }: WorkerContext,
  claim: Claim,
  delivery: Delivery,
  hold: Hold,
  log: Logger,
): Promise<void> {
  const { queue, store } = ports;
  const message = `the service failed ${limits.maxStrikes} times in a row on this file without getting further: see its log, then retry the file`;
  log.error(message);
  const failure: FileEnd['failure'] = { code: 'internal', message, row: null };
  try {
    const end = await store.files.close(claim, { status: 'failed', failure });
    const stop = AbortSignal.any([hold.lost, stopping]);
    const report = await writeReport(ports, claim.fileId, () => stop.throwIfAborted());
    await store.files.finish(claim, { ...end, report });
  } catch (error) {
    if (isOmsError(error, 'claim_lost'))
      return log.info({ err: error }, 'another worker has claimed the file: this worker stops');
    if (!stopping.aborted) throw error;
    await store.files.release(claim);
    return await queue.extend(delivery.receipt, 0);
  }
  await queue.deadLetter(delivery, message);
}
