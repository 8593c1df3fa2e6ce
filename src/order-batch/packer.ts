/**
 * Packs the rows of a chunk into a batch. Each row has a slot, in the order of the file; slots whose row turns out to be no order
 * are left out of the batch. Two memories are in use as a rule: one is filled while the batch in the other is committed.
 */
import { type OrderColumn, TEXT_COLUMNS, type TextColumn } from '../model/columns.ts';
import type { Header } from '../model/header.ts';
import type { OrderRow } from '../model/order-row.ts';
import { trim } from '../model/trim.ts';
import { ASCII_TEXT, BatchMemory, bufferOf, CLEANED_TEXT, HOLE, NUMBERS_PER_ROW, UNKNOWN_TEXT } from './memory.ts';
import { OrderBatch } from './order-batch.ts';
import type { Pairs } from './sku-hub-pairs.ts';

/** Values are written to the text by this many rows: each by itself would cost a call, and all of them a long string. */
const ROWS_PER_WRITE = 100;
/** UTF-8 of a code unit, at most. */
const BYTES_PER_UNIT = 3;

const QUOTE = 34;

const TEXT_FIELDS = {
  order_id: 'orderId',
  customer_name: 'customerName',
  customer_email: 'customerEmail',
  product_name: 'productName',
  sku: 'sku',
  hub_id: 'hubId',
  shipping_address: 'shippingAddress',
} as const satisfies Record<TextColumn, keyof OrderRow>;

type OrderNumbers = Pick<OrderRow, 'quantity' | 'unitPriceMinor' | 'totalMinor' | 'orderDateMs'>;

/** An order whose values are where they are in the bytes of the file. */
export interface PlainOrder extends OrderNumbers {
  /** Of each value. */
  starts: Uint32Array;
  ends: Uint32Array;
  /** Columns whose value has doubled quotes, each of which stands for one. */
  doubled: number[];
  ascii: boolean;
  /** Those that are in bytes of its own: a column of `inOwn` has its value there. */
  format: { inOwn: readonly number[]; own: Uint8Array; ownLength: number } | null;
}

export class OrderPacker {
  readonly #header: Header;
  /** Cells of a row, and with the values that are made. */
  readonly #cells: number;
  readonly #width: number;
  readonly #positionOf: Record<OrderColumn, number>;
  readonly #asIs: boolean;
  #memory: BatchMemory;
  /** Given back and not filled again yet; one is enough, as only one batch is committed at a time. */
  #spare: BatchMemory | null = null;
  /** Values that are not written to the text yet. */
  #values: string[] = [];
  #written = 0;
  #end = 0;
  #slots = 0;
  #holes = 0;
  /** Slots of rows that belong to the order of the row before. */
  #later = new Set<number>();

