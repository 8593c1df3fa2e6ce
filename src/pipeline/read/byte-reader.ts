/**
 * Bytes on demand from an asynchronous source: looks ahead, skips, and takes blocks of a given size, however the source cuts them. An error
 * of the source is thrown unchanged, after the bytes before it were taken: so the readable part of a damaged file is the same wherever
 * reading began.
 */
import { limits } from '../../limits.ts';
import { isFileFailure } from '../../model/file-failure.ts';

export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #ahead: Buffer[] = [];
  #aheadBytes = 0;
  #ended = false;
  #failure: { error: unknown } | null = null;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next bytes, without taking them: fewer than requested only at the end. */
  async peek(bytes: number): Promise<Buffer> {
    await this.#fill(bytes);
    if (this.#failure !== null && this.#aheadBytes < bytes) throw this.#failure.error;
    return this.#joined().subarray(0, bytes);
  }

  /** The next bytes, without taking them: fewer than requested at the end, and where the file is damaged. */
  async lookAhead(bytes: number): Promise<Buffer> {
    await this.#fill(bytes);
    if (this.#failure !== null && this.#aheadBytes < bytes && !isFileFailure(this.#failure.error))
      throw this.#failure.error;
    return this.#joined().subarray(0, bytes);
  }

  /** The next bytes: fewer than requested only at the end or before an error, none after the end. */
  async take(bytes: number): Promise<Buffer> {
    await this.#fill(bytes);
    if (this.#failure !== null && this.#aheadBytes === 0) throw this.#failure.error;
    const all = this.#joined();
    const rest = all.subarray(bytes);
    this.#ahead = rest.length > 0 ? [rest] : [];
    this.#aheadBytes = rest.length;
    return all.subarray(0, bytes);
  }

  async skip(bytes: number): Promise<void> {
    for (let left = bytes; left > 0; ) {
      const taken = await this.take(Math.min(left, limits.readBlockBytes));
      if (taken.length === 0) return;
      left -= taken.length;
    }
  }

  /** The remaining bytes, in blocks of this size. */
  async *blocks(bytes: number): AsyncGenerator<Buffer> {
    for (;;) {
      const block = await this.take(bytes);
      if (block.length === 0) return;
      yield block;
    }
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #fill(bytes: number): Promise<void> {
    while (this.#aheadBytes < bytes && !this.#ended) {
      try {
        const { done, value } = await this.#source.next();
        if (done) {
          this.#ended = true;
        } else {
          this.#ahead.push(value);
          this.#aheadBytes += value.length;
        }
      } catch (error) {
        this.#ended = true;
        this.#failure = { error };
      }
    }
  }

  #joined(): Buffer {
    if (this.#ahead.length !== 1) this.#ahead = [Buffer.concat(this.#ahead)];
    return this.#ahead[0]!;
  }
}
