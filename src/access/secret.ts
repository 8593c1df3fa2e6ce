/** Secrets of sessions and refresh tokens: random, and kept as a hash. That needs neither salt nor rounds: see `key-text.ts`. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

export const newSecret = (): Buffer => randomBytes(32);

/** Base64. */
export const hashOfSecret = (secret: Buffer): string => hash('sha256', secret, 'base64');

/** In the same time whatever the secret is. */
export const isSecretOf = (hashed: string, secret: Buffer): boolean =>
  timingSafeEqual(Buffer.from(hashOfSecret(secret), 'base64'), Buffer.from(hashed, 'base64'));
