/**
 * The parts of a zip file, such as a workbook, each as a stream. The directory of a zip file is at its end: it is read by ranges, and
 * nothing is copied. What is declared there is what a part may have: it is refused before it is unpacked when that is too much.
 */
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';
import type { OmsError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import { fileFailure } from '../../../model/file-failure.ts';
import { type ByteRange, type ByteSource, readRange } from '../byte-source.ts';
import type { InflateBounds } from '../gunzip.ts';

export class ZipParts {
  /** By their names, with `/` between folders. */
  readonly #parts = new Map<string, Entry>();
  readonly #zip: ZipFile;
  readonly #ranges: Ranges;
  readonly #bounds: InflateBounds;
  #unpackedBytes = 0;

  private constructor(zip: ZipFile, ranges: Ranges, bounds: InflateBounds) {
    this.#zip = zip;
    this.#ranges = ranges;
    this.#bounds = bounds;
  }

  /** Reads the directory. Throws `corrupt_workbook`, and errors of the source unchanged. */
  static async open(source: ByteSource, bounds: InflateBounds, signal: AbortSignal | undefined): Promise<ZipParts> {
    const ranges = new Ranges(source, signal);
    try {
      const zip = await fromRandomAccessReaderPromise(ranges, source.sizeBytes, {
        autoClose: false,
        lazyEntries: true,
      });
      if (zip.entryCount > limits.maxWorkbookParts)
        throw corruptWorkbook(`it has ${zip.entryCount} parts, more than ${limits.maxWorkbookParts}`);
      const parts = new ZipParts(zip, ranges, bounds);
      const entries: Entry[] = [];
      for await (const entry of zip.eachEntry()) {
        entries.push(entry);
        if (parts.#parts.has(entry.fileName)) throw corruptWorkbook(`it has the part ${entry.fileName} twice`);
        parts.#parts.set(entry.fileName, entry);
      }
      refuseOverlaps(entries);
      return parts;
    } catch (error) {
      ranges.destroy();
      throw asFailure(error);
    }
  }

  get names(): string[] {
    return [...this.#parts.keys()];
  }

  /** The stored bytes that were read so far. */
  get bytesRead(): number {
    return this.#ranges.bytesRead;
  }

  /**
   * The bytes of a part, unpacked and checked. Throws `corrupt_workbook` and `too_large`, errors of the source unchanged, and the signal's
   * reason.
   */
  async *read(name: string): AsyncGenerator<Buffer> {
    const entry = this.#parts.get(name);
    if (entry === undefined) throw corruptWorkbook(`it has no part ${name}`);
    this.#checkSize(entry);
    let stream: Readable | undefined;
    try {
      stream = await this.#zip.openReadStreamPromise(entry);
      let sum = 0;
      for await (const block of stream) {
        sum = crc32(block, sum);
        yield block;
      }
      if (sum !== entry.crc32) throw corruptWorkbook(`the check of its part ${name} fails`);
    } catch (error) {
      throw asFailure(error);
    } finally {
      stream?.destroy();
    }
  }

  close(): void {
    this.#ranges.destroy();
  }

  /** Unpacking stops where a part has more than it declares, so the declared size is enough. */
  #checkSize({ uncompressedSize, compressedSize }: Entry): void {
    const { maxInflatedBytes, maxGzipRatio, gzipRatioFromBytes } = this.#bounds;
    this.#unpackedBytes += uncompressedSize;
    if (this.#unpackedBytes > maxInflatedBytes)
      throw fileFailure(
        'too_large',
        `The workbook holds more than the ${maxInflatedBytes} bytes a file may have once unpacked: upload it in parts.`,
      );
    if (uncompressedSize > gzipRatioFromBytes && uncompressedSize > compressedSize * maxGzipRatio)
      throw fileFailure(
        'too_large',
        `The workbook grows more than ${maxGzipRatio} times when unpacked, as no workbook of orders does: save its sheet alone, or as CSV.`,
      );
  }
}

/** Gives yauzl the ranges of a source that it asks for. */
class Ranges extends RandomAccessReader {
  bytesRead = 0;
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  readonly #open = new Set<ByteRange>();

  constructor(source: ByteSource, signal: AbortSignal | undefined) {
    super();
    this.#source = source;
    this.#signal = signal;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    // A source that lacks bytes counts as down, and is tried again.
    if (start < 0 || end > this.#source.sizeBytes) return failing(corruptWorkbook('a part of it is behind its end'));
    const range = readRange(this.#source, start, end - start, this.#signal);
    this.#open.add(range);
    const stream = Readable.from(this.#counted(range), { objectMode: false });
    stream.on('close', () => this.#open.delete(range));
    return stream;
  }

  async *#counted(range: ByteRange): AsyncGenerator<Buffer> {
    for await (const block of range) {
      this.bytesRead += block.length;
      yield block;
    }
  }

  destroy(): void {
    for (const range of this.#open) range.destroy();
  }
}

const failing = (error: OmsError): Readable =>
  new Readable({
    read() {
      this.destroy(error);
    },
  });

/** Parts that share bytes unpack to far more than the file has. */
function refuseOverlaps(entries: readonly Entry[]): void {
  let end = 0;
  for (const entry of entries.toSorted((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader)) {
    if (entry.relativeOffsetOfLocalHeader < end) throw corruptWorkbook('its parts overlap');
    end = entry.relativeOffsetOfLocalHeader + LOCAL_HEADER_BYTES + entry.fileNameLength + entry.compressedSize;
  }
}

const LOCAL_HEADER_BYTES = 30;

export const corruptWorkbook = (what: string): OmsError =>
  fileFailure(
    'corrupt_workbook',
    `The workbook is damaged or cut short (${what}): save it anew as .xlsx, or as CSV, and upload that.`,
  );

const asFailure = (error: unknown): unknown => (isOfLibrary(error) ? corruptWorkbook(error.message) : error);

/** What the libraries and zlib say of a file: not our own errors, nor those of the system and of mistakes. */
export const isOfLibrary = (error: unknown): error is Error =>
  error instanceof Error && error.name === 'Error' && !('syscall' in error);
