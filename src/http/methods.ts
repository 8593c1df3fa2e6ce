/**
 * The response where no route matches: 405 on a path that has other methods, 204 to OPTIONS there, else 404. The methods are read from
 * the routes themselves.
 * Source: RFC 9110, 9.3.7 (OPTIONS) and 15.5.6 (405).
 */
import type { Context, Env, Hono } from 'hono';
import { METHOD_NAME_ALL } from 'hono/router';
import { problem } from './problem.ts';

/** For the app's `notFound`. `alsoRead`: whether something beside the routes answers GET on this path. */
export function answerUnrouted<E extends Env>(app: Hono<E>, c: Context<E>, alsoRead = false): Response {
  const { method, path } = c.req;
  const methods = methodsOf(app, path);
  if (alsoRead) methods.add('GET');
  if (methods.size === 0) return problem(c, 404, 'not_found', `there is nothing at ${method} ${path}`);
  if (methods.has('GET')) methods.add('HEAD');
  const allow = [...methods, 'OPTIONS'].sort().join(', ');
  c.header('allow', allow);
  if (method === 'OPTIONS') return c.body(null, 204);
  return problem(c, 405, 'method_not_allowed', `${path} knows ${allow}, and no ${method}`);
}

function methodsOf<E extends Env>(app: Hono<E>, path: string): Set<string> {
  const all = new Set(app.routes.map(({ method }) => method).filter((method) => method !== METHOD_NAME_ALL));
  const isHere = (method: string) => app.router.match(method, path)[0].some(([[, route]]) => route.method === method);
  return new Set([...all].filter(isHere));
}
