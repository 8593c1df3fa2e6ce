/**
 * The valid rows of a chunk, packed into bytes and arrays of numbers in memory that threads share. Ten thousand small objects and
 * strings per chunk would cost more, in garbage collection and on the way between threads, than the inserts they are for.
 *
 * Layout. `text` has the UTF-8 of all values: whole blocks of the file for rows that took the fast path (`plain-record.ts`), the
 * bare values of the others. A row has `width` values: `cells`, one per data column of the file, and behind them those that a format
 * makes, which may be anywhere in the text; value c of row i is the bytes of `text` from `starts[i * width + c]` up to `ends[i * width + c]`. A column of an order is one
 * of these values, untrimmed; `positionOf` says which. `numbers` has quantity, unit price, total and order date of each row, `rows` its row in the file, `pairOf` the
 * number of its SKU and hub among the `pairs`, `ascii` what is known of its text (`memory.ts`).
 *
 * Orders. Neighbouring rows may be the items of one order: then `firsts` has the first row of each order, which has the values that
 * are not of an item; those of the others are not read. The total of a row is that of its item. Else order k is row k.
 *
 * Ownership. The packer's `take` hands a batch to its caller, who owns it until `release`; `hold` adds an owner. When all owners in
 * the thread of the packer have released it, the packer fills the memory again. Every use of a batch checks that this has not
 * happened, also in another thread, which reads the same counter.
 *
 * Path of a row: `plain-record.ts` (fast path) or `validate.ts` (slow path) -> `packer.ts` -> this.
 */
import { assert } from '../assert.ts';
import { cellValue, formsOfId } from '../model/characters.ts';
import type { OrderColumn, TextColumn } from '../model/columns.ts';
import type { OrderContent, OrderItem } from '../model/order.ts';
import { trim } from '../model/trim.ts';
import { ASCII_TEXT, type BatchContent, bufferOf, CLEANED_TEXT, NUMBERS_PER_ROW } from './memory.ts';
import type { Pairs } from './sku-hub-pairs.ts';

/** A batch as it is sent to another thread. It is no owner: the sender owns the batch until the other thread has answered. */
export type BatchMessage = BatchContent;

/** The owners of one batch, in the thread of its packer. */
export interface Owners {
  count: number;
  /** Called once, by the last owner. */
  giveBack(): void;
}

const NON_ASCII = /[^\0-\x7f]/;
const RELEASED = -1;

/**
 * Each value is cut out of the text when it is asked for. The arrays are in fields of this class: V8 gives data that came from
 * another thread a shape of its own each time, and reading such data costs more than what is read.
 */
export class OrderBatch {
  /** How many rows there are. */
  readonly length: number;
  /** How many orders they make. */
  readonly orders: number;
  /** Distinct pairs of SKU and hub by number, of which some may belong to no row here. */
  readonly pairs: Pairs;
  readonly #content: BatchContent;
  readonly #owners: Owners | null;
  readonly #width: number;
  readonly #cells: number;
  readonly #positionOf: Record<OrderColumn, number>;
  readonly #bytes: Buffer;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #ascii: Uint8Array;
  readonly #rows: Uint32Array;
  readonly #firsts: Uint32Array | null;
  readonly #numbers: Float64Array;
  readonly #pairOf: Uint32Array;
  readonly #returns: Int32Array;
  #returnsAtTake: number;
  /** The row that was last asked for: its cells with a character for each byte, and where they begin in the text. */
  #row = -1;
  #units = '';
  #start = 0;

  /** Made by the packer, by `fromMessage` and by `fromStored`. `owners`: null outside the thread of the packer. */
  constructor(content: BatchContent, owners: Owners | null) {
    this.#content = content;
    this.#owners = owners;
    this.length = content.rows.length;
    this.orders = content.firsts?.length ?? this.length;
    this.pairs = content.pairs;
    this.#width = content.width;
    this.#cells = content.cells;
    this.#positionOf = { ...content.positionOf };
    this.#bytes = bufferOf(content.text);
    this.#starts = content.starts;
    this.#ends = content.ends;
    this.#ascii = content.ascii;
    this.#rows = content.rows;
    this.#firsts = content.firsts;
    this.#numbers = content.numbers;
    this.#pairOf = content.pairOf;
    this.#returns = content.returns;
    this.#returnsAtTake = content.returnsAtTake;
  }

  static fromMessage(message: BatchMessage): OrderBatch {
    return new OrderBatch(message, null);
  }

  toMessage(): BatchMessage {
    this.#checkOwned();
    return this.#content;
  }

