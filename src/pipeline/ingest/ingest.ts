/**
 * Ingests one file: open at the checkpoint, read chunk by chunk, validate, ask the IMS, commit, write the report, finish. While an engine
 * is down the file waits and shows for what (INV-7); an outage never makes a row invalid.
 */
import type { Logger } from 'pino';
import { limits } from '../../limits.ts';
import type { EndStatus, FileRecord, ReportRecord } from '../../model/file.ts';
import type { Claim, FileEnd } from '../../ports/files.ts';
import { writeReport } from '../report.ts';
import type { IngestContext } from './context.ts';
import { endBy, isStop, PauseSignal, StopSignal } from './file-end.ts';
import { ingestAllChunks } from './ingest-chunks.ts';
import type { IngestOptions, IngestPorts } from './options.ts';
import { Outage } from './outage.ts';

export type IngestResult = { kind: 'ended'; status: EndStatus } | { kind: 'paused' } | { kind: 'released' };

export async function ingest(
  ports: IngestPorts,
  { claim, file }: { claim: Claim; file: FileRecord },
  options: IngestOptions,
  logger: Logger,
): Promise<IngestResult> {
  const context = { ports, claim, options, outage: new Outage(ports, claim, options, logger), logger };
  const { fileId } = claim;
  try {
    return { kind: 'ended', status: await ingestToEnd(context, file) };
  } catch (error) {
    if (isStop(error, 'paused')) return { kind: 'paused' };
    if (!isStop(error, 'released')) throw error;
    ports.scratches.keep(fileId);
    return { kind: 'released' };
  } finally {
    ports.scratches.drop(fileId);
  }
}

async function ingestToEnd(context: IngestContext, file: FileRecord): Promise<EndStatus> {
  const { ports, claim, options, outage, logger } = context;
  let end = await ingestRows(context, file);
  // From here on a pause is too late, and a cancel is too late for the rows, but it can stop a long report. The report of a cancelled file
  // has the rows so far.
  const asked = end.status === 'cancelled' || options.asked().cancelRequested;
  const cancelsReport = () => (!asked && options.asked().cancelRequested ? new StopSignal('cancelled') : null);
  outage.stopBy = NOTHING;
  end = await outage.retry('store', () => ports.store.files.close(claim, end));
  logger.debug({ stage: 'report' }, 'writing the report');
  outage.stopBy = cancelsReport;
  let report: ReportRecord | null = null;
  try {
    const atPage = reportProgress(context, cancelsReport);
    report = await outage.retry('objects', () => writeReport(ports, claim.fileId, atPage));
  } catch (error) {
    if (!isStop(error, 'cancelled')) throw error;
    if (end.status === 'completed') end = CANCELLED_REPORT;
  }
  outage.stopBy = NOTHING;
  logger.debug({ stage: 'finish' }, 'finishing');
  await outage.retry('store', () => ports.store.files.finish(claim, { ...end, report }));
  return end.status;
}

const NOTHING = () => null;

/** Returns how the file ends. Throws what only ends this attempt. */
async function ingestRows(context: IngestContext, file: FileRecord): Promise<FileEnd> {
  try {
    await ingestOrPause(context, file);
    return { status: 'completed', failure: null };
  } catch (error) {
    const end = endBy(error);
    if (!end) throw error;
    return end;
  }
}

/** A file that is to be paused, and is not any more, is released, so that whoever claims it next sees why. */
async function ingestOrPause(context: IngestContext, file: FileRecord): Promise<void> {
  const { ports, claim, outage, logger } = context;
  try {
    await ingestAllChunks(context, file);
  } catch (error) {
    if (!(error instanceof PauseSignal)) throw error;
    outage.stopBy = NOTHING;
    logger.debug({ stage: 'pause' }, 'pausing');
    if (!(await outage.retry('store', () => ports.store.files.pause(claim, error.pause))))
      throw new StopSignal('released');
    throw error;
  }
}

const CANCELLED_REPORT: FileEnd = {
  status: 'cancelled',
  failure: {
    code: 'cancelled',
    message: 'cancelled by request while the report was written: all rows were kept, and a retry writes the report',
    row: null,
  },
};

/** Called between two pages of the report: stops when asked to, and records the progress now and then. */
function reportProgress(
  { ports, claim, options }: IngestContext,
  stopBy: () => StopSignal | null,
): (rows: number) => Promise<void> {
  const { store, clock } = ports;
  let recordedMs = clock.now();
  return async (rows) => {
    options.lost.throwIfAborted();
    const stop = stopBy();
    if (stop) throw stop;
    if (Math.abs(clock.now() - recordedMs) < limits.reportProgressMs) return;
    recordedMs = clock.now();
    await store.files.recordReported(claim, rows);
  };
}
