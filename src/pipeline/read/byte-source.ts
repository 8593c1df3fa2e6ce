/** Stored bytes that can be read from anywhere. */
import { addAbortSignal, type Readable } from 'node:stream';
import { OmsError } from '../../errors.ts';

export interface ByteSource {
  /** As stored. */
  sizeBytes: number;
  /** Buffers from the stored byte `offset` on, `length` of them: no more than there are. */
  open(offset: number, length: number): Promise<Readable>;
}

export interface ByteRange extends AsyncGenerator<Buffer> {
  /** Ends the stream below. */
  destroy(): void;
}

/** So many bytes of the source. Throws `short_read` when there are fewer, errors of the source, and the signal's reason. */
export function readRange(
  source: ByteSource,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): ByteRange {
  let stream: Readable | undefined;
  async function* pieces(): AsyncGenerator<Buffer> {
    if (length <= 0) return;
    let bytes = 0;
    stream = await source.open(offset, length);
    if (signal !== undefined) addAbortSignal(signal, stream);
    try {
      for await (const piece of stream) {
        bytes += piece.length;
        yield piece;
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
    if (bytes < length) throw shortRead(offset + bytes, offset + length);
  }
  return Object.assign(pieces(), { destroy: () => void stream?.destroy() });
}

function shortRead(bytesRead: number, sizeBytes: number): OmsError {
  return new OmsError('short_read', `The object store sent ${bytesRead} of ${sizeBytes} bytes and then ended.`, {
    retryable: true,
    details: { bytesRead, sizeBytes },
  });
}
