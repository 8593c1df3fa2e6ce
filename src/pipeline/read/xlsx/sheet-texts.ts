/**
 * The texts of a workbook's cells. A workbook keeps them apart from its rows, each once, by number. There may be more than memory should
 * hold: then they are in a temporary file that has no name any more, so that it goes with the process, however that ends.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readSync } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { OmsError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import { corruptWorkbook } from './zip-parts.ts';

const BLOCK_BYTES = limits.readBlockBytes;
const BLOCKS_IN_MEMORY = limits.sheetTextsInMemoryBytes / BLOCK_BYTES;

export class SheetTexts {
  /** Where each text begins in all of them, as UTF-8 behind each other; the last number is where the next one will. */
  #starts = new Uint32Array(1024);
  #count = 0;
  #bytes = 0;
  /** Full blocks that are in no file. */
  #full: Buffer[] = [];
  #last: Buffer = Buffer.alloc(BLOCK_BYTES);
  #file: FileHandle | null = null;
  readonly #read = new LRUCache<number, Buffer>({ max: BLOCKS_IN_MEMORY });

  add(text: string): void {
    const bytes = Buffer.from(text);
    if (this.#count === limits.maxSheetTexts || this.#bytes + bytes.length > limits.maxSheetTextsBytes)
      throw corruptWorkbook('its cells have more texts than a workbook can have');
    let at = 0;
    while (at < bytes.length) {
      const offset = (this.#bytes + at) % BLOCK_BYTES;
      const copied = bytes.copy(this.#last, offset, at);
      at += copied;
      if (offset + copied < BLOCK_BYTES) continue;
      this.#full.push(this.#last);
      this.#last = Buffer.alloc(BLOCK_BYTES);
    }
    this.#bytes += bytes.length;
    this.#count++;
    if (this.#count === this.#starts.length) {
      const starts = new Uint32Array(this.#starts.length * 2);
      starts.set(this.#starts);
      this.#starts = starts;
    }
    this.#starts[this.#count] = this.#bytes;
  }

  /** Moves what is too much for memory into the file. Call it every few texts. */
  async settle(): Promise<void> {
    if (this.#file === null && this.#full.length < BLOCKS_IN_MEMORY) return;
    try {
      this.#file ??= await temporaryFile();
      for (const block of this.#full.splice(0)) await this.#file.write(block);
    } catch (error) {
      const why = (error as Error).message;
      throw new OmsError(
        (error as NodeJS.ErrnoException).code === 'ENOSPC' ? 'disk_full' : 'object_store_unavailable',
        `the texts of a workbook cannot be kept in the directory for temporary files (${why}): see that it has room and can be written, or set TMPDIR to another; work resumes by itself`,
        { retryable: true, path: temporaryDirectory(), cause: error },
      );
    }
  }

  /** Null: there is no text of this number. */
  get(number: number): string | null {
    if (!(number >= 0 && number < this.#count)) return null;
    const start = this.#starts[number]!;
    const end = this.#starts[number + 1]!;
    const first = Math.floor(start / BLOCK_BYTES);
    const offset = start % BLOCK_BYTES;
    if (offset + end - start <= BLOCK_BYTES) return this.#block(first).toString('utf8', offset, offset + end - start);
    const last = Math.floor((end - 1) / BLOCK_BYTES);
    const blocks = Array.from({ length: last - first + 1 }, (_, i) => this.#block(first + i));
    return Buffer.concat(blocks).toString('utf8', offset, offset + end - start);
  }

  #block(index: number): Buffer {
    if (index === Math.floor(this.#bytes / BLOCK_BYTES)) return this.#last;
    if (this.#file === null) return this.#full[index]!;
    let block = this.#read.get(index);
    if (block === undefined) {
      block = Buffer.alloc(BLOCK_BYTES);
      // Some microseconds: the system has what was just written. A cell cannot wait.
      readSync(this.#file.fd, block, 0, BLOCK_BYTES, index * BLOCK_BYTES);
      this.#read.set(index, block);
    }
    return block;
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}

/** That on a disk, as `/tmp` may be in memory; where `TMPDIR` names another, that one. */
const temporaryDirectory = (): string =>
  tmpdir() === '/tmp' && existsSync(DISK_DIRECTORY) ? DISK_DIRECTORY : tmpdir();
const DISK_DIRECTORY = '/var/tmp';

async function temporaryFile(): Promise<FileHandle> {
  const path = join(temporaryDirectory(), `oms-workbook-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}
