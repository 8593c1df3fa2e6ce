/**
 * Which passwords may be chosen: long ones that are not among the commonest. What they consist of is free.
 * Source: NIST SP 800-63B, "Password Verifiers": length instead of composition, a list of the commonest, Unicode normalized.
 */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';

let commonest: ReadonlySet<string> | null = null;

/** The same password however a keyboard composes its letters. */
export const normalized = (password: string): string => password.normalize('NFC');

/** Throws `password_refused`, never with the password. */
export function checkPassword(password: string, email: string): void {
  const { length } = [...normalized(password)];
  if (length < limits.minPasswordChars || length > limits.maxPasswordChars)
    throw refused(`has ${length} characters: ${limits.minPasswordChars} to ${limits.maxPasswordChars} are needed`);
  const plain = normalized(password).toLowerCase();
  if (plain === email || plain === email.split('@')[0]) throw refused('is the e-mail address: choose another one');
  if (new Set(plain).size < limits.minPasswordLetters)
    throw refused(`has fewer than ${limits.minPasswordLetters} different characters: choose another one`);
  commonest ??= readCommonest();
  if (commonest.has(plain)) throw refused('is one of the commonest passwords: choose another one');
}

const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
const GROUPS = 5;

/** A password that is easy to copy by hand: groups of five with a hyphen between them, 125 random bits. */
export const newPassword = (): string =>
  Array.from({ length: GROUPS }, () =>
    Array.from({ length: 5 }, () => ALPHABET[randomInt(ALPHABET.length)]).join(''),
  ).join('-');

const readCommonest = (): ReadonlySet<string> =>
  new Set(
    readFileSync(new URL('./common-passwords.txt', import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => !line.startsWith('# ') && line !== ''),
  );

const refused = (why: string) => new OmsError('password_refused', `the password ${why}`);
