/** The tail that all subscribers share. It is opened at the first use, and again after it has ended or could not be opened. */
import type { Tail } from './tail.ts';

export class SharedTail {
  readonly #open: () => Promise<Tail>;
  #opening: Promise<Tail> | null = null;

  constructor(open: () => Promise<Tail>) {
    this.#open = open;
  }

  async get(): Promise<Tail> {
    const last = this.#opening;
    // Many subscribers see the end of the same tail: the first of them opens the next.
    if ((await last)?.ended && this.#opening === last) this.#opening = null;
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = null;
      throw error;
    });
    return this.#opening;
  }

  /** The one that is open; null when there is none. */
  async current(): Promise<Tail | null> {
    return (await this.#opening?.catch(() => null)) ?? null;
  }
}
