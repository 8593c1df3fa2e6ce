/**
 * What the first bytes of a file tell about it: whether it is text at all, its encoding, its delimiter. Decided once,
 * before the first row, and kept with the file.
 */
import { MIMEType } from 'node:util';
import { isOmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { fileFailure, notCsv } from '../model/file-failure.ts';
import { DELIMITERS, type Delimiter, ENCODINGS, type Encoding, type Intake } from '../model/intake.ts';
import type { RawRow } from '../model/raw-row.ts';
import { CsvRecords } from './read/csv-records.ts';
import { guessEncoding } from './read/guess-encoding.ts';
import { isGzipMagic } from './read/gunzip.ts';
import { orderColumnsIn } from './read/header.ts';
import { isHeaderLike, refuseWithoutHeader } from './read/no-header.ts';
import { UnitDecoder } from './read/text-decoder.ts';
import { isTranscoded, type TextForm, Transcoder, textForm } from './read/transcode.ts';

/** Bytes a file of another kind begins with, as one character per byte. */
const MAGIC: readonly (readonly [string, string])[] = [
  ['PK\x03\x04', 'an Excel workbook (.xlsx) or another ZIP archive'],
  ['PK\x05\x06', 'an empty ZIP archive'],
  ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'an old Excel workbook (.xls) or another Office document'],
  ['%PDF-', 'a PDF document'],
  ['\x89PNG\r\n\x1a\n', 'a PNG image'],
  ['\xff\xd8\xff', 'a JPEG image'],
  ['GIF87a', 'a GIF image'],
  ['GIF89a', 'a GIF image'],
  ['\x28\xb5\x2f\xfd', 'a Zstandard archive'],
  ['\xfd7zXZ\0', 'an xz archive'],
  ['7z\xbc\xaf\x27\x1c', 'a 7-Zip archive'],
  ['Rar!\x1a\x07', 'a RAR archive'],
  ['\x7fELF', 'a program'],
];
const BZIP2 = /^BZh[1-9]1AY&SY/;

/** Words for what the file is when it is of a known kind that is not text; gzip is not looked for. */
export function sniffBinary(firstBytes: Uint8Array): string | null {
  const start = Buffer.from(firstBytes.subarray(0, 16)).toString('latin1');
  if (BZIP2.test(start)) return 'a bzip2 archive';
  return MAGIC.find(([magic]) => start.startsWith(magic))?.[1] ?? null;
}

/** The encoding that a user's label stands for; labels are those of the WHATWG Encoding Standard. */
export function parseEncoding(label: string): Encoding {
  let name = '';
  try {
    name = new TextDecoder(label).encoding;
  } catch {
    // An unknown label is refused below.
  }
  const encoding = ENCODINGS.find((known) => known === name);
  if (encoding === undefined) {
    throw fileFailure(
      'unsupported_encoding',
      `The encoding ${JSON.stringify(label.slice(0, 40))} is not known: use one of ${ENCODINGS.join(', ')}.`,
    );
  }
  return encoding;
}

/** Before an encoding that only came with the file, which a byte order mark beats. */
const DECLARED = 'declared:';

/**
 * What the `charset` of a content type asks for, to be kept as the encoding of an upload; null without one. Throws
 * `unsupported_encoding` when it is not known.
 */
export function declaredEncoding(contentType: string | undefined): string | null {
  const charset = charsetOf(contentType ?? '');
  if (charset === null) return null;
  parseEncoding(charset);
  return `${DECLARED}${charset}`;
}

function charsetOf(contentType: string): string | null {
  try {
    return new MIMEType(contentType).params.get('charset') || null;
  } catch {
    return null;
  }
}

const BOMS: readonly (readonly [Encoding, string])[] = [
  ['utf-8', '\xef\xbb\xbf'],
  ['utf-16le', '\xff\xfe'],
  ['utf-16be', '\xfe\xff'],
];

/** Bytes from the first that is not ASCII on, with the one before it. */
export interface Evidence {
  bytes: Buffer;
  /** The file ends with them. */
  whole: boolean;
}

export interface Decided {
  intake: Intake;
  bomBytes: number;
}

/**
 * Decides how to read a file by its first bytes. `whole` says that there are no others; `evidence` are those from the first that is not
 * ASCII on, null when there is none. Throws `not_csv`, `unsupported_encoding` or `missing_column` for what cannot be a file of orders.
 */