  constructor(header: Header) {
    const { columns, dataColumns, orderColumns, made } = header;
    this.#header = header;
    this.#cells = dataColumns.length;
    this.#width = dataColumns.length + made.length;
    const placeOf = (column: number) =>
      column < columns.length ? dataColumns.indexOf(column) : dataColumns.length + column - columns.length;
    this.#positionOf = Object.fromEntries(
      Object.entries(orderColumns).map(([name, column]) => [name, placeOf(column)]),
    ) as Record<OrderColumn, number>;
    this.#asIs = this.#width === columns.length;
    this.#memory = new BatchMemory(this.#width);
  }

  get slots(): number {
    return this.#slots;
  }

  /** A slot for a row that is put later, if ever. */
  reserve(): number {
    if (this.#slots === this.#memory.rows.length) this.#memory.growRows();
    this.#memory.ascii[this.#slots] = HOLE;
    this.#holes++;
    return this.#slots++;
  }

  /**
   * `cells`: all cells of the row, as many as the header has columns. `pair`: the number of its SKU and hub. `made`: the values behind the
   * cells.
   */
  put(slot: number, order: OrderRow, cells: string[], pair: number, made: readonly string[] = []): void {
    const { starts, ends } = this.#memory;
    const values = this.#asIs ? cells : [...this.#header.dataColumns.map((column) => cells[column]!), ...made];
    for (let column = 0; column < this.#width; column++) {
      const value = values[column]!;
      this.#values.push(value);
      starts[slot * this.#width + column] = this.#end;
      this.#end += Buffer.byteLength(value);
      ends[slot * this.#width + column] = this.#end;
    }
    if (this.#values.length >= ROWS_PER_WRITE * this.#width) this.#write();
    const { orderColumns } = this.#header;
    const isCleaned = TEXT_COLUMNS.some((column) => {
      const at = orderColumns[column];
      return order[TEXT_FIELDS[column]] !== trim(at < cells.length ? cells[at]! : made[at - cells.length]!);
    });
    this.#fill(slot, order.row, isCleaned ? CLEANED_TEXT : UNKNOWN_TEXT, pair, order);
  }

  /** The row of this slot is a further item of the order of the slot before; all of an order are put, or none. */
  join(slot: number): void {
    this.#later.add(slot);
  }

  /** Adds bytes of the file that rows are about to be added from; returns where they begin in the text. */
  addText(bytes: Uint8Array): number {
    this.#write();
    const place = this.#end;
    this.#memory.reserveText(place, bytes.length).set(bytes, place);
    this.#end += bytes.length;
    this.#written = this.#end;
    return place;
  }

  /** A row whose values are in text that was added; `shift` is what makes their indices places of that text. */
  addPlain(row: number, order: PlainOrder, pair: number, shift: number): void {
    const slot = this.reserve();
    const { starts, ends } = this.#memory;
    const first = slot * this.#width;
    for (let column = 0; column < this.#width; column++) {
      starts[first + column] = order.starts[column]! + shift;
      ends[first + column] = order.ends[column]! + shift;
    }
    for (const column of order.doubled)
      ends[first + column] = joinQuotes(this.#memory.text, starts[first + column]!, ends[first + column]!);
    if (order.format !== null) this.#addOwn(first, order, order.format);
    this.#fill(slot, row, order.ascii ? ASCII_TEXT : UNKNOWN_TEXT, pair, order);
  }

  /** Values that are not in the bytes of the file follow them. */
  #addOwn(first: number, order: PlainOrder, { inOwn, own, ownLength }: NonNullable<PlainOrder['format']>): void {
    if (inOwn.length === 0) return;
    this.#write();
    const { starts, ends } = this.#memory;
    const place = this.#end;
    this.#memory.makeRoom(place + ownLength);
    const { text } = this.#memory;
    for (let i = 0; i < ownLength; i++) text[place + i] = own[i]!;
    for (const column of inOwn) {
      starts[first + column] = order.starts[column]! + place;
      ends[first + column] = order.ends[column]! + place;
    }
    this.#end += ownLength;
    this.#written = this.#end;
  }

  drop(slot: number): void {
    this.#memory.ascii[slot] = HOLE;
    this.#holes++;
  }

  /** The number of the pair of a slot's row, or -1 when it has none. */
  pairOf(slot: number): number {
    return this.#memory.ascii[slot] === HOLE ? -1 : this.#memory.pairOf[slot]!;
  }

  row(slot: number): number {
    return this.#memory.rows[slot]!;
  }

  /** The original cells of a slot's row, untrimmed. */
  values(slot: number): string[] {
    this.#write();
    const { text, starts, ends } = this.#memory;
    const bytes = bufferOf(text);
    return Array.from({ length: this.#cells }, (_, column) => {
      const cell = slot * this.#width + column;
      return bytes.toString('utf8', starts[cell], ends[cell]);
    });
  }

  /** What was added since the last time, with the pairs whose numbers were used. The caller owns it. */
  take({ skus, hubIds }: Pairs): OrderBatch {
    this.#write();
    const memory = this.#memory;
    const firsts = this.#firsts();
    const length = this.#closeHoles();
    const batch = new OrderBatch(
      {
        width: this.#width,
        cells: this.#cells,
        positionOf: this.#positionOf,
        text: memory.text.subarray(0, this.#end),
        starts: memory.starts.subarray(0, length * this.#width),
        ends: memory.ends.subarray(0, length * this.#width),
        ascii: memory.ascii.subarray(0, length),
        rows: memory.rows.subarray(0, length),
        firsts,
        numbers: memory.numbers.subarray(0, length * NUMBERS_PER_ROW),
        pairs: { skus, hubIds },
        pairOf: memory.pairOf.subarray(0, length),
        returns: memory.returns,
        returnsAtTake: memory.returns[0]!,
      },
      { count: 1, giveBack: () => this.#giveBack(memory) },
    );
    this.#memory = this.#spare ?? new BatchMemory(this.#width);
    this.#spare = null;
    this.#written = 0;
    this.#end = 0;
    this.#slots = 0;
    this.#holes = 0;
    this.#later.clear();
    return batch;
  }

  #giveBack(memory: BatchMemory): void {
    Atomics.add(memory.returns, 0, 1);
    this.#spare = memory;
  }

  #fill(slot: number, row: number, ascii: number, pair: number, numbers: OrderNumbers): void {
    const memory = this.#memory;
    memory.ascii[slot] = ascii;
    this.#holes--;
    memory.rows[slot] = row;
    memory.pairOf[slot] = pair;
    memory.numbers[slot * NUMBERS_PER_ROW] = numbers.quantity;
    memory.numbers[slot * NUMBERS_PER_ROW + 1] = numbers.unitPriceMinor;
    memory.numbers[slot * NUMBERS_PER_ROW + 2] = numbers.totalMinor;
    memory.numbers[slot * NUMBERS_PER_ROW + 3] = numbers.orderDateMs;
  }

  /** The indices that the first rows of orders will have; null when each row is an order. */
  #firsts(): Uint32Array | null {
    if (this.#later.size === 0) return null;
    const firsts: number[] = [];
    let index = 0;
    for (let slot = 0; slot < this.#slots; slot++) {
      if (this.#memory.ascii[slot] === HOLE) continue;
      if (!this.#later.has(slot)) firsts.push(index);
      index++;
    }
    return Uint32Array.from(firsts);
  }

  /** Moves what is behind holes forward, run by run; returns how many slots are left. */
  #closeHoles(): number {
    if (this.#holes === 0) return this.#slots;
    const { starts, ends, ascii, rows, numbers, pairOf } = this.#memory;
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
    const buffer = this.#memory.reserveText(this.#written, values.length * BYTES_PER_UNIT);
    this.#written += buffer.write(values, this.#written, 'utf8');
  }
}

/** Makes one quote of two, in place; returns the end of what is left. */
function joinQuotes(text: Uint8Array, start: number, end: number): number {
  let to = start;
  for (let from = start; from < end; from++) {
    const byte = text[from]!;
    text[to++] = byte;
    if (byte === QUOTE) from++;
  }
  return to;
}
