/**
 * Puts neighbouring rows together that are the items of one order: those with its id, or with none. Which rows that are depends only on the
 * bytes of the file, also behind a checkpoint. Memory holds one order.
 */
import { limits } from '../../limits.ts';
import type { Header } from '../../model/header.ts';
import type { RawRow } from '../../model/raw-row.ts';
import { notAnOrder } from '../not-an-order.ts';
import type { RowReader } from './reading.ts';

/** The rows of one order. */
export interface Lines {
  /** Empty for a row without one that follows no order. */
  orderId: string;
  rows: RawRow[];
  /** More than an order may have. Further rows of it come one by one. */
  tooMany: boolean;
}

interface OpenLines extends Lines {
  bytes: number;
  /** Rows between them that are no orders at all. */
  between: number;
  /** They follow others of the same order, which has too many. */
  continues: boolean;
}

export class RowLines {
  readonly #header: Header;
  readonly #reader: RowReader;
  /** The order whose rows are being read. */
  #open: OpenLines | null = null;
  #complete: Lines[] = [];
  /** An order with too many rows that may go on with the next row: what a checkpoint keeps of it. */
  #before: string | null;

  /** `openOrder`: that of the checkpoint where reading begins. */
  constructor(header: Header, reader: RowReader, openOrder: string | null) {
    this.#header = header;
    this.#reader = reader;
    this.#before = openOrder;
  }

  /** Whether the row that was added last begins an order, or a further part of one with too many: a chunk may end before it. */
  begins = false;

  add(row: RawRow): void {
    this.begins = this.#add(row);
  }

  /** What begins with this row is not complete, all before it is. */
  #add(row: RawRow): boolean {
    const id = this.#idOf(row);
    const open = this.#open;
    const of = open?.orderId ?? this.#before ?? '';
    const isAside = isNoOrder(row, id, this.#header);
    if (of !== '' && (id === of || (id === '' && !isAside))) {
      if (open === null || open.tooMany) return this.#begin(row, of, true);
      open.rows.push(row);
      open.bytes += bytesOf(row);
      open.tooMany = open.rows.length > limits.maxOrderItems || open.bytes > limits.maxOrderBytes;
      return false;
    }
    if (isAside && open !== null && open.between < limits.maxOrderItems) {
      open.between++;
      this.#complete.push({ orderId: '', rows: [row], tooMany: false });
      return false;
    }
    return this.#begin(row, id ?? '', false);
  }

  #begin(row: RawRow, orderId: string, continues: boolean): true {
    this.end();
    const bytes = bytesOf(row);
    const tooMany = continues || bytes > limits.maxOrderBytes;
    this.#open = { orderId, rows: [row], tooMany, bytes, between: 0, continues };
    return true;
  }

  /** No further row belongs to those that were added. */
  end(): void {
    if (this.#open !== null) this.#complete.push(this.#open);
    this.#open = null;
    this.#before = null;
  }

  /** The orders that are complete, in the order of their first rows that are orders. */
  takeComplete(): Lines[] {
    const complete = this.#complete;
    this.#complete = [];
    return complete;
  }

  /** Of the checkpoint before the rows that are not complete. */
  get openOrder(): string | null {
    return this.#open?.continues ? this.#open.orderId : null;
  }

  /** As far as it can be read. Null where it is so long that no order can have it. */
  #idOf({ cells }: RawRow): string | null {
    const missing = this.#header.columns.length - cells.length;
    const all = missing > 0 ? [...cells, ...new Array<string>(missing).fill('')] : cells;
    const id = this.#reader.shown('order_id', all).value;
    return id.length > limits.maxTextChars && [...id].length > limits.maxTextChars ? null : id;
  }
}

const HAS_DIGIT = /\d/;

/** A header again, or a line of totals: it belongs to no order, and ends none. Ids with digits are not looked at further. */
const isNoOrder = ({ cells }: RawRow, id: string | null, header: Header): boolean =>
  id !== null && !HAS_DIGIT.test(id) && notAnOrder(cells, header) !== null;

const bytesOf = ({ cells }: RawRow): number => cells.reduce((sum, cell) => sum + Buffer.byteLength(cell), 0);
