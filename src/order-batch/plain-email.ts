/** E-mail addresses by their bytes, for the fast path of a row. */
import { EMAIL_SIGNS, MAX_EMAIL_CHARS, MAX_LABEL_CHARS } from '../model/row-schema.ts';

const HYPHEN = 45;
const POINT = 46;
const AT = 64;

/** What a byte may be part of in an e-mail address. */
const LETTER = 1;
const OF_LABEL = 2;
/** The part before the @, beside dots. */
const LOCAL = 4;
const KINDS = kindsOfBytes();

function kindsOfBytes(): Uint8Array {
  const kinds = new Uint8Array(256);
  const set = (characters: string, kind: number) => {
    for (const byte of Buffer.from(characters)) kinds[byte]! |= kind;
  };
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  set(letters, LETTER);
  set(`${letters}0123456789_`, OF_LABEL);
  set(`${letters}0123456789${EMAIL_SIGNS}`, LOCAL);
  return kinds;
}

/** True for the addresses that the schema accepts, but those with a top-level domain in Punycode. */
export function isEmail(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > MAX_EMAIL_CHARS || bytes[start] === POINT) return false;
  let at = start;
  for (; ; at++) {
    if (at >= end) return false;
    const byte = bytes[at]!;
    if (byte === AT) break;
    if (byte !== POINT && (KINDS[byte]! & LOCAL) === 0) return false;
  }
  if (at === start) return false;
  let label = at + 1;
  for (let i = label; i <= end; i++) {
    const byte = i === end ? POINT : bytes[i]!;
    if (byte === POINT) {
      if (i === label || i - label > MAX_LABEL_CHARS || bytes[i - 1] === HYPHEN) return false;
      if (i < end) label = i + 1;
    } else if ((KINDS[byte]! & OF_LABEL) === 0 && (i === label || byte !== HYPHEN)) return false;
  }
  if (label === at + 1 || end - label < 2) return false;
  for (let i = label; i < end; i++) if ((KINDS[bytes[i]!]! & LETTER) === 0) return false;
  return true;
}
