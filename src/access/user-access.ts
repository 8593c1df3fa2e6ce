/** All that has to do with users: who they are, how they sign in, and what a sign-in gives them. */
import type { Logger } from 'pino';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Principal } from '../model/access.ts';
import type { Clock } from '../ports/clock.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { AccessTokens } from './access-tokens.ts';
import { type OidcPeople, type OidcPerson, ownerOf } from './oidc-people.ts';
import { type HashCost, PasswordHashes } from './password-hash.ts';
import { checkPassword, newPassword } from './password-rules.ts';
import { Sessions } from './sessions.ts';
import { type PasswordAttempt, SignIn } from './sign-in.ts';
import { SignInThrottle } from './sign-in-throttle.ts';
import { SignedInUsers } from './signed-in.ts';
import { SigningKeys } from './signing-keys.ts';
import { TokenFamilies } from './token-families.ts';
import { emailOf, type NewUser, newGeneration, type Rights, type User, Users } from './users.ts';

export interface UserAccessPorts {
  store: Pick<OrderStore, 'smallRecords' | 'installation'>;
  clock: Clock;
  logger: Pick<Logger, 'warn'>;
  /** Of the issuer; null without one. */
  people: OidcPeople | null;
}

export interface Tokens {
  access: string;
  accessMs: number;
  refresh: string;
}

/** With the only copy of a password that was made for it; null for one that was chosen. */
export interface WithPassword {
  user: User;
  password: string | null;
}

export class UserAccess {
  readonly users: Users;
  readonly tokens: AccessTokens;
  readonly sessions: Sessions;
  readonly #records: OrderStore['smallRecords'];
  readonly #signedIn: SignedInUsers;
  readonly #signIn: SignIn;
  readonly #families: TokenFamilies;

  /** `cost`: of hashing a password. */
  constructor({ store, clock, logger, people }: UserAccessPorts, cost?: HashCost) {
    this.#records = store.smallRecords;
    this.users = new Users(this.#records, clock);
    this.#signedIn = new SignedInUsers(this.users, clock);
    this.#signIn = new SignIn(this.users, new PasswordHashes(cost), new SignInThrottle(this.#records, clock));
    this.#families = new TokenFamilies(this.#records, this.users, clock, logger);
    this.sessions = new Sessions(this.#records, this.#signedIn, people, clock);
    let installation: Promise<string> | null = null;
    const issuer = () => {
      installation ??= store.installation().catch((error) => {
        installation = null;
        throw error;
      });
      return installation;
    };
    this.tokens = new AccessTokens(new SigningKeys(this.#records, clock), this.#signedIn, clock, issuer);
  }

  /** Throws `sign_in_failed`, `rate_limited`, `too_many_sign_ins`. */
  async signIn(attempt: PasswordAttempt): Promise<Tokens> {
    const user = await this.#signIn.byPassword(attempt);
    return this.#tokensOf(user, await this.#families.begin(signedIn(user)));
  }

  /** Throws `sign_in_failed`. */
  async refresh(refreshToken: string): Promise<Tokens> {
    const { user, token } = await this.#families.refresh(refreshToken);
    return this.#tokensOf(user, token);
  }

  /** The value of a cookie. `before`: the session that the browser had, which ends. Throws as `signIn`. */
  async beginSession(attempt: PasswordAttempt, before: string | null): Promise<string> {
    const user = await this.#signIn.byPassword(attempt);
    if (before !== null) await this.sessions.end(before);
    return this.sessions.begin(signedIn(user));
  }

  /** Likewise, for somebody whom the issuer named. `name`: of the principal. */
  async beginSessionOf(name: string, person: OidcPerson, before: string | null): Promise<string> {
    if (before !== null) await this.sessions.end(before);
    return this.sessions.beginOf(name, person);
  }

  /** On all devices. Throws `not_a_user` for a key, and where access is off. */
  async signOutEverywhere(principal: Principal): Promise<void> {
    const owner = ownerOf(principal);
    if (owner !== null) return this.sessions.endAllOf(owner);
    await this.#ended(await this.users.changeOwn(ownEmail(principal), () => ({ generation: newGeneration() })));
  }

  /**
   * Signs out everywhere else. Returns a new session where the change was made in one, else null. Throws `wrong_password`,
   * `password_refused`, `rate_limited`, `too_many_sign_ins`.
   */
  async changePassword(attempt: PasswordAttempt, password: string, inSession: boolean): Promise<string | null> {
    const user = await this.#signIn.changePassword(attempt, password);
    await this.#ended(user);
    return inSession ? this.sessions.begin(signedIn(user)) : null;
  }

  /** `password`: null for one that is made. Throws `password_refused`, and as `Users.create`. */
  async create(
    { password: chosen, ...user }: NewUser & { password: string | null },
    by: Principal,
    address: string,
  ): Promise<WithPassword> {
    const password = chosen ?? newPassword();
    checkPassword(password, user.email);
    const created = await this.users.create(user, () => this.#signIn.hash(password, address), by);
    return { user: created, password: chosen === null ? password : null };
  }

  /** Throws as `Users.change`. */
  async change(email: string, change: Partial<Rights>, by: Principal): Promise<User> {
    // Who is enabled again signs in again.
    const user = await this.users.change(email, by, {
      ...change,
      ...(change.disabled && { generation: newGeneration() }),
    });
    if (change.disabled) await this.#ended(user);
    else this.#signedIn.forget(user.id);
    return user;
  }

  /** Gives the user a new password, and signs out everywhere. Throws as `Users.change`. */
  async reset(email: string, by: Principal, address: string): Promise<WithPassword> {
    const password = newPassword();
    const hash = await this.#signIn.hash(password, address);
    const user = await this.users.change(email, by, { password: hash, generation: newGeneration() });
    await this.#ended(user);
    return { user, password };
  }

  /** Throws as `Users.delete`. */
  async delete(email: string, by: Principal): Promise<void> {
    await this.#ended(await this.users.delete(email, by));
  }

  async #tokensOf(user: User, refresh: string): Promise<Tokens> {
    return { access: await this.tokens.issue(signedIn(user)), accessMs: limits.accessTokenMs, refresh };
  }

  /** What a sign-in made is of an earlier generation, so these records are good for nothing. */
  async #ended({ id }: User): Promise<void> {
    this.#signedIn.forget(id);
    await Promise.all([this.#records.deleteOf('session', id), this.#records.deleteOf('token-family', id)]);
  }
}

/** Throws `not_a_user` for a key, for whom an issuer names, and where access is off. */
export function ownEmail(principal: Principal): string {
  const email = emailOf(principal);
  if (email === null) throw new OmsError('not_a_user', 'this is for users: you did not sign in as one');
  return email;
}

const signedIn = ({ id, generation }: User) => ({ userId: id, generation });
