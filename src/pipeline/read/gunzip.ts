/**
 * Inflates the members of a gzip file, one after the other. Zeros and line ends after a member are padding, as tapes, block devices and
 * editors add them. Node's own reader takes a line end there for damage, so the members are separated here.
 */
import { once } from 'node:events';
import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import type { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { fileFailure } from '../../model/file-failure.ts';
import type { ByteReader } from './byte-reader.ts';

export interface InflateBounds {
  maxInflatedBytes: number;
  maxGzipRatio: number;
  gzipRatioFromBytes: number;
}

/** How many bytes of the file were unpacked, and to how many. */
interface Progress {
  unpacked: { bytes: number };
  inflatedBytes: number;
}

export function isGzipMagic(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** `unpacked` counts how many of the stored bytes were unpacked. */
export async function* inflate(
  stored: ByteReader,
  bounds: InflateBounds,
  unpacked: { bytes: number },
): AsyncGenerator<Buffer> {
  const progress: Progress = { unpacked, inflatedBytes: 0 };
  try {
    do {
      yield* inflateMember(stored, bounds, progress);
    } while (await isAnotherMember(stored, progress));
  } catch (error) {
    throw isZlibError(error) || error instanceof Damage ? corruptGzip(progress.inflatedBytes, error) : error;
  }
}

class Damage extends Error {}

const TRAILER_BYTES = 8;

async function* inflateMember(stored: ByteReader, bounds: InflateBounds, progress: Progress): AsyncGenerator<Buffer> {
  progress.unpacked.bytes += (await stored.take(await headerBytes(stored))).length;
  const engine = createInflateRaw({ chunkSize: limits.readBlockBytes });
  const pieces: Buffer[] = [];
  engine.on('data', (piece: Buffer) => pieces.push(piece));
  let sum = 0;
  let size = 0;
  try {
    for (let ended = false; !ended; ) {
      // In blocks of one size: the output before damage depends on the blocks.
      const block = await stored.peek(limits.inflateBlockBytes);
      if (block.length === 0) throw new Damage('unexpected end of file');
      const used = await write(engine, block);
      // It takes no bytes after the end of the member.
      ended = used < block.length;
      await stored.take(used);
      progress.unpacked.bytes += used;
      for (const piece of pieces.splice(0)) {
        sum = crc32(piece, sum);
        size += piece.length;
        progress.inflatedBytes += piece.length;
        checkSize(progress, bounds);
        yield piece;
      }
    }
  } finally {
    engine.destroy();
  }
  const trailer = await stored.take(TRAILER_BYTES);
  progress.unpacked.bytes += trailer.length;
  if (trailer.length < TRAILER_BYTES) throw new Damage('unexpected end of file');
  if (trailer.readUInt32LE(0) !== sum) throw new Damage('incorrect data check');
  if (trailer.readUInt32LE(4) !== size % 2 ** 32) throw new Damage('incorrect length check');
}

/** Returns how many bytes of the block the engine took, after it has emitted all output for them. */
async function write(engine: InflateRaw, block: Buffer): Promise<number> {
  const before = engine.bytesWritten;
  const stop = new AbortController();
  try {
    await Promise.race([
      new Promise<void>((resolve, reject) => {
        engine.write(block, (error) => (error ? reject(error) : resolve()));
      }),
      once(engine, 'end', { signal: stop.signal }),
    ]);
  } finally {
    stop.abort();
  }
  return engine.bytesWritten - before;
}

const DEFLATE = 8;
const HAS_CHECK = 2;
const HAS_EXTRA = 4;
const HAS_NAME = 8;
const HAS_COMMENT = 16;
const UNKNOWN_FLAGS = 0xe0;
const FIXED_HEADER_BYTES = 10;
/** Enough for nearly all files, with their names. */
const FEW_HEADER_BYTES = 512;

/** The length of the header of the member that begins here. Source: RFC 1952. */
async function headerBytes(stored: ByteReader): Promise<number> {
  for (const most of [FEW_HEADER_BYTES, limits.maxGzipHeaderBytes]) {
    const head = await stored.lookAhead(most);
    const bytes = measureHeader(head);
    if (bytes <= head.length) return bytes;
  }
  throw new Damage('unexpected end of file');
}

/** The length of the header; more than `head` has when the header does not end in it. */
function measureHeader(head: Buffer): number {
  if (head.length < FIXED_HEADER_BYTES) return FIXED_HEADER_BYTES;
  const flags = head[3]!;
  if (head[2] !== DEFLATE || (flags & UNKNOWN_FLAGS) !== 0)
    throw new Damage('unknown compression method or header flags set');
  let bytes = FIXED_HEADER_BYTES;
  if ((flags & HAS_EXTRA) !== 0) bytes += 2 + (bytes + 2 <= head.length ? head.readUInt16LE(bytes) : 0);
  for (const text of [HAS_NAME, HAS_COMMENT]) {
    if ((flags & text) === 0) continue;
    const end = head.indexOf(0, bytes);
    if (end === -1) return Number.POSITIVE_INFINITY;
    bytes = end + 1;
  }
  return (flags & HAS_CHECK) === 0 ? bytes : bytes + 2;
}

const PADDING = [0x00, 0x0a, 0x0d];

async function isAnotherMember(stored: ByteReader, progress: Progress): Promise<boolean> {
  for (;;) {
    const block = await stored.peek(limits.readBlockBytes);
    if (block.length === 0) return false;
    const next = block.findIndex((byte) => !PADDING.includes(byte));
    progress.unpacked.bytes += (await stored.take(next === -1 ? block.length : next)).length;
    if (next === -1) continue;
    if (isGzipMagic(await stored.peek(2))) return true;
    throw new Damage('bytes after its end that are not gzip');
  }
}

function checkSize({ unpacked, inflatedBytes }: Progress, bounds: InflateBounds): void {
  if (inflatedBytes > bounds.maxInflatedBytes) {
    throw fileFailure(
      'too_large',
      `The gzip file holds more than the ${bounds.maxInflatedBytes} bytes a file may have once unpacked: upload it in parts.`,
    );
  }
  if (inflatedBytes > bounds.gzipRatioFromBytes && inflatedBytes > unpacked.bytes * bounds.maxGzipRatio) {
    throw fileFailure(
      'too_large',
      `The gzip file grows more than ${bounds.maxGzipRatio} times when unpacked, as no order file does: upload it unpacked.`,
    );
  }
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}

function corruptGzip(inflatedBytes: number, error: Error): OmsError {
  return fileFailure(
    'corrupt_gzip',
    `The gzip file is damaged or cut short (${error.message}, after ${inflatedBytes} unpacked bytes): pack and upload it again.`,
  );
}
