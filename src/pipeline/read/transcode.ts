/**
 * Encodings that the reader does not read in place are converted to UTF-8 first. From there on the file is read as UTF-8, with offsets of
 * that; to resume, it is converted from its start again, as with gzip. Bytes that cannot be decoded become a byte that UTF-8 forbids, so
 * that their row is rejected like any row with such bytes.
 */

import { limits } from '../../limits.ts';
import type { Encoding } from '../../model/intake.ts';
import type { ByteReader } from './byte-reader.ts';

/** The encodings that the reader reads in place. */
export type TextForm = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

const IN_PLACE: readonly string[] = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] satisfies TextForm[];

export const textForm = (encoding: Encoding): TextForm =>
  IN_PLACE.includes(encoding) ? (encoding as TextForm) : 'utf-8';

export const isTranscoded = (encoding: Encoding): boolean => !IN_PLACE.includes(encoding);

const LF = 0x0a;
/** In multi-byte characters, bytes below this can only be the first. */
const FIRST_TRAIL = 0x30;
/** Stands in the converted text for bytes that cannot be decoded. */
const NO_TEXT = Buffer.of(0xff);

export class Transcoder {
  readonly #decoder: InstanceType<typeof TextDecoder>;
  /** Encodings with shift sequences: each line starts in the initial state. */
  readonly #lineByLine: boolean;
  /** In UTF-16 the index of the high byte of a unit, which shows a surrogate; null for other encodings. */
  readonly #highByte: 0 | 1 | null;
  #held: Buffer = Buffer.alloc(0);

  constructor(encoding: Encoding) {
    this.#decoder = new TextDecoder(encoding, { ignoreBOM: true });
    this.#lineByLine = encoding === 'iso-2022-jp';
    this.#highByte = encoding === 'utf-16be' ? 0 : encoding === 'utf-16le' ? 1 : null;
  }

  /** Converts the blocks so far up to the last byte whose meaning is certain. */
  push(block: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? block : Buffer.concat([this.#held, block]);
    // No record is as long as this, so a character that is cut here is never part of a row.
    const cut = bytes.length > limits.maxRecordBytes ? bytes.length : this.#sureBytes(bytes);
    this.#held = bytes.subarray(cut);
    return this.#make(bytes.subarray(0, cut));
  }

  end(): Buffer {
    return this.#make(this.#held);
  }

  /** The index after the last byte that is a character by itself: decoding may be split there. */
  #sureBytes(bytes: Buffer): number {
    if (this.#lineByLine) return bytes.lastIndexOf(LF) + 1;
    if (this.#highByte !== null) {
      const even = bytes.length - (bytes.length % 2);
      const isHalf = (bytes[even - 2 + this.#highByte]! & 0xfc) === 0xd8;
      return isHalf ? even - 2 : even;
    }
    let at = bytes.length;
    while (at > 0 && bytes[at - 1]! >= FIRST_TRAIL) at--;
    return at;
  }

  #make(bytes: Buffer): Buffer {
    if (!this.#lineByLine) return encode(this.#decoder.decode(bytes));
    const lines: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf(LF, at) + 1 || bytes.length;
      lines.push(encode(this.#decoder.decode(bytes.subarray(at, end))));
      at = end;
    }
    return Buffer.concat(lines);
  }
}

function encode(text: string): Buffer {
  if (!text.includes('\ufffd')) return Buffer.from(text);
  const pieces = text.split('\ufffd').flatMap((piece) => [NO_TEXT, Buffer.from(piece)]);
  return Buffer.concat(pieces.slice(1));
}

/** The remaining bytes as UTF-8, in blocks of one size, so that even undecodable bytes are converted the same at each reading. */
export async function* transcoded(bytes: ByteReader, encoding: Encoding): AsyncGenerator<Buffer> {
  const transcoder = new Transcoder(encoding);
  for await (const block of bytes.blocks(limits.readBlockBytes)) yield transcoder.push(block);
  yield transcoder.end();
}
