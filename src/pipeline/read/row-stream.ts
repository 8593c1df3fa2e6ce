/** Rows of a file from its bytes: those at hand without waiting, more by `feed`, so that no row is awaited by itself. */
import { isAscii } from 'node:buffer';
import type { Intake, Position } from '../../model/intake.ts';
import type { RawRow } from '../../model/raw-row.ts';
import type { ByteReader } from './byte-reader.ts';
import { CsvRecords, type RecordTaker } from './csv-records.ts';
import { firstNonAscii, guessEncoding } from './guess-encoding.ts';
import { UnitDecoder, unitBytesOf } from './text-decoder.ts';
import { textForm } from './transcode.ts';

const LF = 10;

export interface RowStreamBounds {
  readBlockBytes: number;
  maxRecordBytes: number;
  detectBytes: number;
}

export class RowStream {
  readonly #bytes: ByteReader;
  readonly #decoder: UnitDecoder;
  readonly #records: CsvRecords;
  readonly #bounds: RowStreamBounds;
  readonly #holdsBack: boolean;
  /** Taken already: what follows the last line end. */
  #held: Buffer = Buffer.alloc(0);
  #fedOffset: number;
  #ended = false;
  #intake: Intake;
  #lastByte: Buffer = Buffer.of(LF);
  /** Of a block of which the beginning was read before the encoding was decided. */
  #left: Buffer | null = null;

  constructor(bytes: ByteReader, intake: Intake, position: Position, bounds: RowStreamBounds) {
    this.#bytes = bytes;
    const form = textForm(intake.encoding);
    this.#decoder = new UnitDecoder(form);
    this.#records = new CsvRecords(intake.delimiter, form, bounds.maxRecordBytes, position);
    this.#bounds = bounds;
    this.#holdsBack = unitBytesOf(form) === 1;
    this.#intake = intake;
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

  /** As it is now: where the first bytes that are not ASCII come late, it was open until then. */
  get intake(): Intake {
    return this.#intake;
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
    const taken = this.#left ?? (await this.#bytes.take(this.#bounds.readBlockBytes));
    const block = this.#intake.encodingOpen ? await this.#upToEncoding(taken) : taken;
    this.#left = block.length < taken.length ? taken.subarray(block.length) : null;
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
   * The bytes before the first that is not ASCII; or all of them, when it is the first, once the encoding is decided. So rows before it
   * are read whatever becomes of it, and it is decided by the bytes from there on: any reading that comes to them decides the same (INV-4).
   */
  async #upToEncoding(block: Buffer): Promise<Buffer> {
    const at = isAscii(block) ? block.length : firstNonAscii(block);
    if (block.length === 0 || at > 0) {
      this.#lastByte = Buffer.from(block.subarray(at - 1, at));
      return block.subarray(0, at);
    }
    const { detectBytes } = this.#bounds;
    const ahead = await this.#bytes.lookAhead(Math.max(0, detectBytes - block.length));
    const evidence = Buffer.concat([this.#lastByte, block, ahead]).subarray(0, detectBytes + this.#lastByte.length);
    const encoding = guessEncoding(evidence, block.length + ahead.length < detectBytes);
    const { encodingOpen: _, ...intake } = this.#intake;
    this.#intake = { ...intake, encoding };
    this.#records.form = encoding;
    return block;
  }

  /**
   * What was held back and this block up to its last line end; the rest is held back. A text that ends with a record is searched as
   * it is, where one that is put together of two would be copied first.
   */
  #upToLineEnd(block: Buffer): Buffer {
    const lineEnd = block.lastIndexOf(LF) + 1;
    // More than a record is none, whatever comes behind it; and what was cut is not held, as a CR may end records in it.
    const holds =
      this.#holdsBack && this.#left === null && lineEnd > 0 && block.length - lineEnd <= this.#bounds.maxRecordBytes;
    const end = holds ? lineEnd : block.length;
    const up = Buffer.concat([this.#held, block.subarray(0, end)]);
    this.#held = block.subarray(end);
    return up;
  }

  /** Everything that was fed and read, trailing blank records included. */
  get end(): Position {
    return { offset: this.#fedOffset, row: this.#records.row };
  }
}
