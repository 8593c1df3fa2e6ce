/**
 * Every request has an id: the one in its `X-Request-Id` when that is well-formed, so that a proxy and the service name it alike, else a
 * random one. It is in the response, in lines of the log about the request, and in its entry of the audit log.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from 'hono';
import type { HttpEnv } from './env.ts';

const HEADER = 'x-request-id';
const WELL_FORMED = /^[A-Za-z0-9._-]{1,64}$/;

export function nameRequest({ headers }: IncomingMessage, response: ServerResponse): void {
  const given = headers[HEADER];
  response.setHeader(HEADER, typeof given === 'string' && WELL_FORMED.test(given) ? given : randomUUID());
}

export const requestIdOf = (c: Context<HttpEnv>): string => String(c.env.outgoing.getHeader(HEADER));