export function decideIntake(
  first: Buffer,
  whole: boolean,
  evidence: Evidence | null,
  gzip: boolean,
  encodingLabel: string | undefined,
  maxRecordBytes: number,
): Decided {
  const binary = gzip && isGzipMagic(first) ? 'a gzip file inside a gzip file' : sniffBinary(first);
  if (binary !== null) throw notCsv(`The file is ${binary}`);

  const { encoding, told, marked } = decideEncoding(first, evidence, encodingLabel);
  const bom = marked?.[0] === encoding;
  const bomBytes = bom ? marked[1].length : 0;

  const text = firstText(first.subarray(bomBytes), whole, encoding);
  const form = textForm(encoding);
  checkText(text, form);
  const line = DELIMITER_LINE.exec(text);
  const start = line === null ? text : text.slice(line[0].length);
  const recordsOf = (beginning: string, ends: boolean) => (delimiter: Delimiter, count: number) => {
    const records = new CsvRecords(delimiter, form, maxRecordBytes, { offset: 0, row: line === null ? 0 : 1 });
    records.push(beginning);
    if (ends) records.end(Number.MAX_SAFE_INTEGER);
    return firstOf(records, count);
  };
  const { delimiter, names } = detectDelimiter(line?.[1], recordsOf(start, whole));
  if (!isHeaderLike(names)) {
    const head = start.slice(0, limits.headerSearchChars);
    const records = recordsOf(head, whole && head.length === start.length);
    refuseWithoutHeader(names, head, (delimiter) => records(delimiter, limits.headerSearchRows));
  }
  const intake: Intake = { encoding, delimiter, gzip, bom };
  if (!told && evidence === null && !whole) intake.encodingOpen = true;
  return { intake, bomBytes };
}

/** `told` says that it was not guessed. Throws `unsupported_encoding`. */
export function decideEncoding(first: Buffer, evidence: Evidence | null, label: string | undefined) {
  const start = first.toString('latin1', 0, 4);
  const marked = BOMS.find(([, mark]) => start.startsWith(mark));
  const told = toldEncoding(label, marked?.[0]);
  const encoding = told ?? (evidence === null ? 'utf-8' : guessEncoding(evidence.bytes, evidence.whole));
  return { encoding, told: told !== null, marked };
}

/** By the uploader, a byte order mark, or what came with the file, in this order. */
function toldEncoding(label: string | undefined, marked: Encoding | undefined): Encoding | null {
  if (label === undefined) return marked ?? null;
  if (label.startsWith(DECLARED)) return marked ?? parseEncoding(label.slice(DECLARED.length));
  const asked = parseEncoding(label);
  // "utf-16" alone leaves the byte order to the mark.
  return label.trim().toLowerCase() === 'utf-16' && marked === 'utf-16be' ? marked : asked;
}

function firstText(bytes: Buffer, whole: boolean, encoding: Encoding): string {
  const decoder = new UnitDecoder(textForm(encoding));
  if (!isTranscoded(encoding)) return decoder.decode(bytes) + (whole ? decoder.end() : '');
  const transcoder = new Transcoder(encoding);
  return decoder.decode(transcoder.push(bytes)) + (whole ? decoder.decode(transcoder.end()) : '');
}

const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** For names of columns and for a first line, which may be a whole file without line ends. */
export function refuseControlCharacters(text: string): void {
  if (CONTROL.test(text)) throw notCsv('The file begins with control characters, as no text does');
}

function checkText(text: string, form: TextForm): void {
  const lineEnd = text.search(/[\r\n]/);
  const firstLine = lineEnd === -1 ? text : text.slice(0, lineEnd);
  refuseUnmarkedUtf16(firstLine, form);
  refuseControlCharacters(firstLine);
}

/** Text of UTF-16 that is read byte by byte has a NUL in nearly every other place. */
function refuseUnmarkedUtf16(firstLine: string, form: TextForm): void {
  if (form.startsWith('utf-16')) return;
  const start = firstLine.slice(0, 200);
  const nuls = [0, 0];
  for (let at = 0; at < start.length; at++) {
    if (start.charCodeAt(at) === 0) nuls[at % 2]!++;
  }
  const [even, odd] = nuls as [number, number];
  if (Math.max(even, odd) <= start.length / 4 || Math.min(even, odd) > 0) return;
  const remedy = `upload it with ?encoding=${odd > 0 ? 'utf-16le' : 'utf-16be'}, or save it as UTF-8`;
  throw fileFailure('unsupported_encoding', `The file seems to be UTF-16 without a byte order mark: ${remedy}.`);
}

/** A first line by which spreadsheets are told the delimiter: `sep=;`, perhaps in quotes, and with delimiters that were filled in. */
const DELIMITER_LINE = /^"?sep=([^"\r\n])?"?[,;\t| ]*(?:\r\n|\n|\r|$)/i;

export const namesDelimiter = (line: string): boolean => DELIMITER_LINE.test(line);

interface Head {
  delimiter: Delimiter;
  /** How many order columns the first row names. */
  names: number;
}

/** The delimiter by which the header names the most order columns; of several the one that the first line names. */
function detectDelimiter(named: string | undefined, records: (delimiter: Delimiter, count: number) => RawRow[]): Head {
  const first = DELIMITERS.filter((delimiter) => delimiter === named);
  let best: Head = { delimiter: first[0] ?? DELIMITERS[0], names: 0 };
  for (const delimiter of new Set([...first, ...DELIMITERS])) {
    const names = orderColumnsIn(records(delimiter, 1)[0]?.cells ?? []).size;
    if (names > best.names) best = { delimiter, names };
  }
  return best;
}

/** The next rows, as far as they can be read. */
function firstOf(records: CsvRecords, count: number): RawRow[] {
  const rows: RawRow[] = [];
  try {
    while (rows.length < count) {
      const row = records.next();
      if (row === null) break;
      rows.push(row);
    }
  } catch (error) {
    // Reading the file by the delimiter that is chosen says so again, with the right row.
    if (!isOmsError(error)) throw error;
  }
  return rows;
}
