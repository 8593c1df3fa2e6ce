/**
 * The valid rows of a chunk in compact columns: the bytes of all values and arrays of numbers, in memory that threads share. Objects
 * and small strings by the ten thousand cost more, in garbage collection and on the way between threads, than the inserts they are for.
 *
 * The text fields of an order are made of the original values of their columns, so the values alone are kept.
 */
import { limits } from '../limits.ts';
import { cellValue, formsOfId } from './characters.ts';
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
  /** UTF-8 that has all values, with whatever else came with them from the file. */
  text: Uint8Array;
  /** Start and end of each value in `text`; row by row. */
  starts: Uint32Array;
  ends: Uint32Array;
  /** 1 for a row that is known to be of ASCII alone, 3 for one with a value that is not its cell without the spaces around it. */
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
/** Doubled until there is room, which ends at exactly a full chunk. */
const FIRST_CAPACITY_ROWS = limits.maxChunkRows / 16;
const FIRST_CAPACITY_BYTES = 256 * 1_024;
/** Values are written to the text by this many rows: each by itself would cost a call, and all at once a long string. */
const ROWS_PER_WRITE = 100;
/** UTF-8 of a code unit, at most. */
const BYTES_PER_UNIT = 3;

const QUOTE = 34;
const NON_ASCII = /[^\0-\x7f]/;

type Column = Uint8Array | Uint32Array | Float64Array;

/** In place of 0 or 1 for ASCII: nothing is here, and nothing of it leaves the packer. */
const HOLE = 2;
/** Likewise: `cellValue` gives another text than `trim`. Rows of before are never marked, so what they were taken for stays. */
const CLEANED = 3;

const TEXT_FIELDS = {
  order_id: 'orderId',
  customer_name: 'customerName',
  customer_email: 'customerEmail',
  product_name: 'productName',
  sku: 'sku',
  hub_id: 'hubId',
  shipping_address: 'shippingAddress',
} as const satisfies Partial<Record<OrderColumn, keyof OrderRow>>;
const TEXT_COLUMNS = Object.keys(TEXT_FIELDS) as (keyof typeof TEXT_FIELDS)[];

type OrderNumbers = Pick<OrderRow, 'quantity' | 'unitPriceMinor' | 'totalMinor' | 'orderDateMs'>;

/** An order whose values are where they are in the bytes of the file. */
export interface PlainOrder extends OrderNumbers {
  /** Of each value. */
  starts: Uint32Array;
  ends: Uint32Array;
  /** Columns whose value has doubled quotes, each of which stands for one. */
  doubled: number[];
  ascii: boolean;
}

/** Columns that grow: two sets of them are filled in turn. */
class Columns {
  text = shared(Uint8Array, FIRST_CAPACITY_BYTES);
  starts: Uint32Array;
  ends: Uint32Array;
  ascii = shared(Uint8Array, FIRST_CAPACITY_ROWS);
  rows = shared(Uint32Array, FIRST_CAPACITY_ROWS);
  numbers = shared(Float64Array, FIRST_CAPACITY_ROWS * NUMBERS_PER_ROW);
  pairOf = shared(Uint32Array, FIRST_CAPACITY_ROWS);

  constructor(width: number) {
    this.starts = shared(Uint32Array, FIRST_CAPACITY_ROWS * width);
    this.ends = shared(Uint32Array, FIRST_CAPACITY_ROWS * width);
  }

