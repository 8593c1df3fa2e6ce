/**
 * Opens a file for reading: gzip or workbook, encoding, delimiter and header are detected once. Then its rows are read in chunks, and reading can
 * resume at the end of any chunk.
 */
import { limits } from '../../limits.ts';
import type { FileRecord } from '../../model/file.ts';
import { fileFailure } from '../../model/file-failure.ts';
import type { Format } from '../../model/format.ts';
import type { Header } from '../../model/header.ts';
import type { Intake, Position } from '../../model/intake.ts';
import type { RawRow } from '../../model/raw-row.ts';
import { unescapeCell } from '../../model/spreadsheet-cell.ts';
import { ByteReader } from './byte-reader.ts';
import type { ByteSource } from './byte-source.ts';
import type { Evidence } from './encoding.ts';
import { FileHead, type PossibleHeader, possibleHeaders } from './file-head.ts';
import { firstNonAscii } from './guess-encoding.ts';
import { columnKey, isReportColumn, isReportHeader, makeHeader } from './header.ts';
import { refuseControlCharacters } from './intake.ts';
import {
  type Chunk,
  type ChunkReadOptions,
  emptyFile,
  type Opened,
  type ReadBounds,
  type RowConsumer,
  readChunks,
} from './read-chunks.ts';
import { RowStream } from './row-stream.ts';
import { openStored, type StoredBytes } from './stored-bytes.ts';
import { isTranscoded, transcoded } from './transcode.ts';
import { writtenAs } from './xlsx/written-as.ts';

export interface ReadOptions extends ChunkReadOptions {
  /** The encoding as the uploader typed it. */
  encoding?: string;
  /** The sheet of a workbook, by its name; without it the first one. */
  sheet?: string;
  maxInflatedBytes: number;
  /** How the file is read; without it a standard file is expected. */
  format?: Format;
  /** Finds the format of a file without a standard header; null: there is none. */
  recognise?: (file: UnknownFile) => Promise<Format | null>;
  /** The number of the first chunk of a file that is read from its start: above 0 when earlier ends of the file have taken numbers. */
  firstChunk?: number;
}

/** What the uploader of a file asked for. */
export const askedOf = ({
  encodingOverride,
  sheet,
}: Pick<FileRecord, 'encodingOverride' | 'sheet'>): Pick<ReadOptions, 'encoding' | 'sheet'> => ({
  ...(encodingOverride !== null && { encoding: encodingOverride }),
  ...(sheet !== null && { sheet }),
});

export interface UnknownFile {
  /** The file that this is a report of, if it is one. */
  reportOn: string | null;
  /** The rows that may be its header, with each of the delimiters. */
  headers: PossibleHeader[];
}

/** Where to resume in a file that was opened before: at the end of a chunk, or of the header. */
export interface Resume {
  intake: Intake;
  columns: string[];
  format: Format | null;
  nextChunk: number;
  position: Position;
}

export interface OpenFile {
  /** As detected from the first bytes. */
  intake: Intake;
  header: Header;
  /**
   * The chunks, each yielded when the consumer has taken its rows. Call it once, and iterate to the end or break: until then streams are
   * open, unless `signal` aborts. Errors of the consumer are thrown here.
   */
  chunks(consumer: RowConsumer): AsyncIterable<Chunk>;
}

/**
 * Opens a file and reads its header, or resumes at `resume`. Here or in the iterator: throws file failures (not retryable), errors of the
 * source unchanged, and the signal's reason once it aborts.
 */
