/**
 * Ingests one file, the whole story: claim, open at the checkpoint, read chunk by chunk, validate, ask the IMS, commit,
 * write the report, finish. While a chunk is being committed the next one is read and validated. An engine that is down makes
 * the file wait and say for what (INV-7); it never makes a row invalid.
 */
import type { Logger } from 'pino';
import { assert } from '../assert.ts';
import { isOmsError, OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Dependency, EndStatus, FileFailure, FileRecord, ReportRecord } from '../model/file.ts';
import { fileFailure, isFileFailure } from '../model/file-failure.ts';
import type { ChunkResult, ChunkToCommit } from '../ports/chunks.ts';
import type { Clock } from '../ports/clock.ts';
import type { Claim, FileEnd, Wait } from '../ports/files.ts';
import type { Ims } from '../ports/ims.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { IngestionStore } from '../ports/order-store.ts';
import { retryPauseMs } from '../ports/retry.ts';
import { ChunkBuilder } from './chunk-builder.ts';
import type { ReadBounds } from './read/read-chunks.ts';
import { readFile } from './read/read-file.ts';
import { writeReport } from './report.ts';

/** How a file is cut into chunks, and how many of its rows may be rejected. */
export type IngestBounds = ReadBounds & Record<'maxRejectedRows' | 'maxRejectedBytes', number>;

export interface IngestPorts {
  objects: ObjectStore;
  store: IngestionStore;
  ims: Ims;
  clock: Clock;
}

export interface IngestOptions {
  timeZone: string;
  maxInflatedBytes: number;
  /** How files are cut into chunks; by default as `limits` says. */
  bounds?: IngestBounds;
  /** Aborted with `claim_lost` when the claim is lost: what is under way is dropped. */
  lost: AbortSignal;
  /** Asked at each chunk border: give the file back and go on later. */
  shouldRelease(): boolean;
  /** Set by the heartbeat when a user asked for it. */
  cancelRequested(): boolean;
}

export type IngestResult = { kind: 'ended'; status: EndStatus } | { kind: 'released' };

/** Thrown inside to leave the chunk loop at a border. */
class Leave {
  readonly reason: 'cancelled' | 'released';
  constructor(reason: 'cancelled' | 'released') {
    this.reason = reason;
  }
}

export async function ingest(
  ports: IngestPorts,
  claimed: { claim: Claim; file: FileRecord },
  options: IngestOptions,
  logger: Logger,
): Promise<IngestResult> {
  try {
    return await ingestToEnd(ports, claimed, options, logger);
  } catch (error) {
    if (error instanceof Leave && error.reason === 'released') return { kind: 'released' };
    throw error;
  }
}

async function ingestToEnd(
  ports: IngestPorts,
  claimed: { claim: Claim; file: FileRecord },
  options: IngestOptions,
  logger: Logger,
): Promise<IngestResult> {
  const { claim } = claimed;
  const outage = createOutage(ports, claim, options, logger);
  let end: FileEnd;
  try {
    await ingestAllChunks(ports, claimed, options, outage, logger);
    end = { status: 'completed', failure: null };
  } catch (error) {
    const decided = endBy(error);
    if (!decided) throw error;
    end = decided;
  }
  // A cancel comes too late for the end, but not for a report that takes long; that of a cancelled file tells what was kept.
  const asked = end.status === 'cancelled' || options.cancelRequested();
  const cancelsReport = () => !asked && options.cancelRequested();
  outage.cancels = () => false;
  end = await outage.retry('store', () => ports.store.files.close(claim, end));
  logger.debug({ stage: 'report' }, 'writing the report');
  outage.cancels = cancelsReport;
  let report: ReportRecord | null = null;
  try {
    const atPage = reportProgress(ports, claim, options, cancelsReport);
    report = await outage.retry('objects', () => writeReport(ports, claim.fileId, atPage));
  } catch (error) {
    if (!(error instanceof Leave) || error.reason !== 'cancelled') throw error;
    if (end.status === 'completed') end = CANCELLED_REPORT;
  }
  outage.cancels = () => false;
  logger.debug({ stage: 'finish' }, 'finishing');
  await outage.retry('store', () => ports.store.files.finish(claim, { ...end, report }));
  return { kind: 'ended', status: end.status };
}

const CANCELLED_REPORT: FileEnd = {
  status: 'cancelled',
  failure: {
    code: 'cancelled',
    message: 'cancelled by request while the report was written: all rows were kept, and a retry writes the report',
    row: null,
  },
};

/** Between two pages of the report: stops where it should, and now and then says how far it is. */
function reportProgress(
  { store, clock }: IngestPorts,
  claim: Claim,
  { lost }: IngestOptions,
  isCancelled: () => boolean,
): (rows: number) => Promise<void> {
  let toldMs = clock.now();
  return async (rows) => {
    lost.throwIfAborted();
    if (isCancelled()) throw new Leave('cancelled');
    if (Math.abs(clock.now() - toldMs) < limits.reportProgressMs) return;
    toldMs = clock.now();
    await store.files.recordReported(claim, rows);
  };
}

