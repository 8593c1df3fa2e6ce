/**
 * Records in the audit log what requests did: each request to a route that may change something, and each that was refused. It stands
 * around all routes, so none can forget it. Which route it was, and about what, is read from the route that the router found.
 */
import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { AuditLog } from '../access/audit-log.ts';
import type { Act } from '../model/audit-entry.ts';
import { clientAddress } from './client-address.ts';
import type { HttpEnv } from './env.ts';
import { isSafe } from './methods.ts';
import { requestIdOf } from './request-id.ts';
import { descriptionOf } from './route.ts';

const REFUSED = new Set([401, 403, 429]);

/** An answer to a change waits until its entry is durable, unless the store takes too long. */
export const auditTrail =
  (log: AuditLog): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    await next();
    const isRefused = REFUSED.has(c.res.status);
    if (!isRefused && isSafe(c.req.method)) return;
    const route = routeOf(c);
    if (isRefused) log.refuse(await actOf(c, route));
    else if (route) await log.record(await actOf(c, route));
  };

/** Names what a request is about, where its path does not: `order A-1`, `25 orders`. */
export const auditTarget = (c: Context<HttpEnv>, target: string): void => c.set('auditTarget', target);

async function actOf(c: Context<HttpEnv>, route: FoundRoute | null): Promise<Act> {
  // The store may have failed to say who it is.
  const identity = await Promise.resolve(c.get('identity')).catch(() => undefined);
  return {
    principal: identity?.principal?.name ?? null,
    action: route?.id ?? c.req.method,
    target: c.get('auditTarget') ?? (route && targetOf(c, route)),
    status: c.res.status,
    code: c.get('problem') ?? null,
    requestId: requestIdOf(c),
    address: clientAddress(c) || null,
  };
}

interface FoundRoute {
  id: string;
  path: string;
}

function routeOf(c: Context<HttpEnv>): FoundRoute | null {
  for (const { handler, path } of matchedRoutes(c)) {
    const description = descriptionOf(handler);
    if (description) return { id: description.id, path };
  }
  return null;
}

/** `/orders/:order_id/status` is about an order. Customers are not named: the log is kept when they are erased. A request that did not reach its route has no parameters yet. */
function targetOf(c: Context<HttpEnv>, { path }: FoundRoute): string | null {
  const [, noun, name] = /\/([\w-]+?)s?\/:(\w+)/.exec(path) ?? [];
  const value = name && (c.req.param() as Record<string, string | undefined>)[name];
  return noun && value && noun !== 'customer' ? `${noun} ${value}` : null;
}
