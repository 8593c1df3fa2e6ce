/**
 * The response when no route matches: 405 when the path has other methods, 204 to OPTIONS on such a path, else 404. The methods are read
 * from the routes themselves; a path that a route names has only those of that path.
 * Source: RFC 9110, 9.3.7 (OPTIONS) and 15.5.6 (405).
 */
import type { Context, Env, Hono } from 'hono';
import { METHOD_NAME_ALL } from 'hono/router';
import { problem } from './problem.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether requests of this method change nothing. Source: RFC 9110, 9.2.1. */
export const isSafe = (method: string): boolean => SAFE.has(method);

/** For the app's `notFound`. `alsoRead`: whether something other than the routes responds to GET on this path. */
export function respondToUnrouted<E extends Env>(app: Hono<E>, c: Context<E>, alsoRead = false): Response {
  const { method, path } = c.req;
  const methods = methodsOf(app, path);
  if (alsoRead) methods.add('GET');
  if (methods.size === 0) return problem(c, 404, 'not_found', `there is nothing at ${method} ${path}`);
  if (methods.has('GET')) methods.add('HEAD');
  const allow = [...methods, 'OPTIONS'].sort().join(', ');
  c.header('allow', allow);
  if (method === 'OPTIONS') return c.body(null, 204);
  return problem(c, 405, 'method_not_allowed', `${path} has the methods ${allow}, not ${method}`);
}

function methodsOf<E extends Env>(app: Hono<E>, path: string): Set<string> {
  const all = new Set(app.routes.map(({ method }) => method).filter((method) => method !== METHOD_NAME_ALL));
  const here = [...all].flatMap((method) =>
    app.router
      .match(method, path)[0]
      .map(([[, route]]) => route)
      .filter((route) => route.method === method),
  );
  // A route of its own, such as /orders/batch, also matches a pattern of others, such as /orders/:order_id.
  const own = here.filter((route) => route.path === path);
  return new Set((own.length > 0 ? own : here).map(({ method }) => method));
}
