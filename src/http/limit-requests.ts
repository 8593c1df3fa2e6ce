/**
 * Bounds the requests of each principal, and of each address that nobody has signed in from. Who is nobody uses up the allowance of the
 * address only, so somebody who guesses keys or passwords keeps out no one who has one. A batch counts as one request.
 *
 * Each response says what is left. A burst is as many requests as the bucket is refilled by in its window.
 * Source: draft-ietf-httpapi-ratelimit-headers-12, sections "RateLimit-Policy" and "RateLimit"; RFC 6585, section 4 (429).
 */
import type { Context, MiddlewareHandler } from 'hono';
import type { Identity } from '../access/access.ts';
import { Allowances } from '../access/allowances.ts';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { SmallRecords } from '../ports/small-records.ts';
import { clientAddress, networkOf } from './client-address.ts';
import type { HttpEnv } from './env.ts';

/** `records`: where processes share the allowances of principals; null: there is one process. */
export function limitRequests(
  perSecond: number,
  { clock, records }: { clock: Clock; records: SmallRecords | null },
): MiddlewareHandler<HttpEnv> {
  const rate = { perSecond, burst: perSecond * limits.burstSeconds };
  const ofPrincipals = new Allowances(rate, clock, records);
  const ofAddresses = new Allowances(rate, clock, null);
  const policy = `"requests";q=${rate.burst};w=${limits.burstSeconds}`;

  const count = (c: Context<HttpEnv>, { principal }: Identity) => {
    const { isAllowed, remaining, resetSeconds } = principal
      ? ofPrincipals.take(principal.name!)
      : ofAddresses.take(networkOf(clientAddress(c)));
    // Set on the response of Node, as one of Hono would have to be made again.
    const { outgoing } = c.env;
    outgoing.setHeader('ratelimit-policy', policy);
    outgoing.setHeader('ratelimit', `"requests";r=${remaining};t=${resetSeconds}`);
    if (isAllowed) return;
    const who = principal?.name ?? `${clientAddress(c)}, from where nobody has signed in,`;
    throw new OmsError(
      'rate_limited',
      `${who} may send ${perSecond} requests a second, and ${rate.burst} in a burst: wait as long as Retry-After says; many orders fit into one batch`,
      { retryable: true, details: { retry_after: resetSeconds } },
    );
  };

  return (c, next) => {
    const identity = c.get('guard').identify(c);
    if (identity instanceof Promise)
      return identity.then((known) => {
        count(c, known);
        return next();
      });
    count(c, identity);
    return next();
  };
}
