/**
 * The first step of reading a file: the stored object as a stream of CSV bytes, inflated when it is gzip, from any offset of the inflated
 * bytes. The caller that opens it must close it, which ends every stream below.
 */
import { addAbortSignal, type Readable } from 'node:stream';
import { OmsError } from '../../errors.ts';
import { ByteReader } from './byte-reader.ts';
import { type InflateBounds, inflate, isGzipMagic } from './gunzip.ts';

export interface ByteSource {
  /** As stored. */
  sizeBytes: number;
  /** Buffers from the stored byte `offset` on, which is less than `sizeBytes`. */
  open(offset: number): Promise<Readable>;
}

export interface StoredBytes {
  gzip: boolean;
  bytes: ByteReader;
  /** Stored bytes that were taken from the source, or unpacked, or skipped. */
  bytesRead(): number;
  close(): Promise<void>;
}

/** `gzip`: null when it has to be detected from the first bytes. */
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
  // A few bytes of gzip may hold millions of rows: only unpacked bytes show progress.
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

function shortRead(bytesRead: number, sizeBytes: number): OmsError {
  return new OmsError('short_read', `The object store sent ${bytesRead} of ${sizeBytes} bytes and then ended.`, {
    retryable: true,
    details: { bytesRead, sizeBytes },
  });
}
