/**
 * Keeps pages of other origins from changing anything, on whatever address the service listens. A browser lets any page post
 * to any address, but says from where in `Origin` and `Sec-Fetch-Site`, which a page cannot forge. Programs say neither.
 * Source: Fetch, "Origin header"; W3C, Fetch Metadata Request Headers.
 */
import type { MiddlewareHandler } from 'hono';
import { isLoopback } from './local-only.ts';
import { problem } from './problem.ts';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** `none`: a person did it in the browser itself. */
const OWN_SITES = new Set(['same-origin', 'none']);

/** Answers 403 `foreign_origin` to a request of a page that is not the service's own. `allowedHosts`: names without port. */
export function noForeignOrigin(allowedHosts: readonly string[]): MiddlewareHandler {
  const allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));

  /**
   * As the browser sees them the page and the address that it asks are one origin: the same host and port. A proxy that ends TLS is
   * not seen from here: only its `https` differs, and with one that puts another `Host` in place of what the browser asked for, only
   * the names that the service was told are its own. On loopback any port may be another program's, and `https` is one, unless it
   * was told.
   */
  const isOwn = (origin: string, host: string): boolean => {
    const page = URL.canParse(origin) ? new URL(origin) : null;
    if (page?.protocol !== 'http:' && page?.protocol !== 'https:') return false;
    const secure = page.protocol === 'https:';
    const own = `${page.protocol}//${host}`;
    if (URL.canParse(own) && new URL(own).host === page.host)
      return !secure || allowed.has(page.hostname) || !isLoopback(page.hostname);
    return secure && page.port === '' && allowed.has(page.hostname) && !isLoopback(page.hostname);
  };

  return async (c, next) => {
    if (READS.has(c.req.method)) return next();
    const host = c.req.header('host') ?? new URL(c.req.url).host;
    const origin = c.req.header('origin');
    const site = c.req.header('sec-fetch-site');
    if ((origin === undefined || isOwn(origin, host)) && (site === undefined || OWN_SITES.has(site))) return next();
    return problem(
      c,
      403,
      'foreign_origin',
      `nothing is changed for a page of ${origin === undefined ? 'another origin' : `"${origin.slice(0, 100)}"`}, as this is "${host.slice(0, 100)}": use the service's own page; behind a proxy pass Host on, and name it in OMS_ALLOWED_HOSTS`,
    );
  };
}
