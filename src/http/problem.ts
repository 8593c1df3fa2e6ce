/**
 * The shape of every error over HTTP: problem details (RFC 9457). `code` is stable, for programs; `detail` is for people and says what
 * happened and what to do.
 */
import { STATUS_CODES } from 'node:http';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { ProblemResponse } from './responses.ts';

const CONTENT_TYPE = 'application/problem+json';

export function problem(
  c: Context,
  status: ContentfulStatusCode,
  code: string,
  detail: string,
  extra: Record<string, unknown> = {},
): Response {
  c.set('problem', code);
  return c.body(problemJson(status, code, detail, extra), status, { 'content-type': CONTENT_TYPE });
}

/** For a request that cannot reach the router. */
export function bareProblem(status: number, code: string, detail: string): Response {
  return new Response(problemJson(status, code, detail), {
    status,
    headers: { 'content-type': CONTENT_TYPE, 'x-content-type-options': 'nosniff' },
  });
}

/** The same as the bytes of an HTTP/1.1 response, after which the connection ends. */
export function problemBytes(status: number, code: string, detail: string): string {
  const body = problemJson(status, code, detail);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${CONTENT_TYPE}`,
    'x-content-type-options: nosniff',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}

const problemJson = (...parts: Parameters<typeof problemDocument>): string => JSON.stringify(problemDocument(...parts));

export const problemDocument = (
  status: number,
  code: string,
  detail: string,
  extra: Readonly<Record<string, unknown>> = {},
): ProblemResponse => ({
  type: `urn:oms:problem:${code}`,
  title: STATUS_CODES[status]!,
  status,
  detail,
  code,
  ...extra,
});
