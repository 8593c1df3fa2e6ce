/** Counts what runs, or waits to run, for each owner at the same time, so that none of them takes the places of all. */
export class Running {
  readonly #share: number;
  readonly #counts = new Map<string, number>();

  constructor(share: number) {
    this.#share = share;
  }

  /** Throws `taken()` when the owner's share is taken, and what the work throws. */
  async run<Result>(owner: string, work: () => Promise<Result>, taken: () => Error): Promise<Result> {
    const before = this.#counts.get(owner) ?? 0;
    if (before >= this.#share) throw taken();
    this.#counts.set(owner, before + 1);
    try {
      return await work();
    } finally {
      const left = this.#counts.get(owner)! - 1;
      if (left === 0) this.#counts.delete(owner);
      else this.#counts.set(owner, left);
    }
  }
}
