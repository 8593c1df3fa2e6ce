/**
 * Keeps a reserve free on the disk. Objects can wait for space; the database, which may be on the same disk, needs some to finish what it
 * has begun.
 */
import { statfs } from 'node:fs/promises';
import { limits } from '../../limits.ts';
import { diskFull, errorAt } from './errors.ts';

export class FreeSpace {
  readonly #root: string;
  /** What may be written before the free space is read again. */
  #mayWriteBytes = 0;

  constructor(root: string) {
    this.#root = root;
  }

  /** Throws `disk_full` when the reserve would be used. */
  async take(bytes: number): Promise<void> {
    if (bytes > this.#mayWriteBytes) {
      const spare = (await this.#freeBytes()) - limits.minFreeBytes;
      if (bytes > spare) throw diskFull(this.#root);
      this.#mayWriteBytes = Math.min(spare, limits.freeCheckBytes);
    }
    this.#mayWriteBytes = Math.max(0, this.#mayWriteBytes - bytes);
  }

  /** Throws `disk_full` when less than the reserve is free. */
  async check(): Promise<void> {
    if ((await this.#freeBytes()) < limits.minFreeBytes) throw diskFull(this.#root);
  }

  async #freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#root).catch((error) => {
      throw errorAt(this.#root, error);
    });
    return bavail * bsize;
  }
}
