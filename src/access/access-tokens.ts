/**
 * Access tokens: JWTs of some minutes, signed by a key of this installation. They name a user by id, with nothing that the user may do.
 * Source: RFC 7519 (JWT), RFC 8037 (EdDSA), RFC 8725 (best practices: the algorithm is ours, not the token's; issuer, audience, type).
 */
import { LRUCache } from 'lru-cache';
import { limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import { type Authenticator, type Credentials, type Identity, refused } from './access.ts';
import type { SignedIn, SignedInUsers } from './signed-in.ts';
import type { SigningKeys } from './signing-keys.ts';

const ALGORITHM = 'EdDSA';
/** RFC 9068, section 2.1. */
const TYPE = 'at+jwt';
const AUDIENCE = 'oms';
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

const INVALID = refused('the token is not valid here: sign in again');
const EXPIRED = refused('the token has expired: ask for another one with the refresh token');

interface Verified extends SignedIn {
  expiresMs: number;
}

export class AccessTokens implements Authenticator {
  readonly #keys: SigningKeys;
  readonly #signedIn: SignedInUsers;
  readonly #clock: Clock;
  readonly #issuer: () => Promise<string>;
  /** By the token: a client sends the same again and again. */
  readonly #verified = new LRUCache<string, Verified>({ max: limits.tokensCached });

  /** `issuer`: the name of the installation. */
  constructor(keys: SigningKeys, signedIn: SignedInUsers, clock: Clock, issuer: () => Promise<string>) {
    this.#keys = keys;
    this.#signedIn = signedIn;
    this.#clock = clock;
    this.#issuer = issuer;
  }

  async issue({ userId, generation }: SignedIn): Promise<string> {
    // Loaded at the first sign-in only.
    const [{ SignJWT }, key] = await Promise.all([import('jose/jwt/sign'), this.#keys.forSigning()]);
    const issuedAt = Math.floor(this.#clock.now() / 1000);
    return new SignJWT({ gen: generation })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: key.id })
      .setIssuer(await this.#issuer())
      .setAudience(AUDIENCE)
      .setSubject(userId)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + limits.accessTokenMs / 1000)
      .sign(key.privateKey);
  }

  takes({ bearer }: Credentials): boolean {
    return bearer !== null && JWT.test(bearer);
  }

  identify({ bearer }: Credentials): Identity | Promise<Identity> {
    const token = bearer!;
    if (token.length > limits.maxTokenChars) return INVALID;
    const known = this.#verified.get(token);
    if (known) return this.#identityOf(known);
    return this.#verify(token).then((verified) => {
      if (!('userId' in verified)) return verified;
      this.#verified.set(token, verified);
      return this.#identityOf(verified);
    });
  }

  knowsAdmin(): Promise<boolean> {
    return this.#signedIn.knowsAdmin();
  }

  #identityOf(verified: Verified): Identity | Promise<Identity> {
    return verified.expiresMs <= this.#clock.now() ? EXPIRED : this.#signedIn.identityOf(verified);
  }

  async #verify(token: string): Promise<Verified | Identity> {
    const [{ jwtVerify }, { JOSEError, JWTExpired }, issuer] = await Promise.all([
      import('jose/jwt/verify'),
      import('jose/errors'),
      this.#issuer(),
    ]);
    try {
      const { payload } = await jwtVerify(token, async ({ kid }) => this.#keyOf(kid), {
        ...{ algorithms: [ALGORITHM], issuer, audience: AUDIENCE, typ: TYPE, requiredClaims: ['sub', 'exp', 'gen'] },
        currentDate: new Date(this.#clock.now()),
      });
      return { userId: payload.sub!, generation: payload.gen as string, expiresMs: payload.exp! * 1000 };
    } catch (error) {
      if (error instanceof JWTExpired) return EXPIRED;
      if (error instanceof JOSEError || error instanceof UnknownKey) return INVALID;
      throw error;
    }
  }

  async #keyOf(kid: string | undefined) {
    const key = await this.#keys.find(kid ?? '');
    if (!key) throw new UnknownKey();
    return key.publicKey;
  }
}

class UnknownKey extends Error {}
