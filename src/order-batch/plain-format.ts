/**
 * What a format makes of a row on the fast path: values that are elsewhere than in one cell, and numbers and dates of another form, which
 * the readers of the slow path read. A format that does more than that, or something unusual, has only the slow path.
 */
import { limits } from '../limits.ts';
import { cellValue } from '../model/characters.ts';
import { nameKey } from '../model/column-names.ts';
import { FREE_TEXT_COLUMNS, ORDER_COLUMNS, type OrderColumn } from '../model/columns.ts';
import type { Format } from '../model/format.ts';
import { comparable, createValueReaders, type ValueReaders } from '../model/format-values.ts';
import type { Header } from '../model/header.ts';
import { parseMinor } from '../model/money.ts';
import type { OrderDateParser } from '../model/order-date.ts';
import { PRICE_DIGITS, quantityOf, TOTAL_DIGITS } from '../model/row-schema.ts';
import { isTrimmed } from './plain-text.ts';

const PRINTABLE = /^[ -~]+$/;
const NUMBER_COLUMNS = ['quantity', 'unit_price', 'total_amount', 'order_date'] as const;
const CONSTANTS: readonly OrderColumn[] = [...FREE_TEXT_COLUMNS, 'customer_email', 'hub_id', ...NUMBER_COLUMNS];
const MAX_PRICE_MINOR = 10 ** (PRICE_DIGITS + 2) - 1;

/** Where the values of the row that is being read are: cells by their index, and behind them those that are made. */
interface Places {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly ascii: boolean;
}

/** The value at `at` is one of these cells, or all of them. */
interface MadeOfCells {
  at: number;
  cells: readonly number[];
}

export class PlainFormat {
  /** Values that are in `own`, not in the bytes of the file: constants, then those that are joined. */
  readonly inOwn: readonly number[];
  own = new Uint8Array(1_024);
  ownLength: number;
  /** Of the last row that was read. */
  quantity = 0;
  unitPriceMinor = 0;
  totalMinor = 0;
  orderDateMs = 0;

  readonly #header: Header;
  readonly #constants: ReadonlyMap<OrderColumn, string>;
  readonly #constantsLength: number;
  /** Where the constants are in `own`, by their value. */
  readonly #places: readonly (readonly [at: number, start: number, end: number])[];
  readonly #lists: readonly MadeOfCells[];
  readonly #joins: readonly (MadeOfCells & { between: Buffer })[];
  readonly #readers: ValueReaders;
  readonly #parseDate: OrderDateParser;
  readonly #divides: boolean;
  readonly #computes: boolean;
  readonly #only: { cell: number; texts: ReadonlySet<string> } | null;
  #bytes: Uint8Array | null = null;
  #text: Buffer = Buffer.alloc(0);

  /** Null where the rows have only the slow path. */
  static of(header: Header, parseDate: OrderDateParser): PlainFormat | null {
    const { format } = header;
    return format !== null && ORDER_COLUMNS.every((column) => isPlain(column, format))
      ? new PlainFormat(header, format, parseDate)
      : null;
  }

