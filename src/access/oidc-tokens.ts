/**
 * Access tokens of the issuer, as programs send them. A token is checked by the keys of the issuer, which is not asked about it: so it
 * counts until it expires.
 * Source: RFC 9068 (JWT as access tokens), RFC 8725 (best practices), RFC 9449, section 7.2 (a token that is bound to a key is no bearer token).
 */
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { limits } from '../limits.ts';
import type { OidcSettings } from '../oidc-settings.ts';
import type { Clock } from '../ports/clock.ts';
import { type Authenticator, type Credentials, type Identity, refused } from './access.ts';
import type { OidcIssuer } from './oidc-issuer.ts';
import type { OidcPeople } from './oidc-people.ts';
import { TokenRefused } from './oidc-refusals.ts';

const PAYLOAD = /^[\w-]+\.([\w-]+)\.[\w-]*$/;
/** Tokens of other kinds, such as a `logout+jwt`, are for something else. Many issuers write `JWT`, or nothing. */
const TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt']);

const TOO_LONG = refused(`the token has more than ${limits.maxOidcTokenChars} characters`);
const EXPIRED = refused('the token has expired: ask the issuer for another one');

interface Checked {
  identity: Identity;
  expiresMs: number;
}

export class OidcTokens implements Authenticator {
  readonly #issuer: OidcIssuer;
  readonly #people: OidcPeople;
  readonly #settings: Pick<OidcSettings, 'issuer' | 'audience'>;
  readonly #clock: Clock;
  /** By the hash of the token: a client sends the same again and again. Those that were good, for a while, as keys are withdrawn. */
  readonly #checked: LRUCache<string, Checked>;

  constructor(
    issuer: OidcIssuer,
    people: OidcPeople,
    settings: Pick<OidcSettings, 'issuer' | 'audience'>,
    clock: Clock,
  ) {
    this.#issuer = issuer;
    this.#people = people;
    this.#settings = settings;
    this.#clock = clock;
    this.#checked = new LRUCache({
      ...{ max: limits.tokensCached, ttl: limits.oidcTokenCheckedMs },
      ...{ perf: clock, ttlResolution: 0 },
    });
  }

  /** A token says itself of which issuer it is. Whether that is true is another question. */
  takes({ bearer }: Credentials): boolean {
    if (this.#settings.audience === null || bearer === null) return false;
    const [, payload] = PAYLOAD.exec(bearer) ?? [];
    return payload !== undefined && isSame(issuerOf(payload), this.#settings.issuer);
  }

  identify({ bearer }: Credentials): Identity | Promise<Identity> {
    const token = bearer!;
    if (token.length > limits.maxOidcTokenChars) return TOO_LONG;
    const key = hash('sha256', token, 'base64');
    const known = this.#checked.get(key);
    if (known) return this.#judge(known);
    return this.#check(token).then(
      (checked) => {
        this.#checked.set(key, checked);
        return checked.identity;
      },
      (error) => {
        if (error instanceof TokenRefused) return refused(error.message);
        throw error;
      },
    );
  }

  /** Whom the issuer knows is its matter. */
  knowsAdmin = (): boolean => true;

  #judge({ identity, expiresMs }: Checked): Identity {
    return expiresMs + limits.oidcClockSkewSeconds * 1000 <= this.#clock.now() ? EXPIRED : identity;
  }

  async #check(token: string): Promise<Checked> {
    const { claims, type } = await this.#issuer.verify(token, this.#settings.audience!);
    if (type !== undefined && !TYPES.has(type.toLowerCase()))
      throw new TokenRefused('the token is of a kind that does not show who sends a request');
    if (claims.cnf !== undefined)
      throw new TokenRefused('the token is bound to a key of its client: such tokens are not taken here');
    return { identity: this.#people.identityOf(this.#people.personOf(claims)), expiresMs: claims.exp * 1000 };
  }
}

function issuerOf(payload: string): unknown {
  try {
    return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { iss?: unknown } | null)?.iss;
  } catch {
    return undefined;
  }
}

/** But for a slash at the end, which issuers write or not. */
const isSame = (name: unknown, issuer: string): boolean =>
  typeof name === 'string' && name.replace(/\/$/, '') === issuer.replace(/\/$/, '');
