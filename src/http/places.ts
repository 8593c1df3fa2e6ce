/**
 * A bounded number of places for what clients can hold for long: connections, uploads, streams. One address never has them all. When
 * none is left, a newcomer gets the place of a holder that may go: one of its own address if that has its share, else one of the address
 * that has most.
 */
export interface Holder {
  address: string;
  /** Whether its place may be given to another now. */
  mayGo(): boolean;
  end(): void;
}

export class Places {
  readonly #bounds: { all: number; perAddress: number };
  readonly #taken = new Map<string, Set<Holder>>();
  #count = 0;

  constructor(bounds: { all: number; perAddress: number }) {
    this.#bounds = bounds;
  }

  /** False when there is no place, and no holder may go. */
  take(holder: Holder): boolean {
    const { all, perAddress } = this.#bounds;
    const own = this.#taken.get(holder.address);
    if (own && own.size >= perAddress) {
      if (!this.#makePlace(own)) return false;
    } else if (this.#count >= all) {
      const most = [...this.#taken.values()].sort((a, b) => b.size - a.size);
      if (!most.some((holders) => this.#makePlace(holders))) return false;
    }
    this.#taken.set(holder.address, (this.#taken.get(holder.address) ?? new Set()).add(holder));
    this.#count++;
    return true;
  }

  leave(holder: Holder): void {
    const holders = this.#taken.get(holder.address);
    if (!holders?.delete(holder)) return;
    this.#count--;
    if (holders.size === 0) this.#taken.delete(holder.address);
  }

  /** From now on it is the last of its address to go. */
  renew(holder: Holder): void {
    const holders = this.#taken.get(holder.address);
    if (holders?.delete(holder)) holders.add(holder);
  }

  /** The first of them that may go, which is the one that came first or was renewed longest ago. */
  #makePlace(holders: Set<Holder>): boolean {
    for (const holder of holders) {
      if (!holder.mayGo()) continue;
      this.leave(holder);
      holder.end();
      return true;
    }
    return false;
  }
}
