/** Rows of a file from its bytes. Rows that are already in memory are returned synchronously; `feed` awaits the next block. */
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
  /** Bytes after the last line end, held back until the next block. */
  #held: Buffer = Buffer.alloc(0);
  #fedOffset: number;
  #ended = false;
  #intake: Intake;
  #lastByte: Buffer = Buffer.of(LF);
  /** The rest of a block whose beginning was read before the encoding was decided. */
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

  /** The next row; null when more must be fed first. */
  next(): RawRow | null {
    return this.#records.next();
  }

  /** Offers the next record; false when it is not taken, or more must be fed first. */
  offer(taker: RecordTaker): boolean {
    return this.#records.offer(taker);
  }

  /** As decided so far: the encoding stays open until the first byte that is not ASCII. */
  get intake(): Intake {
    return this.#intake;
  }

  /** After the last record that was read. */
  get offset(): number {
    return this.#records.offset;
  }

  get position(): Position {
    return { offset: this.#records.offset, row: this.#records.row };
  }

  /** Takes the next block of the file; false at the end. */
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
   * The bytes before the first one that is not ASCII; when the block begins with it, the whole block, after the encoding is decided. So the
   * rows before it are read even if no encoding fits, and the decision depends only on the bytes from there on: every reading that gets
   * there decides the same (INV-4).
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
   * The bytes that were held back and this block up to its last line end; the rest is held back. A text that ends with a record is parsed
   * without a copy; a record that spans two texts would have to be joined first.
   */
  #upToLineEnd(block: Buffer): Buffer {
    const lineEnd = block.lastIndexOf(LF) + 1;
    // Not held back: more bytes than a record may have, and bytes of a block that was cut, as a CR may end records in them.
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
