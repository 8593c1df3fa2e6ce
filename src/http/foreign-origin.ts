/**
 * Keeps pages of other origins from changing anything and from opening WebSockets, whatever address the service listens on. A browser lets
 * any page post to any address, and shows it what any WebSocket sends, but names the page's origin in `Origin` and `Sec-Fetch-Site`, which
 * a page cannot forge. Programs send neither.
 * Source: Fetch, "Origin header"; W3C, Fetch Metadata Request Headers; RFC 6455, section 10.2.
 */
import type { MiddlewareHandler } from 'hono';
import { isLoopback } from '../model/loopback.ts';
import { isSafe } from './methods.ts';
import { problem } from './problem.ts';
import { readSession } from './session-cookie.ts';
import { isWebSocket } from './ws-upgrade.ts';

/** `none`: the user typed the address or used a bookmark, so no page sent the request. */
const OWN_SITES = new Set(['same-origin', 'none']);

/**
 * Responds with 403 `foreign_origin` to a request from a page of another origin. `allowedHosts`: names without port. `ownTls`: clients come
 * by TLS to the service itself.
 */
export function noForeignOrigin(allowedHosts: readonly string[], ownTls = false): MiddlewareHandler {
  const allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));

  /**
   * To the browser, the page and the requested address are the same origin: same host, same port. The service cannot see a proxy that
   * ends TLS: then only the scheme `https` differs. When such a proxy replaces `Host`, only the allowed hosts count as own. On loopback
   * each port may belong to another program, and so may `https`, unless its host is allowed.
   */
  const isOwn = (origin: string, host: string): boolean => {
    const page = URL.canParse(origin) ? new URL(origin) : null;
    if (page?.protocol !== 'http:' && page?.protocol !== 'https:') return false;
    const secure = page.protocol === 'https:';
    const own = `${page.protocol}//${host}`;
    if (URL.canParse(own) && new URL(own).host === page.host)
      return ownTls ? secure : !secure || allowed.has(page.hostname) || !isLoopback(page.hostname);
    return secure && page.port === '' && allowed.has(page.hostname) && !isLoopback(page.hostname);
  };

  return (c, next) => {
    const isUpgrade = isWebSocket(c.req.header('upgrade'));
    if (isSafe(c.req.method) && !isUpgrade) return next();
    const host = c.req.header('host') ?? new URL(c.req.url).host;
    const origin = c.req.header('origin');
    // A browser names the origin of each WebSocket.
    const site = isUpgrade ? undefined : c.req.header('sec-fetch-site');
    const isForeign = (origin !== undefined && !isOwn(origin, host)) || (site !== undefined && !OWN_SITES.has(site));
    // A session is of a browser, so who sends it without a word about the page is an old browser, or nothing that should have one.
    const isSilent = origin === undefined && site === undefined && readSession(c) !== null;
    if (!isForeign && !isSilent) return next();
    const page = origin === undefined ? 'an unknown origin' : `"${origin.slice(0, 100)}"`;
    const refusal = problem(
      c,
      403,
      'foreign_origin',
      `a page of ${page} may neither change anything nor open a WebSocket at "${host.slice(0, 100)}": use the service's own page; behind a proxy, pass Host through and name it in OMS_ALLOWED_HOSTS`,
    );
    return Promise.resolve(refusal);
  };
}
