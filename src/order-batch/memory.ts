/** The arrays of a batch while they are filled. Their layout is explained in `order-batch.ts`. */
import { limits } from '../limits.ts';
import type { OrderColumn } from '../model/columns.ts';
import type { Pairs } from './sku-hub-pairs.ts';

/** Quantity, unit price, total and order date: integers below 2^53. */
export const NUMBERS_PER_ROW = 4;

/** Doubled until there is room, which ends at exactly a full chunk. */
const FIRST_CAPACITY_ROWS = limits.maxChunkRows / 16;
const FIRST_CAPACITY_BYTES = 256 * 1_024;

/** What is known of a row's values. */
export const UNKNOWN_TEXT = 0;
export const ASCII_TEXT = 1;
/** Nothing is in this slot, and nothing of it leaves the packer. */
export const HOLE = 2;
/** `cellValue` gives another text than `trim`. */
export const CLEANED_TEXT = 3;

/** The arrays of a batch as they cross threads: plain data over shared memory. */
export interface BatchContent {
  /**
   * Values per row: the cells of the file's data columns, and behind them those that a format makes, of which those of numbers and dates
   * are any text.
   */
  width: number;
  cells: number;
  /** Which of the values belongs to a column of an order. */
  positionOf: Record<OrderColumn, number>;
  text: Uint8Array;
  starts: Uint32Array;
  ends: Uint32Array;
  ascii: Uint8Array;
  rows: Uint32Array;
  /** The first row of each order, by index, where orders have several rows; null where each row is an order. */
  firsts: Uint32Array | null;
  numbers: Float64Array;
  pairs: Pairs;
  pairOf: Uint32Array;
  /** How often the memory was given back, and how often when this batch was taken from it. */
  returns: Int32Array;
  returnsAtTake: number;
}

export class BatchMemory {
  text = shared(Uint8Array, FIRST_CAPACITY_BYTES);
  starts: Uint32Array;
  ends: Uint32Array;
  ascii = shared(Uint8Array, FIRST_CAPACITY_ROWS);
  rows = shared(Uint32Array, FIRST_CAPACITY_ROWS);
  numbers = shared(Float64Array, FIRST_CAPACITY_ROWS * NUMBERS_PER_ROW);
  pairOf = shared(Uint32Array, FIRST_CAPACITY_ROWS);
  readonly returns = shared(Int32Array, 1);

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

  /** Makes room for this many bytes of text behind `end`; returns the buffer. */
  reserveText(end: number, bytes: number): Buffer {
    this.makeRoom(end + bytes);
    return bufferOf(this.text);
  }

  makeRoom(bytes: number): void {
    while (this.text.length < bytes) this.text = grown(this.text);
  }
}

type Column = Uint8Array | Int32Array | Uint32Array | Float64Array;

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

export const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
