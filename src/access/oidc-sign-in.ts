/**
 * Signs a browser in at the issuer, by authorization code with PKCE. What a sign-in needs to be finished is kept by the browser that began
 * it, so an answer of the issuer is worth nothing in another one, and whoever begins many costs the service nothing.
 * Source: OpenID Connect Core 1.0, section 3.1; RFC 7636 (PKCE); RFC 9700, section 4.7 (whose answer it is).
 */
import type { Configuration } from 'openid-client';
import * as z from 'zod';
import { OmsError } from '../errors.ts';
import type { OidcSettings } from '../oidc-settings.ts';
import { asUnavailable, issuerUnavailable } from './bounded-fetch.ts';
import type { OidcIssuer } from './oidc-issuer.ts';
import type { OidcPeople, OidcPerson } from './oidc-people.ts';
import { TokenRefused } from './oidc-refusals.ts';

/** The address of the page to which the issuer sends the browser back. */
export const CALLBACK = '/auth/oidc/callback';

const begunSignIn = z.strictObject({
  state: z.string().min(1),
  nonce: z.string().min(1),
  verifier: z.string().min(1),
  redirectUri: z.url(),
});
/** What only the browser that began a sign-in has. */
export type BegunSignIn = z.infer<typeof begunSignIn>;

/** Null for anything else. */
export function readBegun(text: string): BegunSignIn | null {
  try {
    return begunSignIn.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

type OpenId = typeof import('openid-client');

export class OidcSignIn {
  readonly #issuer: OidcIssuer;
  readonly #people: OidcPeople;
  readonly #client: NonNullable<OidcSettings['client']>;

  constructor(issuer: OidcIssuer, people: OidcPeople, client: NonNullable<OidcSettings['client']>) {
    this.#issuer = issuer;
    this.#people = people;
    this.#client = client;
  }

  /** `origin`: of the page. `url`: where the browser goes. Rejects with retryable `issuer_unavailable`. */
  async begin(origin: string): Promise<{ url: string; begun: BegunSignIn }> {
    const [openid, configuration] = await Promise.all([import('openid-client'), this.#issuer.client()]);
    const begun = {
      state: openid.randomState(),
      nonce: openid.randomNonce(),
      verifier: openid.randomPKCECodeVerifier(),
      redirectUri: `${origin}${CALLBACK}`,
    };
    const url = openid.buildAuthorizationUrl(configuration, {
      ...{ redirect_uri: begun.redirectUri, scope: this.#client.scopes, state: begun.state, nonce: begun.nonce },
      code_challenge: await openid.calculatePKCECodeChallenge(begun.verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, begun };
  }

  /** `answer`: the query with which the issuer sent the browser back. Rejects with `sign_in_refused`, retryable `issuer_unavailable`. */
  async finish(begun: BegunSignIn | null, answer: string): Promise<OidcPerson> {
    if (begun === null) throw notBegun();
    const [openid, configuration] = await Promise.all([import('openid-client'), this.#issuer.client()]);
    try {
      return this.#people.personOf(await this.#claims(openid, configuration, begun, answer));
    } catch (error) {
      throw wordsOf(openid, error);
    }
  }

  /** Of the ID token, and what the issuer says besides: many tell roles, or an e-mail, only there. */
  async #claims(openid: OpenId, configuration: Configuration, begun: BegunSignIn, answer: string) {
    const url = new URL(begun.redirectUri);
    url.search = answer;
    const tokens = await openid.authorizationCodeGrant(configuration, url, {
      ...{ expectedState: begun.state, expectedNonce: begun.nonce, pkceCodeVerifier: begun.verifier },
      idTokenExpected: true,
    });
    const { claims } = await this.#issuer.verify(tokens.id_token!, this.#client.id);
    if (configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
    const more = await openid.fetchUserInfo(configuration, tokens.access_token, claims.sub);
    return { ...more, ...claims };
  }
}

function wordsOf(openid: OpenId, error: unknown): OmsError {
  if (error instanceof TokenRefused) return refusedBy(error.message);
  const unavailable = asUnavailable(error);
  if (unavailable) return unavailable;
  if (error instanceof openid.AuthorizationResponseError)
    return refusedBy(
      error.error === 'access_denied'
        ? 'the issuer did not let you in, or you cancelled: sign in again'
        : 'the issuer refused the sign-in: tell who administers this service, its log says more',
      error,
    );
  // Its code was used before, is too old, or is not one of this browser.
  if (error instanceof openid.ResponseBodyError && error.error === 'invalid_grant') return notBegun(error);
  if (error instanceof openid.ResponseBodyError)
    return refusedBy(
      'the issuer refused this service as its client: tell who administers it, its log says more',
      error,
    );
  if (error instanceof openid.ClientError && error.code === 'OAUTH_INVALID_RESPONSE') return notBegun(error);
  return issuerUnavailable(error);
}

const refusedBy = (why: string, cause?: unknown): OmsError => new OmsError('sign_in_refused', why, { cause });

const notBegun = (cause?: unknown): OmsError =>
  refusedBy('this sign-in was not begun in this browser, was finished already, or took too long: sign in again', cause);
