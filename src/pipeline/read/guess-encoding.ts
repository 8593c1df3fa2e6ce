/**
 * UTF-8 or Windows-1252, by the evidence of the bytes: how many characters of several bytes they have as UTF-8, how many bytes are
 * none, and which characters would come out. What can be neither is refused, rather than stored as signs that nobody wrote.
 */
import { fileFailure } from '../../model/file-failure.ts';

/**
 * A character of UTF-8 counts for so many places that are none: by chance it is rare, so a few broken bytes do not make a file another
 * one; but four rows of Windows-1252 do not become wrong by a fifth that has one.
 */
const BROKEN_PER_CHARACTER = 2;
/** Runs of letters beyond ASCII that no text of the west has, and bytes without a meaning: so many are no accident. */
const MIN_FOREIGN = 3;
const FOREIGN_RUN_BYTES = 3;

/** Index of the first byte that is not ASCII, or -1. */
export function firstNonAscii(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! >= 0x80) return i;
  return -1;
}

/** `whole` says that the file ends with these bytes, which begin between two characters. Throws `unsupported_encoding`. */
export function guessEncoding(bytes: Buffer, whole: boolean): 'utf-8' | 'windows-1252' {
  let characters = 0;
  let against = 0;
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at]!;
    if (lead < 0x80) {
      at++;
      continue;
    }
    const wanted = charBytes(lead);
    let length = 1;
    while (length < wanted && isTrail(lead, length, bytes[at + length])) length++;
    // The rest of the character lies beyond.
    if (length < wanted && at + length === bytes.length && !whole) break;
    if (length === wanted && !isRather1252(bytes, at, length)) characters++;
    else against++;
    at += length;
  }
  if (against <= characters * BROKEN_PER_CHARACTER) return 'utf-8';
  refuseForeign(bytes);
  return 'windows-1252';
}

/** Of the character of UTF-8 that begins with this byte; more than there are for bytes that begin none. */
function charBytes(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return Number.POSITIVE_INFINITY;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** Whether the byte can be at this place of a character. The second place is narrower behind some: no character has two spellings. */
function isTrail(lead: number, place: number, byte: number | undefined): boolean {
  if (byte === undefined || lead < 0xc2 || lead > 0xf4) return false;
  const from = place > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const to = place > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  return byte >= from && byte <= to;
}

/** … ‘ ’ “ ” – — ™, a space that does not break, © « ® » behind a word. */
const SIGNS = new Set([0x85, 0x91, 0x92, 0x93, 0x94, 0x96, 0x97, 0x99, 0xa0, 0xa9, 0xab, 0xae, 0xbb]);

/**
 * Bytes that are a character of UTF-8 which would be strange there, and in Windows-1252 the accented last letter of a word with a sign
 * behind it: NESCAFÉ® is no NESCAFɮ.
 */
function isRather1252(bytes: Buffer, at: number, length: number): boolean {
  const lead = bytes[at]!;
  // Below are the accented letters that Latin text has in UTF-8.
  if (lead < 0xc6 || length === 4) return false;
  for (let i = 1; i < length; i++) if (!SIGNS.has(bytes[at + i]!)) return false;
  const before = bytes[at - 1] ?? 0;
  const ofOneCase = lead < 0xdf ? before >= 65 && before <= 90 : before >= 97 && before <= 122;
  const after = bytes[at + length] ?? 0;
  return ofOneCase && after < 0x80;
}

/** Bytes without a character in Windows-1252. */
const WITHOUT_MEANING = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

/** Text of the west has one or two letters beyond ASCII in a row; in other encodings whole words are made of such bytes. */
function refuseForeign(bytes: Buffer): void {
  let foreign = 0;
  let foreignBytes = 0;
  let allBytes = 0;
  for (let at = 0; at < bytes.length; ) {
    let end = at;
    let without = 0;
    for (; end < bytes.length && bytes[end]! >= 0x80; end++) if (WITHOUT_MEANING.has(bytes[end]!)) without++;
    const run = end - at;
    allBytes += run;
    if (run >= FOREIGN_RUN_BYTES || without > 0) foreignBytes += run;
    foreign += without + (run >= FOREIGN_RUN_BYTES ? 1 : 0);
    at = end + 1;
  }
  if (foreign < MIN_FOREIGN || foreignBytes * 2 <= allBytes) return;
  throw fileFailure(
    'unsupported_encoding',
    'The text of the file is neither UTF-8 nor Windows-1252: upload it with the encoding that it has, such as ?encoding=windows-1251 or ?encoding=shift_jis, or save it as UTF-8.',
  );
}