/** Begins anew at the checkpoint for as long as the object cannot be read. Throws what ends the file, or this work on it. */
async function ingestAllChunks(
  ports: IngestPorts,
  claimed: { claim: Claim; file: FileRecord },
  options: IngestOptions,
  outage: Outage,
  logger: Logger,
): Promise<void> {
  const { claim } = claimed;
  let file = claimed.file;
  for (;;) {
    try {
      return await ingestChunks(ports, claim, file, options, outage, logger);
    } catch (error) {
      if (endBy(error)) throw error;
      // A release with other chunks was at work here, or the object cannot be read now.
      if (!isOmsError(error, 'chunk_moved')) await outage.pauseAfter(error, isOfStore(error) ? 'store' : 'objects');
      file = await outage.retry('store', async () => (await ports.store.files.get(claim.fileId))!);
    }
  }
}

async function ingestChunks(
  ports: IngestPorts,
  claim: Claim,
  file: FileRecord,
  options: IngestOptions,
  outage: Outage,
  logger: Logger,
): Promise<void> {
  const { objects, store, ims, clock } = ports;
  const stopReading = new AbortController();
  const leaveIfAsked = () => {
    options.lost.throwIfAborted();
    if (options.cancelRequested()) throw new Leave('cancelled');
    if (options.shouldRelease()) throw new Leave('released');
  };
  leaveIfAsked();
  checkRejected({ rows: file.invalid, bytes: file.rejectedBytes }, options.bounds);
  // An object of a bucket that was too large to be looked at, and is tried again.
  if (file.sha256 === '' && file.sizeBytes > options.maxInflatedBytes)
    throw fileFailure('too_large', `the object is larger than ${options.maxInflatedBytes} bytes`);
  const opened = await readFile(
    {
      sizeBytes: file.sizeBytes,
      open: (offset) => objects.open(file.objectKey, { offset, version: file.objectVersion }),
    },
    // Before the first checkpoint there is no offset yet, though the intake may be recorded already.
    file.intake && file.columns && file.offset > 0
      ? {
          intake: file.intake,
          columns: file.columns,
          nextChunk: file.nextChunk,
          position: { offset: file.offset, row: file.row },
        }
      : null,
    {
      ...(file.encodingOverride === null ? {} : { encoding: file.encodingOverride }),
      maxInflatedBytes: options.maxInflatedBytes,
      firstChunk: file.nextChunk,
      signal: stopReading.signal,
      atBorder: leaveIfAsked,
    },
    options.bounds,
  );
  let recorded = file.intake;
  let parent = file.parentFileId;
  const builder = new ChunkBuilder(opened.header, opened.intake, {
    timeZone: options.timeZone,
    now: () => clock.now(),
    ask: (pairs) => outage.retry('ims', () => ims.validate(pairs, options.lost)),
    async beforeCheck(intake, fileOfFirstRow) {
      await outage.isBack('objects');
      // Before a row is committed that was read by it.
      if (recorded !== null && (!recorded.encodingOpen || intake.encodingOpen)) return;
      if (recorded === null) parent ??= fileOfFirstRow;
      await outage.retry('store', () => store.files.recordIntake(claim, intake, opened.header.columns, parent));
      recorded = intake;
    },
  });
  let committing: Promise<void> = Promise.resolve();
  try {
    for await (const { n, end, bytesRead, last } of opened.chunks(builder)) {
      await committing;
      leaveIfAsked();
      const chunk = { n, end, bytesRead, ...builder.takeChunk() };
      // Only the end of the file may lie behind a chunk without rows; one before it moves the checkpoint past blank records.
      if (last && rowsOf(chunk) === 0) break;
      logger.debug({ stage: 'chunk', chunk: n }, 'committing a chunk');
      committing = commit(chunk, last);
      // It is awaited one chunk later; until then a rejection must not count as unhandled.
      committing.catch(() => {});
    }
    await committing;
  } catch (error) {
    stopReading.abort();
    // What the commit was told meanwhile, of a cancel for example, comes before what became of the reading.
    await committing;
    throw error;
  } finally {
    stopReading.abort();
  }

  async function commit(chunk: ChunkToCommit, last: boolean): Promise<void> {
    const result = await outage.retry('store', () => store.chunks.commit(claim, chunk));
    assert(result.accepted + result.invalid === rowsOf(chunk), 'each row of a chunk is accepted or rejected (INV-1)');
    chunk.orders.release();
    checkRejected(result.rejected, options.bounds);
    if (result.cancelRequested && !last) throw new Leave('cancelled');
  }
}

/**
 * A file with more is given up, with the report of what was seen. It is looked at with the figures that a commit answers and that are
 * kept with the file, so whoever goes on with it, or tries it again, comes to the same end (INV-4).
 */
