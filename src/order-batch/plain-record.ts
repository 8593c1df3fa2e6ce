/**
 * The fast path of a row, from its bytes to an order, without a text or an object for it: nearly all rows take it, by the million. A row
 * that is anything but plain, wrong or merely unusual, is left to the slow path (`csv-records.ts`, `validate.ts`), which explains what is
 * wrong. What is taken here is what the slow path makes of it: property-tested against the slow path.
 */
import { FREE_TEXT_COLUMNS, ORDER_COLUMNS, type OrderColumn } from '../model/columns.ts';
import type { Header } from '../model/header.ts';
import type { OrderDateParser } from '../model/order-date.ts';
import { MAX_QUANTITY, PRICE_DIGITS, QUANTITY_DIGITS, TOTAL_DIGITS } from '../model/row-schema.ts';
import type { PlainOrder } from './packer.ts';
import { PlainDates } from './plain-dates.ts';
import { isEmail } from './plain-email.ts';
import { PlainFormat } from './plain-format.ts';
import { money, wholeNumber } from './plain-numbers.ts';
import { isAscii, isPlainUtf8, isTrimmed, mayBeShortened } from './plain-text.ts';

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const QUOTE = 34;
const DOT = 46;
const DELETE = 127;

/** Columns whose values may have any letters, though here only ASCII is known to have no lookalikes. */
const KEYS: OrderColumn[] = ['order_id', 'sku', 'hub_id'];

/** Reads one record after the other; the values of the last are in its fields. */
export class PlainRecord implements PlainOrder {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Columns whose value has doubled quotes, each of which stands for one. */
  readonly doubled: number[] = [];
  ascii = true;
  quantity = 0;
  unitPriceMinor = 0;
  totalMinor = 0;
  orderDateMs = 0;
  /** The format leaves the row out: it has no values. */
  skipped = false;
  /** False where bytes above 127 are not UTF-8: then records that have any are not taken. */
  utf8: boolean;

  /** Null where each value is a cell in standard form. */
  readonly format: PlainFormat | null;

  readonly #at: Record<OrderColumn, number>;
  readonly #width: number;
  readonly #texts: number[];
  readonly #keys: number[];
  readonly #emails: number[];
  readonly #numbered: number[];
  /** By column: whether it may have line breaks and tabs, and doubled quotes. */
  readonly #mayBreak: Uint8Array;
  readonly #mayDouble: Uint8Array;
  readonly #delimiter: number;
  readonly #dates: PlainDates;

  /** Null where the rows of the file have only the slow path. */
  static of(header: Header, delimiter: string, utf8: boolean, parseDate: OrderDateParser): PlainRecord | null {
    const { columns, dataColumns, made, format, report } = header;
    if (report || dataColumns.length < columns.length) return null;
    const isStandard = made.length === 0 && !format?.only;
    const plain = isStandard ? null : PlainFormat.of(header, parseDate);
    return isStandard || plain !== null ? new PlainRecord(header, delimiter, utf8, parseDate, plain) : null;
  }

  private constructor(
    { columns, orderColumns, made }: Header,
    delimiter: string,
    utf8: boolean,
    parseDate: OrderDateParser,
    format: PlainFormat | null,
  ) {
    this.format = format;
    this.#width = columns.length;
    this.#at = orderColumns;
    const inFile = (names: readonly OrderColumn[]) =>
      names.filter((column) => !format?.isOwn(column)).map((column) => orderColumns[column]);
    this.#texts = inFile([...KEYS, ...FREE_TEXT_COLUMNS]);
    this.#numbered = inFile(['order_id', 'sku']);
    this.#keys = inFile(KEYS);
    this.#emails = inFile(['customer_email']);
    this.#mayBreak = new Uint8Array(columns.length);
    // The bytes of the others are compared, or calculated with.
    this.#mayDouble = new Uint8Array(columns.length).fill(1);
    for (const column of FREE_TEXT_COLUMNS)
      if (orderColumns[column] < columns.length) this.#mayBreak[orderColumns[column]] = 1;
    for (const column of ORDER_COLUMNS) {
      const cell = orderColumns[column];
      if (FREE_TEXT_COLUMNS.includes(column) || cell >= columns.length) continue;
      this.#mayDouble[cell] = 0;
      this.#mayBreak[cell] = 0;
    }
    for (const cell of format?.exactCells ?? []) {
      this.#mayDouble[cell] = 0;
      this.#mayBreak[cell] = 0;
    }
    this.#delimiter = delimiter.charCodeAt(0);
    this.utf8 = utf8;
    this.#dates = new PlainDates(parseDate);
    this.starts = new Uint32Array(columns.length + made.length);
    this.ends = new Uint32Array(columns.length + made.length);
  }

