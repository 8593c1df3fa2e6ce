/** What the first bytes of a file say as text: whether it is text at all, and what its first line is. */
import { fileFailure, notCsv } from '../../model/file-failure.ts';
import { DELIMITERS, type Delimiter, type Encoding } from '../../model/intake.ts';
import { isGzipMagic } from './gunzip.ts';
import { isWorkbook, sniffBinary } from './sniff-binary.ts';
import { UnitDecoder } from './text-decoder.ts';
import { isTranscoded, type TextForm, Transcoder, textForm } from './transcode.ts';

/** Throws `not_csv` for what is no text at all. */
export function refuseBinary(bytes: Buffer, gzip: boolean): void {
  const binary = gzip ? binaryInGzip(bytes) : sniffBinary(bytes);
  if (binary !== null) throw notCsv(`The file is ${binary}`);
}

function binaryInGzip(bytes: Buffer): string | null {
  if (isGzipMagic(bytes)) return 'a gzip file inside a gzip file';
  return isWorkbook(bytes) ? 'a workbook inside a gzip file' : sniffBinary(bytes);
}

/** The bytes as text in which each character is one unit of the form. */
export function firstText(bytes: Buffer, whole: boolean, encoding: Encoding): string {
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

export function checkText(text: string, form: TextForm): void {
  const lineEnd = text.search(/[\r\n]/);
  const firstLine = lineEnd === -1 ? text : text.slice(0, lineEnd);
  const unmarked = form.startsWith('utf-16') ? null : unmarkedUtf16(firstLine);
  if (unmarked !== null)
    throw fileFailure(
      'unsupported_encoding',
      `The file seems to be UTF-16 without a byte order mark: upload it with ?encoding=${unmarked}, or save it as UTF-8.`,
    );
  refuseControlCharacters(firstLine);
}

/** UTF-16 read byte by byte has a NUL at nearly every other place. Null: it is something else. */
export function unmarkedUtf16(firstLine: string): 'utf-16le' | 'utf-16be' | null {
  const start = firstLine.slice(0, 200);
  const nuls = [0, 0];
  for (let at = 0; at < start.length; at++) {
    if (start.charCodeAt(at) === 0) nuls[at % 2]!++;
  }
  const [even, odd] = nuls as [number, number];
  if (Math.max(even, odd) <= start.length / 4 || Math.min(even, odd) > 0) return null;
  return odd > 0 ? 'utf-16le' : 'utf-16be';
}

/** A first line that names the delimiter for spreadsheets: `sep=;`, perhaps in quotes, and padded with delimiters. */
const DELIMITER_LINE = /^"?sep=([^"\r\n])?"?[,;\t| ]*(?:\r\n|\n|\r|$)/i;

/** What a first line `sep=` names (`''` for nothing), undefined without such a line; and the text behind it. */
export function behindDelimiterLine(text: string): { named: string | undefined; start: string } {
  const line = DELIMITER_LINE.exec(text);
  return line === null
    ? { named: undefined, start: text }
    : { named: line[1] ?? '', start: text.slice(line[0].length) };
}

/** In the order in which they are tried: of several that fit alike, the one that the first line names is taken. */
export const delimitersFrom = (named: string | undefined): Delimiter[] => [
  ...new Set([...DELIMITERS.filter((delimiter) => delimiter === named), ...DELIMITERS]),
];
