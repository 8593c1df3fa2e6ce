/** How a request shows who sends it, and who that is. */
import type { Principal } from '../model/access.ts';

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

export interface Access {
  /** Does not wait where the answer is known. May reject with retryable `store_unavailable`. */
  identify(credentials: Credentials): Identity | Promise<Identity>;
}
