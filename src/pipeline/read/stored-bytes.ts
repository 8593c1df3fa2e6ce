/**
 * The first step of reading a file: the stored object as a stream of CSV bytes, inflated when it is gzip, from any
 * offset of the inflated bytes. Whoever opens it must close it, which ends every stream below.
 */
import { addAbortSignal, pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { fileFailure } from '../../model/file-failure.ts';
import { ByteReader } from './byte-reader.ts';

export interface ByteSource {
  /** As stored. */
  sizeBytes: number;
  /** Buffers from the stored byte `offset` on, which is less than `sizeBytes`. */
  open(offset: number): Promise<Readable>;
}

export interface InflateBounds {
  maxInflatedBytes: number;
  maxGzipRatio: number;
  gzipRatioFromBytes: number;
}

export interface StoredBytes {
  gzip: boolean;
  bytes: ByteReader;
  /** Stored bytes that were taken from the source, or unpacked, or skipped. */
  bytesRead(): number;
  close(): Promise<void>;
}

/** `gzip` is null when it has yet to be found out, by the first bytes. */
export async function openStored(
  source: ByteSource,
  offset: number,
  gzip: boolean | null,
  bounds: InflateBounds,
  signal: AbortSignal | undefined,
): Promise<StoredBytes> {
  signal?.throwIfAborted();
  const from = gzip === true ? 0 : offset;
  let bytesRead = Math.min(from, source.sizeBytes);
  let stream: Readable | undefined;

  async function* counted(): AsyncGenerator<Buffer> {
    if (from < source.sizeBytes) {
      stream = await source.open(from);
      if (signal !== undefined) addAbortSignal(signal, stream);
      try {
        for await (const piece of stream) {
          bytesRead += piece.length;
          yield piece;
        }
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
    }
    if (bytesRead < source.sizeBytes) throw shortRead(bytesRead, source.sizeBytes);
  }

  const stored = new ByteReader(counted());
  // A few bytes of gzip may be millions of rows: what was only taken says nothing.
  const unpacked = { bytes: 0 };
  let inflated: ByteReader | undefined;
  const close = async () => {
    // First the stream: a generator that waits for it can only be closed once it has ended.
    stream?.destroy();
    await inflated?.close();
    await stored.close();
  };
  try {
    const isGzip = gzip ?? isGzipMagic(await stored.peek(2));
    if (isGzip) {
      inflated = new ByteReader(inflate(stored, bounds, unpacked));
      await inflated.skip(offset);
    }
    return { gzip: isGzip, bytes: inflated ?? stored, bytesRead: () => (isGzip ? unpacked.bytes : bytesRead), close };
  } catch (error) {
    await close();
    throw error;
  }
}

export function isGzipMagic(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

async function* inflate(
  stored: ByteReader,
  bounds: InflateBounds,
  unpacked: { bytes: number },
): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: limits.readBlockBytes });
  // In blocks of one size, as what comes out before damage is met depends on them. The callback's errors are those that the
  // loop below meets.
  pipeline(stored.blocks(limits.readBlockBytes), gunzip, () => {});
  let inflatedBytes = 0;
  try {
    for await (const piece of gunzip) {
      inflatedBytes += piece.length;
      unpacked.bytes = gunzip.bytesWritten;
      checkSize(inflatedBytes, gunzip.bytesWritten, bounds);
      yield piece;
    }
  } catch (error) {
    throw isZlibError(error) ? corruptGzip(inflatedBytes, error) : error;
  }
}

function checkSize(inflatedBytes: number, storedBytes: number, bounds: InflateBounds): void {
  if (inflatedBytes > bounds.maxInflatedBytes) {
    throw fileFailure(
      'too_large',
      `The gzip file holds more than the ${bounds.maxInflatedBytes} bytes a file may have once unpacked: upload it in parts.`,
    );
  }
  if (inflatedBytes > bounds.gzipRatioFromBytes && inflatedBytes > storedBytes * bounds.maxGzipRatio) {
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

function shortRead(bytesRead: number, sizeBytes: number): OmsError {
  return new OmsError('short_read', `The object store sent ${bytesRead} of ${sizeBytes} bytes and then ended.`, {
    retryable: true,
    details: { bytesRead, sizeBytes },
  });
}
