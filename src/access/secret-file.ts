/** Secrets that a setting names the file of. */
import { readFileSync } from 'node:fs';
import { OmsError } from '../errors.ts';

export interface SecretFile {
  /** Without the spaces and line ends around it. */
  text: string;
  /** The `invalid_configuration` to throw for what is there: `why` MUST NOT tell it. */
  refuse(why: string): OmsError;
}

/** `setting`: the variable that names the path. Throws `invalid_configuration`. */
export function readSecretFile(setting: string, path: string): SecretFile {
  const refuse = (why: string) => new OmsError('invalid_configuration', `${setting}: ${path} ${why}`);
  try {
    return { text: readFileSync(path, 'utf8').trim(), refuse };
  } catch (error) {
    throw refuse(`cannot be read: ${(error as Error).message}`);
  }
}
