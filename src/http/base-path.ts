/**
 * All routes are served under `/`, and the same under `/api/v1`: the prefix is taken away before a route is looked for. Links in a response
 * begin with the prefix that its request used.
 */
import type { Context } from 'hono';
import { getPath } from 'hono/utils/url';

export const API_PREFIX = '/api/v1';

const isPrefixed = (path: string): boolean => path.startsWith(`${API_PREFIX}/`);

/** The path that the router sees. */
export function routedPath(request: Request): string {
  const path = getPath(request);
  return isPrefixed(path) ? path.slice(API_PREFIX.length) : path;
}

/** What links begin with: '' or the prefix. */
export const basePath = (c: Context): string => (isPrefixed(getPath(c.req.raw)) ? API_PREFIX : '');
