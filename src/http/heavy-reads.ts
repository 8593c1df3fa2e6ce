/**
 * Bounds the reads that examine or return very many rows: a few run concurrently, some wait, and the rest get 503, so that a request for
 * a single order or file is always served.
 */
import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import type { Context, MiddlewareHandler, Next } from 'hono';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { sees, viewOf } from '../model/access.ts';
import { requestTurn } from '../ports/event-loop.ts';
import { PrincipalShare } from './owner.ts';
import type { HttpEnv } from './route.ts';

/** Lists whose filters have no indexes, or not all. */
const SCANNED = new Set(['/orders', '/search', '/audit']);

export function heavyReads(): MiddlewareHandler<HttpEnv> {
  const places = bulkhead(limits.heavyReads, limits.heavyReadsQueued);
  const shares = new PrincipalShare(limits.heavyReadsOfPrincipal, 'searches and large pages');
  const inPlace = async (c: Context<HttpEnv>, next: Next) => {
    try {
      await places.execute(async () => {
        // The place may come from a request that ends at this moment.
        await requestTurn();
        // The client may have disconnected while it waited.
        if (!c.env.outgoing.destroyed) await next();
      });
    } catch (error) {
      if (!(error instanceof BulkheadRejectedError)) throw error;
      throw new OmsError(
        'too_many_reads',
        `${limits.heavyReads + limits.heavyReadsQueued} searches and large pages are running or waiting: try again in a moment, or ask for at most ${limits.lightPageItems} items without filters`,
        { retryable: true },
      );
    }
  };
  return (c, next) => (isHeavy(c) ? shares.run(c, () => inPlace(c, next)) : next());
}

/** What is shown of orders to their sender is a filter, too. */
const seesSome = (identity: HttpEnv['Variables']['identity']): boolean =>
  !!identity && 'principal' in identity && identity.principal !== null && !sees.allOrders(viewOf(identity.principal));

function isHeavy(c: Context<HttpEnv>): boolean {
  const query = c.req.query();
  if (Number(query.limit ?? limits.pageItems) > limits.lightPageItems) return true;
  if (c.req.path === '/orders' && seesSome(c.get('identity'))) return true;
  if (SCANNED.has(c.req.path)) return Object.keys(query).some((name) => name !== 'limit' && name !== 'cursor');
  // Neither this filter nor this order has an index.
  return query.code !== undefined || query.sort === 'available';
}
