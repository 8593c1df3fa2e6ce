/**
 * People who sign in with an e-mail address and a password. A user's record is the only place that says what the user may do, so a change
 * counts at once; everything that a sign-in made belongs to the user's generation, and ends when that is replaced.
 */
import { randomBytes } from 'node:crypto';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { type AccessRole, mayAdminister, type Principal, type Scope } from '../model/access.ts';
import { newId } from '../model/new-id.ts';
import { EMAIL } from '../model/row-schema.ts';
import type { Clock } from '../ports/clock.ts';
import type { Page, PageRequest } from '../ports/page.ts';
import type { SmallRecord, SmallRecords } from '../ports/small-records.ts';
import { anyRecord, areAtLeast } from './any-record.ts';
import { mayGrant } from './grants.ts';
import { isAdminKey, type KeyData } from './keys.ts';

export interface Rights {
  role: AccessRole;
  /** Null: all that the role may have. */
  scopes: readonly Scope[] | null;
  /** Null: all. */
  hubs: readonly string[] | null;
  disabled: boolean;
  /** Somebody made sure that the address is this person's: a customer sees the orders of it. */
  emailVerified: boolean;
}

/** As stored, under the e-mail address, as a record of the user's id. */
interface UserData extends Rights {
  /** A PHC string; null: nobody signs in with a password. */
  password: string | null;
  /** Of everything that a sign-in made. */
  generation: string;
  createdMs: number;
  createdBy: string | null;
}

export interface User extends UserData {
  id: string;
  email: string;
}

export type NewUser = Rights & { email: string };
/** Replaces what it has. Hashes, not passwords. */
export type UserChange = Partial<Rights & Pick<UserData, 'password' | 'generation'>>;

export class Users {
  readonly #records: SmallRecords;
  readonly #clock: Clock;
  readonly #most: number;

  constructor(records: SmallRecords, clock: Clock, most: number = limits.maxUsers) {
    this.#records = records;
    this.#clock = clock;
    this.#most = most;
  }

  async find(email: string): Promise<User | null> {
    const key = emailKey(email);
    const record = isEmail(key) ? await this.#records.get<UserData>('user', key) : null;
    return record && shown(record);
  }

  async byId(id: string): Promise<User | null> {
    const { items } = await this.#records.list<UserData>('user', id, { limit: 1, after: null });
    return items[0] ? shown(items[0]) : null;
  }

  async list(page: PageRequest): Promise<Page<User>> {
    const { items, next } = await this.#records.list<UserData>('user', null, page);
    return { items: items.map(shown), next };
  }

  /** `hash`: of its password. Throws `invalid_body`, `user_exists`, `too_many_users`, and `forbidden` for more than `by` has. */
  async create({ email, ...rights }: NewUser, hash: () => Promise<string>, by: Principal): Promise<User> {
    const key = emailKey(email);
    if (!isEmail(key)) throw new OmsError('invalid_body', 'email: is not an e-mail address such as anna@example.com');
    mayGrant(by, rights);
    checkCustomer(rights);
    if (await areAtLeast(this.#records, 'user', this.#most))
      throw new OmsError('too_many_users', `there are ${this.#most} users, and no more can be: delete some`);
    const now = this.#clock.now();
    const data = { ...rights, password: await hash(), generation: newGeneration(), createdMs: now, createdBy: by.name };
    const record: SmallRecord<UserData> = {
      ...{ kind: 'user', id: key, version: 1, owner: newId('u', now), expiresMs: null, data },
    };
    if (!(await this.#records.put(record)))
      throw new OmsError('user_exists', `there is a user ${key} already: change that one`);
    return shown(record);
  }

  /** `change`: of the user as it is. Throws `not_found`, and `forbidden` where the user has, or would have, more than `by`. */
  async change(email: string, by: Principal, change: UserChange): Promise<User> {
    return this.#swap(email, async (user) => {
      const changed = { ...user, ...change };
      mayGrant(by, user);
      mayGrant(by, changed);
      checkCustomer(changed);
      if (isAdmin(user) && !isAdmin(changed)) await this.#keepAnAdmin(user.id);
      return change;
    });
  }

  /** By the user, who gets no rights by it. `decide`: may throw. Throws `not_found`. */
  changeOwn(email: string, decide: (user: User) => Pick<UserChange, 'password' | 'generation'>): Promise<User> {
    return this.#swap(email, async (user) => decide(user));
  }

  /** Throws `not_found`, `forbidden`, `last_admin`. */
  async delete(email: string, by: Principal): Promise<User> {
    const user = await this.find(email);
    if (!user) throw unknown(email);
    mayGrant(by, user);
    if (isAdmin(user)) await this.#keepAnAdmin(user.id);
    await this.#records.delete('user', user.email);
    return user;
  }

  /** Whether a user could administer access. */
  knowsAdmin(except: string | null = null): Promise<boolean> {
    return anyRecord<UserData>(this.#records, 'user', ({ data, owner }) => owner !== except && isAdmin(data));
  }

  /** Not a guarantee: of two requests at the same moment each may leave the other's. */
  async #keepAnAdmin(except: string): Promise<void> {
    if (await this.knowsAdmin(except)) return;
    const now = this.#clock.now();
    if (await anyRecord<KeyData>(this.#records, 'key', ({ data }) => isAdminKey(data, now))) return;
    throw new OmsError(
      'last_admin',
      'this is the last user who can administer access, and there is no key that can: make another admin first',
    );
  }

  async #swap(email: string, decide: (user: User) => Promise<UserChange>): Promise<User> {
    const key = emailKey(email);
    for (let round = 0; round < limits.accessRounds; round++) {
      const record = isEmail(key) ? await this.#records.get<UserData>('user', key) : null;
      if (!record) throw unknown(email);
      const change = await decide(shown(record));
      const changed = { ...record, version: record.version + 1, data: { ...record.data, ...change } };
      if (await this.#records.put(changed)) return shown(changed);
    }
    throw new OmsError('store_contention', 'the user is being changed by others: try again', { retryable: true });
  }
}

/** `key`: in the form in which addresses are compared. */
export const isEmail = (key: string): boolean => EMAIL.test(key);

/** The form in which addresses are compared. */
export const emailKey = (email: string): string => email.normalize('NFC').toLowerCase();

export const newGeneration = (): string => randomBytes(12).toString('base64url');

export const principalOfUser = ({ email, role, scopes, hubs, emailVerified }: User): Principal => ({
  ...{ name: `user:${email}`, role, scopes, hubs, email: emailVerified ? email : null },
});

/** The address of a user; null for a key and for nobody. */
export const emailOf = ({ name }: Principal): string | null => /^user:(.+)$/.exec(name ?? '')?.[1] ?? null;

const isAdmin = (user: Rights): boolean => !user.disabled && mayAdminister(user);

const shown = ({ id, owner, data }: SmallRecord<UserData>): User => ({ ...data, email: id, id: owner! });

const unknown = (email: string) => new OmsError('not_found', `there is no user "${email.slice(0, 100)}"`);

function checkCustomer({ role, emailVerified }: Rights): void {
  if (role === 'customer' && !emailVerified)
    throw new OmsError(
      'invalid_body',
      'email_verified: a customer sees the orders of the address, which must be verified',
    );
}
