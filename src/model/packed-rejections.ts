/**
 * The rejections of a chunk with each text once. A file that is wrong is often wrong in the same way from its first row to its last,
 * and by the million: then a row costs its number and two others.
 */
import type { Reason, Rejection } from './rejection.ts';

export interface PackedRejections {
  /** Distinct lists of reasons. */
  reasons: Reason[][];
  /** Distinct cells. */
  cells: Pick<Rejection, 'values' | 'record'>[];
  /** Of each rejection, in their order. */
  rows: { row: number; reasons: number; cells: number }[];
  /** What they take in a report, about, which is never less than in a store; the same in each store. */
  bytes: number;
}

/** What a row has besides its texts: in a report its number, the id of the file and a check; in a store three numbers. */
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

/** Makes the same of what is alike, so that it is sent to another thread and packed as one. */
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
  /** Of each item, as JSON. */
  readonly bytes: number[] = [];
  readonly #byText = new Map<string, number>();
  /** The same object need not be made a text again. */
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
