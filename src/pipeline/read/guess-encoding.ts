/**
 * Guesses UTF-8 or Windows-1252 from bytes: how many multi-byte characters they have as UTF-8, how many bytes are invalid there, and which
 * characters would result. Text that can be neither is refused, rather than stored as garbled characters.
 */
import { fileFailure } from '../../model/file-failure.ts';

/**
 * One valid character of UTF-8 outweighs so many invalid places. Such a character is rare by chance, so a few broken bytes in UTF-8 do not
 * change the guess; and one such character in a fifth row does not turn four rows of Windows-1252 into UTF-8.
 */
const BROKEN_PER_CHARACTER = 2;
/** Runs of bytes beyond ASCII that Western text does not have, and undefined bytes: so many are no accident. */
const MIN_FOREIGN = 3;
const FOREIGN_RUN_BYTES = 3;

/** The index of the first byte that is not ASCII, or -1. */
export function firstNonAscii(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! >= 0x80) return i;
  return -1;
}

/** The bytes begin between two characters; `whole`: the file ends with them. Throws `unsupported_encoding`. */
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
    // The rest of the character is beyond the evidence.
    if (length < wanted && at + length === bytes.length && !whole) break;
    if (length === wanted && !isRather1252(bytes, at, length)) characters++;
    else against++;
    at += length;
  }
  if (against <= characters * BROKEN_PER_CHARACTER) return 'utf-8';
  refuseForeign(bytes);
  return 'windows-1252';
}

/** The length of the UTF-8 character that begins with this byte; infinite for bytes that begin none. */
function charBytes(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return Number.POSITIVE_INFINITY;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** Whether the byte can be at this place of a character. After some lead bytes the second is restricted, against overlong forms. */
function isTrail(lead: number, place: number, byte: number | undefined): boolean {
  if (byte === undefined || lead < 0xc2 || lead > 0xf4) return false;
  const from = place > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const to = place > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  return byte >= from && byte <= to;
}

/** … ‘ ’ “ ” – — ™, a space that does not break, © « ® » behind a word. */
const SIGNS = new Set([0x85, 0x91, 0x92, 0x93, 0x94, 0x96, 0x97, 0x99, 0xa0, 0xa9, 0xab, 0xae, 0xbb]);

/**
 * Bytes that are an unlikely character in UTF-8, and in Windows-1252 the accented last letter of a word followed by a sign: NESCAFÉ®
 * rather than NESCAFɮ.
 */
function isRather1252(bytes: Buffer, at: number, length: number): boolean {
  const lead = bytes[at]!;
  // Lower lead bytes begin the accented letters of Latin text in UTF-8.
  if (lead < 0xc6 || length === 4) return false;
  for (let i = 1; i < length; i++) if (!SIGNS.has(bytes[at + i]!)) return false;
  const before = bytes[at - 1] ?? 0;
  const ofOneCase = lead < 0xdf ? before >= 65 && before <= 90 : before >= 97 && before <= 122;
  const after = bytes[at + length] ?? 0;
  return ofOneCase && after < 0x80;
}

/** Bytes that are undefined in Windows-1252. */
const WITHOUT_MEANING = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

/** Western text has one or two letters beyond ASCII in a row; in other encodings whole words consist of such bytes. */
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
