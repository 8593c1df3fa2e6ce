/**
 * The valid rows of a chunk in compact columns: one string with all values and arrays of numbers. Objects and small strings by
 * the ten thousand cost more, in garbage collection and on the way between threads, than the inserts they are for.
 *
 * The text fields of an order are the trimmed original values of their columns, so the values alone are kept.
 */
import type { OrderColumn } from './columns.ts';
import type { Header } from './intake.ts';
import type { OrderRow } from './order-row.ts';

/** Plain data, so that it can be sent to another thread. */
export interface PackedOrdersData {
  /** Original values per row: the file's data columns. */
  width: number;
  /** Which of the values belongs to a column of an order. */
  positionOf: Record<OrderColumn, number>;
  text: string;
  /** End of each value in `text`; row by row. */
  ends: Uint32Array;
  rows: Uint32Array;
  /** Quantity, unit price, total and order date of each row: integers below 2^53. */
  numbers: Float64Array;
}

const NUMBERS_PER_ROW = 4;
const FIRST_CAPACITY_ROWS = 1_024;

export class OrderPacker {
  readonly #header: Header;
  readonly #width: number;
  readonly #asIs: boolean;
  #pieces: string[] = [];
  #end = 0;
  #length = 0;
  #ends: Uint32Array;
  #rows: Uint32Array;
  #numbers: Float64Array;

  constructor(header: Header) {
    this.#header = header;
    this.#width = header.dataColumns.length;
    this.#asIs = this.#width === header.columns.length;
    this.#ends = new Uint32Array(FIRST_CAPACITY_ROWS * this.#width);
    this.#rows = new Uint32Array(FIRST_CAPACITY_ROWS);
    this.#numbers = new Float64Array(FIRST_CAPACITY_ROWS * NUMBERS_PER_ROW);
  }

  get length(): number {
    return this.#length;
  }

  /** `cells`: all cells of the row, as many as the header has columns. */
  add(order: OrderRow, cells: string[]): void {
    const i = this.#length++;
    if (i === this.#rows.length) this.#grow();
    const values = this.#asIs ? cells : this.#header.dataColumns.map((column) => cells[column]!);
    this.#pieces.push(values.join(''));
    for (let column = 0; column < this.#width; column++) {
      this.#end += values[column]!.length;
      this.#ends[i * this.#width + column] = this.#end;
    }
    this.#rows[i] = order.row;
    this.#numbers[i * NUMBERS_PER_ROW] = order.quantity;
    this.#numbers[i * NUMBERS_PER_ROW + 1] = order.unitPriceMinor;
    this.#numbers[i * NUMBERS_PER_ROW + 2] = order.totalMinor;
    this.#numbers[i * NUMBERS_PER_ROW + 3] = order.orderDateMs;
  }

  /** What was added since the last time. */
  take(): PackedOrdersData {
    const { dataColumns, orderColumns } = this.#header;
    const packed = {
      width: this.#width,
      positionOf: Object.fromEntries(
        Object.entries(orderColumns).map(([name, column]) => [name, dataColumns.indexOf(column)]),
      ) as Record<OrderColumn, number>,
      text: this.#pieces.join(''),
      ends: this.#ends.slice(0, this.#length * this.#width),
      rows: this.#rows.slice(0, this.#length),
      numbers: this.#numbers.slice(0, this.#length * NUMBERS_PER_ROW),
    };
    this.#pieces = [];
    this.#end = 0;
    this.#length = 0;
    return packed;
  }

  #grow(): void {
    const twice = <Column extends Uint32Array | Float64Array>(column: Column): Column => {
      const larger = new (column.constructor as new (length: number) => Column)(column.length * 2);
      larger.set(column);
      return larger;
    };
    this.#ends = twice(this.#ends);
    this.#rows = twice(this.#rows);
    this.#numbers = twice(this.#numbers);
  }
}

/** Reads packed orders: each value is cut out of the text when it is asked for. */
export class PackedOrders {
  readonly length: number;
  readonly #data: PackedOrdersData;

  constructor(data: PackedOrdersData) {
    this.#data = data;
    this.length = data.rows.length;
  }

  text(i: number, column: OrderColumn): string {
    return this.#value(i, this.#data.positionOf[column]).trim();
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
    const { text, ends, width } = this.#data;
    const cell = i * width + column;
    return text.slice(cell === 0 ? 0 : ends[cell - 1], ends[cell]);
  }
}
