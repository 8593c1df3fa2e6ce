/**
 * An OpenID Connect issuer: what it says of itself, and its keys. Both are read when they are first needed and again every some minutes,
 * beside the requests that need them. While the issuer is down what is known of it goes on.
 * Source: OpenID Connect Discovery 1.0; RFC 7517 (JWK); RFC 8725 (the algorithms are ours, not the token's).
 */
import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import type { ClientAuth, Configuration, ServerMetadata } from 'openid-client';
import type { Logger } from 'pino';
import { limits } from '../limits.ts';
import { isLoopback } from '../model/loopback.ts';
import type { OidcSettings } from '../oidc-settings.ts';
import type { Clock } from '../ports/clock.ts';
import { boundedFetch, issuerUnavailable } from './bounded-fetch.ts';
import { TokenRefused, whyRefused } from './oidc-refusals.ts';

/** With a key that only the issuer has: what it publishes proves nothing as a secret. */
const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');

interface Known {
  client: Configuration;
  /** As its tokens have it. */
  name: string;
  keys: JWTVerifyGetKey;
}

export interface VerifiedToken {
  claims: JWTPayload & { sub: string; exp: number };
  /** The kind of the token as its header has it. */
  type: string | undefined;
}

export class OidcIssuer {
  readonly #settings: OidcSettings;
  readonly #secret: string | null;
  readonly #clock: Clock;
  readonly #logger: Pick<Logger, 'warn' | 'info'>;
  #known: Known | null = null;
  /** Of the last time that it was asked; null when it answered. */
  #failure: Error | null = null;
  #askedMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | null = null;

  /** `secret`: of the client at the issuer; null for one that has none. */
  constructor(settings: OidcSettings, secret: string | null, clock: Clock, logger: Pick<Logger, 'warn' | 'info'>) {
    this.#settings = settings;
    this.#secret = secret;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Whether it answered when it was last asked. */
  async isUp(): Promise<boolean> {
    await this.#ask();
    return this.#failure === null;
  }

  /** For `openid-client`. Rejects with retryable `issuer_unavailable`. */
  async client(): Promise<Configuration> {
    return (await this.#find()).client;
  }

  /** Rejects with `TokenRefused`, or retryable `issuer_unavailable`. */
  async verify(token: string, audience: string): Promise<VerifiedToken> {
    const [{ jwtVerify }, { name, keys }] = await Promise.all([import('jose/jwt/verify'), this.#find()]);
    const nowMs = this.#clock.now();
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        ...{ algorithms: ALGORITHMS, issuer: name, audience, requiredClaims: ['sub', 'exp'] },
        ...{ currentDate: new Date(nowMs), clockTolerance: limits.oidcClockSkewSeconds },
      });
      if (payload.iat !== undefined && payload.iat > nowMs / 1000 + limits.oidcClockSkewSeconds)
        throw new TokenRefused(
          'the token was issued in the future: the clock of the issuer, or of this service, is wrong',
        );
      return { claims: payload as VerifiedToken['claims'], type: protectedHeader.typ };
    } catch (error) {
      throw await whyRefused(error);
    }
  }

  async #find(): Promise<Known> {
    const asking = this.#ask();
    if (!this.#known) await asking;
    if (!this.#known) throw issuerUnavailable(this.#failure);
    return this.#known;
  }

  /** Asks when it is time. Those who come meanwhile share the answer. Does not reject. */
  #ask(): Promise<void> | null {
    const isDue = this.#clock.now() - this.#askedMs >= (this.#failure ? limits.oidcAskAgainMs : limits.oidcKnownMs);
    if (isDue && !this.#asking) {
      this.#askedMs = this.#clock.now();
      this.#asking = this.#read()
        .then(
          (known) => this.#answered(known),
          (error) => this.#failed(error as Error),
        )
        .finally(() => {
          this.#asking = null;
        });
    }
    return this.#asking;
  }

  #answered(known: Known): void {
    if (this.#failure) this.#logger.info({ issuer: known.name }, 'the issuer answers again');
    this.#known = known;
    this.#failure = null;
  }

  #failed(error: Error): void {
    if (!this.#failure)
      this.#logger.warn(
        { err: error, issuer: this.#settings.issuer },
        'the issuer does not answer: what is known of its keys goes on',
      );
    this.#failure = error;
  }

  async #read(): Promise<Known> {
    const { issuer, audience, client } = this.#settings;
    const [openid, jose] = await Promise.all([import('openid-client'), import('jose/jwks/remote')]);
    const configuration = await openid.discovery(
      new URL(issuer),
      client?.id ?? audience!,
      undefined,
      // Which one depends on what the issuer says.
      (...request) => this.#authentication(openid, configuration.serverMetadata())(...request),
      {
        [openid.customFetch]: boundedFetch as never,
        timeout: limits.oidcAnswerMs / 1000,
        execute: issuer.startsWith('http:') ? [openid.allowInsecureRequests] : [],
      },
    );
    const { issuer: name, jwks_uri } = configuration.serverMetadata();
    const keys = jose.createRemoteJWKSet(safe(jwks_uri), {
      [jose.customFetch]: this.#withPauses(boundedFetch) as never,
      timeoutDuration: limits.oidcAnswerMs,
      cooldownDuration: limits.oidcKeysReadMs,
      // They are read again by this class, as an issuer that is down must not end them.
      cacheMaxAge: Number.POSITIVE_INFINITY,
    });
    await keys.reload();
    return { client: configuration, name, keys };
  }

  /** Tokens with keys that nobody knows make us ask: not again at once when that has failed. */
  #withPauses(ask: typeof boundedFetch): typeof boundedFetch {
    let failure: { error: unknown; atMs: number } | null = null;
    return async (url, init) => {
      if (failure && this.#clock.now() - failure.atMs < limits.oidcAskAgainMs) throw failure.error;
      try {
        const response = await ask(url, init);
        failure = null;
        return response;
      } catch (error) {
        failure = { error, atMs: this.#clock.now() };
        throw error;
      }
    };
  }

  /** Without a word of the issuer on it, clients send their secret in a header. */
  #authentication(
    openid: typeof import('openid-client'),
    { token_endpoint_auth_methods_supported: methods }: ServerMetadata,
  ): ClientAuth {
    if (this.#secret === null) return openid.None();
    const takesHeader = methods === undefined || methods.includes('client_secret_basic');
    return takesHeader ? openid.ClientSecretBasic(this.#secret) : openid.ClientSecretPost(this.#secret);
  }
}

function safe(address: string | undefined): URL {
  if (address === undefined || !URL.canParse(address)) throw new Error('the issuer names no address of its keys');
  const url = new URL(address);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url;
  throw new Error('the issuer names an address of its keys that is not encrypted');
}
