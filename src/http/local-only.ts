/**
 * Keeps web pages of other sites away from a server that listens on loopback. A page may point its own host name at 127.0.0.1 (DNS
 * rebinding) or send requests across origins. Both show in `Host` or `Origin`, which a page cannot forge. Where access is off, only this
 * and `noForeignOrigin` protect the service from the other tabs of a browser.
 */
import type { Context, MiddlewareHandler } from 'hono';
import { problem } from './problem.ts';

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Responds with 403 `foreign_host` unless `Host`, and `Origin` if present, name this machine or one of `allowedHosts` (names without
 * port; any port is allowed).
 */
export function localOnly(allowedHosts: readonly string[]): MiddlewareHandler {
  const allowed = new Set([...LOOPBACK_HOSTS, ...allowedHosts].map((host) => host.toLowerCase()));

  const refusal = (c: Context): Response | null => {
    const host = c.req.header('host') ?? new URL(c.req.url).host;
    if (!allowed.has(hostName(host))) {
      return problem(c, 403, 'foreign_host', `This server answers on this machine only, not as "${host}".`);
    }
    const origin = c.req.header('origin');
    if (origin !== undefined && !allowed.has(hostName(origin.replace(/^https?:\/\//i, '')))) {
      return problem(c, 403, 'foreign_host', `This server takes no requests from pages of "${origin}".`);
    }
    return null;
  };

  return (c, next) => {
    const refused = refusal(c);
    return refused ? Promise.resolve(refused) : next();
  };
}

/** The host without its port; '' when the authority is not a plain `host[:port]`, such as `user@host`. */
function hostName(authority: string): string {
  return /^(\[[0-9a-f:.]+\]|[^:/@\s]+)(?::\d*)?$/i.exec(authority)?.[1]?.toLowerCase() ?? '';
}
