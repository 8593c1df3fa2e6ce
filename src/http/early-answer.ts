/**
 * Answers that come before the end of their request's body, such as 413 in the middle of an upload. Many clients write their
 * whole body before they read, and get "connection reset" instead of the answer when a socket is closed with bytes unread. So the
 * answer is sent immediately with `connection: close`, and the rest of the body is dropped for a bounded time.
 * Source: RFC 9112, section 9.6, "Tear-down".
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { MiddlewareHandler } from 'hono';
import { limits } from '../limits.ts';

const READS = new Set(['GET', 'HEAD']);

export const lingerAfterEarlyAnswer: MiddlewareHandler<{ Bindings: HttpBindings }> = async (c, next) => {
  await next();
  const { incoming } = c.env;
  // The answer to a read never hangs on a body, whatever a client announces: it may be a stream without end.
  if (READS.has(c.req.method) || incoming.complete || !hasBody(incoming)) return;
  const answer = new Uint8Array(await c.res.arrayBuffer());
  const headers = new Headers(c.res.headers);
  headers.set('connection', 'close');
  headers.set('content-length', String(answer.length));
  const { status } = c.res;
  // Assigned twice, as Hono merges the headers of the answer that was there.
  c.res = undefined;
  c.res = new Response(ReadableStream.from(answerAndLinger(answer, incoming)), { status, headers });
};

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

async function* answerAndLinger(answer: Uint8Array, incoming: IncomingMessage): AsyncGenerator<Uint8Array> {
  yield answer;
  const { socket } = incoming;
  const timer = AbortSignal.timeout(limits.lingerMs);
  // From whatever was reading it, which may have stopped for good.
  incoming.unpipe();
  incoming.on('data', () => {}).resume();
  await Promise.race([
    once(incoming, 'end', { signal: timer }),
    once(incoming, 'close', { signal: timer }),
    once(socket, 'close', { signal: timer }),
  ]).catch(() => {});
}
