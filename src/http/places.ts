/**
 * A bounded number of places for what clients can hold for a long time: connections, uploads, streams. One address never has all of
 * them. When no place is left, a new holder replaces a replaceable one: of its own address when that has its full share, else of the
 * address that has most.
 */
export interface Holder {
  address: string;
  /** Whether its place may be given to another holder now. */
  isReplaceable(): boolean;
  /** Called when its place was given to another holder. */
  end(): void;
}

export class Places {
  readonly #bounds: { all: number; perAddress: number };
  readonly #taken = new Map<string, Set<Holder>>();
  #count = 0;

  constructor(bounds: { all: number; perAddress: number }) {
    this.#bounds = bounds;
  }

  /** False when there is no place, and no holder is replaceable. */
  take(holder: Holder): boolean {
    const { all, perAddress } = this.#bounds;
    const own = this.#taken.get(holder.address);
    if (own && own.size >= perAddress) {
      if (!this.#freePlace(own)) return false;
    } else if (this.#count >= all) {
      const most = [...this.#taken.values()].sort((a, b) => b.size - a.size);
      if (!most.some((holders) => this.#freePlace(holders))) return false;
    }
    this.#taken.set(holder.address, (this.#taken.get(holder.address) ?? new Set()).add(holder));
    this.#count++;
    return true;
  }

  release(holder: Holder): void {
    const holders = this.#taken.get(holder.address);
    if (!holders?.delete(holder)) return;
    this.#count--;
    if (holders.size === 0) this.#taken.delete(holder.address);
  }

  /** From now on it is the last of its address to be replaced. */
  renew(holder: Holder): void {
    const holders = this.#taken.get(holder.address);
    if (holders?.delete(holder)) holders.add(holder);
  }

  /** Frees the place of the first replaceable holder, in the order in which they came or were last renewed. */
  #freePlace(holders: Set<Holder>): boolean {
    for (const holder of holders) {
      if (!holder.isReplaceable()) continue;
      this.release(holder);
      holder.end();
      return true;
    }
    return false;
  }
}
