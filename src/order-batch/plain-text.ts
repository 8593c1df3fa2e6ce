/** Texts by their bytes, for the fast path of a row: what may be in them, and what may stand at their ends. */
import { isUtf8 } from 'node:buffer';
import { limits } from '../limits.ts';

const SPACE = 32;
const PLUS = 43;
const ZERO = 48;
const NINE = 57;
const DELETE = 127;
const SHORTENED_DIGITS = 16;

/** First bytes of characters that a text may not have, and of others. */
const REFUSED_LEADS = new Uint8Array(256);
for (const lead of [0xc2, 0xc3, 0xe2, 0xef, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4]) REFUSED_LEADS[lead] = 1;

/** First bytes of the characters that bytes from 128 to 191 are in Windows-1252. */
const FOLLOWING_LEADS = new Uint8Array(256);
for (const lead of [0xc2, 0xc5, 0xc6, 0xcb, 0xe2]) FOLLOWING_LEADS[lead] = 1;

/** UTF-8 without the characters that no text may have. */
export function isPlainUtf8(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    if (byte >= 0xc2 && REFUSED_LEADS[byte] === 1 && isRefused(byte, bytes[i + 1]!, bytes[i + 2]!, bytes[i + 3]!))
      return false;
  }
  return isUtf8(bytes.subarray(from, to));
}

/** Whether these bytes are, or may be, a character that `refusedCharacter` finds in a text. */
function isRefused(lead: number, second: number, third: number, fourth: number): boolean {
  // U+0080 to U+009F.
  if (lead === 0xc2) return second < 0xa0;
  // The beginnings of wrongly decoded text, and what follows them.
  if (lead === 0xc3) return (second === 0x82 || second === 0x83 || second === 0xa2) && FOLLOWING_LEADS[third] === 1;
  // U+202D, U+202E, U+206A to U+206F.
  if (lead === 0xe2)
    return (second === 0x80 && (third === 0xad || third === 0xae)) || (second === 0x81 && third >= 0xaa);
  // U+FDD0 to U+FDEF, U+FFF9 to U+FFFB, U+FFFE, U+FFFF.
  if (lead === 0xef) return (second === 0xb7 && third >= 0x90 && third <= 0xaf) || (second === 0xbf && third >= 0xb9);
  // U+E0000 to U+E0FFF, and the last two of each plane.
  return (lead === 0xf3 && second === 0xa0) || ((second & 0x0f) === 0x0f && third === 0xbf && fourth >= 0xbe);
}

/** Not empty, short enough in bytes already, and without what may be a space or invisible at its ends. */
export function isTrimmed(bytes: Uint8Array, start: number, end: number): boolean {
  if (end === start || end - start > limits.maxTextChars) return false;
  let last = end - 1;
  while ((bytes[last]! & 0xc0) === 0x80) last--;
  return !isSpace(bytes, start) && !isSpace(bytes, last);
}

/** Whether the character that begins here is a space of any kind, or of a block of which some are invisible. */
function isSpace(bytes: Uint8Array, at: number): boolean {
  const lead = bytes[at]!;
  if (lead < 0x80) return lead <= SPACE;
  const second = bytes[at + 1]!;
  switch (lead) {
    case 0xc2:
      return second === 0xa0 || second === 0xad;
    case 0xcd:
      return second === 0x8f;
    case 0xd8:
      return second === 0x9c;
    case 0xe1:
      return second === 0x85 || second === 0x9a || second === 0x9e || second === 0xa0;
    case 0xe2:
      return second === 0x80 || second === 0x81 || second === 0xa0;
    case 0xe3:
      return second === 0x85 || (second === 0x80 && bytes[at + 2] === 0x80);
    case 0xef:
      return second >= 0xb7;
    case 0xf0:
      return second === 0x9b || second === 0x9d;
    default:
      return lead === 0xf3 && second === 0xa0;
  }
}

/** A number as a spreadsheet shortens it: it begins with a digit, and has an exponent, or is long and ends in 0. */
export function mayBeShortened(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]!;
  if (first < ZERO || first > NINE) return false;
  if (bytes[end - 2] === PLUS || bytes[end - 3] === PLUS || bytes[end - 4] === PLUS) return true;
  return end - start >= SHORTENED_DIGITS && bytes[end - 1] === ZERO;
}

export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i]! > DELETE) return false;
  return true;
}