export async function readFile(
  source: ByteSource,
  resume: Resume | null,
  options: ReadOptions,
  bounds: ReadBounds = limits,
): Promise<OpenFile> {
  const { signal, maxInflatedBytes, format = null } = options;
  const offset = resume === null || isTranscoded(resume.intake.encoding) ? 0 : resume.position.offset;
  const asked = { sheet: options.sheet ?? null, written: writtenAs(resume === null ? format : resume.format) };
  const known = resume?.intake ?? null;
  const stored = await openStored(source, offset, known, asked, { ...bounds, maxInflatedBytes }, signal);
  const file = (opened: Opened): OpenFile => ({
    intake: opened.intake,
    header: opened.header,
    chunks: (consumer) => readChunks(stored, opened, consumer, bounds, options),
  });
  try {
    if (resume !== null) return file(await openAgain(stored, resume, bounds));
    const head = await readHead(stored, options, bounds);
    const recognisedNow = format ?? (await recognised(head, options));
    if (stored.sheet === null || recognisedNow === format)
      return file(await openNew(stored, head, recognisedNow, options, bounds));
    // The numbers and dates of its cells are to be written as the format reads them.
    await stored.close();
    return await readFile(source, null, { ...options, ...(recognisedNow && { format: recognisedNow }) }, bounds);
  } catch (error) {
    await stored.close();
    throw error;
  }
}

async function readHead(
  { gzip, sheet, bytes }: StoredBytes,
  options: ReadOptions,
  bounds: ReadBounds,
): Promise<FileHead> {
  const first = await bytes.peek(bounds.detectBytes);
  const whole = first.length < bounds.detectBytes;
  const evidence = await findEvidence(bytes, first, bounds);
  const encoding = sheet === null ? options.encoding : undefined;
  return new FileHead({ bytes: first, whole, evidence, gzip, sheet }, encoding, bounds.maxRecordBytes);
}

async function openNew(
  { bytes }: StoredBytes,
  head: FileHead,
  format: Format | null,
  options: ReadOptions,
  bounds: ReadBounds,
): Promise<Opened> {
  const { intake, bomBytes, rowsAbove } = format === null ? head.standard() : head.by(format);
  await bytes.skip(bomBytes);
  const rows = new RowStream(asRead(bytes, intake), intake, { offset: bomBytes, row: 0 }, bounds);
  const nextRecord = async (): Promise<RawRow> => {
    for (;;) {
      const record = rows.next();
      if (record !== null) return record;
      options.atBorder?.();
      if (!(await rows.feed())) throw emptyFile('nothing');
    }
  };
  let record = await nextRecord();
  // The line `sep=` is only for spreadsheets, titles are for people. They have row numbers like any other line.
  while (record.row <= rowsAbove) record = await nextRecord();
  const header = headerOf(record, format);
  const position = { offset: record.end, row: record.row };
  return { intake, header, rows, nextChunk: options.firstChunk ?? 0, position, fresh: true };
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
  return {
    intake,
    header: makeHeader(resume.columns, 1, resume.format),
    rows,
    nextChunk,
    position,
    fresh: nextChunk === 0,
  };
}

/** A report has the header of its file, which may be the standard one although a format reads it. */
async function recognised(head: FileHead, { recognise }: ReadOptions): Promise<Format | null> {
  if (!recognise) return null;
  const { reportOn, headers } = unknownFile(head);
  if (!head.isStandard) return recognise({ reportOn, headers });
  return reportOn === null ? null : recognise({ reportOn, headers: [] });
}

/** What is known of a file without a format. */
function unknownFile(head: FileHead): UnknownFile {
  const read = head.rows(limits.maxSkippedRows + 1);
  const [reportOn = null] = read.flatMap(([header, row]) => {
    if (!header || !row || !isReportHeader(header.cells)) return [];
    const at = header.cells.findIndex((name) => columnKey(name) === '_file');
    return [unescapeCell(row.cells[at] ?? '').trim()];
  });
  return { reportOn, headers: read.flatMap((rows) => possibleHeaders(rows, head.lines)) };
}

function headerOf({ cells, row }: RawRow, format: Format | null): Header {
  const columns = cells.map((name) => name.trim());
  columns.forEach(refuseControlCharacters);
  const header = makeHeader(columns, row, format);
  // Checked again without the quotes that escape formulas, as when the file is resumed: two names may have become equal.
  const restored = header.report ? makeHeader(columns.map(unescapeCell), row, format) : header;
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
