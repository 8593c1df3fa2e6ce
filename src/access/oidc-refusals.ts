/** Why a token of an issuer is refused, in words for people. They say nothing that the token, which they have, does not say. */
import { asUnavailable, issuerUnavailable } from './bounded-fetch.ts';

/** The token is not good here. The message is for people. */
export class TokenRefused extends Error {}

/** By the names of `jose`: what is not among them is the issuer's fault, as its keys cannot be read. */
const OF_THE_TOKEN: Record<string, string> = {
  ERR_JWT_EXPIRED: 'the token has expired: ask the issuer for another one',
  ERR_JWT_INVALID: 'the token is not a JWT',
  ERR_JWS_INVALID: 'the token is not a JWT',
  ERR_JOSE_ALG_NOT_ALLOWED: 'the token is signed in a way that is not taken here',
  ERR_JOSE_NOT_SUPPORTED: 'the token is signed in a way that is not taken here',
  ERR_JWKS_NO_MATCHING_KEY: 'the token is signed with a key that the issuer does not have',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'the token does not say which key of the issuer it is signed with',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'the signature of the token is not that of the issuer',
};

const OF_CLAIMS: Record<string, string> = {
  iss: 'the token is of another issuer',
  aud: 'the token is for somebody else: its audience is not this service',
  nbf: 'the token is not valid yet: the clock of the issuer, or of this service, is wrong',
  exp: 'the token does not say when it expires',
  sub: 'the token does not say whose it is',
};

/** `TokenRefused`, or retryable `issuer_unavailable`. */
export async function whyRefused(error: unknown): Promise<Error> {
  if (error instanceof TokenRefused) return error;
  const { JOSEError, JWTClaimValidationFailed } = await import('jose/errors');
  if (error instanceof JWTClaimValidationFailed)
    return new TokenRefused(OF_CLAIMS[error.claim] ?? 'a claim of the token is not valid');
  const words = error instanceof JOSEError ? OF_THE_TOKEN[error.code] : undefined;
  return words === undefined ? (asUnavailable(error) ?? issuerUnavailable(error)) : new TokenRefused(words);
}
