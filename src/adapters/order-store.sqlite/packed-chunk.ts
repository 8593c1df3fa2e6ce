/**
 * A chunk in the form in which it goes from the reading thread to the writing one: one string with all cells and arrays of
 * numbers, as copying thousands of small strings and objects costs more than the inserts they are for.
 *
 * The text fields of an order are the trimmed original values of their columns, so the values alone are sent.
 */
import type { OrderColumn } from '../../model/columns.ts';
import type { Rejection } from '../../model/rejection.ts';
import type { ChunkToCommit, Claim } from '../../ports/order-store.ts';

export type PackedRejection = ReturnType<typeof packRejection>;

export interface PackedChunk {
  claim: Claim;
  n: number;
  end: { offset: number; row: number };
  bytesRead: number;
  trackStock: boolean;
  /** Original values per row. */
  width: number;
  /** Where among the values an order's column is. */
  positionOf: Record<OrderColumn, number>;
  text: string;
  /** End of each value in `text`; row by row. */
  ends: Uint32Array;
  rows: Uint32Array;
  /** Quantity, unit price, total and order date of each row. All are integers below 2^53. */
  numbers: Float64Array;
  rejections: PackedRejection[];
}

const NUMBERS_PER_ROW = 4;

export function packRejection({ row, reasons, values }: Rejection) {
  return {
    row,
    codes: [...new Set(reasons.map((reason) => reason.code))],
    reasons: JSON.stringify(reasons),
    cells: JSON.stringify(values),
  };
}

export function packChunk(claim: Claim, chunk: ChunkToCommit, trackStock: boolean): PackedChunk {
  const { header, orders, values } = chunk;
  const width = header.dataColumns.length;
  const positionOf = Object.fromEntries(
    Object.entries(header.orderColumns).map(([name, column]) => [name, header.dataColumns.indexOf(column)]),
  ) as Record<OrderColumn, number>;
  const ends = new Uint32Array(orders.length * width);
  const rows = new Uint32Array(orders.length);
  const numbers = new Float64Array(orders.length * NUMBERS_PER_ROW);
  const pieces: string[] = [];
  let end = 0;
  let cell = 0;
  for (let i = 0; i < orders.length; i++) {
    const cells = values[i]!;
    pieces.push(cells.join(''));
    for (let column = 0; column < width; column++) {
      end += cells[column]!.length;
      ends[cell++] = end;
    }
    const order = orders[i]!;
    rows[i] = order.row;
    numbers[i * NUMBERS_PER_ROW] = order.quantity;
    numbers[i * NUMBERS_PER_ROW + 1] = order.unitPriceMinor;
    numbers[i * NUMBERS_PER_ROW + 2] = order.totalMinor;
    numbers[i * NUMBERS_PER_ROW + 3] = order.orderDateMs;
  }
  return {
    claim,
    n: chunk.n,
    end: chunk.end,
    bytesRead: chunk.bytesRead,
    trackStock,
    width,
    positionOf,
    text: pieces.join(''),
    ends,
    rows,
    numbers,
    rejections: chunk.rejections.map(packRejection),
  };
}

/**
 * The rows of a packed chunk, each value cut out of the text when it is asked for: to hold all of them as objects would
 * cost more in garbage collection than the inserts they are for.
 */
export class PackedRows {
  readonly length: number;
  readonly #chunk: PackedChunk;

  constructor(chunk: PackedChunk) {
    this.#chunk = chunk;
    this.length = chunk.rows.length;
  }

  text(i: number, column: OrderColumn): string {
    return this.#value(i, this.#chunk.positionOf[column]).trim();
  }

  /** The original values, untrimmed. */
  values(i: number): string[] {
    return Array.from({ length: this.#chunk.width }, (_, column) => this.#value(i, column));
  }

  row(i: number): number {
    return this.#chunk.rows[i]!;
  }

  quantity(i: number): number {
    return this.#chunk.numbers[i * NUMBERS_PER_ROW]!;
  }

  unitPriceMinor(i: number): number {
    return this.#chunk.numbers[i * NUMBERS_PER_ROW + 1]!;
  }

  totalMinor(i: number): number {
    return this.#chunk.numbers[i * NUMBERS_PER_ROW + 2]!;
  }

  orderDateMs(i: number): number {
    return this.#chunk.numbers[i * NUMBERS_PER_ROW + 3]!;
  }

  #value(i: number, column: number): string {
    const { text, ends, width } = this.#chunk;
    const cell = i * width + column;
    return text.slice(cell === 0 ? 0 : ends[cell - 1], ends[cell]);
  }
}
