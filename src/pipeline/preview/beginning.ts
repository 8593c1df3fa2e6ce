/**
 * The beginning of a file as text: unpacked, and in an encoding that was asked for, marked, or seen in the bytes. Throws what the reader
 * throws for files that are no text (`not_csv`), or in an encoding that cannot be told (`unsupported_encoding`).
 */
import { Readable } from 'node:stream';
import { isOmsError, OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { fileFailure, isFileFailure } from '../../model/file-failure.ts';
import type { Format } from '../../model/format.ts';
import type { Delimiter, Encoding } from '../../model/intake.ts';
import type { RawRow } from '../../model/raw-row.ts';
import { sliceTurn } from '../../ports/event-loop.ts';
import { ByteReader } from '../read/byte-reader.ts';
import type { ByteSource } from '../read/byte-source.ts';
import { CsvRecords } from '../read/csv-records.ts';
import { decideEncoding, markOf } from '../read/encoding.ts';
import { firstNonAscii } from '../read/guess-encoding.ts';
import { inflate, isGzipMagic } from '../read/gunzip.ts';
import { behindDelimiterLine, checkText, firstText, refuseBinary, unmarkedUtf16 } from '../read/intake.ts';
import { isWorkbook } from '../read/sniff-binary.ts';
import { type TextForm, textForm } from '../read/transcode.ts';
import { openSheet } from '../read/xlsx/sheet-csv.ts';
import { writtenAs } from '../read/xlsx/written-as.ts';

export interface Beginning {
  encoding: Encoding;
  /** Where the encoding is from: the sender, a byte order mark, or the bytes themselves. */
  encodingBy: 'sender' | 'mark' | 'bytes';
  /** An upload would not find this encoding by itself. */
  mustBeNamed: boolean;
  bom: boolean;
  gzip: boolean;
  /** The sheet that is looked at, and the names of all; null where the file is no workbook. */
  sheet: { name: string; names: string[] } | null;
  /** Bytes that were looked at, unpacked. */
  bytes: number;
  /** The file has no others. */
  whole: boolean;
  /** What a first line `sep=` names; undefined without such a line. */
  named: string | undefined;
  /** Behind that line. Each character is a unit of the form. */
  text: string;
  form: TextForm;
}

export interface BeginningOptions {
  encoding: string | undefined;
  /** The sheet of a workbook, by its name; null for the first one. */
  sheet: string | null;
  format: Format | null;
  /** The file has other bytes than these. */
  isPart: boolean;
}

/** How many bytes of the file that begins like this a preview takes. */
export const previewedBytes = (first: Buffer): number =>
  isWorkbook(first) ? limits.previewWorkbookBytes : limits.previewBytes;

/** `bytes`: the first ones of the file, or all of a workbook. */
export async function readBeginning(bytes: Buffer, options: BeginningOptions): Promise<Beginning> {
  if (isWorkbook(bytes)) return readSheet(bytes, options);
  const { encoding, format, isPart } = options;
  const gzip = isGzipMagic(bytes);
  const stored = new ByteReader(Readable.from([bytes]));
  const bounds = { ...limits, maxInflatedBytes: Number.POSITIVE_INFINITY };
  const reader = gzip ? new ByteReader(inflate(stored, bounds, { bytes: 0 })) : stored;
  const ahead = await reader.lookAhead(limits.previewBytes + 1);
  const whole = !isPart && ahead.length <= limits.previewBytes && (await isComplete(reader, ahead.length));
  const decoded = await decode(ahead.subarray(0, limits.previewBytes), whole, gzip, encoding, format);
  return { ...decoded, gzip, sheet: null, whole };
}

/** The directory of a workbook is at its end. Throws `too_large` for the beginning of one. */
async function readSheet(bytes: Buffer, { sheet, format, isPart }: BeginningOptions): Promise<Beginning> {
  if (isPart)
    throw fileFailure(
      'too_large',
      `A workbook is previewed as a whole, and may have ${limits.previewWorkbookBytes} bytes: send one with fewer rows, or all of it.`,
    );
  const source: ByteSource = {
    sizeBytes: bytes.length,
    open: async (offset, length) => Readable.from([bytes.subarray(offset, offset + length)]),
  };
  const bounds = { ...limits, maxInflatedBytes: limits.previewUnpackedBytes };
  const csv = await openSheet(source, sheet, writtenAs(format), bounds);
  try {
    const ahead = await new ByteReader(csv.bytes).lookAhead(limits.previewBytes + 1);
    const whole = ahead.length <= limits.previewBytes;
    const decoded = await decode(ahead.subarray(0, limits.previewBytes), whole, false, undefined, null);
    return { ...decoded, gzip: false, sheet: { name: csv.name, names: csv.names }, whole };
  } finally {
    await csv.close();
  }
}

/** False for a gzip file that is cut short or damaged behind these bytes. Throws `corrupt_gzip` when there are none. */
async function isComplete(reader: ByteReader, bytes: number): Promise<boolean> {
  try {
    await reader.peek(bytes + 1);
    return true;
  } catch (error) {
    if (bytes > 0 && isFileFailure(error)) return false;
    throw error;
  }
}

async function decode(
  first: Buffer,
  whole: boolean,
  gzip: boolean,
  asked: string | undefined,
  format: Format | null,
): Promise<Omit<Beginning, 'gzip' | 'sheet' | 'whole'>> {
  if (first.length === 0)
    throw new OmsError('empty_upload', 'the file has no bytes: check that it was saved, and send it again');
  refuseBinary(first, gzip);
  // A byte order mark is surer than a format.
  const given = asked ?? (markOf(first) === undefined ? (format?.encoding ?? undefined) : undefined);
  const label = given ?? unmarkedEncoding(first);
  const { encoding, isGiven, marked } = decideEncoding(first, evidenceIn(first, whole), label);
  await sliceTurn();
  const bom = marked?.[0] === encoding;
  const form = textForm(encoding);
  const text = firstText(first.subarray(bom ? marked[1].length : 0), whole, encoding);
  checkText(text, form);
  const { named, start } = behindDelimiterLine(text);
  const by = given !== undefined ? 'sender' : isGiven && label === undefined ? 'mark' : 'bytes';
  return {
    ...{ encoding, encodingBy: by, mustBeNamed: !bom && label !== undefined && !isFound(first, whole, encoding) },
    ...{ bom, bytes: first.length, form, named, text: start },
  };
}

/** UTF-16 without a mark, which the reader does not take unasked. */
const unmarkedEncoding = (first: Buffer) =>
  markOf(first) === undefined ? (unmarkedUtf16(first.toString('latin1', 0, SEARCHED_BYTES)) ?? undefined) : undefined;

const SEARCHED_BYTES = 200;

/** Whether an upload finds this encoding unasked. */
function isFound(first: Buffer, whole: boolean, encoding: Encoding): boolean {
  try {
    return (
      unmarkedEncoding(first) === undefined &&
      decideEncoding(first, evidenceIn(first, whole), undefined).encoding === encoding
    );
  } catch (error) {
    if (isOmsError(error)) return false;
    throw error;
  }
}

function evidenceIn(first: Buffer, whole: boolean) {
  const at = firstNonAscii(first);
  return at === -1 ? null : { bytes: first.subarray(Math.max(0, at - 1)), whole };
}

/**
 * The records of the text with a delimiter, up to so many characters. Their rows are those of the file: a line `sep=` is row 1. Throws the
 * failure of a record that cannot be read.
 */
export async function* recordsOf(
  { text, form, named, whole }: Beginning,
  delimiter: Delimiter,
  maxChars = text.length,
): AsyncGenerator<RawRow> {
  const position = { offset: 0, row: named === undefined ? 0 : 1 };
  const records = new CsvRecords(delimiter, form, limits.previewRecordBytes, position);
  for (let at = 0; at < maxChars; at += limits.previewSliceChars) {
    records.push(text.slice(at, Math.min(maxChars, at + limits.previewSliceChars)));
    for (let row = records.next(); row !== null; row = records.next()) yield row;
    await sliceTurn();
  }
  if (!whole || maxChars < text.length) return;
  records.end(Number.MAX_SAFE_INTEGER);
  for (let row = records.next(); row !== null; row = records.next()) yield row;
}
