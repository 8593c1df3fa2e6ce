/**
 * Responses that are gzipped for clients that take it: lists and exports, which are large and repeat themselves. Others are small, are
 * streams whose blocks must arrive at once, or hold secrets, which the length of a compressed response could give away (BREACH).
 * Source: RFC 9110, sections 8.4 (Content-Encoding), 12.5.5 (Vary)
 */
import { pipeline, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import type { Context } from 'hono';
import { limits } from '../limits.ts';
import { accepts } from './accept.ts';

/** Outside of the event loop. */
const gzipped = promisify(gzip);
/** Half the time of the default level, for a tenth more bytes. */
const LEVEL = { level: 3 };

function isTaken(c: Context): boolean {
  c.header('vary', 'Accept-Encoding', { append: true });
  return accepts(c.req.header('accept-encoding'), 'gzip');
}

/** JSON whose text is there already. */
export async function respondWithText(c: Context, json: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  if (!isTaken(c) || json.length < limits.compressedFromChars) return c.body(json, 200, headers);
  return c.body(new Uint8Array(await gzipped(json, LEVEL)), 200, { ...headers, 'content-encoding': 'gzip' });
}

/** A body that is made while it is sent. An error of the source, and a client that leaves, end both. */
export function compressed(c: Context, body: Readable): Readable {
  if (!isTaken(c)) return body;
  c.header('content-encoding', 'gzip');
  return pipeline(body, createGzip(LEVEL), () => {});
}
