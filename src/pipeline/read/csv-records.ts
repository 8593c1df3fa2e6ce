/**
 * The CSV grammar: text goes in by `push` in pieces cut anywhere, rows come out of `next`. What comes out depends on the
 * whole text alone, never on the pieces. No more than one record and one piece is held.
 *
 * RFC 4180, and beyond it: line ends are LF, CRLF or CR, in any mixture; spaces and tabs around a quoted field are not part of it; a
 * quote inside an unquoted field is text; a quoted field followed by neither delimiter nor line end makes its row malformed, and reading
 * continues after the line on which that field began, so that a stray quote costs one row and not those behind it. Behind spaces such a
 * field is text. Records without any value count but are no rows.
 */
import type { OmsError } from '../../errors.ts';
import { fileFailure } from '../../model/file-failure.ts';
import type { Delimiter, Position } from '../../model/intake.ts';
import type { RawRow } from '../../model/raw-row.ts';
import { trim } from '../../model/trim.ts';
import { decodeCells, unitBytesOf } from './text-decoder.ts';
import type { TextForm } from './transcode.ts';

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const QUOTE = 34;

/** Characters that may have to be seen after a closing quote to know what it is: a CR, and whether it is alone. */
const LOOK_AHEAD_CHARS = 2;

/** Takes records by their bytes, before texts are made of them. */
export interface RecordTaker {
  /** What bytes that are not ASCII are, from the next record on. */
  form: TextForm;
  /**
   * The record that begins at `from`, the row of that number: returns the index behind its line end, which must be before `to`, or -1
   * to have it read as texts.
   */
  take(bytes: Uint8Array, from: number, to: number, row: number): number;
}

interface Scanned {
  cells: string[];
  /** Index after the record's line end. */
  end: number;
  malformedQuote: boolean;
}

/** The text ends before the record does: in a quoted field that is not closed, or elsewhere. */
type Incomplete = 'in quotes' | 'outside quotes';

export class CsvRecords {
  readonly #delimiter: Delimiter;
  readonly #delimiterCode: number;
  readonly #unitBytes: number;
  readonly #maxRecordBytes: number;
  readonly #maxRecordChars: number;

  #text = '';
  /** Of the text, or null where it was put together. */
  #bytes: Uint8Array | null = null;
  #at = 0;
  /** The file's bytes before the text. */
  #offset: number;
  #endOffset = Number.POSITIVE_INFINITY;
  #row: number;
  /** Where the first of each after some earlier place is, or the text's end: valid until passed. */
  #quote = -1;
  #lf = -1;
  #cr = -1;

  /** May change where only ASCII was read by it, between forms of a byte each. */
  form: TextForm;

  constructor(delimiter: Delimiter, form: TextForm, maxRecordBytes: number, position: Position) {
    this.#delimiter = delimiter;
    this.#delimiterCode = delimiter.charCodeAt(0);
    this.form = form;
    this.#unitBytes = unitBytesOf(form);
    this.#maxRecordBytes = maxRecordBytes;
    this.#maxRecordChars = Math.floor(maxRecordBytes / this.#unitBytes);
    this.#offset = position.offset;
    this.#row = position.row;
  }

  /** Spreadsheet row of the last record that was read, blank ones included. */
  get row(): number {
    return this.#row;
  }

