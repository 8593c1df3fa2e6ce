/**
 * Ingests one file, the whole story: claim, open at the checkpoint, read chunk by chunk, validate, ask the IMS, commit,
 * write the report, finish. While a chunk is being committed the next one is read and validated. An engine that is down makes
 * the file wait and say for what (INV-7); it never makes a row invalid.
 */
import type { Logger } from 'pino';
import { isOmsError, OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { type Dependency, type EndStatus, type FileFailure, type FileRecord, incomingKey } from '../model/file.ts';
import { isFileFailure } from '../model/file-failure.ts';
import { OrderPacker } from '../model/packed-orders.ts';
import type { Rejection } from '../model/rejection.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ims } from '../ports/ims.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { ChunkToCommit, Claim, OrderStore } from '../ports/order-store.ts';
import { askIms } from './ask-ims.ts';
import { readFile } from './read.ts';
import { writeReport } from './report.ts';
import { createRowValidator, toRejection } from './validate.ts';

export interface IngestPorts {
  objects: ObjectStore;
  store: OrderStore;
  ims: Ims;
  clock: Clock;
}

export interface IngestOptions {
  timeZone: string;
  maxInflatedBytes: number;
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
  let end: { status: EndStatus; failure: FileFailure | null };
  let file = claimed.file;
  for (;;) {
    try {
      await ingestChunks(ports, claim, file, options, outage, logger);
      end = { status: 'completed', failure: null };
      break;
    } catch (error) {
      if (error instanceof Leave && error.reason === 'cancelled') {
        end = {
          status: 'cancelled',
          failure: { code: 'cancelled', message: 'cancelled by request: the rows before were kept', row: null },
        };
        break;
      }
      const failure = toFailure(error);
      if (failure) {
        end = { status: 'failed', failure };
        break;
      }
      // The object cannot be read now: wait, then go on from the checkpoint.
      await outage.pauseAfter(error, 'objects');
      file = await outage.retry('store', async () => (await ports.store.files.get(claim.fileId))!);
    }
  }
  outage.finishing = true;
  logger.debug({ stage: 'report' }, 'writing the report');
  const report = await outage.retry('objects', () => writeReport(ports, claim.fileId));
  logger.debug({ stage: 'finish' }, 'finishing');
  await outage.retry('store', () => ports.store.files.finish(claim, { ...end, report }));
  return { kind: 'ended', status: end.status };
}

async function ingestChunks(
  ports: IngestPorts,
  claim: Claim,
  file: FileRecord,
  options: IngestOptions,
  outage: Outage,
  logger: Logger,
): Promise<void> {
  const { objects, store, ims } = ports;
  const stopReading = new AbortController();
  const leaveIfAsked = () => {
    options.lost.throwIfAborted();
    if (options.cancelRequested()) throw new Leave('cancelled');
    if (options.shouldRelease()) throw new Leave('released');
  };
  leaveIfAsked();
  const { parts, header, intake } = await readFile(
    {
      sizeBytes: file.sizeBytes,
      open: (offset) => objects.open(incomingKey(file.fileId), { offset, version: file.objectVersion }),
    },
    // Before the first checkpoint the position is still that of the header, though the intake may be recorded already.
    file.intake && file.columns && file.nextChunk > 0
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
      signal: stopReading.signal,
      atBorder: leaveIfAsked,
    },
  );
  const validate = createRowValidator(header, { timeZone: options.timeZone });
  const packer = new OrderPacker(header);
  let rejections: Rejection[] = [];
  let recorded = file.intake !== null;
  let committing: Promise<void> = Promise.resolve();
  try {
    for await (const { n, rows, end, bytesRead, last } of parts) {
      if (!recorded) {
        const parent = rows[0]?.cells[header.fileColumn]?.trim() || null;
        await outage.retry('store', () =>
          store.files.recordIntake(claim, intake, header.columns, file.parentFileId ?? parent),
        );
        recorded = true;
      }
      const checked = rows.map(validate);
      await askIms(checked, (pairs) => outage.retry('ims', () => ims.validate(pairs, options.lost)));
      for (const row of checked) {
        if (row.order) packer.add(row.order, row.raw.cells);
        else rejections.push(toRejection(row, header));
      }
      if (end === null) continue;

      await committing;
      leaveIfAsked();
      // Only the end of the file may lie behind a chunk without rows; one before it moves the checkpoint past blank records.
      if (last && packer.length + rejections.length === 0) break;
      logger.debug({ stage: 'chunk', chunk: n }, 'committing a chunk');
      committing = commit({ n, end, bytesRead, orders: packer.take(), rejections }, last);
      // It is awaited one chunk later; until then a rejection must not count as unhandled.
      committing.catch(() => {});
      rejections = [];
    }
    await committing;
  } finally {
    stopReading.abort();
    await committing.catch(() => {});
  }

  async function commit(chunk: ChunkToCommit, last: boolean): Promise<void> {
    const result = await outage.retry('store', () => store.chunks.commit(claim, chunk));
    if (result.cancelRequested && !last) throw new Leave('cancelled');
  }
}

