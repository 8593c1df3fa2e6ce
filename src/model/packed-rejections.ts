/**
 * The rejections of a chunk, with equal texts stored once. A wrong file is often wrong in the same way from its first row to its last, in
 * millions of rows: then a row costs only its number and two indices.
 */
import type { Reason, Rejection } from './rejection.ts';

export interface PackedRejections {
  /** Distinct lists of reasons. */
  reasons: Reason[][];
  /** Distinct cells. */
  cells: Pick<Rejection, 'values' | 'record'>[];
  /** One for each rejection, in their order. */
  rows: { row: number; reasons: number; cells: number }[];
  /** About their size in a report, which is never less than in a store. It does not depend on the store. */
  bytes: number;
}

/** The bytes of a row besides its texts: in a report its number, the file id and a checksum; in a store three numbers. */
const ROW_BYTES = 64;

export function packRejections(rejections: readonly Rejection[]): PackedRejections {
  const reasons = new Distinct<Reason[]>();
  const cells = new Distinct<Rejection['values']>();
  const packed: PackedRejections = { reasons: reasons.items, cells: [], rows: [], bytes: 0 };
  for (const { row, reasons: why, values, record } of rejections) {
    const numbers = { row, reasons: reasons.numberOf(why), cells: cells.numberOf(values, record) };
    if (numbers.cells === packed.cells.length)
      packed.cells.push(record === undefined ? { values } : { values, record });
    packed.rows.push(numbers);
    packed.bytes += ROW_BYTES + reasons.bytes[numbers.reasons]! + cells.bytes[numbers.cells]!;
  }
  return packed;
}

export const unpackRejections = ({ reasons, cells, rows }: Omit<PackedRejections, 'bytes'>): Rejection[] =>
  rows.map(({ row, reasons: why, cells: what }) => ({ row, reasons: reasons[why]!, ...cells[what]! }));

/** Replaces equal objects by one object, so that they are sent to another thread and packed once. */
export class AlikeRejections {
  readonly #reasons = new Distinct<Reason[]>();
  readonly #values = new Distinct<string[]>();

  of(rejection: Rejection): Rejection {
    const reasons = this.#reasons.items[this.#reasons.numberOf(rejection.reasons)]!;
    const values = this.#values.items[this.#values.numberOf(rejection.values)]!;
    return { ...rejection, reasons, values };
  }
}

class Distinct<Item extends object> {
  readonly items: Item[] = [];
  /** The index of each item, by its JSON. */
  readonly bytes: number[] = [];
  readonly #byText = new Map<string, number>();
  /** The same by object, which saves serializing it again. */
  readonly #known = new Map<Item, number>();

  numberOf(item: Item, also?: string): number {
    if (also === undefined) {
      const known = this.#known.get(item);
      if (known !== undefined) return known;
    }
    const text = JSON.stringify(also === undefined ? item : [item, also]);
    let number = this.#byText.get(text);
    if (number === undefined) {
      number = this.items.push(item) - 1;
      this.#byText.set(text, number);
      this.bytes.push(Buffer.byteLength(text));
    }
    if (also === undefined) this.#known.set(item, number);
    return number;
  }
}