  /** Returns the index behind the record's line end, which must be before `to`, or -1 when it is not taken. */
  read(bytes: Uint8Array, from: number, to: number): number {
    const end = this.#split(bytes, from, to);
    if (end === -1 || !(this.ascii || (this.utf8 && isPlainUtf8(bytes, from, end)))) return -1;
    const { format } = this;
    if (format !== null) {
      const skipped = format.skips(bytes, this);
      this.skipped = skipped === true;
      if (skipped) return end;
      if (skipped === null || !format.make(bytes, this)) return -1;
    }
    return this.#check(bytes) ? end : -1;
  }

  /** Finds the values of as many columns as there should be. */
  #split(bytes: Uint8Array, from: number, to: number): number {
    const { starts, ends } = this;
    const delimiter = this.#delimiter;
    const width = this.#width;
    this.doubled.length = 0;
    let all = 0;
    let column = 0;
    for (let i = from; i < to; i++) {
      let byte = bytes[i]!;
      if (column === width) return -1;
      if (byte === QUOTE) {
        starts[column] = ++i;
        for (let doubled = false; ; i++) {
          if (i >= to) return -1;
          byte = bytes[i]!;
          if (byte === QUOTE) {
            if (i + 1 >= to || bytes[i + 1] !== QUOTE) break;
            if (this.#mayDouble[column] === 0) return -1;
            if (!doubled) this.doubled.push(column);
            doubled = true;
            i++;
          } else if (byte < SPACE || byte === DELETE) {
            if (this.#mayBreak[column] === 0 || (byte !== LF && byte !== CR && byte !== TAB)) return -1;
          } else all |= byte;
        }
        ends[column] = i++;
        if (i >= to) return -1;
        byte = bytes[i]!;
        if (byte !== delimiter && byte !== LF && byte !== CR) return -1;
      } else {
        // A quote may follow.
        if (byte === SPACE) return -1;
        starts[column] = i;
        while (byte !== delimiter && byte !== LF) {
          if (byte < SPACE || byte === DELETE) {
            if (byte === CR) break;
            return -1;
          }
          all |= byte;
          if (++i >= to) return -1;
          byte = bytes[i]!;
        }
        ends[column] = i;
      }
      column++;
      if (byte === delimiter) continue;
      if (byte === CR && (++i >= to || bytes[i] !== LF)) return -1;
      this.ascii = all < 128;
      return column === width ? i + 1 : -1;
    }
    return -1;
  }

  #check(bytes: Uint8Array): boolean {
    const { starts, ends } = this;
    for (const column of this.#texts) if (!isTrimmed(bytes, starts[column]!, ends[column]!)) return false;
    // What may be worth a warning takes the slow path.
    for (const column of this.#numbered) if (mayBeShortened(bytes, starts[column]!, ends[column]!)) return false;
    if (!this.ascii) for (const column of this.#keys) if (!isAscii(bytes, starts[column]!, ends[column]!)) return false;
    const at = this.#at;
    // It may be only dots.
    if (bytes[starts[at.order_id]!] === DOT && ends[at.order_id]! - starts[at.order_id]! <= 2) return false;
    for (const column of this.#emails) if (!isEmail(bytes, starts[column]!, ends[column]!)) return false;
    return this.format === null ? this.#readNumbers(bytes) : this.#takeNumbers(this.format, bytes);
  }

  /** Numbers in standard form. */
  #readNumbers(bytes: Uint8Array): boolean {
    const { starts, ends } = this;
    const at = this.#at;
    const quantity = wholeNumber(bytes, starts[at.quantity]!, ends[at.quantity]!, QUANTITY_DIGITS);
    if (quantity < 1 || quantity > MAX_QUANTITY) return false;
    const unitPriceMinor = money(bytes, starts[at.unit_price]!, ends[at.unit_price]!, PRICE_DIGITS);
    if (unitPriceMinor < 1) return false;
    const totalMinor = money(bytes, starts[at.total_amount]!, ends[at.total_amount]!, TOTAL_DIGITS);
    if (quantity * unitPriceMinor !== totalMinor) return false;
    const orderDateMs = this.#dates.dateMs(bytes, starts[at.order_date]!, ends[at.order_date]!);
    if (Number.isNaN(orderDateMs)) return false;
    this.quantity = quantity;
    this.unitPriceMinor = unitPriceMinor;
    this.totalMinor = totalMinor;
    this.orderDateMs = orderDateMs;
    return true;
  }

  #takeNumbers(format: PlainFormat, bytes: Uint8Array): boolean {
    if (!format.readNumbers(bytes, this)) return false;
    this.quantity = format.quantity;
    this.unitPriceMinor = format.unitPriceMinor;
    this.totalMinor = format.totalMinor;
    this.orderDateMs = format.orderDateMs;
    return true;
  }
}