function toFailure(error: unknown): FileFailure | null {
  if (isFileFailure(error))
    return { code: error.code, message: error.message, row: (error.details.row as number | undefined) ?? null };
  if (isOmsError(error, 'object_changed') || isOmsError(error, 'object_missing'))
    return { code: 'object_changed', message: error.message, row: null };
  return null;
}

type Outage = ReturnType<typeof createOutage>;

/** Waiting for engines that are down: spread, bounded pauses, for as long as it takes; the file says what it waits for. */
function createOutage({ store, clock }: IngestPorts, claim: Claim, options: IngestOptions, logger: Logger) {
  let pauses = 0;
  let waitingFor: Dependency | null = null;

  const show = async (dependency: Dependency | null) => {
    if (waitingFor === dependency) return;
    waitingFor = dependency;
    // The store itself may be what is down; then nobody can read it either.
    await store.files.setWaiting(claim, dependency).catch((error) => {
      waitingFor = null;
      logger.debug({ err: error }, 'the state of the file could not be recorded');
    });
  };

  /** Rethrows what waiting cannot cure. */
  const pauseAfter = async (error: unknown, dependency: Dependency): Promise<void> => {
    const curable = error instanceof OmsError ? error.retryable : dependency === 'objects' && isSystemError(error);
    if (!curable) throw error;
    if (waitingFor !== dependency) logger.warn({ err: error, dependency }, 'the file waits for an engine');
    await show(dependency);
    const pause = Math.min(limits.outageLastPauseMs, limits.outageFirstPauseMs * 2 ** pauses++);
    // Short sleeps, so that a stop or a cancel is not kept waiting.
    for (let left = pause * (0.5 + Math.random() / 2); left > 0; left -= limits.outageFirstPauseMs) {
      await clock.sleep(Math.min(left, limits.outageFirstPauseMs), options.lost);
      options.lost.throwIfAborted();
      if (options.cancelRequested() && !outage.finishing) throw new Leave('cancelled');
      if (options.shouldRelease()) throw new Leave('released');
    }
  };

  const outage = {
    /** The file's end is decided: a cancel comes too late. */
    finishing: false,
    pauseAfter,
    async retry<Result>(dependency: Dependency, work: () => Promise<Result>): Promise<Result> {
      for (;;) {
        try {
          const result = await work();
          if (waitingFor !== null) {
            await show(null);
            logger.info({ dependency }, 'the engine is back, the file goes on');
          }
          pauses = 0;
          return result;
        } catch (error) {
          await pauseAfter(error, isOmsError(error, 'disk_full') ? 'store' : dependency);
        }
      }
    },
  };
  return outage;
}

/** An error of the operating system, such as EIO. */
const isSystemError = (error: unknown): boolean =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