  growRows(): void {
    this.starts = grown(this.starts);
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

/**
 * Each row has a slot, in the order of the file. Slots whose row turns out to be no order are left out of what is taken.
 */
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
  #slots = 0;
  #holes = 0;

  constructor(header: Header) {
    this.#header = header;
    this.#width = header.dataColumns.length;
    this.#asIs = this.#width === header.columns.length;
    this.#columns = new Columns(this.#width);
    this.#others = new Columns(this.#width);
  }

  get slots(): number {
    return this.#slots;
  }

  /** A slot for a row that is put later, if ever. */
  reserve(): number {
    if (this.#slots === this.#columns.rows.length) this.#columns.growRows();
    this.#columns.ascii[this.#slots] = HOLE;
    this.#holes++;
    return this.#slots++;
  }

  /** `cells`: all cells of the row, as many as the header has columns. `pair`: the number of its SKU and hub. */
  put(slot: number, order: OrderRow, cells: string[], pair: number): void {
    const { starts, ends } = this.#columns;
    const values = this.#asIs ? cells : this.#header.dataColumns.map((column) => cells[column]!);
    for (let column = 0; column < this.#width; column++) {
      const value = values[column]!;
      this.#values.push(value);
      starts[slot * this.#width + column] = this.#end;
      this.#end += Buffer.byteLength(value);
      ends[slot * this.#width + column] = this.#end;
    }
    if (this.#values.length >= ROWS_PER_WRITE * this.#width) this.#write();
    const { orderColumns } = this.#header;
    const isCleaned = TEXT_COLUMNS.some((column) => order[TEXT_FIELDS[column]] !== trim(cells[orderColumns[column]]!));
    this.#fill(slot, order.row, isCleaned ? CLEANED : 0, pair, order);
  }

  /** Bytes of the file that rows are about to be added from; gives the place of the first of them. */
  addText(bytes: Uint8Array): number {
    this.#write();
    const place = this.#end;
    this.#columns.reserve(place, bytes.length).set(bytes, place);
    this.#end += bytes.length;
    this.#written = this.#end;
    return place;
  }

  /** A row whose values are in text that was added; `shift` is what makes their indices places of that text. */
  addPlain(row: number, order: PlainOrder, pair: number, shift: number): void {
    const slot = this.reserve();
    const { starts, ends } = this.#columns;
    const first = slot * this.#width;
    for (let column = 0; column < this.#width; column++) {
      starts[first + column] = order.starts[column]! + shift;
      ends[first + column] = order.ends[column]! + shift;
    }
    for (const column of order.doubled)
      ends[first + column] = joinQuotes(this.#columns.text, starts[first + column]!, ends[first + column]!);
    this.#fill(slot, row, order.ascii ? 1 : 0, pair, order);
  }

  drop(slot: number): void {
    this.#columns.ascii[slot] = HOLE;
    this.#holes++;
  }

  /** The number of the pair of a slot's row, or -1 when it has none. */
  pairOf(slot: number): number {
    return this.#columns.ascii[slot] === HOLE ? -1 : this.#columns.pairOf[slot]!;
  }

  row(slot: number): number {
    return this.#columns.rows[slot]!;
  }

  /** The original values of a slot's row, untrimmed. */
  values(slot: number): string[] {
    this.#write();
    const { text, starts, ends } = this.#columns;
    const bytes = bufferOf(text);
    return Array.from({ length: this.#width }, (_, column) => {
      const cell = slot * this.#width + column;
      return bytes.toString('utf8', starts[cell], ends[cell]);
    });
  }

  /**
   * What was added since the last time, with the pairs by whose numbers it was. It is valid until the next but one: whoever may read
   * longer, as after a commit that took too long, makes a copy.
   */
  take({ skus, hubIds }: PackedPairs): PackedOrdersData {
    this.#write();
    const length = this.#closeHoles();
    const { dataColumns, orderColumns } = this.#header;
    const { text, starts, ends, ascii, rows, numbers, pairOf } = this.#columns;
    const packed = {
      width: this.#width,
      positionOf: Object.fromEntries(
        Object.entries(orderColumns).map(([name, column]) => [name, dataColumns.indexOf(column)]),
      ) as Record<OrderColumn, number>,
      text: text.subarray(0, this.#end),
      starts: starts.subarray(0, length * this.#width),
      ends: ends.subarray(0, length * this.#width),
      ascii: ascii.subarray(0, length),
      rows: rows.subarray(0, length),
      numbers: numbers.subarray(0, length * NUMBERS_PER_ROW),
      pairs: { skus, hubIds },
      pairOf: pairOf.subarray(0, length),
    };
    [this.#columns, this.#others] = [this.#others, this.#columns];
    this.#written = 0;
    this.#end = 0;
    this.#slots = 0;
    this.#holes = 0;
    return packed;
  }

  #fill(slot: number, row: number, ascii: number, pair: number, numbers: OrderNumbers): void {
    const columns = this.#columns;
    columns.ascii[slot] = ascii;
    this.#holes--;
    columns.rows[slot] = row;
    columns.pairOf[slot] = pair;
    columns.numbers[slot * NUMBERS_PER_ROW] = numbers.quantity;
    columns.numbers[slot * NUMBERS_PER_ROW + 1] = numbers.unitPriceMinor;
    columns.numbers[slot * NUMBERS_PER_ROW + 2] = numbers.totalMinor;
    columns.numbers[slot * NUMBERS_PER_ROW + 3] = numbers.orderDateMs;
  }

  /** Moves what is behind holes forward, run by run; gives what is left. */
  #closeHoles(): number {
    if (this.#holes === 0) return this.#slots;
    const { starts, ends, ascii, rows, numbers, pairOf } = this.#columns;
    const width = this.#width;
    let to = 0;
    for (let from = 0; from < this.#slots; from++) {
      if (ascii[from] === HOLE) continue;
      let until = from + 1;
      while (until < this.#slots && ascii[until] !== HOLE) until++;
      if (to < from) {
        starts.copyWithin(to * width, from * width, until * width);
        ends.copyWithin(to * width, from * width, until * width);
        ascii.copyWithin(to, from, until);
        rows.copyWithin(to, from, until);
        numbers.copyWithin(to * NUMBERS_PER_ROW, from * NUMBERS_PER_ROW, until * NUMBERS_PER_ROW);
        pairOf.copyWithin(to, from, until);
      }
      to += until - from;
      from = until;
    }
    return to;
  }

  #write(): void {
    if (this.#values.length === 0) return;
    const values = this.#values.join('');
    this.#values = [];
    const buffer = this.#columns.reserve(this.#written, values.length * BYTES_PER_UNIT);
    this.#written += buffer.write(values, this.#written, 'utf8');
  }
}

/** Makes one quote of two, in place; gives the end of what is left. */
function joinQuotes(text: Uint8Array, start: number, end: number): number {
  let to = start;
  for (let from = start; from < end; from++) {
    const byte = text[from]!;
    text[to++] = byte;
    if (byte === QUOTE) from++;
  }
  return to;
}

/**
 * Reads packed orders: each value is cut out of the text when it is asked for. What it reads is in fields of its own: V8 gives
 * data that came from another thread a shape of its own each time, and reading such costs more than what is read.
 */
export class PackedOrders {
  readonly length: number;
  readonly pairs: PackedPairs;
  readonly #width: number;
  readonly #positionOf: Record<OrderColumn, number>;
  readonly #bytes: Buffer;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #ascii: Uint8Array;
  readonly #rows: Uint32Array;
  readonly #numbers: Float64Array;
  readonly #pairOf: Uint32Array;
  /** The row that was last asked for: its values with a character for each byte, and where they begin in the text. */
  #row = -1;
  #units = '';
  #start = 0;

  constructor({ width, positionOf, text, starts, ends, ascii, rows, numbers, pairs, pairOf }: PackedOrdersData) {
    this.length = rows.length;
    this.pairs = pairs;
    this.#width = width;
    this.#positionOf = { ...positionOf };
    this.#bytes = bufferOf(text);
    this.#starts = starts;
    this.#ends = ends;
    this.#ascii = ascii;
    this.#rows = rows;
    this.#numbers = numbers;
    this.#pairOf = pairOf;
  }

  text(i: number, column: OrderColumn): string {
    const value = this.#value(i, this.#positionOf[column]);
    return this.#ascii[i] === CLEANED ? cellValue(column, value) : trim(value);
  }

  /** The ids of all rows: texts of their own, that keep nothing else in memory. */
  orderIds(): string[] {
    const ids: string[] = [];
    for (let i = 0, cell = this.#positionOf.order_id; i < this.length; i++, cell += this.#width) {
      const start = this.#starts[cell]!;
      const end = this.#ends[cell]!;
      if (this.#ascii[i] === CLEANED) ids.push(this.text(i, 'order_id'));
      else ids.push(trim(this.#bytes.toString(this.#ascii[i] === 1 ? 'latin1' : 'utf8', start, end)));
    }
    return ids;
  }

  /** Other forms under which orders of before may have the ids of these rows, with those ids. */
  otherIds(): Map<string, string> {
    const others = new Map<string, string>();
    for (let i = 0, cell = this.#positionOf.order_id; i < this.length; i++, cell += this.#width) {
      if (this.#ascii[i] === 1 || isAscii(this.#bytes, this.#starts[cell]!, this.#ends[cell]!)) continue;
      const id = this.text(i, 'order_id');
      for (const form of formsOfId(trim(this.#value(i, this.#positionOf.order_id))))
        if (form !== id) others.set(form, id);
    }
    return others;
  }

  /** The number of the row's SKU and hub among the pairs. */
  pair(i: number): number {
    return this.#pairOf[i]!;
  }

  /** The original values, untrimmed. */
  values(i: number): string[] {
    return Array.from({ length: this.#width }, (_, column) => this.#value(i, column));
  }

  row(i: number): number {
    return this.#rows[i]!;
  }

  quantity(i: number): number {
    return this.#numbers[i * NUMBERS_PER_ROW]!;
  }

  unitPriceMinor(i: number): number {
    return this.#numbers[i * NUMBERS_PER_ROW + 1]!;
  }

  totalMinor(i: number): number {
    return this.#numbers[i * NUMBERS_PER_ROW + 2]!;
  }

  orderDateMs(i: number): number {
    return this.#numbers[i * NUMBERS_PER_ROW + 3]!;
  }

  #value(i: number, column: number): string {
    const first = i * this.#width;
    if (i !== this.#row) {
      this.#row = i;
      this.#start = this.#starts[first]!;
      this.#units = this.#bytes.toString('latin1', this.#start, this.#ends[first + this.#width - 1]);
    }
    const start = this.#starts[first + column]!;
    const end = this.#ends[first + column]!;
    const units = this.#units.slice(start - this.#start, end - this.#start);
    return this.#ascii[i] === 1 || !NON_ASCII.test(units) ? units : this.#bytes.toString('utf8', start, end);
  }
}

/** In memory of its own. The pairs are only ever added to. */
export const copyOf = (data: PackedOrdersData): PackedOrdersData => ({
  ...data,
  text: data.text.slice(),
  starts: data.starts.slice(),
  ends: data.ends.slice(),
  ascii: data.ascii.slice(),
  rows: data.rows.slice(),
  numbers: data.numbers.slice(),
  pairOf: data.pairOf.slice(),
});

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i]! > 127) return false;
  return true;
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
