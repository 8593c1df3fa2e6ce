/** The HTTP response for each error. An error whose code is not in `THROWN` becomes a 500 without details. */
import type { Context } from 'hono';
import { OmsError } from '../errors.ts';
import type { RequestLog } from '../log.ts';
import type { HttpEnv } from './env.ts';
import { problem } from './problem.ts';
import { THROWN } from './problem-codes.ts';
import { requestIdOf } from './request-id.ts';

const RETRY_AFTER_SECONDS = 5;

export function errorResponse(error: unknown, c: Context<HttpEnv>, logger: RequestLog): Response {
  if (error instanceof OmsError && Object.hasOwn(THROWN, error.code)) {
    const status = THROWN[error.code as keyof typeof THROWN];
    if (status >= 500) logger.warn({ err: error, request_id: requestIdOf(c) }, 'a request could not be served');
    const { refused, retry_after, ...details } = error.details;
    if (status === 503 || status === 429) c.header('retry-after', String(retry_after ?? RETRY_AFTER_SECONDS));
    if (status === 401)
      c.header('www-authenticate', refused ? 'Bearer realm="oms", error="invalid_token"' : 'Bearer realm="oms"');
    return problem(c, status, error.code, error.message, details);
  }
  logger.error(
    { err: error, request_id: requestIdOf(c), method: c.req.method, path: withoutPeople(c.req.path) },
    'a request failed',
  );
  return problem(c, 500, 'internal', 'the service failed to answer this request: its log says why');
}

export const notFound = (what: string, id: string): OmsError =>
  new OmsError('not_found', `there is no ${what} "${id.slice(0, 100)}"`);

/** Paths that name a person do not get into the log with the name. */
const withoutPeople = (path: string): string => path.replace(/\/(customers|users)\/[^/]+/, '/$1/…');
