/**
 * How names are searched: each typed word must begin a word of the name, regardless of case and accents. Both order stores build their
 * patterns from this, so that they find the same orders.
 */
import { limits } from '../limits.ts';

/** The characters that may come before a word, besides the start of the name. */
export const BEFORE_WORDS = ' \u00a0\u2009\u202f\u3000\'’ʼ".,;:(/&_・‐‑–-';

/** Letters that Unicode does not decompose into a base letter and an accent. */
const FOLDED: Record<string, string> = { ø: 'o', ł: 'l', đ: 'd', ı: 'i' };
/** Latin, Greek and Cyrillic letters with their accented forms. */
const LETTERS: readonly [first: number, last: number][] = [
  [0x41, 0x24f],
  [0x370, 0x52f],
  [0x1e00, 0x1fff],
];
const SIGNS = ["'’ʼ", '‐‑–-'];

export function searchWords(q: string): string[] {
  const words = q
    .normalize('NFC')
    .split(/\s+/u)
    .filter((word) => word !== '');
  return [...new Set(words)].slice(0, limits.searchWords);
}

/** For each character of a word the characters that match it, itself included, a hyphen last; up to a bound. */
export function alikeCharacters(word: string): string[][] {
  return Array.from(word).slice(0, limits.searchWordChars).map(alike);
}

function alike(character: string): string[] {
  const signs = SIGNS.find((all) => all.includes(character));
  if (signs) return Array.from(signs);
  const cases = [character, character.toLowerCase(), character.toUpperCase()].filter(
    (one) => Array.from(one).length === 1,
  );
  return [...new Set([...cases, ...(lettersByFold().get(fold(character)) ?? [])])];
}

function fold(character: string): string {
  const plain = character.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return FOLDED[plain] ?? plain;
}

let letters: Map<string, string[]> | null = null;

function lettersByFold(): Map<string, string[]> {
  if (letters) return letters;
  const found = new Map<string, string[]>();
  for (const [first, last] of LETTERS)
    for (let code = first; code <= last; code++) {
      const letter = String.fromCodePoint(code);
      if (!/\p{L}/u.test(letter)) continue;
      const folded = fold(letter);
      const those = found.get(folded);
      if (those) those.push(letter);
      else found.set(folded, [letter]);
    }
  letters = found;
  return found;
}