  private constructor(header: Header, format: Format, parseDate: OrderDateParser) {
    const { columns, made, sources, orderColumns } = header;
    this.#header = header;
    this.#parseDate = parseDate;
    const constants = new Map<OrderColumn, string>();
    const places: [number, number, number][] = [];
    const lists: MadeOfCells[] = [];
    const joins: (MadeOfCells & { between: Buffer })[] = [];
    let length = 0;
    for (const column of made) {
      const source = format.columns[column];
      const [at, cells] = [orderColumns[column], sources[column]];
      if ('value' in source) {
        const value = cellValue(column, source.value);
        constants.set(column, value);
        places.push([at, length, length + value.length]);
        length += this.#write(Buffer.from(value), length);
      } else if ('join' in source) joins.push({ at, cells, between: Buffer.from(source.with ?? ' ') });
      else if ('from' in source) lists.push({ at, cells });
    }
    this.#constants = constants;
    this.#places = places;
    this.#constantsLength = length;
    this.ownLength = length;
    this.#lists = lists;
    this.#joins = joins;
    this.inOwn = [...places.map(([at]) => at), ...joins.map(({ at }) => at)];
    this.#readers = createValueReaders(format);
    this.#divides = 'from' in format.columns.unit_price && format.columns.unit_price.divide_by !== undefined;
    this.#computes = 'compute' in format.columns.total_amount;
    const { only } = format;
    this.#only = only && {
      cell: columns.findIndex((name) => !name.startsWith('_') && nameKey(name) === nameKey(only.column)),
      texts: new Set(only.in.map(comparable)),
    };
  }

  /** The constant that the column has in every row; undefined for another. */
  constant(column: OrderColumn): string | undefined {
    return this.#constants.get(column);
  }

  /** Whether the value of the column is none of the file's. */
  isOwn(column: OrderColumn): boolean {
    return this.inOwn.includes(this.#header.orderColumns[column]);
  }

  /** Cells whose bytes are compared, calculated with, or put together. */
  get exactCells(): number[] {
    const { made, sources } = this.#header;
    return [...made.flatMap((column) => sources[column]), ...(this.#only ? [this.#only.cell] : [])];
  }

  /** Whether the format leaves the row out; null where that is not plain. */
  skips(bytes: Uint8Array, places: Places): boolean | null {
    if (this.#only === null) return false;
    const { cell, texts } = this.#only;
    const text = comparable(this.#textOf(bytes, places, cell));
    return text === '' ? null : !texts.has(text);
  }

  /** Finds the values that are made. False where the row is not plain. */
  make(bytes: Uint8Array, places: Places): boolean {
    const { starts, ends } = places;
    for (const { at, cells } of this.#lists) {
      let cell = cells[0]!;
      for (const one of cells)
        if (ends[one]! > starts[one]!) {
          cell = one;
          break;
        }
      starts[at] = starts[cell]!;
      ends[at] = ends[cell]!;
    }
    for (const [at, start, end] of this.#places) {
      starts[at] = start;
      ends[at] = end;
    }
    this.ownLength = this.#constantsLength;
    for (const join of this.#joins) if (!this.#join(join, bytes, places)) return false;
    return true;
  }

  /** Reads the numbers of the row into the fields. False where one is not plain. */
  readNumbers(bytes: Uint8Array, places: Places): boolean {
    const quantity = quantityOf(this.#standard('quantity', bytes, places)) ?? -1;
    if (quantity === -1) return false;
    let unitPriceMinor = minorOf(
      this.#standard('unit_price', bytes, places),
      this.#divides ? TOTAL_DIGITS : PRICE_DIGITS,
    );
    if (this.#divides) {
      if (unitPriceMinor % quantity !== 0) return false;
      unitPriceMinor /= quantity;
    }
    if (unitPriceMinor < 1 || unitPriceMinor > MAX_PRICE_MINOR) return false;
    const totalMinor = quantity * unitPriceMinor;
    if (!this.#computes && minorOf(this.#standard('total_amount', bytes, places), TOTAL_DIGITS) !== totalMinor)
      return false;
    const orderDateMs = this.#parseDate(this.#standard('order_date', bytes, places));
    if (typeof orderDateMs !== 'number') return false;
    this.quantity = quantity;
    this.unitPriceMinor = unitPriceMinor;
    this.totalMinor = totalMinor;
    this.orderDateMs = orderDateMs;
    return true;
  }

  /** The value in standard form; '' for none. */
  #standard(column: (typeof NUMBER_COLUMNS)[number], bytes: Uint8Array, places: Places): string {
    const constant = this.#constants.get(column);
    if (constant !== undefined) return constant;
    const at = this.#header.orderColumns[column];
    const text = this.#textOf(bytes, places, at);
    return at < this.#header.columns.length ? text : (this.#readers[column](text) ?? '');
  }

  #textOf(bytes: Uint8Array, { starts, ends, ascii }: Places, at: number): string {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    return this.#text.toString(ascii ? 'latin1' : 'utf8', starts[at], ends[at]);
  }

  #join({ at, cells, between }: MadeOfCells & { between: Buffer }, bytes: Uint8Array, places: Places): boolean {
    const { starts, ends } = places;
    const start = this.ownLength;
    let end = start;
    for (const cell of cells) {
      const [from, to] = [starts[cell]!, ends[cell]!];
      if (from === to) continue;
      if (!isTrimmed(bytes, from, to)) return false;
      if (end > start) end += this.#write(between, end);
      end += this.#write(bytes.subarray(from, to), end);
      if (end - start > limits.maxTextChars) return false;
    }
    starts[at] = start;
    ends[at] = end;
    this.ownLength = end;
    return end > start;
  }

  #write(bytes: Uint8Array, at: number): number {
    while (this.own.length < at + bytes.length) {
      const larger = new Uint8Array(2 * this.own.length);
      larger.set(this.own);
      this.own = larger;
    }
    this.own.set(bytes, at);
    return bytes.length;
  }
}

/** Whether the fast path can make the value: what it makes of the texts of a file is not looked at again. */
function isPlain(column: OrderColumn, { columns }: Format): boolean {
  const source = columns[column];
  if ('join' in source) return FREE_TEXT_COLUMNS.includes(column) && PRINTABLE.test(source.with ?? ' ');
  if ('value' in source) return CONSTANTS.includes(column) && PRINTABLE.test(cellValue(column, source.value));
  return true;
}

/** Minor units of an amount in standard form with at most so many digits before the point; -1 for anything else. */
function minorOf(text: string, digits: number): number {
  const point = text.indexOf('.');
  return (point === -1 ? text.length : point) > digits ? -1 : (parseMinor(text) ?? -1);
}
