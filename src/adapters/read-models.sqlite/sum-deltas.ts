/** What the orders of a batch add to the sums, and take from them: many of them are about the same few subjects and days. */

/** What an order adds to a subject. */
export type Added = [subject: number, units: number, amountMinor: number];

export interface Place {
  day: number;
  status: string;
}

export interface Delta extends Place {
  subject: number;
  orders: number;
  units: number;
  /** All of the amount is `amountMinor` and `moreMinor` together. */
  amountMinor: number;
  moreMinor: bigint;
}

/** An amount of one order is below 2^50, so a sum up to here is exact, and numbers are faster than BigInts. */
const LARGEST_EXACT = 2 ** 52;

export class SumDeltas {
  readonly #places = new Map<string, Map<number, Delta>>();

  count(place: Place, additions: readonly Added[], sign: 1 | -1): void {
    const id = `${place.day} ${place.status}`;
    let subjects = this.#places.get(id);
    if (!subjects) {
      subjects = new Map();
      this.#places.set(id, subjects);
    }
    for (const [subject, units, amountMinor] of additions) {
      let delta = subjects.get(subject);
      if (!delta) {
        delta = { subject, day: place.day, status: place.status, orders: 0, units: 0, amountMinor: 0, moreMinor: 0n };
        subjects.set(subject, delta);
      }
      delta.orders += sign;
      delta.units += sign * units;
      delta.amountMinor += sign * amountMinor;
      if (Math.abs(delta.amountMinor) < LARGEST_EXACT) continue;
      delta.moreMinor += BigInt(delta.amountMinor);
      delta.amountMinor = 0;
    }
  }

  *[Symbol.iterator](): Generator<Delta> {
    for (const subjects of this.#places.values()) yield* subjects.values();
  }
}
