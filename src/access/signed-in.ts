/**
 * Who a token or a session stands for. What it may do is read from the record of its user, never from the token, and kept for some
 * seconds: a right that is taken away, or a user who is disabled, counts soon on every process.
 */
import type { LRUCache } from 'lru-cache';
import { limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { SmallRecords } from '../ports/small-records.ts';
import { type Identity, refused } from './access.ts';
import { keptForSeconds } from './kept-for-seconds.ts';
import { principalOfUser, type User, type Users } from './users.ts';

/** What a sign-in makes names its user, and the generation in which it was made. */
export interface SignedIn {
  userId: string;
  generation: string;
}

/** Of what is kept of users, and of their sessions. */
export const SIGNED_IN = { max: limits.signedInCached, ttl: limits.signedInCachedMs };

const ENDED = refused('you are signed out: sign in again');

export class SignedInUsers {
  readonly #users: Users;
  readonly #known: LRUCache<string, { user: User | null; identity: Identity }>;

  constructor(users: Users, clock: Clock) {
    this.#users = users;
    this.#known = keptForSeconds(SIGNED_IN, clock, async (id) => {
      const user = await users.byId(id);
      return { user, identity: user && !user.disabled ? { principal: principalOfUser(user) } : ENDED };
    });
  }

  identityOf({ userId, generation }: SignedIn): Identity | Promise<Identity> {
    const judge = ({ user, identity }: { user: User | null; identity: Identity }) =>
      user?.generation === generation ? identity : ENDED;
    const known = this.#known.get(userId);
    // Who has just signed in is of a generation that is not known yet.
    if (known && known.user?.generation === generation) return judge(known);
    return this.#known.fetch(userId, { forceRefresh: known !== undefined }).then((found) => judge(found!));
  }

  knowsAdmin(): Promise<boolean> {
    return this.#users.knowsAdmin();
  }

  /** What is known was changed by this process. */
  forget(userId: string): void {
    this.#known.delete(userId);
  }
}

/** Makes room for one more of this user. Their ids sort by time. */
export async function endOldest(
  records: SmallRecords,
  kind: 'session' | 'token-family',
  userId: string,
): Promise<void> {
  const { items } = await records.list(kind, userId, { limit: limits.signInsOfUser, after: null });
  if (items.length === limits.signInsOfUser) await records.delete(kind, items[0]!.id);
}
