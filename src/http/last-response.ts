/**
 * The last response of a connection. It is written to the socket itself where no response object exists: for bytes that are not HTTP, and
 * for a body that arrives too slowly. What the client still sends is not read. Closing immediately would reset the connection, and the
 * client would see "connection reset" instead of the response. So our side ends first, and the client's side has a bounded time.
 * Source: RFC 9112, section 9.6, "Tear-down".
 */
import type { Duplex } from 'node:stream';
import { limits } from '../limits.ts';

export function endWith(socket: Duplex, response: string): void {
  if (socket.writableEnded) return;
  socket.end(response);
  const timer = setTimeout(() => socket.destroy(), limits.lingerMs);
  socket.once('close', () => clearTimeout(timer));
}
