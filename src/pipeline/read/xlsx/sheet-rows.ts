/**
 * Takes the rows of a sheet as CSV. A row is the record with its number: rows that are not there, or have no value, are blank records. All
 * rows are as wide as the widest so far, since a sheet leaves out the empty cells at the end of a row.
 */
import { limits } from '../../../limits.ts';
import { fileFailure } from '../../../model/file-failure.ts';
import { csvCell } from '../../../model/spreadsheet-cell.ts';
import { booleanText, isoText, type NumberOptions, numberText, unescapedText } from './cell-text.ts';
import type { SheetTexts } from './sheet-texts.ts';
import type { Workbook } from './workbook.ts';
import type { Attributes, XmlTaker } from './xml.ts';
import { corruptWorkbook } from './zip-parts.ts';

/** Stands for a byte that no text has: half a character, which no text of a cell has. */
const NO_TEXT_MARK = '\ud800';
const NO_TEXT_MARKS = /\ud800/u;
const NO_TEXT = Buffer.of(0xff);

export const SHEET_DELIMITER = ',';

/** The text of a cell as a cell of the CSV. */
export const sheetText = (text: string): string => csvCell(unescapedText(text).toWellFormed(), SHEET_DELIMITER);

/** Where the XML is: in the sheet, in a row of it, in a cell of that. */
type Place = 'nothing' | 'sheet' | 'row' | 'cell';

export class SheetRows implements XmlTaker {
  readonly #workbook: Workbook;
  readonly #texts: SheetTexts;
  readonly #options: NumberOptions;
  #lines: string[] = [];
  #in: Place = 'nothing';
  #row = 0;
  #writtenRow = 0;
  #width = 0;
  #cells: string[] = [];
  #chars = 0;
  #column = 0;
  #type = 'n';
  #style = 0;
  #value = '';
  /** The text that is taken next is one of the value. */
  #isValue = false;
  #isPhonetic = false;

  constructor(workbook: Workbook, texts: SheetTexts, options: NumberOptions) {
    this.#workbook = workbook;
    this.#texts = texts;
    this.#options = options;
  }

  /** The rows since the last call. */
  take(): Buffer {
    const text = this.#lines.join('');
    this.#lines = [];
    if (text.isWellFormed()) return Buffer.from(text);
    const pieces = text.split(NO_TEXT_MARKS).flatMap((piece) => [NO_TEXT, Buffer.from(piece)]);
    return Buffer.concat(pieces.slice(1));
  }

  open(name: string, attributes: Attributes): void {
    if (name === 'sheetData') this.#enter('nothing', 'sheet');
    if (this.#in === 'nothing') return;
    if (name === 'c') this.#openCell(attributes);
    else if (name === 'v' || name === 't') this.#isValue = !this.#isPhonetic;
    else if (name === 'row') this.#openRow(attributes);
    else if (name === 'rPh') this.#isPhonetic = true;
  }

  text(text: string): void {
    if (this.#isValue) this.#value += text;
  }

  close(name: string): void {
    if (name === 'sheetData') this.#in = 'nothing';
    if (this.#in === 'nothing') return;
    if (name === 'c') this.#closeCell();
    else if (name === 'v' || name === 't') this.#isValue = false;
    else if (name === 'row') this.#closeRow();
    else if (name === 'rPh') this.#isPhonetic = false;
  }

  #enter(from: Place, to: Place): void {
    if (this.#in !== from) throw corruptWorkbook(`its elements are in one another behind row ${this.#row}`);
    this.#in = to;
  }

  #openRow({ r }: Attributes): void {
    this.#enter('sheet', 'row');
    const row = r === undefined ? this.#row + 1 : Number(r);
    if (!Number.isSafeInteger(row) || row <= this.#row || row > limits.maxSheetRows)
      throw corruptWorkbook(`the row behind row ${this.#row} has the number ${String(r).slice(0, 20)}`);
    this.#row = row;
    this.#cells = [];
    this.#chars = 0;
    this.#column = 0;
  }

  #openCell({ r, t = 'n', s }: Attributes): void {
    this.#enter('row', 'cell');
    this.#column = r === undefined ? this.#column + 1 : columnOf(r);
    this.#type = t;
    this.#style = s === undefined ? 0 : Number(s);
    this.#value = '';
  }

  #closeCell(): void {
    this.#in = 'row';
    if (this.#value === '') return;
    const text = this.#text(this.#value);
    if (text === '') return;
    if (this.#column > limits.maxSheetColumns)
      throw fileFailure(
        'too_many_columns',
        `Row ${this.#row} of the sheet has a value in column ${this.#column}, and a sheet may have ${limits.maxSheetColumns}: remove what is to the right of the orders.`,
        this.#row,
      );
    this.#chars += text.length;
    if (this.#chars > limits.maxRecordBytes)
      throw fileFailure(
        'record_too_large',
        `Row ${this.#row} of the sheet has more than ${limits.maxRecordBytes} characters: an order has far less.`,
        this.#row,
      );
    while (this.#cells.length < this.#column) this.#cells.push('');
    this.#cells[this.#column - 1] = text;
  }

  #text(value: string): string {
    switch (this.#type) {
      case 's':
        return this.#shared(value);
      case 'str':
      case 'inlineStr':
        return sheetText(value);
      case 'b':
        return booleanText(value);
      case 'e':
        return sheetText(value) + NO_TEXT_MARK;
      case 'd':
        return sheetText(isoText(value, this.#options));
      default:
        return sheetText(numberText(value.trim(), this.#workbook.styles[this.#style] ?? null, this.#options));
    }
  }

  #shared(value: string): string {
    const text = this.#texts.get(Number(value));
    if (text === null) throw corruptWorkbook(`a cell of row ${this.#row} has a text that is not there`);
    return text;
  }

  #closeRow(): void {
    this.#in = 'sheet';
    if (this.#cells.length === 0) return;
    this.#width = Math.max(this.#width, this.#cells.length);
    const blank = '\n'.repeat(this.#row - this.#writtenRow - 1);
    const rest = SHEET_DELIMITER.repeat(this.#width - this.#cells.length);
    this.#lines.push(`${blank}${this.#cells.join(SHEET_DELIMITER)}${rest}\n`);
    this.#writtenRow = this.#row;
  }
}

/** The number of the column of a cell such as `AB12`. */
function columnOf(cell: string): number {
  let column = 0;
  for (let at = 0; at < cell.length; at++) {
    const letter = cell.charCodeAt(at) - 64;
    if (letter < 1 || letter > 26) break;
    column = column * 26 + letter;
  }
  if (column < 1) throw corruptWorkbook(`a cell has the place ${JSON.stringify(cell.slice(0, 20))}`);
  return column;
}
