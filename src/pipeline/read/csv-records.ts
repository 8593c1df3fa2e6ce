/**
 * The CSV grammar: `push` takes text in pieces cut anywhere, `next` returns rows. The rows depend only on the whole text, never on how it
 * was cut. At most one record and one piece are held.
 *
 * RFC 4180, and beyond it:
 * - Line ends are LF, CRLF or CR, in any mixture.
 * - Spaces and tabs around a quoted field are not part of it. A quote inside an unquoted field is text.
 * - A quoted field that is followed by neither delimiter nor line end makes its row malformed. Reading continues after the line on which
 *   the field began, so that a stray quote costs one row and not those after it. Where spaces come before its quote, the field is text.
 * - Blank records count for row numbers, but are not rows.
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

/** Characters after a closing quote that decide what it is: a CR, and whether an LF follows. */
const LOOK_AHEAD_CHARS = 2;

/** Takes records as bytes, before they are decoded to texts. */
export interface RecordTaker {
  /** How bytes beyond ASCII are encoded, from the next record on. */
  form: TextForm;
  /**
   * Takes the record that begins at `from`, as this row. Returns the index after its line end, at most `to`; -1 to have it read as texts.
   */
  take(bytes: Uint8Array, from: number, to: number, row: number): number;
}

interface Scanned {
  cells: string[];
  /** Index after the record's line end. */
  end: number;
  malformedQuote: boolean;
}

/** The text ends before the record does: inside a quoted field, or elsewhere. */
type Incomplete = 'in quotes' | 'outside quotes';

export class CsvRecords {
  readonly #delimiter: Delimiter;
  readonly #delimiterCode: number;
  readonly #unitBytes: number;
  readonly #maxRecordBytes: number;
  readonly #maxRecordChars: number;

  #text = '';
  /** The bytes of the text; null when the text was joined from two pieces. */
  #bytes: Uint8Array | null = null;
  #at = 0;
  /** How many bytes of the file come before the text. */
  #offset: number;
  #endOffset = Number.POSITIVE_INFINITY;
  #row: number;
  /** The next quote, LF and CR from an earlier place on, or the end of the text: valid until reading has passed them. */
  #quote = -1;
  #lf = -1;
  #cr = -1;

  /** May change while only ASCII was read, between forms of one byte per character. */
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

  /** The spreadsheet row of the last record that was read; blank records count. */
  get row(): number {
    return this.#row;
  }

  /** The byte offset of the end of that record. */
  get offset(): number {
    return Math.min(this.#offset + this.#at * this.#unitBytes, this.#endOffset);
  }

  /** `bytes`: the bytes of the text, when each is one character. */
  push(text: string, bytes: Uint8Array | null = null): void {
    this.#offset += this.#at * this.#unitBytes;
    const isWhole = this.#at === this.#text.length;
    this.#text = isWhole ? text : this.#text.slice(this.#at) + text;
    this.#bytes = isWhole ? bytes : null;
    this.#at = 0;
    this.#quote = this.#lf = this.#cr = -1;
  }

  /** No more text comes: the rest is the last record, with or without a line end. */
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

  /** The next row; null when more text is needed. */
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
    // A record is split only once it is complete, not for each piece: a megabyte of delimiters would take half a second.
    if (lineEnd === -1 && text.length - start <= this.#maxRecordChars) return 'outside quotes';
    if (this.#quote < start) this.#quote = indexOrEnd(text, '"', start);
    return this.#quote < lineEnd || lineEnd === -1 ? this.#scanFields(start) : this.#splitLine(start, lineEnd, false);
  }

  #scanFields(start: number): Scanned | Incomplete {
    const text = this.#text;
    const delimiter = this.#delimiterCode;
    const cells: string[] = [];
    for (let at = start; ; at++) {
      // Whether a quote beyond the limit was read depends on the pieces: it must not decide which error the record gets.
      if (at - start >= this.#maxRecordChars) throw this.#recordTooLarge();
      const quote = this.#behindBlanks(start, at);
      const quoted = text.charCodeAt(quote) === QUOTE ? this.#scanQuoted(start, quote, quote > at) : 'text';
      if (quoted === 'malformed') return this.#scanMalformed(start, quote);
      if (quoted === 'in quotes' || quoted === 'outside quotes') return quoted;
      let to: number;
      if (quoted === 'text') {
        // Character by character: `indexOf` could search far beyond the line for the delimiter, again in every line.
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

  /** The field that this quote opens, up to its delimiter or line end. When it ends badly and spaces come before it, it is text. */
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
      return this.#mayContinue(text.length - start) ? 'outside quotes' : 'text';
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

  /** The record up to the end of the line on which its malformed field opens, split at every delimiter. */
  #scanMalformed(start: number, badField: number): Scanned | Incomplete {
    const lineEnd = this.#lineEndFrom(badField);
    return lineEnd === -1 ? 'outside quotes' : this.#splitLine(start, lineEnd, true);
  }

  #splitLine(start: number, lineEnd: number, malformedQuote: boolean): Scanned | Incomplete {
    const end = this.#behindLineEnd(lineEnd);
    if (end === -1) return 'outside quotes';
    return { cells: this.#text.slice(start, lineEnd).split(this.#delimiter), end, malformedQuote };
  }

  /** The index of the first LF or CR from here on, or -1. */
  #lineEndFrom(start: number): number {
    const text = this.#text;
    if (this.#lf < start) this.#lf = indexOrEnd(text, '\n', start);
    if (this.#cr < start) this.#cr = indexOrEnd(text, '\r', start);
    const lineEnd = Math.min(this.#lf, this.#cr);
    return lineEnd === text.length ? -1 : lineEnd;
  }

  /** The index after the line end that begins here; -1 while an LF may still come. */
  #behindLineEnd(at: number): number {
    if (this.#text.charCodeAt(at) === LF) return at + 1;
    if (at + 1 >= this.#text.length) return -1;
    return this.#text.charCodeAt(at + 1) === LF ? at + 2 : at + 1;
  }

  /** The index after spaces, and after tabs unless they are the delimiter; at most one past the limit of a record. */
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
    if (this.#mayContinue(chars)) return;
    throw incomplete === 'in quotes' ? this.#unclosedQuote() : this.#recordTooLarge();
  }

  /** Whether an incomplete record with so many characters may still be completed. */
  #mayContinue(chars: number): boolean {
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

/** The first quote from this one on that is not doubled; -1 when there is none. */
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
