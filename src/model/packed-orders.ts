/**
 * The valid rows of a chunk in compact columns: the bytes of all values and arrays of numbers, in memory that threads share. Objects
 * and small strings by the ten thousand cost more, in garbage collection and on the way between threads, than the inserts they are for.
 *
 * The text fields of an order are the trimmed original values of their columns, so the values alone are kept.
 */
import type { OrderColumn } from './columns.ts';
import type { Header } from './intake.ts';
import type { OrderRow } from './order-row.ts';
import { trim } from './trim.ts';

/** Plain data, so that it can be sent to another thread. */
export interface PackedOrdersData {
  /** Original values per row: the file's data columns. */
  width: number;
  /** Which of the values belongs to a column of an order. */
  positionOf: Record<OrderColumn, number>;
  /** All values in UTF-8, one after the other. */
  text: Uint8Array;
  /** End of each value in `text`; row by row. */
  ends: Uint32Array;
  /** 1 for a row of ASCII alone. */
  ascii: Uint8Array;
  rows: Uint32Array;
  /** Quantity, unit price, total and order date of each row: integers below 2^53. */
  numbers: Float64Array;
  /** The distinct pairs of SKU and hub, of which some may be of no row here, and the number of each row's pair. */
  pairs: PackedPairs;
  pairOf: Uint32Array;
}

/** Trimmed values, by the number of the pair. */
export interface PackedPairs {
  skus: string[];
  hubIds: string[];
}

const NUMBERS_PER_ROW = 4;
const FIRST_CAPACITY_ROWS = 1_024;
const FIRST_CAPACITY_BYTES = 256 * 1_024;
/** Values are written to the text by this many rows: each by itself would cost a call, and all at once a long string. */
const ROWS_PER_WRITE = 100;
/** UTF-8 of a code unit, at most. */
const BYTES_PER_UNIT = 3;

const NON_ASCII = /[^\0-\x7f]/;

type Column = Uint8Array | Uint32Array | Float64Array;

/** Columns that grow: two sets of them are filled in turn. */
class Columns {
  text = shared(Uint8Array, FIRST_CAPACITY_BYTES);
  ends: Uint32Array;
  ascii = shared(Uint8Array, FIRST_CAPACITY_ROWS);
  rows = shared(Uint32Array, FIRST_CAPACITY_ROWS);
  numbers = shared(Float64Array, FIRST_CAPACITY_ROWS * NUMBERS_PER_ROW);
  pairOf = shared(Uint32Array, FIRST_CAPACITY_ROWS);

  constructor(width: number) {
    this.ends = shared(Uint32Array, FIRST_CAPACITY_ROWS * width);
  }

  growRows(): void {
    this.ends = grown(this.ends);
    this.ascii = grown(this.ascii);
    this.rows = grown(this.rows);
    this.numbers = grown(this.numbers);
    this.pairOf = grown(this.pairOf);
  }

  /** Buffers for this many bytes behind `end`. */
  reserve(end: number, bytes: number): Buffer {
    while (this.text.length < end + bytes) this.text = grown(this.text);
    return bufferOf(this.text);
  }
}

export class OrderPacker {
  readonly #header: Header;
  readonly #width: number;
  readonly #asIs: boolean;
  #columns: Columns;
  #others: Columns;
  /** Values that are not written to the text yet. */
  #values: string[] = [];
  #written = 0;
  #end = 0;
  #length = 0;

  constructor(header: Header) {
    this.#header = header;
    this.#width = header.dataColumns.length;
    this.#asIs = this.#width === header.columns.length;
    this.#columns = new Columns(this.#width);
    this.#others = new Columns(this.#width);
  }

  get length(): number {
    return this.#length;
  }