  /** Another owner of the same rows, for a reader that may outlast this one. It must be released, too. */
  hold(): OrderBatch {
    this.#checkOwned();
    if (this.#owners !== null) this.#owners.count++;
    return new OrderBatch(this.#content, this.#owners);
  }

  /** Gives the batch back. It must not be used any more, nor released a second time. */
  release(): void {
    this.#checkOwned();
    this.#returnsAtTake = RELEASED;
    if (this.#owners !== null && --this.#owners.count === 0) this.#owners.giveBack();
  }

  /** The index of the first row of an order. */
  first(order: number): number {
    return this.#firsts === null ? order : this.#firsts[order]!;
  }

  /** The index behind its last row. */
  end(order: number): number {
    return this.#firsts === null ? order + 1 : (this.#firsts[order + 1] ?? this.length);
  }

  /** What an order says. */
  content(order: number): OrderContent {
    const first = this.first(order);
    const items: OrderItem[] = [];
    let totalMinor = 0;
    for (let i = first; i < this.end(order); i++) {
      items.push({
        sku: this.text(i, 'sku'),
        hubId: this.text(i, 'hub_id'),
        productName: this.text(i, 'product_name'),
        quantity: this.quantity(i),
        unitPriceMinor: this.unitPriceMinor(i),
        lineTotalMinor: this.totalMinor(i),
      });
      totalMinor += this.totalMinor(i);
    }
    return {
      customerName: this.text(first, 'customer_name'),
      customerEmail: this.text(first, 'customer_email'),
      items,
      totalMinor,
      orderDateMs: this.orderDateMs(first),
      shippingAddress: this.text(first, 'shipping_address'),
    };
  }

  text(i: number, column: TextColumn): string {
    const value = this.#value(i, this.#positionOf[column]);
    return this.#ascii[i] === CLEANED_TEXT ? cellValue(column, value) : trim(value);
  }

  /** The ids of all orders: texts of their own, that keep nothing else in memory. */
  orderIds(): string[] {
    this.#checkOwned();
    const ids: string[] = [];
    for (let order = 0; order < this.orders; order++) {
      const i = this.first(order);
      const cell = i * this.#width + this.#positionOf.order_id;
      const start = this.#starts[cell]!;
      const end = this.#ends[cell]!;
      if (this.#ascii[i] === CLEANED_TEXT) ids.push(this.text(i, 'order_id'));
      else ids.push(trim(this.#bytes.toString(this.#ascii[i] === ASCII_TEXT ? 'latin1' : 'utf8', start, end)));
    }
    return ids;
  }

  /** Other forms under which earlier orders may have the ids of these, with those ids. */
  otherIds(): Map<string, string> {
    this.#checkOwned();
    const others = new Map<string, string>();
    for (let order = 0; order < this.orders; order++) {
      const i = this.first(order);
      const cell = i * this.#width + this.#positionOf.order_id;
      if (this.#ascii[i] === ASCII_TEXT || isAscii(this.#bytes, this.#starts[cell]!, this.#ends[cell]!)) continue;
      const id = this.text(i, 'order_id');
      for (const form of formsOfId(trim(this.#value(i, this.#positionOf.order_id))))
        if (form !== id) others.set(form, id);
    }
    return others;
  }

  /** The number of the row's SKU and hub among the pairs. */
  pair(i: number): number {
    this.#checkOwned();
    return this.#pairOf[i]!;
  }

  /** The original cells, untrimmed. */
  values(i: number): string[] {
    return Array.from({ length: this.#cells }, (_, column) => this.#value(i, column));
  }

  row(i: number): number {
    this.#checkOwned();
    return this.#rows[i]!;
  }

  quantity(i: number): number {
    return this.#number(i, 0);
  }

  unitPriceMinor(i: number): number {
    return this.#number(i, 1);
  }

  totalMinor(i: number): number {
    return this.#number(i, 2);
  }

  orderDateMs(i: number): number {
    return this.#number(i, 3);
  }

  #number(i: number, at: number): number {
    this.#checkOwned();
    return this.#numbers[i * NUMBERS_PER_ROW + at]!;
  }

  #value(i: number, column: number): string {
    this.#checkOwned();
    const first = i * this.#width;
    const start = this.#starts[first + column]!;
    const end = this.#ends[first + column]!;
    if (column >= this.#cells)
      return this.#bytes.toString(this.#ascii[i] === ASCII_TEXT ? 'latin1' : 'utf8', start, end);
    if (i !== this.#row) {
      this.#row = i;
      this.#start = this.#starts[first]!;
      this.#units = this.#bytes.toString('latin1', this.#start, this.#ends[first + this.#cells - 1]);
    }
    const units = this.#units.slice(start - this.#start, end - this.#start);
    return this.#ascii[i] === ASCII_TEXT || !NON_ASCII.test(units) ? units : this.#bytes.toString('utf8', start, end);
  }

  /** Called for each value, so that the comparison is made here. */
  #checkOwned(): void {
    if (this.#returns[0] !== this.#returnsAtTake)
      assert(false, 'a batch of orders is not used after it was given back');
  }
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i]! > 127) return false;
  return true;
}
