/**
 * Bounds the reads that examine or return very many rows: a few run concurrently, some wait, and the rest get 503, so that a request for
 * a single order or file is always served.
 */
import type { HttpBindings } from '@hono/node-server';
import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import type { Context, MiddlewareHandler } from 'hono';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';

export function heavyReads(): MiddlewareHandler<{ Bindings: HttpBindings }> {
  const places = bulkhead(limits.heavyReads, limits.heavyReadsQueued);
  return async (c, next) => {
    if (!isHeavy(c)) return next();
    try {
      await places.execute(async () => {
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
}

function isHeavy(c: Context): boolean {
  const query = c.req.query();
  if (Number(query.limit ?? limits.pageItems) > limits.lightPageItems) return true;
  if (c.req.path === '/orders') return Object.keys(query).some((name) => name !== 'limit' && name !== 'cursor');
  // Neither this filter nor this order has an index.
  return query.code !== undefined || query.sort === 'available';
}
