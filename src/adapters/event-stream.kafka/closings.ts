/** What is being closed in the background, so that the end of the whole can wait for it. */
interface Closable {
  close(): Promise<void>;
}

export class Closings {
  readonly #underWay = new Set<Promise<void>>();

  close(one: Closable): Promise<void> {
    const closed = one.close().finally(() => this.#underWay.delete(closed));
    this.#underWay.add(closed);
    return closed;
  }

  async done(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }
}
