/**
 * Reading a file: stored bytes to chunks of raw rows. Gzip, encoding, delimiter and header are found out once; from then
 * on any chunk's end is a place to resume at. Chunks are a function of the file's bytes alone, so that a second reading
 * of the same file cuts the same ones (INV-4). Memory is one chunk and one record, whatever the file (INV-6).
 */
import type { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { fileFailure } from '../model/file-failure.ts';
import type { Header, Intake, Position } from '../model/intake.ts';
import type { RawRow } from '../model/raw-row.ts';
import { unescapeCell } from '../model/spreadsheet-cell.ts';
import { decideIntake, type Evidence, namesDelimiter, refuseControlCharacters } from './intake.ts';
import { ByteReader } from './read/byte-reader.ts';
import type { RecordTaker } from './read/csv-records.ts';
import { firstNonAscii } from './read/guess-encoding.ts';
import { fitToHeader, isReportColumn, makeHeader } from './read/header.ts';
import { restoreRow } from './read/restore-row.ts';
import { RowStream } from './read/row-stream.ts';
import { type ByteSource, openStored, type StoredBytes } from './read/stored-bytes.ts';
import { isTranscoded, textForm, transcoded } from './read/transcode.ts';

export type { ByteSource, RecordTaker };
export { makeHeader };

/** Some rows of a chunk, in order: a chunk comes in parts, so that not all of its rows have to be in memory as objects. */
export interface ChunkPart {
  n: number;
  /** How the file is read up to here: its encoding may have been open until then. */
  intake: Intake;
  /** Those that were not taken by their bytes. */
  rows: RawRow[];
  /** Where the chunk begins. */
  start: Position;
  /** Where the chunk ends, with its last part; null while more of it comes. */
  end: Position | null;
  /** Stored bytes consumed so far, for progress. */
  bytesRead: number;
  /** The chunk's last part, and the file's. Only the last chunk of a file may be of no row at all. */
  last: boolean;
}

export interface ReadOptions {
  /** The encoding as the uploader typed it. */
  encoding?: string;
  maxInflatedBytes: number;
  /** The number of the first chunk of a file that is opened anew: not 0 when numbers were spent on ends before. */
  firstChunk?: number;
  signal?: AbortSignal;
  /** Called between blocks while no row of a next chunk was read, as in a long run of blank records; may throw to stop there. */
  atBorder?: () => void;
}

/** Where to go on in a file that was opened before: at the end of a chunk, or of the header. */
export interface Resume {
  intake: Intake;
  columns: string[];
  nextChunk: number;
  position: Position;
}

export type ReadBounds = Record<
  | 'detectBytes'
  | 'readBlockBytes'
  | 'maxRecordBytes'
  | 'maxPartRows'
  | 'firstChunkRows'
  | 'maxChunkRows'
  | 'maxChunkBytes'
  | 'maxGzipRatio'
  | 'gzipRatioFromBytes',
  number
>;

export interface OpenFile {
  /** As the first bytes tell. */
  intake: Intake;
  header: Header;
  /** The chunks, part by part. Iterate it to its end or break out of it: until then streams are open, unless `signal` aborts. */
  parts: AsyncIterable<ChunkPart>;
  /** To be called before the iteration: each record is offered first, and is a row of a part only when it is not taken. */
  offerTo(taker: RecordTaker): void;
}

/**
 * Opens a file and reads its header, or goes on where `resume` says. Throws file failures (not retryable), here or from
 * the iterator; errors of the source come as they are, and the signal's reason once it aborts.
 */
export async function readFile(
  source: ByteSource,
  resume: Resume | null,
  options: ReadOptions,
  bounds: ReadBounds = limits,
): Promise<OpenFile> {
  const { signal, maxInflatedBytes } = options;
  const offset = resume === null || isTranscoded(resume.intake.encoding) ? 0 : resume.position.offset;
  const gzip = resume?.intake.gzip ?? null;
  const stored = await openStored(source, offset, gzip, { ...bounds, maxInflatedBytes }, signal);
  try {
    const opened = resume === null ? await openNew(stored, options, bounds) : await openAgain(stored, resume, bounds);
    return {
      intake: opened.intake,
      header: opened.header,
      parts: readParts(stored, opened, bounds, options),
      offerTo(taker) {
        opened.taker = taker;
      },
    };
  } catch (error) {
    await stored.close();
    throw error;
  }
}

interface Opened {
  intake: Intake;
  header: Header;
  rows: RowStream;
  nextChunk: number;
  position: Position;
  /** No row of the file was read before. */
  fresh: boolean;
  taker: RecordTaker | null;
}

async function openNew({ gzip, bytes }: StoredBytes, options: ReadOptions, bounds: ReadBounds): Promise<Opened> {
  const first = await bytes.peek(bounds.detectBytes);
  const whole = first.length < bounds.detectBytes;
  const evidence = await findEvidence(bytes, first, bounds);
  const { intake, bomBytes } = decideIntake(first, whole, evidence, gzip, options.encoding, bounds.maxRecordBytes);
  await bytes.skip(bomBytes);
  const rows = new RowStream(asRead(bytes, intake), intake, { offset: bomBytes, row: 0 }, bounds);
  const nextRecord = async () => {
    for (;;) {
      const record = rows.next();
      if (record !== null) return record;
      options.atBorder?.();
      if (!(await rows.feed())) throw emptyFile('nothing');
    }
  };
  let record = await nextRecord();
  // Only for spreadsheets; it has a row number like any other line.
  if (record.row === 1 && namesDelimiter(record.cells.join(intake.delimiter))) record = await nextRecord();
  const header = headerOf(record);
  const position = { offset: record.end, row: record.row };
  return { intake, header, rows, nextChunk: options.firstChunk ?? 0, position, fresh: true, taker: null };
}

async function findEvidence(bytes: ByteReader, first: Buffer, { detectBytes }: ReadBounds): Promise<Evidence | null> {
  const at = firstNonAscii(first);
  if (at === -1) return null;
  const ahead = await bytes.lookAhead(at + detectBytes);
  return { bytes: ahead.subarray(Math.max(0, at - 1)), whole: ahead.length < at + detectBytes };
}

const asRead = (bytes: ByteReader, { encoding }: Intake): ByteReader =>
  isTranscoded(encoding) ? new ByteReader(transcoded(bytes, encoding)) : bytes;

async function openAgain({ bytes: stored }: StoredBytes, resume: Resume, bounds: ReadBounds): Promise<Opened> {
  const { intake, position, nextChunk } = resume;
  const bytes = asRead(stored, intake);
  if (isTranscoded(intake.encoding)) await bytes.skip(position.offset);
  const rows = new RowStream(bytes, intake, position, bounds);
  return { intake, header: makeHeader(resume.columns), rows, nextChunk, position, fresh: nextChunk === 0, taker: null };
}

function headerOf({ cells, row }: RawRow): Header {
  const columns = cells.map((name) => name.trim());
  columns.forEach(refuseControlCharacters);
  const header = makeHeader(columns, row);
  // Made anew, as it is when the file is gone on with: names that were told apart by that quote alone are one name now.
  const restored = header.report ? makeHeader(columns.map(unescapeCell), row) : header;
  checkHeaderChars(restored, row);
  return restored;
}

function checkHeaderChars({ columns }: Header, row: number): void {
  const own = columns.filter((name) => !isReportColumn(name));
  const chars = own.reduce((sum, name) => sum + name.length, 0);
  if (chars <= limits.maxHeaderChars) return;
  throw fileFailure(
    'record_too_large',
    `The names of the columns have ${chars} characters together, more than ${limits.maxHeaderChars}: shorten them.`,
    row,
  );
}

async function* readParts(
  stored: StoredBytes,
  opened: Opened,
  bounds: ReadBounds,
  { signal, atBorder }: ReadOptions,
): AsyncGenerator<ChunkPart> {
  const { header, rows: stream, nextChunk, position, fresh } = opened;
  const isAsStored = !opened.intake.gzip && !isTranscoded(opened.intake.encoding);
  const bytesRead = (offset: number) => (isAsStored ? offset : stored.bytesRead());
  try {
    const { taker } = opened;
    let n = nextChunk;
    let start = position;
    let maxRows = chunkRows(start, bounds);
    let rowsOfChunk = 0;
    let rows: RawRow[] = [];
    for (;;) {
      if (taker === null || !stream.offer(taker)) {
        const row = stream.next();
        if (row === null) {
          signal?.throwIfAborted();
          if (rowsOfChunk === 0) atBorder?.();
          if (!(await stream.feed())) break;
          if (taker !== null) taker.form = textForm(stream.intake.encoding);
          continue;
        }
        if (!row.malformedQuote) fitToHeader(row.cells, header);
        if (header.report) restoreRow(row, header, header.report);
        rows.push(row);
        taker?.leave();
      }
      rowsOfChunk++;
      if (rowsOfChunk >= maxRows || stream.offset - start.offset >= bounds.maxChunkBytes) {
        const here = stream.position;
        yield { n, intake: stream.intake, rows, start, end: here, bytesRead: bytesRead(here.offset), last: false };
        n++;
        start = here;
        maxRows = chunkRows(start, bounds);
        rowsOfChunk = 0;
        rows = [];
      } else if (rows.length >= bounds.maxPartRows) {
        yield { n, intake: stream.intake, rows, start, end: null, bytesRead: bytesRead(stream.offset), last: false };
        rows = [];
      }
    }
    if (fresh && n === nextChunk && rowsOfChunk === 0) throw emptyFile('a header and no order');
    const { end } = stream;
    yield { n, intake: stream.intake, rows, start, end, bytesRead: bytesRead(end.offset), last: true };
  } finally {
    await stored.close();
  }
}

/** Rows of the chunk that begins here: as many as were before it, within bounds. */
const chunkRows = (start: Position, { firstChunkRows, maxChunkRows }: ReadBounds): number =>
  Math.min(maxChunkRows, Math.max(firstChunkRows, start.row));

function emptyFile(what: string): OmsError {
  return fileFailure('empty_file', `The file holds ${what}: upload one with a header and at least one order.`);
}
