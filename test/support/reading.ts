/** Reads files that are given as bytes, cut into pieces anywhere, and tells what came of it. */
import { Readable } from 'node:stream';
import { isOmsError, type OmsError } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';
import { ORDER_COLUMNS } from '../../src/model/columns.ts';
import type { Format } from '../../src/model/format.ts';
import type { Header } from '../../src/model/header.ts';
import type { Intake } from '../../src/model/intake.ts';
import type { RawRow } from '../../src/model/raw-row.ts';
import type { ByteSource } from '../../src/pipeline/read/byte-source.ts';
import type { Chunk, ReadBounds, RowConsumer } from '../../src/pipeline/read/read-chunks.ts';
import { type ReadOptions, type Resume, readFile } from '../../src/pipeline/read/read-file.ts';
import type { TextForm } from '../../src/pipeline/read/transcode.ts';

export const HEADER = ORDER_COLUMNS.join(',');

/** A source over bytes that gives them in pieces of these sizes, over and over. */
export function sourceOf(bytes: Buffer, pieceSizes: number[] = [64 * 1024]): ByteSource & { opened: Readable[] } {
  const opened: Readable[] = [];
  return {
    sizeBytes: bytes.length,
    opened,
    async open(offset, length) {
      const stream = Readable.from(piecesOf(bytes.subarray(offset, offset + length), pieceSizes));
      opened.push(stream);
      return stream;
    },
  };
}

function* piecesOf(bytes: Buffer, sizes: number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

export interface RawChunk extends Chunk {
  rows: RawRow[];
}

export interface Reading {
  intake: Intake | null;
  header: Header | null;
  chunks: RawChunk[];
  rows: RawRow[];
  failure: OmsError | null;
}

export interface ReadingOptions {
  pieceSizes?: number[];
  resume?: Resume;
  encoding?: string;
  sheet?: string;
  format?: Format;
  recognise?: ReadOptions['recognise'];
  maxInflatedBytes?: number;
  bounds?: Partial<ReadBounds>;
  atBorder?: () => void;
}

export async function readBytes(file: Buffer | string, options: ReadingOptions = {}): Promise<Reading> {
  const {
    pieceSizes,
    resume = null,
    encoding,
    sheet,
    format,
    recognise,
    maxInflatedBytes = 1e9,
    bounds,
    atBorder,
  } = options;
  const source = sourceOf(typeof file === 'string' ? Buffer.from(file) : file, pieceSizes);
  const reading: Reading = { intake: null, header: null, chunks: [], rows: [], failure: null };
  try {
    const readOptions = {
      maxInflatedBytes,
      ...(encoding === undefined ? {} : { encoding }),
      ...(sheet === undefined ? {} : { sheet }),
      ...(atBorder === undefined ? {} : { atBorder }),
      ...(format && { format }),
      ...(recognise && { recognise }),
    };
    const { intake, header, chunks } = await readFile(source, resume, readOptions, { ...limits, ...bounds });
    Object.assign(reading, { intake, header });
    const rows = new Rows(reading);
    for await (const chunk of chunks(rows)) reading.chunks.push({ ...chunk, rows: rows.takeChunk() });
  } catch (error) {
    if (!isOmsError(error)) throw error;
    reading.failure = error;
  }
  for (const stream of source.opened) {
    if (!stream.destroyed) throw new Error('reading left a stream open');
  }
  return reading;
}

/** Keeps the rows as texts, once they are checked. */
class Rows implements RowConsumer {
  form: TextForm = 'utf-8';
  readonly #reading: Reading;
  #added: RawRow[] = [];
  #chunk: RawRow[] = [];

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  take(): number {
    return -1;
  }

  add(row: RawRow): void {
    this.#added.push(row);
  }

  async check(intake: Intake): Promise<void> {
    this.#reading.intake = intake;
    this.#reading.rows.push(...this.#added);
    this.#chunk.push(...this.#added);
    this.#added = [];
  }

  takeChunk(): RawRow[] {
    const rows = this.#chunk;
    this.#chunk = [];
    return rows;
  }
}

/** The resume point that a worker keeps after this chunk. */
export function resumeAfter(reading: Reading, chunk: RawChunk): Resume {
  return {
    intake: chunk.intake,
    columns: reading.header!.columns,
    format: reading.header!.format,
    nextChunk: chunk.n + 1,
    position: chunk.end,
  };
}
