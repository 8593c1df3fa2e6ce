/** Rows of a file out of its bytes: those at hand without waiting, more by `feed`, so that nobody awaits per row. */
import type { Intake, Position } from '../../model/intake.ts';
import type { RawRow } from '../../model/raw-row.ts';
import type { ByteReader } from './byte-reader.ts';
import { CsvRecords, type RecordTaker } from './csv-records.ts';
import { UnitDecoder, unitBytesOf } from './text-decoder.ts';

const LF = 10;

export interface RowStreamBounds {
  readBlockBytes: number;
  maxRecordBytes: number;
}

export class RowStream {
  readonly #bytes: ByteReader;
  readonly #decoder: UnitDecoder;
  readonly #records: CsvRecords;
  readonly #blockBytes: number;
  readonly #holdsBack: boolean;
  /** Taken already: what follows the last line end. */
  #held: Buffer = Buffer.alloc(0);
  #fedOffset: number;
  #ended = false;

  constructor(bytes: ByteReader, intake: Intake, position: Position, bounds: RowStreamBounds) {
    this.#bytes = bytes;
    this.#decoder = new UnitDecoder(intake.encoding);
    this.#records = new CsvRecords(intake, bounds.maxRecordBytes, position);
    this.#blockBytes = bounds.readBlockBytes;
    this.#holdsBack = unitBytesOf(intake.encoding) === 1;
    this.#fedOffset = position.offset;
  }

  /** The next row, or null when more must be fed first. */
  next(): RawRow | null {
    return this.#records.next();
  }

  /** Offers the next record; false when it is not taken, or more must be fed first. */
  offer(taker: RecordTaker): boolean {
    return this.#records.offer(taker);
  }

  /** Behind the last record that was read. */
  get offset(): number {
    return this.#records.offset;
  }

  get position(): Position {
    return { offset: this.#records.offset, row: this.#records.row };
  }

  /** Takes the next block of the file; false when there was none left. */
  async feed(): Promise<boolean> {
    if (this.#ended) return false;
    const block = await this.#bytes.take(this.#blockBytes);
    this.#fedOffset += block.length;
    if (block.length > 0) {
      const bytes = this.#upToLineEnd(block);
      this.#records.push(this.#decoder.decode(bytes), this.#holdsBack ? bytes : null);
    } else {
      this.#ended = true;
      this.#records.push(this.#decoder.decode(this.#held) + this.#decoder.end());
      this.#records.end(this.#fedOffset);
    }
    return true;
  }

  /**
   * What was held back and this block up to its last line end; the rest is held back. A text that ends with a record is searched as
   * it is, where one that is put together of two would be copied first.
   */
  #upToLineEnd(block: Buffer): Buffer {
    const lineEnd = this.#holdsBack ? block.lastIndexOf(LF) + 1 : block.length;
    const up = Buffer.concat([this.#held, block.subarray(0, lineEnd || block.length)]);
    this.#held = block.subarray(lineEnd || block.length);
    return up;
  }

  /** Everything that was fed and read, trailing blank records included. */
  get end(): Position {
    return { offset: this.#fedOffset, row: this.#records.row };
  }
}
