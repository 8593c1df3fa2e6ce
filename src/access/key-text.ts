/**
 * The text of an API key: `oms_<id>_<secret><check sum>`, in letters and digits only, so that it is selected by a double click and needs
 * no quoting anywhere. The secret has 256 random bits. The check sum is about all before it: a key that was cut or mistyped is told from
 * one that is unknown, and scanners for leaked secrets find keys without false alarms.
 */
import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_BYTES = 9;
const SECRET_BYTES = 32;
/** As many as these bytes take in base 62. */
const ID_CHARS = 13;
const SECRET_CHARS = 43;
const SUM_CHARS = 6;

export const KEY_PREFIX = 'oms_';
const KEY = new RegExp(`^${KEY_PREFIX}([0-9A-Za-z]{${ID_CHARS}})_[0-9A-Za-z]{${SECRET_CHARS + SUM_CHARS}}$`);
const ID = new RegExp(`^[0-9A-Za-z]{${ID_CHARS}}$`);

export const newKeyId = (): string => base62(randomBytes(ID_BYTES), ID_CHARS);

export const isKeyId = (text: string): boolean => ID.test(text);

export function newKeyText(id: string): string {
  const text = `${KEY_PREFIX}${id}_${base62(randomBytes(SECRET_BYTES), SECRET_CHARS)}`;
  return text + sumOf(text);
}

/** The id in a key, or what is wrong with its text. */
export function readKeyText(text: string): { id: string } | { fault: string } {
  const id = KEY.exec(text)?.[1];
  if (id === undefined)
    return { fault: 'the key was cut or changed: it is not of the form oms_<id>_<secret>. Copy it again, whole' };
  if (!text.endsWith(sumOf(text.slice(0, -SUM_CHARS))))
    return { fault: 'the key has a typo: its check sum is wrong. Copy it again' };
  return { id };
}

/**
 * What is kept of a key. SHA-256 without salt and rounds is right here: they protect passwords, which can be guessed one after the other.
 * Among 256 random bits nobody ever guesses, however fast the hash.
 */
export const hashOfKey = (text: string): Buffer => hash('sha256', text, 'buffer');

function base62(bytes: Uint8Array, chars: number): string {
  let value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  while (text.length < chars) {
    text = ALPHABET[Number(value % 62n)] + text;
    value /= 62n;
  }
  return text;
}

function sumOf(text: string): string {
  let value = crc32(text);
  let sum = '';
  while (sum.length < SUM_CHARS) {
    sum = ALPHABET[value % 62] + sum;
    value = Math.floor(value / 62);
  }
  return sum;
}
