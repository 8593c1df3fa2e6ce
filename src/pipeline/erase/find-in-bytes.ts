/**
 * Finds an e-mail in the bytes of an upload, whatever that is: text in any encoding, gzip, or a workbook, with all of its sheets, notes and
 * properties, also one that was refused.
 */
import { limits } from '../../limits.ts';
import { isFileFailure } from '../../model/file-failure.ts';
import { MAX_EMAIL_CHARS } from '../../model/row-schema.ts';
import { sliceTurn } from '../../ports/event-loop.ts';
import { ByteReader } from '../read/byte-reader.ts';
import { type ByteSource, readRange } from '../read/byte-source.ts';
import { inflate, isGzipMagic } from '../read/gunzip.ts';
import { isZip } from '../read/sniff-binary.ts';
import { ZipParts } from '../read/xlsx/zip-parts.ts';

/** Matches of an e-mail, whatever the case. */
export interface Mention {
  /** Not within another one that ends or begins with it. Letters of other scripts are none of its characters. */
  alone: RegExp;
  anywhere: RegExp;
}

export function mentionOf(email: string): Mention {
  const literal = email.replace(/[^a-z0-9]/g, '\\$&');
  return {
    alone: new RegExp(`(?<![a-z0-9._%+-])${literal}(?![a-z0-9_-]|\\.[a-z0-9])`, 'i'),
    anywhere: new RegExp(literal, 'i'),
  };
}

const BOUNDS = { maxInflatedBytes: Number.POSITIVE_INFINITY, ...limits };

/** Throws the failures of what cannot be unpacked, errors of the source, and the signal's reason. */
export async function holdsText(source: ByteSource, mention: Mention, signal: AbortSignal): Promise<boolean> {
  const range = readRange(source, 0, source.sizeBytes, signal);
  const stored = new ByteReader(range);
  try {
    const first = await stored.peek(MAGIC_BYTES);
    if (isGzipMagic(first)) return await isIn(inflate(stored, BOUNDS, { bytes: 0 }), mention.alone, asText);
    if (!isZip(first)) return await isIn(stored.blocks(limits.readBlockBytes), mention.alone, asText);
  } finally {
    range.destroy();
    await stored.close();
  }
  return isInParts(source, mention.anywhere, signal);
}

const MAGIC_BYTES = 4;

async function isInParts(source: ByteSource, mention: RegExp, signal: AbortSignal): Promise<boolean> {
  const parts = await ZipParts.open(source, BOUNDS, signal);
  try {
    for (const name of parts.names) {
      try {
        if (await isIn(parts.read(name), mention, new TextOfXml().take)) return true;
      } catch (error) {
        // The other parts can be read.
        if (!isFileFailure(error)) throw error;
      }
    }
    return false;
  } finally {
    parts.close();
  }
}

/** More characters than an e-mail has with those beside it. */
const OVERLAP = 2 * MAX_EMAIL_CHARS;

async function isIn(
  blocks: AsyncIterable<Buffer>,
  mention: RegExp,
  textOf: (block: Buffer) => string,
): Promise<boolean> {
  let end = '';
  for await (const block of blocks) {
    const text = end + textOf(block);
    const found = mention.exec(text);
    // At the end it may be the beginning of another one.
    if (found && found.index + found[0].length + 2 <= text.length) return true;
    end = text.slice(-OVERLAP);
    await sliceTurn();
  }
  return mention.test(end);
}

/** Whatever encoding it has: an e-mail is ASCII, which all have, UTF-16 with a zero beside each byte. */
const asText = (block: Buffer): string => block.toString('latin1').replaceAll('\0', '');

/** Tags may stand within an e-mail, where a part of it has another colour, and entities for its characters. */
const TAG = /<[^<>]*>/g;
const ENTITY = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|apos));/gi;
const NAMED: Record<string, string> = { amp: '&', apos: "'" };
/** Of a tag or an entity that is not at its end yet; a longer one is no part of an e-mail. */
const MAX_HELD_CHARS = 4096;

/** The tags of a block, as a link to an e-mail is one, and the text between them, behind the end of that of the block before. */
class TextOfXml {
  #held = '';
  #end = '';

  readonly take = (block: Buffer): string => {
    const all = this.#held + asText(block);
    const open = Math.max(all.lastIndexOf('<'), all.lastIndexOf('&'));
    const isOpen = open !== -1 && all.length - open <= MAX_HELD_CHARS && !/[>;]/.test(all.slice(open));
    const text = isOpen ? all.slice(0, open) : all;
    this.#held = isOpen ? all.slice(open) : '';
    const plain = this.#end + text.replaceAll(TAG, '').replaceAll(ENTITY, decoded);
    this.#end = plain.slice(-OVERLAP);
    return `${(text.match(TAG) ?? []).join('').replaceAll(ENTITY, decoded)}\n${plain}`;
  };
}

function decoded(all: string, decimal?: string, hex?: string, name?: string): string {
  if (name !== undefined) return NAMED[name.toLowerCase()]!;
  const code = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal);
  return code < 128 ? String.fromCharCode(code) : all;
}