  /**
   * `cells`: all cells of the row, as many as the header has columns; `ascii` promises that they are ASCII alone. `pair`: the number
   * of its SKU and hub.
   */
  add(order: OrderRow, cells: string[], ascii: boolean, pair: number): void {
    const i = this.#length++;
    if (i === this.#columns.rows.length) this.#columns.growRows();
    const { ends, rows, numbers, pairOf } = this.#columns;
    const values = this.#asIs ? cells : this.#header.dataColumns.map((column) => cells[column]!);
    for (let column = 0; column < this.#width; column++) {
      const value = values[column]!;
      this.#values.push(value);
      this.#end += ascii ? value.length : Buffer.byteLength(value);
      ends[i * this.#width + column] = this.#end;
    }
    if (this.#length % ROWS_PER_WRITE === 0) this.#write();
    this.#columns.ascii[i] = ascii ? 1 : 0;
    rows[i] = order.row;
    pairOf[i] = pair;
    numbers[i * NUMBERS_PER_ROW] = order.quantity;
    numbers[i * NUMBERS_PER_ROW + 1] = order.unitPriceMinor;
    numbers[i * NUMBERS_PER_ROW + 2] = order.totalMinor;
    numbers[i * NUMBERS_PER_ROW + 3] = order.orderDateMs;
  }

  /** What was added since the last time, with the pairs that were numbered since then. It is valid until the next but one. */
  take({ skus, hubIds }: PackedPairs): PackedOrdersData {
    this.#write();
    const { dataColumns, orderColumns } = this.#header;
    const { text, ends, ascii, rows, numbers, pairOf } = this.#columns;
    const packed = {
      width: this.#width,
      positionOf: Object.fromEntries(
        Object.entries(orderColumns).map(([name, column]) => [name, dataColumns.indexOf(column)]),
      ) as Record<OrderColumn, number>,
      text: text.subarray(0, this.#end),
      ends: ends.subarray(0, this.#length * this.#width),
      ascii: ascii.subarray(0, this.#length),
      rows: rows.subarray(0, this.#length),
      numbers: numbers.subarray(0, this.#length * NUMBERS_PER_ROW),
      pairs: { skus, hubIds },
      pairOf: pairOf.subarray(0, this.#length),
    };
    [this.#columns, this.#others] = [this.#others, this.#columns];
    this.#written = 0;
    this.#end = 0;
    this.#length = 0;
    return packed;
  }

  #write(): void {
    const values = this.#values.join('');
    this.#values = [];
    const buffer = this.#columns.reserve(this.#written, values.length * BYTES_PER_UNIT);
    this.#written += buffer.write(values, this.#written, 'utf8');
  }
}

/** Reads packed orders: each value is cut out of the text when it is asked for. */
export class PackedOrders {
  readonly length: number;
  readonly #data: PackedOrdersData;
  readonly #bytes: Buffer;
  /** A character for each byte. */
  readonly #units: string;

  constructor(data: PackedOrdersData) {
    this.#data = data;
    this.length = data.rows.length;
    this.#bytes = bufferOf(data.text);
    this.#units = this.#bytes.toString('latin1');
  }

  text(i: number, column: OrderColumn): string {
    return trim(this.#value(i, this.#data.positionOf[column]));
  }

  /** The number of the row's SKU and hub, below `pairs`. */
  pair(i: number): number {
    return this.#data.pairOf[i]!;
  }

  get pairs(): PackedPairs {
    return this.#data.pairs;
  }

  /** The original values, untrimmed. */
  values(i: number): string[] {
    return Array.from({ length: this.#data.width }, (_, column) => this.#value(i, column));
  }

  row(i: number): number {
    return this.#data.rows[i]!;
  }

  quantity(i: number): number {
    return this.#data.numbers[i * NUMBERS_PER_ROW]!;
  }

  unitPriceMinor(i: number): number {
    return this.#data.numbers[i * NUMBERS_PER_ROW + 1]!;
  }

  totalMinor(i: number): number {
    return this.#data.numbers[i * NUMBERS_PER_ROW + 2]!;
  }

  orderDateMs(i: number): number {
    return this.#data.numbers[i * NUMBERS_PER_ROW + 3]!;
  }

  #value(i: number, column: number): string {
    const { ends, ascii, width } = this.#data;
    const cell = i * width + column;
    const start = cell === 0 ? 0 : ends[cell - 1]!;
    const units = this.#units.slice(start, ends[cell]);
    return ascii[i] === 1 || !NON_ASCII.test(units) ? units : this.#bytes.toString('utf8', start, ends[cell]);
  }
}

function shared<Kind extends Column>(
  kind: { new (buffer: SharedArrayBuffer): Kind; BYTES_PER_ELEMENT: number },
  length: number,
): Kind {
  return new kind(new SharedArrayBuffer(length * kind.BYTES_PER_ELEMENT));
}

/** A copy of twice the length. */
function grown<Kind extends Column>(column: Kind): Kind {
  const larger = shared(column.constructor as never, column.length * 2) as Kind;
  larger.set(column);
  return larger;
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
