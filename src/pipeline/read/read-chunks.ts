/**
 * The second step of reading a file: its rows, cut into chunks. Chunks depend only on the file's bytes, so a second reading of the file
 * cuts the same ones (INV-4). Memory holds one record and what the consumer keeps (INV-6).
 */
import type { OmsError } from '../../errors.ts';
import { fileFailure } from '../../model/file-failure.ts';
import type { Header } from '../../model/header.ts';
import type { Intake, Position } from '../../model/intake.ts';
import type { RawRow } from '../../model/raw-row.ts';
import type { RecordTaker } from './csv-records.ts';
import { fitToHeader } from './header.ts';
import { restoreRow } from './restore-row.ts';
import type { RowStream, RowStreamBounds } from './row-stream.ts';
import type { StoredBytes } from './stored-bytes.ts';
import { isTranscoded, textForm } from './transcode.ts';

export type ReadBounds = RowStreamBounds &
  Record<
    'maxPartRows' | 'firstChunkRows' | 'maxChunkRows' | 'maxChunkBytes' | 'maxGzipRatio' | 'gzipRatioFromBytes',
    number
  >;

/** Takes the rows of a file in their order, each as bytes or as texts. */
export interface RowConsumer extends RecordTaker {
  /** Takes a row as texts, when `take` has refused its bytes. */
  add(row: RawRow): void;
  /** Where rows belong together: only the row behind a chunk tells where it may end. */
  readonly lines?: { readonly begins: boolean; end(): void } | null;
  /**
   * Called after every `maxPartRows` rows that were added, and at the end of each chunk: afterwards the added rows need not be kept as
   * texts. `intake` is how the file is read up to here.
   */
  check(intake: Intake): Promise<void>;
}

/** A chunk whose rows the consumer has taken. */
export interface Chunk {
  n: number;
  /** How the file is read up to here. Its encoding may have been decided in this chunk. */
  intake: Intake;
  start: Position;
  end: Position;
  /** Stored bytes consumed so far, for progress. */
  bytesRead: number;
  /** The last chunk of the file; it may have no row. */
  last: boolean;
}

export interface ChunkReadOptions {
  signal?: AbortSignal;
  /** Called between blocks while the chunk has no row yet, as in a long run of blank records; may throw to stop there. */
  atBorder?: () => void;
}

/** A file opened after its header, or at the end of a chunk. */
export interface Opened {
  intake: Intake;
  header: Header;
  rows: RowStream;
  nextChunk: number;
  position: Position;
  /** No row of the file was read in an earlier attempt. */
  fresh: boolean;
}

export async function* readChunks(
  stored: StoredBytes,
  opened: Opened,
  consumer: RowConsumer,
  bounds: ReadBounds,
  options: ChunkReadOptions,
): AsyncGenerator<Chunk> {
  const { rows: stream, nextChunk, fresh } = opened;
  const { gzip, sheet, encoding } = opened.intake;
  const isAsStored = !gzip && sheet === undefined && !isTranscoded(encoding);
  try {
    let start = opened.position;
    let ahead = 0;
    for (let n = nextChunk; ; n++) {
      const { rows, end, last, ...read } = await readRows(opened, { start, ahead }, consumer, bounds, options);
      if (last && fresh && n === nextChunk && rows === 0) throw emptyFile('a header and no order');
      await consumer.check(stream.intake);
      const bytesRead = isAsStored ? end.offset : stored.bytesRead();
      yield { n, intake: stream.intake, start, end, bytesRead, last };
      if (last) return;
      start = end;
      ahead = read.ahead;
    }
  } finally {
    await stored.close();
  }
}

interface ReadRows {
  rows: number;
  end: Position;
  /** The rows behind the chunk that the consumer has taken already: one at most. */
  ahead: number;
  /** The file ends with them. */
  last: boolean;
}

/** Reads the rows of the chunk that begins at `start`, of which `ahead` were taken already. */
async function readRows(
  { rows: stream, header }: Opened,
  { start, ahead }: { start: Position; ahead: number },
  consumer: RowConsumer,
  bounds: ReadBounds,
  { signal, atBorder }: ChunkReadOptions,
): Promise<ReadRows> {
  const { lines } = consumer;
  const maxRows = chunkRows(start, bounds);
  const isFull = () => rows >= maxRows || stream.offset - start.offset >= bounds.maxChunkBytes;
  let rows = ahead;
  let added = ahead;
  for (;;) {
    // Where the chunk ends, if the next row belongs to none of its orders.
    const border = lines && isFull() ? stream.position : null;
    if (!stream.offer(consumer)) {
      const row = stream.next();
      if (row === null) {
        signal?.throwIfAborted();
        if (rows === 0) atBorder?.();
        if (!(await stream.feed())) {
          lines?.end();
          return { rows, end: stream.end, ahead: 0, last: true };
        }
        consumer.form = textForm(stream.intake.encoding);
        continue;
      }
      if (!row.malformedQuote) fitToHeader(row.cells, header);
      if (header.report) restoreRow(row, header, header.report);
      consumer.add(row);
      added++;
    }
    if (border && lines?.begins) return { rows, end: border, ahead: 1, last: false };
    rows++;
    if (!lines && isFull()) return { rows, end: stream.position, ahead: 0, last: false };
    if (added >= bounds.maxPartRows) {
      await consumer.check(stream.intake);
      added = 0;
    }
  }
}

/** The number of rows of the chunk that begins here: as many as the file has before it, within bounds. */
const chunkRows = (start: Position, { firstChunkRows, maxChunkRows }: ReadBounds): number =>
  Math.min(maxChunkRows, Math.max(firstChunkRows, start.row));

export function emptyFile(what: string): OmsError {
  return fileFailure('empty_file', `The file holds ${what}: upload one with a header and at least one order.`);
}
