/**
 * Responses that are sent before the end of their request's body, such as 413 in the middle of an upload. Many clients write their whole
 * body before they read, and get "connection reset" instead of the response when a socket is closed with unread bytes. Therefore the
 * response is sent immediately with `connection: close`, and the rest of the body is discarded for a bounded time.
 * Source: RFC 9112, section 9.6, "Tear-down".
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';
import { limits } from '../limits.ts';
import type { HttpEnv } from './route.ts';

const READS = new Set(['GET', 'HEAD']);

/** Replaces the response of such a request. */
export async function lingerAfterEarlyResponse(c: Context<HttpEnv>): Promise<void> {
  const { incoming } = c.env;
  // The response to a read never waits for a body, whatever length the client announces: it may be a stream without end.
  if (incoming.complete || READS.has(c.req.method) || !hasBody(incoming)) return;
  const body = new Uint8Array(await c.res.arrayBuffer());
  const headers = new Headers(c.res.headers);
  headers.set('connection', 'close');
  headers.set('content-length', String(body.length));
  const { status } = c.res;
  // Cleared first, because Hono merges the headers of the response that is replaced.
  c.res = undefined;
  c.res = new Response(ReadableStream.from(sendAndLinger(body, incoming)), { status, headers });
}

export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

async function* sendAndLinger(body: Uint8Array, incoming: IncomingMessage): AsyncGenerator<Uint8Array> {
  yield body;
  const { socket } = incoming;
  const timer = AbortSignal.timeout(limits.lingerMs);
  // Detached from its reader, which may have stopped for good.
  incoming.unpipe();
  incoming.on('data', () => {}).resume();
  await Promise.race([
    once(incoming, 'end', { signal: timer }),
    once(incoming, 'close', { signal: timer }),
    once(socket, 'close', { signal: timer }),
  ]).catch(() => {});
}
