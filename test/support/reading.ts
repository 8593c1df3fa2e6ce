/** Reads files that are given as bytes, cut into pieces anywhere, and tells what came of it. */
import { Readable } from 'node:stream';
import { isOmsError, type OmsError } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';
import { ORDER_COLUMNS } from '../../src/model/columns.ts';
import type { Header, Intake, Position } from '../../src/model/intake.ts';
import type { RawRow } from '../../src/model/raw-row.ts';
import { type ByteSource, type ReadBounds, type Resume, readFile } from '../../src/pipeline/read.ts';

export const HEADER = ORDER_COLUMNS.join(',');

/** A source over bytes that gives them in pieces of these sizes, over and over. */
export function sourceOf(bytes: Buffer, pieceSizes: number[] = [64 * 1024]): ByteSource & { opened: Readable[] } {
  const opened: Readable[] = [];
  return {
    sizeBytes: bytes.length,
    opened,
    async open(offset) {
      const stream = Readable.from(piecesOf(bytes.subarray(offset), pieceSizes));
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

/** A chunk put together from its parts. */
export interface RawChunk {
  n: number;
  /** As it is at its end. */
  intake: Intake;
  rows: RawRow[];
  start: Position;
  end: Position;
  bytesRead: number;
  last: boolean;
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
  maxInflatedBytes?: number;
  bounds?: Partial<ReadBounds>;
  atBorder?: () => void;
}

export async function readBytes(file: Buffer | string, options: ReadingOptions = {}): Promise<Reading> {
  const { pieceSizes, resume = null, encoding, maxInflatedBytes = 1e9, bounds, atBorder } = options;
  const source = sourceOf(typeof file === 'string' ? Buffer.from(file) : file, pieceSizes);
  const reading: Reading = { intake: null, header: null, chunks: [], rows: [], failure: null };
  try {
    const readOptions = {
      maxInflatedBytes,
      ...(encoding === undefined ? {} : { encoding }),
      ...(atBorder === undefined ? {} : { atBorder }),
    };
    const { intake, header, parts } = await readFile(source, resume, readOptions, { ...limits, ...bounds });
    Object.assign(reading, { intake, header });
    let chunkRows: RawRow[] = [];
    for await (const { n, intake, rows, start, end, bytesRead, last } of parts) {
      reading.intake = intake;
      reading.rows.push(...rows);
      chunkRows.push(...rows);
      if (end === null) continue;
      reading.chunks.push({ n, intake, rows: chunkRows, start, end, bytesRead, last });
      chunkRows = [];
    }
  } catch (error) {
    if (!isOmsError(error)) throw error;
    reading.failure = error;
  }
  for (const stream of source.opened) {
    if (!stream.destroyed) throw new Error('reading left a stream open');
  }
  return reading;
}

/** The resume point that a worker keeps after this chunk. */
export function resumeAfter(reading: Reading, chunk: RawChunk): Resume {
  return {
    intake: chunk.intake,
    columns: reading.header!.columns,
    nextChunk: chunk.n + 1,
    position: chunk.end,
  };
}
