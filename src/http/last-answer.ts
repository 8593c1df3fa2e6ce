/**
 * The last answer of a connection, written to the socket itself because no response can carry it: to bytes that are no request, and to
 * a body that comes too slowly. What the client still sends is not read; closing at once would reset the connection, and the client
 * would be told "connection reset" in place of the answer. So our side ends first, and the client's has a bounded time.
 * Source: RFC 9112, section 9.6, "Tear-down".
 */
import type { Duplex } from 'node:stream';
import { limits } from '../limits.ts';

export function endWith(socket: Duplex, answer: string): void {
  if (socket.writableEnded) return;
  socket.end(answer);
  const timer = setTimeout(() => socket.destroy(), limits.lingerMs);
  socket.once('close', () => clearTimeout(timer));
}
