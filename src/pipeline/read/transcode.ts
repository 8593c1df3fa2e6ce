/**
 * The encodings that the reader does not read in place are converted to UTF-8 first. From there on the file is one of UTF-8, with its
 * offsets; to resume in it is to convert it from its start again, as with gzip. Bytes that are no text become one that UTF-8 forbids, so
 * that their row is reported like any row with such bytes.
 */

import { limits } from '../../limits.ts';
import type { Encoding } from '../../model/intake.ts';
import type { ByteReader } from './byte-reader.ts';

/** How the reader reads text: those that it finds offsets in. */
export type TextForm = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

const IN_PLACE: readonly string[] = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] satisfies TextForm[];

export const textForm = (encoding: Encoding): TextForm =>
  IN_PLACE.includes(encoding) ? (encoding as TextForm) : 'utf-8';

export const isTranscoded = (encoding: Encoding): boolean => !IN_PLACE.includes(encoding);

const LF = 0x0a;
/** No character of several bytes has one below this but as its first. */
const FIRST_TRAIL = 0x30;
/** Stands in what was made for bytes that are no text. */
const NO_TEXT = Buffer.of(0xff);

export class Transcoder {
  readonly #decoder: InstanceType<typeof TextDecoder>;
  /** Where shift sequences change what bytes mean, each line starts in the initial state. */
  readonly #lineByLine: boolean;
  /** Of a unit of two bytes, the one by which a surrogate is known; null for other encodings. */
  readonly #highByte: 0 | 1 | null;
  #held: Buffer = Buffer.alloc(0);

  constructor(encoding: Encoding) {
    this.#decoder = new TextDecoder(encoding, { ignoreBOM: true });
    this.#lineByLine = encoding === 'iso-2022-jp';
    this.#highByte = encoding === 'utf-16be' ? 0 : encoding === 'utf-16le' ? 1 : null;
  }

  /** What is sure of this block and those before it. */
  push(block: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? block : Buffer.concat([this.#held, block]);
    // No record is as long as this, so a character that is cut here is never read.
    const cut = bytes.length > limits.maxRecordBytes ? bytes.length : this.#sureBytes(bytes);
    this.#held = bytes.subarray(cut);
    return this.#make(bytes.subarray(0, cut));
  }

  end(): Buffer {
    return this.#make(this.#held);
  }

  /** Up to behind the last byte that is a character by itself: a decoder that is called again from there returns the same. */
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

/** The rest of the bytes as UTF-8. In blocks of one size, so that even bytes that are no text are converted the same at each reading. */
export async function* transcoded(bytes: ByteReader, encoding: Encoding): AsyncGenerator<Buffer> {
  const transcoder = new Transcoder(encoding);
  for await (const block of bytes.blocks(limits.readBlockBytes)) yield transcoder.push(block);
  yield transcoder.end();
}
