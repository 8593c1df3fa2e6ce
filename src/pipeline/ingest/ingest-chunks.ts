/**
 * The chunks of a file, from its checkpoint to its end: each is read and validated while the one before it is being committed. After a
 * failure of an engine reading starts again at the checkpoint.
 */
import { assert } from '../../assert.ts';
import { isOmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { FileRecord } from '../../model/file.ts';
import { fileFailure } from '../../model/file-failure.ts';
import type { FormatRef } from '../../model/format.ts';
import { type Decided, isReached } from '../../model/stop-rule.ts';
import { seesFile } from '../../model/views.ts';
import type { ChunkResult, ChunkToCommit } from '../../ports/chunks.ts';
import type { IngestionStore } from '../../ports/order-store.ts';
import { askWithin } from '../ask-ims.ts';
import { type BuiltChunk, ChunkBuilder, type ChunkBuilderOptions } from '../chunk-builder.ts';
import { catchUp } from '../dry-run/catch-up.ts';
import { decideChunk } from '../dry-run/decide-chunk.ts';
import { FormatsOfFiles } from '../formats-of-files.ts';
import type { ByteSource } from '../read/byte-source.ts';
import type { Chunk } from '../read/read-chunks.ts';
import { askedOf, type OpenFile, type ReadOptions, readFile } from '../read/read-file.ts';
import type { IngestContext } from './context.ts';
import { askedStop, endBy, PauseSignal, StopSignal } from './file-end.ts';
import type { IngestBounds } from './options.ts';
import { isOfStore } from './outage.ts';

/** Starts again at the checkpoint as long as an engine fails. Throws what ends the file or this attempt. */
export async function ingestAllChunks(context: IngestContext, claimed: FileRecord): Promise<void> {
  const { ports, claim, outage } = context;
  let file = claimed;
  for (;;) {
    try {
      return await ingestChunks(context, file);
    } catch (error) {
      if (endBy(error)) throw error;
      // A release that cuts chunks differently has committed here, or an engine is down.
      if (!isOmsError(error, 'chunk_moved')) await outage.pauseAfter(error, isOfStore(error) ? 'store' : 'objects');
      file = await outage.retry('store', async () => (await ports.store.files.get(claim.fileId))!);
    }
  }
}

async function ingestChunks(context: IngestContext, file: FileRecord): Promise<void> {
  const { options, logger } = context;
  const stopReading = new AbortController();
  const stopIfAsked = () => {
    options.lost.throwIfAborted();
    const stop = askedStop(options.asked());
    if (stop) throw stop;
    if (options.shouldRelease()) throw new StopSignal('released');
  };
  stopIfAsked();
  checkRejected({ rows: file.invalid, bytes: file.rejectedBytes }, options.bounds);
  checkStopRule(file, file);
  const open = (from: FileRecord) => openAtCheckpoint(context, from, stopReading.signal, stopIfAsked);
  const commitChunk = await committer(context, file, async (from) => (await open(from)).opened, stopIfAsked);
  const { opened, format } = await open(file);
  const builder = createBuilder(context, file, opened, format);
  let expected = file.nextChunk;
  let committing: Promise<void> = Promise.resolve();
  try {
    for await (const borders of opened.chunks(builder)) {
      await committing;
      stopIfAsked();
      const chunk = chunkOf(borders, builder.takeChunk(), expected++);
      // The last chunk may have no rows. An earlier one without rows still moves the checkpoint past blank records.
      if (borders.last && rowsOf(chunk) === 0) break;
      logger.debug({ stage: 'chunk', chunk: chunk.n }, 'committing a chunk');
      committing = commit(context, file, commitChunk, chunk, borders.last);
      // It is awaited one chunk later; until then a rejection must not count as unhandled.
      committing.catch(() => {});
    }
    await committing;
  } catch (error) {
    stopReading.abort();
    // An error of the commit, or a cancel that it reports, goes before the error of reading.
    await committing;
    throw error;
  } finally {
    stopReading.abort();
  }
}

type CommitChunk = (chunk: ChunkToCommit) => Promise<ChunkResult>;

/** What a chunk of the file is given to. A dry run is brought to its checkpoint first. */
async function committer(
  context: IngestContext,
  file: FileRecord,
  open: (from: FileRecord) => Promise<OpenFile>,
  atBorder: () => void,
): Promise<CommitChunk> {
  const { ports, claim, outage } = context;
  if (!file.dryRun) return (chunk) => outage.retry('store', () => ports.store.chunks.commit(claim, chunk));
  const scratch = ports.scratches.take(file.fileId);
  const asBefore: Partial<ChunkBuilderOptions> = {
    ask: async (pairs) => pairs.map(() => ({ skuValid: true, hubValid: true })),
    beforeCheck: async () => {},
  };
  await catchUp(file, scratch, {
    store: ports.store,
    open: (from) => open({ ...file, ...from }),
    build: (opened) => createBuilder(context, file, opened, file.format, asBefore),
    atBorder,
  });
  return (chunk) => decideChunk(context, file, scratch, chunk);
}

/** `format`: that of the file, or the one that was recognised now. */
async function openAtCheckpoint(
  { ports, options, outage }: IngestContext,
  file: FileRecord,
  signal: AbortSignal,
  atBorder: () => void,
): Promise<{ opened: OpenFile; format: FormatRef | null }> {
  const { intake, columns, nextChunk, offset, row, sizeBytes, objectKey, objectVersion } = file;
  const { maxInflatedBytes } = options;
  // A retry of an object from a bucket that was too large to be hashed.
  if (file.sha256 === '' && sizeBytes > maxInflatedBytes)
    throw fileFailure('too_large', `the object is larger than ${maxInflatedBytes} bytes`);
  // Before the first checkpoint there is no offset yet, though the intake may be recorded already.
  const files = new FormatsOfFiles(ports);
  let ref = file.format;
  const format = ref && (await outage.retry('store', () => files.definition(ref!)));
  const position = { offset, row };
  const resume = intake && columns && offset > 0 ? { intake, columns, format, nextChunk, position } : null;
  const source: ByteSource = {
    sizeBytes,
    open: (from, length) => ports.objects.open(objectKey, { offset: from, length, version: objectVersion }),
  };
  const readOptions: ReadOptions = {
    ...{ ...askedOf(file), maxInflatedBytes, firstChunk: nextChunk, signal, atBorder },
    ...(format && { format }),
    async recognise(unknown) {
      const found = await outage.retry('store', () => files.recognise(unknown, file));
      ref = found?.ref ?? null;
      return found?.format ?? null;
    },
  };
  const opened = await readFile(source, resume, readOptions, boundsOf(file, options.bounds));
  return { opened, format: ref };
}

/** How the file is cut into chunks: whether it was uploaded with a stop rule never changes. */
function boundsOf({ stopAtInvalid }: FileRecord, bounds: IngestBounds = limits): IngestBounds {
  if (stopAtInvalid === null) return bounds;
  const fewer = (rows: number) => Math.min(rows, limits.stopRuleChunkRows);
  return { ...bounds, firstChunkRows: fewer(bounds.firstChunkRows), maxChunkRows: fewer(bounds.maxChunkRows) };
}

function createBuilder(
  { ports, claim, options, outage }: IngestContext,
  file: FileRecord,
  opened: OpenFile,
  format: FormatRef | null,
  others: Partial<ChunkBuilderOptions> = {},
) {
  const { store, ims, clock } = ports;
  let recorded = file.intake;
  let parent = file.parentFileId;
  return new ChunkBuilder(opened.header, opened.intake, {
    timeZone: options.timeZone,
    openOrder: file.openOrder,
    now: () => clock.now(),
    ask: askWithin(file.hubs, (pairs) => outage.retry('ims', () => ims.validate(pairs, options.lost))),
    async beforeCheck(intake, fileOfFirstRow) {
      await outage.markRecovered('objects');
      if (recorded !== null && (!recorded.encodingOpen || intake.encodingOpen)) return;
      // Recorded before any row is committed that was read by it.
      if (recorded === null && parent === null && fileOfFirstRow !== null)
        parent = await outage.retry('store', () => seenParent(store, file, fileOfFirstRow));
      const record = { intake, columns: opened.header.columns, parentFileId: parent, format };
      await outage.retry('store', () => store.files.recordIntake(claim, record));
      recorded = intake;
    },
    ...others,
  });
}

/** The file that a report is about, as far as whoever has sent it sees that. */
async function seenParent({ files }: Pick<IngestionStore, 'files'>, { hubs }: FileRecord, parent: string) {
  if (hubs === null) return parent;
  const found = await files.get(parent);
  return found && seesFile({ hubs }, found) ? parent : null;
}

async function commit(
  { options }: IngestContext,
  file: FileRecord,
  commitChunk: CommitChunk,
  chunk: ChunkToCommit,
  last: boolean,
): Promise<void> {
  const result = await commitChunk(chunk);
  const decided = chunk.orders.length + chunk.rejections.length;
  assert(result.accepted + result.invalid === decided, 'each row of a chunk is accepted or rejected (INV-1)');
  chunk.orders.release();
  checkRejected(result.rejected, options.bounds);
  const stop = askedStop(result);
  if (stop && !last) throw stop;
  checkStopRule(file, { rows: result.rows, invalid: result.rejected.rows });
}

/** Checks that the chunk follows the one before it, and that its rows lie between its borders. */
function chunkOf({ n, start, end, bytesRead }: Chunk, built: BuiltChunk, expected: number): ChunkToCommit {
  const chunk = { n, end, bytesRead, ...built };
  const rows = rowsOf(chunk);
  assert(n === expected, 'the numbers of chunks are consecutive');
  assert(
    end.offset >= start.offset + rows && end.row >= start.row + rows,
    'offsets and rows rise with every row of a chunk',
  );
  return chunk;
}

const rowsOf = ({
  orders,
  rejections,
  skipped = 0,
}: Pick<ChunkToCommit, 'orders' | 'rejections' | 'skipped'>): number => orders.length + rejections.length + skipped;

/**
 * A file with more rejections fails, with the report of the rows so far. The figures are those that a commit returns and the file keeps, so
 * that another worker, or a retry, decides the same (INV-4).
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

/** Pauses a file whose stop rule is reached, by figures that another worker would find, too. */
function checkStopRule({ stopAtInvalid: rule, stopRuleDropped }: FileRecord, decided: Decided): void {
  if (rule === null || stopRuleDropped || !isReached(rule, decided)) return;
  const [invalid, rows] = [decided.invalid, decided.rows].map((count) => count.toLocaleString('en'));
  throw new PauseSignal({
    code: 'stop_at_invalid',
    reason: `${invalid} of ${rows} rows are invalid, and the upload asked to stop at ${rule}: resume the file to go on without this rule, or cancel it`,
  });
}
