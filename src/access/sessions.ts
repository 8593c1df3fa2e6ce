/**
 * Sessions of browsers: the cookie has an id and a secret, of which the store has a hash. A session ends when its user signs out, when it
 * was not used for some hours, and after some days in any case.
 * Source: OWASP, Session Management Cheat Sheet; RFC 6265bis, section 4.1.3.2 (`__Host-`).
 */
import type { LRUCache } from 'lru-cache';
import { limits } from '../limits.ts';
import { newId } from '../model/new-id.ts';
import type { Clock } from '../ports/clock.ts';
import type { SmallRecord, SmallRecords } from '../ports/small-records.ts';
import { type Authenticator, type Credentials, type Identity, refused } from './access.ts';
import { keptForSeconds } from './kept-for-seconds.ts';
import type { OidcPeople, OidcPerson } from './oidc-people.ts';
import { hashOfSecret, isSecretOf, newSecret } from './secret.ts';
import { endOldest, SIGNED_IN, type SignedIn, type SignedInUsers } from './signed-in.ts';

/** Whose it is: a user's of a generation, or somebody's whom the issuer named at the sign-in. */
type Holder = { generation: string } | { person: OidcPerson };

type SessionData = Holder & {
  /** Base64. */
  hash: string;
  createdMs: number;
  /** When it was last used, to some minutes. */
  usedMs: number;
};
type Session = SmallRecord<SessionData>;

const COOKIE = /^(se_[0-9a-z]{21})\.([\w-]{43})$/;
const ENDED = refused('the session has ended: sign in again');

export class Sessions implements Authenticator {
  readonly #records: SmallRecords;
  readonly #signedIn: SignedInUsers;
  readonly #people: OidcPeople | null;
  readonly #clock: Clock;
  readonly #known: LRUCache<string, { session: Session | null }>;

  /** `people`: of the issuer; null without one. */
  constructor(records: SmallRecords, signedIn: SignedInUsers, people: OidcPeople | null, clock: Clock) {
    this.#records = records;
    this.#signedIn = signedIn;
    this.#people = people;
    this.#clock = clock;
    this.#known = keptForSeconds(SIGNED_IN, clock, async (id) => ({
      session: await records.get<SessionData>('session', id),
    }));
  }

  /** The value of the cookie: always a new one, as one that was there before may be known to others. */
  begin({ userId, generation }: SignedIn): Promise<string> {
    return this.#begin(userId, { generation });
  }

  /** Likewise, for somebody whom the issuer named. `owner`: the principal's name. */
  beginOf(owner: string, person: OidcPerson): Promise<string> {
    return this.#begin(owner, { person });
  }

  async #begin(owner: string, holder: Holder): Promise<string> {
    const now = this.#clock.now();
    const id = newId('se', now);
    const secret = newSecret();
    await endOldest(this.#records, 'session', owner);
    await this.#records.put(
      sessionOf(id, 1, owner, { ...holder, hash: hashOfSecret(secret), createdMs: now, usedMs: now }),
    );
    return `${id}.${secret.toString('base64url')}`;
  }

  /** Whether it was open. */
  async end(cookie: string): Promise<boolean> {
    const [, id, secret] = COOKIE.exec(cookie) ?? [];
    if (id === undefined) return false;
    const session = await this.#records.get<SessionData>('session', id);
    if (!session || !isOf(session, secret!)) return false;
    await this.#records.delete('session', id);
    this.#known.delete(id);
    return true;
  }

  /** All of one owner: within seconds on other processes. */
  async endAllOf(owner: string): Promise<void> {
    await this.#records.deleteOf('session', owner);
    for (const [id, { session }] of this.#known.entries()) if (session?.owner === owner) this.#known.delete(id);
  }

  takes({ bearer, session }: Credentials): boolean {
    return bearer === null && session !== null;
  }

  identify({ session: cookie }: Credentials): Identity | Promise<Identity> {
    const [, id, secret] = COOKIE.exec(cookie!) ?? [];
    if (id === undefined) return ENDED;
    const known = this.#known.get(id);
    if (known?.session) return this.#judge(known.session, secret!);
    return this.#known.fetch(id).then((found) => (found!.session ? this.#judge(found!.session, secret!) : ENDED));
  }

  knowsAdmin(): Promise<boolean> {
    return this.#signedIn.knowsAdmin();
  }

  #judge(session: Session, secret: string): Identity | Promise<Identity> {
    const now = this.#clock.now();
    if (session.expiresMs! <= now || !isOf(session, secret)) return ENDED;
    if (now - session.data.usedMs >= limits.sessionUseNotedMs) this.#noteUse(session, now);
    if ('person' in session.data) return this.#people?.identityOf(session.data.person) ?? ENDED;
    return this.#signedIn.identityOf({ userId: session.owner!, generation: session.data.generation });
  }

  /** The request does not wait for it. Whoever notes it first wins. */
  #noteUse({ id, version, owner, data }: Session, now: number): void {
    const used = sessionOf(id, version + 1, owner!, { ...data, usedMs: now });
    const readAgain = () => this.#known.delete(id);
    this.#known.set(id, { session: used });
    this.#records.put(used).then((written) => written || readAgain(), readAgain);
  }
}

const sessionOf = (id: string, version: number, owner: string, data: SessionData): Session => ({
  ...{ kind: 'session', id, version, owner, data },
  expiresMs: Math.min(
    data.usedMs + limits.sessionIdleMs,
    data.createdMs + ('person' in data ? limits.oidcSessionMs : limits.sessionMs),
  ),
});

const isOf = ({ data }: Session, secret: string): boolean => isSecretOf(data.hash, Buffer.from(secret, 'base64url'));
