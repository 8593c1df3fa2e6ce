/** All that has to do with an issuer, where one is configured. */
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import { OidcIssuer } from './oidc-issuer.ts';
import { OidcPeople } from './oidc-people.ts';
import { OidcSignIn } from './oidc-sign-in.ts';
import { OidcTokens } from './oidc-tokens.ts';
import { readSecretFile } from './secret-file.ts';

export interface Oidc {
  issuer: OidcIssuer;
  people: OidcPeople;
  tokens: OidcTokens;
  /** Of the page; null where it has no client at the issuer. */
  signIn: OidcSignIn | null;
}

/** Null without an issuer, and where access is off. Does not wait for the issuer, which may be down. Throws `invalid_configuration`. */
export function openOidc(
  { access: { required, oidc } }: Pick<Config, 'access'>,
  clock: Clock,
  logger: Pick<Logger, 'warn' | 'info'>,
): Oidc | null {
  if (!required || oidc === null) return null;
  const secret = oidc.client?.secretFile ? readSecret(oidc.client.secretFile) : null;
  const issuer = new OidcIssuer(oidc, secret, clock, logger);
  // So that the first request finds its keys.
  void issuer.isUp();
  const people = new OidcPeople(oidc);
  const tokens = new OidcTokens(issuer, people, oidc, clock);
  return { issuer, people, tokens, signIn: oidc.client && new OidcSignIn(issuer, people, oidc.client) };
}

/** Never says what is in the file. */
function readSecret(path: string): string {
  const { text, refuse } = readSecretFile('OMS_OIDC_CLIENT_SECRET_FILE', path);
  if (text === '' || text.length > limits.maxClientSecretChars || /\s/.test(text))
    throw refuse(`is not one line of 1 to ${limits.maxClientSecretChars} characters, as the issuer shows the secret`);
  return text;
}
