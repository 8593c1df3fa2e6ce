/**
 * A bounded number of places for what clients can hold for a long time: connections, uploads, streams. No owner ever has all of them.
 * When no place is left, a new holder replaces a replaceable one: of its own owner when that has its full share, else of the owner that
 * has most.
 */
export interface Owner {
  /** An address, or who has signed in. */
  owner: string;
  /** How many places it may have. */
  share: number;
}

export interface Holder extends Owner {
  /** Whether its place may be given to another holder now. */
  isReplaceable(): boolean;
  /** Called when its place was given to another holder. */
  end(): void;
}

export class Places {
  readonly #all: number;
  readonly #taken = new Map<string, Set<Holder>>();
  #count = 0;

  constructor(all: number) {
    this.#all = all;
  }

  /** False when there is no place, and no holder is replaceable. */
  take(holder: Holder): boolean {
    if (this.isTaken(holder)) {
      if (!this.#freePlace(this.#taken.get(holder.owner)!)) return false;
    } else if (this.#count >= this.#all) {
      const most = [...this.#taken.values()].sort((a, b) => b.size - a.size);
      if (!most.some((holders) => this.#freePlace(holders))) return false;
    }
    this.#taken.set(holder.owner, (this.#taken.get(holder.owner) ?? new Set()).add(holder));
    this.#count++;
    return true;
  }

  /** Whether it has as many places as it may. */
  isTaken({ owner, share }: Owner): boolean {
    return (this.#taken.get(owner)?.size ?? 0) >= share;
  }

  release(holder: Holder): void {
    const holders = this.#taken.get(holder.owner);
    if (!holders?.delete(holder)) return;
    this.#count--;
    if (holders.size === 0) this.#taken.delete(holder.owner);
  }

  /** From now on it is the last of its owner to be replaced. */
  renew(holder: Holder): void {
    const holders = this.#taken.get(holder.owner);
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
