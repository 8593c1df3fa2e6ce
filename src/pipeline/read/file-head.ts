/**
 * Decides from the first bytes of a file how it is read: its encoding, its delimiter, and where its header is. Decided once, before the
 * first row, and kept with the file.
 */
import { isOmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { nameKey } from '../../model/column-names.ts';
import { ORDER_COLUMNS } from '../../model/columns.ts';
import { type Format, keysOf } from '../../model/format.ts';
import { DELIMITERS, type Delimiter, type Encoding, type Intake } from '../../model/intake.ts';
import type { RawRow } from '../../model/raw-row.ts';
import { CsvRecords } from './csv-records.ts';
import { decideEncoding, declared, type Evidence } from './encoding.ts';
import { isReportHeader, orderColumnsIn } from './header.ts';
import { behindDelimiterLine, checkText, delimitersFrom, firstText, refuseBinary } from './intake.ts';
import { isHeaderLike, refuseWithoutHeader } from './no-header.ts';
import { type TextForm, textForm } from './transcode.ts';
import { SHEET_DELIMITER } from './xlsx/sheet-rows.ts';

/** The beginning of a file, as text. */
export interface FirstBytes {
  bytes: Buffer;
  /** There are no others. */
  whole: boolean;
  /** The bytes from the first that is not ASCII on, null when there is none. */
  evidence: Evidence | null;
  gzip: boolean;
  /** The sheet that they are converted from; null where they are as stored. */
  sheet: string | null;
}

export interface Decided {
  intake: Intake;
  bomBytes: number;
  /** Rows above the header, the line `sep=` included. */
  rowsAbove: number;
}

/** A row that may be the header, and how many rows a format may say are above it. */
export interface PossibleHeader {
  columns: string[];
  rowsAbove: { least: number; most: number };
}

/** `lines`: rows above those that a format skips, see `FileHead.lines`. */
export const possibleHeaders = (rows: readonly RawRow[], lines: number): PossibleHeader[] =>
  rows.map(({ row, cells }, i) => ({
    columns: cells,
    rowsAbove: { least: (rows[i - 1]?.row ?? lines) - lines, most: row - 1 - lines },
  }));

/** Decides how to read a file from its first bytes. Throws `not_csv` and `unsupported_encoding` for what cannot be a file of orders. */
export class FileHead {
  /** By the names of the columns of an order. */
  readonly #delimiter: Delimiter;
  /** How many of those the first row names. */
  readonly #names: number;
  readonly #first: FirstBytes;
  readonly #encodingLabel: string | undefined;
  readonly #maxRecordBytes: number;
  readonly #text: DecodedHead;

  constructor(first: FirstBytes, encodingLabel: string | undefined, maxRecordBytes: number) {
    refuseBinary(first.bytes, first.gzip);
    this.#first = first;
    this.#encodingLabel = encodingLabel;
    this.#maxRecordBytes = maxRecordBytes;
    this.#text = decodeHead(first, encodingLabel);
    const { delimiter, names } = this.#bestDelimiter(this.#text, (delimiter) => {
      const [header] = this.#records(this.#text, delimiter, 1);
      return orderColumnsIn(header?.cells ?? []).size;
    });
    this.#delimiter = delimiter;
    this.#names = names;
  }

  /** The first row names all columns of an order. */
  get isStandard(): boolean {
    return this.#names === ORDER_COLUMNS.length;
  }

  /** The first rows for each delimiter, to find out what the file is. */
  rows(count: number): RawRow[][] {
    const head = beginningOf(this.#text, limits.formatSearchChars);
    return this.#delimiters.map((delimiter) => this.#records(head, delimiter, count));
  }

  /** A sheet is converted with one. */
  get #delimiters(): readonly Delimiter[] {
    return this.#first.sheet === null ? DELIMITERS : [SHEET_DELIMITER];
  }

  /** 1 with a line that names the delimiter. */
  get lines(): number {
    return this.#text.lines;
  }

  /** Throws `missing_column` or `not_csv` where the first row is no header, and it is known what it is instead. */
  standard(): Decided {
    if (!isHeaderLike(this.#names)) {
      const head = beginningOf(this.#text, limits.headerSearchChars);
      refuseWithoutHeader(this.#names, head.text, (delimiter) =>
        this.#records(head, delimiter, limits.headerSearchRows),
      );
    }
    return this.#decided(this.#text, this.#delimiter, 0);
  }

  /** How the file is read by the format: a report of its rows as any report, whatever the format says of the encoding, say. */
  by(format: Format): Decided {
    const report = this.#delimiters.find((delimiter) => {
      const [header] = this.#records(this.#text, delimiter, 1);
      return header !== undefined && isReportHeader(header.cells);
    });
    if (report !== undefined) return this.#decided(this.#text, report, 0);
    const head =
      format.encoding === null || this.#encodingLabel !== undefined
        ? this.#text
        : decodeHead(this.#first, declared(format.encoding));
    const rowsAbove = format.header.skip_rows;
    const keys = keysOf(format);
    const best = this.#bestDelimiter(head, (delimiter) => {
      const rows = this.#records(head, delimiter, rowsAbove + 1);
      const header = rows.find(({ row }) => row > head.lines + rowsAbove);
      return keysIn(header?.cells ?? [], keys);
    });
    const named = this.#first.sheet === null ? format.delimiter : null;
    return this.#decided(head, named ?? best.delimiter, rowsAbove);
  }

  #decided(head: DecodedHead, delimiter: Delimiter, rowsAbove: number): Decided {
    const { gzip, sheet } = this.#first;
    const intake: Intake = { encoding: head.encoding, delimiter, gzip, bom: head.bomBytes > 0 };
    if (sheet !== null) intake.sheet = sheet;
    if (!head.isGiven && this.#first.evidence === null && !this.#first.whole) intake.encodingOpen = true;
    return { intake, bomBytes: head.bomBytes, rowsAbove: head.lines + rowsAbove };
  }

  /** The delimiter with the most names in the header; of several, the one that the first line names. */
  #bestDelimiter({ named }: DecodedHead, namesWith: (delimiter: Delimiter) => number): Best {
    const delimiters = delimitersFrom(named).filter((delimiter) => this.#delimiters.includes(delimiter));
    let best: Best = { delimiter: delimiters[0]!, names: 0 };
    for (const delimiter of delimiters) {
      const names = namesWith(delimiter);
      if (names > best.names) best = { delimiter, names };
    }
    return best;
  }

  #records({ text, whole, form, lines }: DecodedHead, delimiter: Delimiter, count: number): RawRow[] {
    const records = new CsvRecords(delimiter, form, this.#maxRecordBytes, { offset: 0, row: lines });
    records.push(text);
    if (whole) records.end(Number.MAX_SAFE_INTEGER);
    return firstOf(records, count);
  }
}

