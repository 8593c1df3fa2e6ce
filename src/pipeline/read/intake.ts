/**
 * Decides from the first bytes of a file whether it is text at all, its encoding and its delimiter. Decided once, before the first row, and
 * kept with the file.
 */
import { isOmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { fileFailure, notCsv } from '../../model/file-failure.ts';
import { DELIMITERS, type Delimiter, type Encoding, type Intake } from '../../model/intake.ts';
import type { RawRow } from '../../model/raw-row.ts';
import { CsvRecords } from './csv-records.ts';
import { decideEncoding, type Evidence } from './encoding.ts';
import { isGzipMagic } from './gunzip.ts';
import { orderColumnsIn } from './header.ts';
import { isHeaderLike, refuseWithoutHeader } from './no-header.ts';
import { sniffBinary } from './sniff-binary.ts';
import { UnitDecoder } from './text-decoder.ts';
import { isTranscoded, type TextForm, Transcoder, textForm } from './transcode.ts';

export interface Decided {
  intake: Intake;
  bomBytes: number;
}

/**
 * Decides how to read a file from its first bytes. `whole`: there are no others. `evidence`: the bytes from the first that is not ASCII on,
 * null when there is none. Throws `not_csv`, `unsupported_encoding` or `missing_column` for what cannot be a file of orders.
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

  const { encoding, isGiven, marked } = decideEncoding(first, evidence, encodingLabel);
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
  if (!isGiven && evidence === null && !whole) intake.encodingOpen = true;
  return { intake, bomBytes };
}

function firstText(bytes: Buffer, whole: boolean, encoding: Encoding): string {
  const decoder = new UnitDecoder(textForm(encoding));
  if (!isTranscoded(encoding)) return decoder.decode(bytes) + (whole ? decoder.end() : '');
  const transcoder = new Transcoder(encoding);
  return decoder.decode(transcoder.push(bytes)) + (whole ? decoder.decode(transcoder.end()) : '');
}

const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** For column names, and for the first line, which may be a whole file without line ends. */
export function refuseControlCharacters(text: string): void {
  if (CONTROL.test(text)) throw notCsv('The file begins with control characters, as no text does');
}

function checkText(text: string, form: TextForm): void {
  const lineEnd = text.search(/[\r\n]/);
  const firstLine = lineEnd === -1 ? text : text.slice(0, lineEnd);
  refuseUnmarkedUtf16(firstLine, form);
  refuseControlCharacters(firstLine);
}

/** UTF-16 read byte by byte has a NUL at nearly every other place. */
function refuseUnmarkedUtf16(firstLine: string, form: TextForm): void {
  if (form.startsWith('utf-16')) return;
  const start = firstLine.slice(0, 200);
  const nuls = [0, 0];
  for (let at = 0; at < start.length; at++) {
    if (start.charCodeAt(at) === 0) nuls[at % 2]!++;
  }
  const [even, odd] = nuls as [number, number];
  if (Math.max(even, odd) <= start.length / 4 || Math.min(even, odd) > 0) return;
  const fix = `upload it with ?encoding=${odd > 0 ? 'utf-16le' : 'utf-16be'}, or save it as UTF-8`;
  throw fileFailure('unsupported_encoding', `The file seems to be UTF-16 without a byte order mark: ${fix}.`);
}

/** A first line that names the delimiter for spreadsheets: `sep=;`, perhaps in quotes, and padded with delimiters. */
const DELIMITER_LINE = /^"?sep=([^"\r\n])?"?[,;\t| ]*(?:\r\n|\n|\r|$)/i;

export const namesDelimiter = (line: string): boolean => DELIMITER_LINE.test(line);

interface Head {
  delimiter: Delimiter;
  /** How many order columns the first row names. */
  names: number;
}

/** The delimiter with which the header names the most order columns; of several, the one that the first line names. */
function detectDelimiter(named: string | undefined, records: (delimiter: Delimiter, count: number) => RawRow[]): Head {
  const first = DELIMITERS.filter((delimiter) => delimiter === named);
  let best: Head = { delimiter: first[0] ?? DELIMITERS[0], names: 0 };
  for (const delimiter of new Set([...first, ...DELIMITERS])) {
    const names = orderColumnsIn(records(delimiter, 1)[0]?.cells ?? []).size;
    if (names > best.names) best = { delimiter, names };
  }
  return best;
}

/** The first rows, as far as they can be read. */
function firstOf(records: CsvRecords, count: number): RawRow[] {
  const rows: RawRow[] = [];
  try {
    while (rows.length < count) {
      const row = records.next();
      if (row === null) break;
      rows.push(row);
    }
  } catch (error) {
    // Reading the file with the chosen delimiter throws the error again, with the right row.
    if (!isOmsError(error)) throw error;
  }
  return rows;
}
