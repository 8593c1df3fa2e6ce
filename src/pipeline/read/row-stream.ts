/** Rows of a file out of its bytes: those at hand without waiting, more by `feed`, so that nobody awaits per row. */
import { isAscii } from 'node:buffer';
import type { Intake, Position } from '../../model/intake.ts';
import type { RawRow } from '../../model/raw-row.ts';
import type { ByteReader } from './byte-reader.ts';
import { CsvRecords } from './csv-records.ts';
import { UnitDecoder } from './text-decoder.ts';

export interface RowStreamBounds {
  readBlockBytes: number;
  maxRecordBytes: number;
}

export class RowStream {
  readonly #bytes: ByteReader;
  readonly #decoder: UnitDecoder;
  readonly #records: CsvRecords;
  readonly #blockBytes: number;
  #fedOffset: number;
  #ended = false;

  constructor(bytes: ByteReader, intake: Intake, position: Position, bounds: RowStreamBounds) {
    this.#bytes = bytes;
    this.#decoder = new UnitDecoder(intake.encoding);
    this.#records = new CsvRecords(intake, bounds.maxRecordBytes, position);
    this.#blockBytes = bounds.readBlockBytes;
    this.#fedOffset = position.offset;
  }

  /** The next row, or null when more must be fed first. */
  next(): RawRow | null {
    return this.#records.next();
  }

  /** Takes the next block of the file; false when there was none left. */
  async feed(): Promise<boolean> {
    if (this.#ended) return false;
    const block = await this.#bytes.take(this.#blockBytes);
    this.#fedOffset += block.length;
    if (block.length > 0) {
      this.#records.push(this.#decoder.decode(block), isAscii(block));
    } else {
      this.#ended = true;
      this.#records.push(this.#decoder.end(), false);
      this.#records.end(this.#fedOffset);
    }
    return true;
  }

  /** Everything that was fed and read, trailing blank records included. */
  get end(): Position {
    return { offset: this.#fedOffset, row: this.#records.row };
  }
}
