/**
 * The one shape of an error over HTTP: problem details (RFC 9457). `code` is the stable word for programs, `detail` says
 * to people what happened and what to do.
 */
import { STATUS_CODES } from 'node:http';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

export function problem(
  c: Context,
  status: ContentfulStatusCode,
  code: string,
  detail: string,
  extra: Record<string, unknown> = {},
): Response {
  const body = { type: `urn:oms:problem:${code}`, title: STATUS_CODES[status], status, detail, code, ...extra };
  return c.body(JSON.stringify(body), status, { 'content-type': 'application/problem+json' });
}
