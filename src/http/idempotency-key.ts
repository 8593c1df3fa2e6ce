/** The header `Idempotency-Key`: a repeated request with the same key and the same body changes nothing more. */
import * as z from 'zod';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Principal } from '../model/access.ts';

export const idempotencyKey = z
  .string()
  .min(1)
  .max(limits.maxIdempotencyKeyChars)
  .describe('A repeated request with the same key and the same body changes nothing more.');

/** Throws `invalid_parameter`. */
export function readIdempotencyKey(key: string | undefined): string | null {
  if (key === undefined) return null;
  if (key === '' || key.length > limits.maxIdempotencyKeyChars)
    throw new OmsError(
      'invalid_parameter',
      `the Idempotency-Key must have 1 to ${limits.maxIdempotencyKeyChars} characters`,
    );
  return key;
}

/** A key as files and stock keep it: each principal has keys of its own. No name has a line break. */
export const scopedKey = ({ name }: Pick<Principal, 'name'>, key: string | null): string | null =>
  key === null || name === null ? key : `${name}\n${key}`;