  /** The file's bytes up to the end of that record. */
  get offset(): number {
    return Math.min(this.#offset + this.#at * this.#unitBytes, this.#endOffset);
  }

  /** `bytes`: those of the text, when it has a character for each. */
  push(text: string, bytes: Uint8Array | null = null): void {
    this.#offset += this.#at * this.#unitBytes;
    const isWhole = this.#at === this.#text.length;
    this.#text = isWhole ? text : this.#text.slice(this.#at) + text;
    this.#bytes = isWhole ? bytes : null;
    this.#at = 0;
    this.#quote = this.#lf = this.#cr = -1;
  }

  /** No more text comes: what is left is the last record, with or without a line end. */
  end(endOffset: number): void {
    this.#endOffset = endOffset;
    if (this.#at < this.#text.length && this.#text.charCodeAt(this.#text.length - 1) !== LF) this.push('\n');
  }

  /** Offers the next record; false when it is not taken, or there is none. */
  offer(taker: RecordTaker): boolean {
    if (this.#bytes === null) return false;
    const to = Math.min(this.#bytes.length, this.#at + this.#maxRecordBytes);
    const end = taker.take(this.#bytes, this.#at, to, this.#row + 1);
    if (end === -1) return false;
    this.#at = end;
    this.#row++;
    return true;
  }

  /** The next row, or null when there is none without more text. */
  next(): RawRow | null {
    while (this.#at < this.#text.length) {
      const start = this.#at;
      const scanned = this.#scan(start);
      if (typeof scanned === 'string') {
        this.#checkIncomplete(scanned, this.#text.length - start);
        return null;
      }
      const { cells, end, malformedQuote } = scanned;
      if (end - start > this.#maxRecordChars) throw this.#recordTooLarge();
      this.#at = end;
      this.#row++;
      const undecodable = decodeCells(cells, this.form);
      if (isBlank(cells)) continue;
      return { row: this.#row, cells, end: this.offset, malformedQuote, undecodable };
    }
    return null;
  }

  #scan(start: number): Scanned | Incomplete {
    const text = this.#text;
    const lineEnd = this.#lineEndFrom(start);
    // A record is split once, not again for each piece of it: a megabyte of delimiters would take half a second.
    if (lineEnd === -1 && text.length - start <= this.#maxRecordChars) return 'outside quotes';
    if (this.#quote < start) this.#quote = indexOrEnd(text, '"', start);
    return this.#quote < lineEnd || lineEnd === -1 ? this.#scanFields(start) : this.#splitLine(start, lineEnd, false);
  }

  #scanFields(start: number): Scanned | Incomplete {
    const text = this.#text;
    const delimiter = this.#delimiterCode;
    const cells: string[] = [];
    for (let at = start; ; at++) {
      // A field that begins beyond the limit must not decide, by a quote that may have come or not, what the record is called.
      if (at - start >= this.#maxRecordChars) throw this.#recordTooLarge();
      const quote = this.#behindBlanks(start, at);
      const quoted = text.charCodeAt(quote) === QUOTE ? this.#scanQuoted(start, quote, quote > at) : 'text';
      if (quoted === 'malformed') return this.#scanMalformed(start, quote);
      if (quoted === 'in quotes' || quoted === 'outside quotes') return quoted;
      let to: number;
      if (quoted === 'text') {
        // Character by character, as a search for the delimiter could run far beyond the line, again in every line.
        to = at;
        let code = text.charCodeAt(to);
        while (code !== delimiter && code !== LF && code !== CR) {
          if (++to >= text.length) return 'outside quotes';
          code = text.charCodeAt(to);
        }
        cells.push(text.slice(at, to));
      } else {
        cells.push(quoted.cell);
        to = quoted.end;
      }
      if (text.charCodeAt(to) !== delimiter) {
        const end = this.#behindLineEnd(to);
        return end === -1 ? 'outside quotes' : { cells, end, malformedQuote: false };
      }
      at = to;
    }
  }

  /** The field that this quote opens, up to the delimiter or line end behind it. One behind spaces is text where it ends badly. */
  #scanQuoted(
    start: number,
    quote: number,
    spaced: boolean,
  ): { cell: string; end: number } | 'text' | 'malformed' | Incomplete {
    const text = this.#text;
    const firstQuote = text.indexOf('"', quote + 1);
    const close = closingQuote(text, firstQuote);
    if (close === -1) {
      if (!spaced) return 'in quotes';
      return this.#mayGoOn(text.length - start) ? 'outside quotes' : 'text';
    }
    if (close - start >= this.#maxRecordChars) {
      if (spaced) return 'text';
      throw this.#unclosedQuote();
    }
    const end = this.#behindBlanks(start, close + 1);
    if (end - start > this.#maxRecordChars) throw this.#recordTooLarge();
    if (end >= text.length) return 'outside quotes';
    const after = text.charCodeAt(end);
    if (after !== this.#delimiterCode && after !== LF && after !== CR) return spaced ? 'text' : 'malformed';
    const cell = text.slice(quote + 1, close);
    return { cell: close === firstQuote ? cell : cell.replaceAll('""', '"'), end };
  }

  /** The record up to the end of the line on which its bad field opens, split without regard to quotes. */
  #scanMalformed(start: number, badField: number): Scanned | Incomplete {
    const lineEnd = this.#lineEndFrom(badField);
    return lineEnd === -1 ? 'outside quotes' : this.#splitLine(start, lineEnd, true);
  }

  #splitLine(start: number, lineEnd: number, malformedQuote: boolean): Scanned | Incomplete {
    const end = this.#behindLineEnd(lineEnd);
    if (end === -1) return 'outside quotes';
    return { cells: this.#text.slice(start, lineEnd).split(this.#delimiter), end, malformedQuote };
  }

  /** Index of the first LF or CR from here on, or -1. */
  #lineEndFrom(start: number): number {
    const text = this.#text;
    if (this.#lf < start) this.#lf = indexOrEnd(text, '\n', start);
    if (this.#cr < start) this.#cr = indexOrEnd(text, '\r', start);
    const lineEnd = Math.min(this.#lf, this.#cr);
    return lineEnd === text.length ? -1 : lineEnd;
  }

  /** Index behind the line end that begins here; -1 while more of it may come. */
  #behindLineEnd(at: number): number {
    if (this.#text.charCodeAt(at) === LF) return at + 1;
    if (at + 1 >= this.#text.length) return -1;
    return this.#text.charCodeAt(at + 1) === LF ? at + 2 : at + 1;
  }

  /** Behind spaces, and tabs where they delimit nothing; no further than just beyond the limit. */
  #behindBlanks(start: number, at: number): number {
    const tab = this.#delimiterCode === TAB ? SPACE : TAB;
    let to = at;
    for (; to - start <= this.#maxRecordChars; to++) {
      const code = this.#text.charCodeAt(to);
      if (code !== SPACE && code !== tab) break;
    }
    return to;
  }

  #checkIncomplete(incomplete: Incomplete, chars: number): void {
    if (this.#mayGoOn(chars)) return;
    throw incomplete === 'in quotes' ? this.#unclosedQuote() : this.#recordTooLarge();
  }

  /** A record of which so many characters are there and which has no end yet. */
  #mayGoOn(chars: number): boolean {
    return this.#endOffset === Number.POSITIVE_INFINITY && chars <= this.#maxRecordChars + LOOK_AHEAD_CHARS;
  }

  #unclosedQuote(): OmsError {
    const row = this.#row + 1;
    const lineEnd = this.#lineEndFrom(this.#at);
    const line = this.#text.slice(this.#at, lineEnd === -1 ? undefined : lineEnd);
    const help = line.includes('\\"')
      ? 'quotes in it are escaped by a backslash (\\"), export them written twice ("") instead'
      : 'close it, or remove it';
    return fileFailure(
      'unclosed_quote',
      `Row ${row} opens a quote that is not closed within ${this.#maxRecordBytes} bytes or before the end of the file: ${help}.`,
      row,
    );
  }

  #recordTooLarge(): OmsError {
    const row = this.#row + 1;
    return fileFailure(
      'record_too_large',
      `Row ${row} is longer than the ${this.#maxRecordBytes} bytes a row may have: shorten it, or see that every row ends in a line end.`,
      row,
    );
  }
}

function indexOrEnd(text: string, character: string, from: number): number {
  const at = text.indexOf(character, from);
  return at === -1 ? text.length : at;
}

/** The first quote from this one on that is not doubled, or -1. */
function closingQuote(text: string, quote: number): number {
  let at = quote;
  while (at !== -1 && text.charCodeAt(at + 1) === QUOTE) at = text.indexOf('"', at + 2);
  return at;
}

function isBlank(cells: string[]): boolean {
  for (const cell of cells) {
    if (trim(cell) !== '') return false;
  }
  return true;
}