interface Best {
  delimiter: Delimiter;
  names: number;
}

interface DecodedHead {
  encoding: Encoding;
  /** The encoding was not guessed. */
  isGiven: boolean;
  form: TextForm;
  bomBytes: number;
  /** Behind the line that names the delimiter. */
  text: string;
  whole: boolean;
  /** 1 with such a line. */
  lines: number;
  named: string | undefined;
}

const beginningOf = (head: DecodedHead, chars: number): DecodedHead =>
  head.text.length <= chars ? head : { ...head, text: head.text.slice(0, chars), whole: false };

function decodeHead({ bytes, whole, evidence }: FirstBytes, label: string | undefined): DecodedHead {
  const { encoding, isGiven, marked } = decideEncoding(bytes, evidence, label);
  const bomBytes = marked?.[0] === encoding ? marked[1].length : 0;
  const text = firstText(bytes.subarray(bomBytes), whole, encoding);
  const form = textForm(encoding);
  checkText(text, form);
  const { named, start } = behindDelimiterLine(text);
  return { encoding, isGiven, form, bomBytes, whole, named, text: start, lines: named === undefined ? 0 : 1 };
}

/** How many of the keys of a format the cells name. */
export const keysIn = (cells: readonly string[], keys: ReadonlySet<string>): number =>
  new Set(cells.map(nameKey).filter((key) => keys.has(key))).size;

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
