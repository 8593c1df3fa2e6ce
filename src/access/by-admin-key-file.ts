/** A first admin by a mounted secret, which is in memory as a hash only. */
import { timingSafeEqual } from 'node:crypto';
import { limits } from '../limits.ts';
import type { Authenticator, Identity } from './access.ts';
import { hashOfKey, KEY_PREFIX, readKeyText } from './key-text.ts';
import { readSecretFile } from './secret-file.ts';

const IDENTITY: Identity = {
  principal: { name: 'key:admin-file', role: 'admin', scopes: null, hubs: null, email: null },
};

/** Throws `invalid_configuration`. */
export function byAdminKeyFile(path: string): Authenticator {
  const { hash, chars } = readAdminKey(path);
  return {
    // Whoever sends another length learns that it is another: no secret.
    takes: ({ bearer }) => bearer?.length === chars && timingSafeEqual(hashOfKey(bearer), hash),
    identify: () => IDENTITY,
    knowsAdmin: () => true,
  };
}

/** The hash of the secret, and its length. Throws `invalid_configuration`, never with the content. */
function readAdminKey(path: string): { hash: Buffer; chars: number } {
  const { text, refuse } = readSecretFile('OMS_ADMIN_KEY_FILE', path);
  if (text.length < limits.minAdminKeyChars || text.length > limits.maxAdminKeyChars)
    throw refuse(
      `has ${text.length} characters, ${limits.minAdminKeyChars} to ${limits.maxAdminKeyChars} are needed: fill it with the output of "openssl rand -hex 32"`,
    );
  if (!/^[\w.~+/-]+=*$/.test(text))
    throw refuse(
      'has characters that no bearer token may have: only letters, digits and -._~+/ are allowed, in one line',
    );
  if (text.startsWith(KEY_PREFIX)) {
    const read = readKeyText(text);
    if ('fault' in read) throw refuse(`has no valid key: ${read.fault}`);
  }
  return { hash: hashOfKey(text), chars: text.length };
}