function checkRejected(rejected: ChunkResult['rejected'], bounds: IngestBounds = limits): void {
  const { maxRejectedRows, maxRejectedBytes } = bounds;
  if (rejected.rows <= maxRejectedRows && rejected.bytes <= maxRejectedBytes) return;
  const rows = rejected.rows.toLocaleString('en');
  const most =
    rejected.rows > maxRejectedRows
      ? `more than the ${maxRejectedRows.toLocaleString('en')} that one file may have`
      : `more than the ${Math.floor(maxRejectedBytes / 1024 ** 2)} MiB that the report of one file may have`;
  throw fileFailure(
    'too_many_invalid',
    `${rows} rows were rejected, ${most}: see in the report what is wrong with them, correct the file where it comes from, or upload it in parts.`,
  );
}

const rowsOf = ({ orders, rejections }: ChunkToCommit): number => orders.length + rejections.length;

/** The end of the file that an error is, or null. */
function endBy(error: unknown): FileEnd | null {
  if (error instanceof Leave && error.reason === 'cancelled')
    return {
      status: 'cancelled',
      failure: { code: 'cancelled', message: 'cancelled by request: the rows before were kept', row: null },
    };
  if (isOmsError(error, 'file_closed')) return error.details.end as FileEnd;
  const failure = toFailure(error);
  return failure && { status: 'failed', failure };
}

function toFailure(error: unknown): FileFailure | null {
  if (isFileFailure(error))
    return { code: error.code, message: error.message, row: (error.details.row as number | undefined) ?? null };
  if (isOmsError(error, 'object_changed') || isOmsError(error, 'object_missing'))
    return { code: 'object_changed', message: error.message, row: null };
  return null;
}

type Outage = ReturnType<typeof createOutage>;

/**
 * Waiting for engines that are down: with bounded pauses and jitter, for as long as it takes; the file says what it waits for. It waits for
 * each engine until that one has answered, whatever others do meanwhile.
 */
function createOutage({ store, clock }: IngestPorts, claim: Claim, options: IngestOptions, logger: Logger) {
  /** The engines that the file waits for, longest first. */
  const waits = new Map<Dependency, Wait & { pauses: number }>();
  let shown: Wait | null = null;

  const show = async () => {
    const [wait = null] = waits.values();
    if (shown === wait) return;
    try {
      await store.files.setWaiting(claim, wait && { dependency: wait.dependency, nextTryAtMs: wait.nextTryAtMs });
      shown = wait;
    } catch (error) {
      // The store itself may be down; then no client can read the file either.
      logger.debug({ err: error }, 'the state of the file could not be recorded');
    }
  };

  /** Rethrows what waiting cannot cure. */
  const pauseAfter = async (error: unknown, dependency: Dependency): Promise<void> => {
    const curable = error instanceof OmsError ? error.retryable : dependency === 'objects' && isSystemError(error);
    const pauses = waits.get(dependency)?.pauses ?? 0;
    if (!curable || (isUnknown(error) && pauses >= limits.unknownErrorPauses)) throw error;
    if (!waits.has(dependency)) logger.warn({ err: error, dependency }, 'the file waits for an engine');
    const pauseMs = retryPauseMs(clock, limits.outageBackoff, pauses);
    waits.set(dependency, { dependency, nextTryAtMs: Math.round(clock.now() + pauseMs), pauses: pauses + 1 });
    await show();
    // Short sleeps, so that a stop or a cancel is not kept waiting.
    for (let left = pauseMs; left > 0; left -= limits.outageBackoff.firstMs) {
      await clock.sleep(Math.min(left, limits.outageBackoff.firstMs), options.lost);
      options.lost.throwIfAborted();
      if (outage.cancels()) throw new Leave('cancelled');
      if (options.shouldRelease()) throw new Leave('released');
    }
  };

  /** To be called when the engine has done what was asked of it. */
  const isBack = async (dependency: Dependency): Promise<void> => {
    if (!waits.delete(dependency)) return;
    await show();
    logger.info({ dependency }, 'the engine is back, the file goes on');
  };

  const outage = {
    /** Whether a cancel ends the waiting. */
    cancels: options.cancelRequested,
    pauseAfter,
    isBack,
    async retry<Result>(dependency: Dependency, work: () => Promise<Result>): Promise<Result> {
      const waitedFor = new Set<Dependency>();
      for (;;) {
        try {
          const result = await work();
          for (const engine of waitedFor) await isBack(engine);
          // What could not be recorded before.
          await show();
          return result;
        } catch (error) {
          const engine = isOfStore(error) ? 'store' : dependency;
          waitedFor.add(engine);
          await pauseAfter(error, engine);
        }
      }
    },
  };
  return outage;
}

/** Whatever the work was about: a report is made of what the store has, and a disk is full for all that is on it. */
const isOfStore = (error: unknown): boolean =>
  ['disk_full', 'store_unavailable', 'store_damaged', 'store_contention'].some((code) => isOmsError(error, code));

/** An engine failed without a word about what it was asked. It may be about this file all the same. */
const isUnknown = (error: unknown): boolean => isOmsError(error) && error.details.unknown_error !== undefined;

/** An error of the operating system, such as EIO. */
const isSystemError = (error: unknown): boolean =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
