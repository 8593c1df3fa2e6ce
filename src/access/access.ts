/** How a request shows who sends it, and who that is. */
import type { Principal } from '../model/access.ts';
import type { Clock } from '../ports/clock.ts';
import type { OrderStore } from '../ports/order-store.ts';

export interface AccessPorts {
  store: Pick<OrderStore, 'smallRecords'>;
  clock: Clock;
}

/** What a request brings along. */
export interface Credentials {
  /** Of `Authorization: Bearer`; '' when the header is of another scheme or malformed; null without the header. */
  bearer: string | null;
  /** Of the session cookie. */
  session: string | null;
  /** Whether it came over the socket that only the owner of the data directory can open. */
  local: boolean;
}

/** A principal, or why there is none: for people, null when the request showed nothing. */
export type Identity = { principal: Principal } | { principal: null; refused: string | null };

/** `why`: for people. */
export const refused = (why: string): Identity => ({ principal: null, refused: why });

export interface Access {
  /** Does not wait where the answer is known. May reject with retryable `store_unavailable`. */
  identify(credentials: Credentials): Identity | Promise<Identity>;
}

/** One way to sign in. */
export interface Authenticator extends Access {
  /** Whether the credentials are of its kind: the first one that says so identifies them. */
  takes(credentials: Credentials): boolean;
  /** Whether it knows anybody who could let others in. May reject with retryable `store_unavailable`. */
  knowsAdmin(): boolean | Promise<boolean>;
}
