/** Responses to what never reaches the router: bytes that are not HTTP, headers that are too large or late, an unusable address. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { RequestError } from '@hono/node-server';
import { endWith } from './last-response.ts';
import { bareProblem, problemBytes } from './problem.ts';

type HttpSocket = Duplex & { _httpMessage?: ServerResponse<IncomingMessage> | null };

/**
 * For the server's `clientError`. A request of this socket that arrived as a whole gets its response first; an incomplete one ends with
 * the socket.
 */
export function respondToUnreadable(error: NodeJS.ErrnoException, socket: HttpSocket): void {
  const current = socket._httpMessage;
  if (socket.writable && error.code?.startsWith('HPE_') && current?.req.complete) {
    socket.pause();
    respondAfterCurrent(socket, error.code);
    return;
  }
  // The last response was sent: what still arrives is not read, until the client ends its side.
  if (socket.writableEnded && error.code !== 'HPE_INVALID_EOF_STATE') return;
  if (socket.writable && !current?.headersSent) endWith(socket, bytesFor(error.code));
  else socket.destroy(error);
}

function respondAfterCurrent(socket: HttpSocket, code: string): void {
  if (socket.writableEnded) return;
  if (socket._httpMessage) socket._httpMessage.once('finish', () => respondAfterCurrent(socket, code));
  // Bytes behind a request that ends the connection belong to no request, so they get no response.
  else endWith(socket, code === 'HPE_CLOSED_CONNECTION' ? '' : bytesFor(code));
}

function bytesFor(code: string | undefined): string {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return problemBytes(
        431,
        'headers_too_large',
        'the address and headers of the request have more than 16 KiB: send a shorter query or fewer headers',
      );
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problemBytes(408, 'request_idle', 'the headers of the request did not arrive in time: send it again');
    default:
      return problemBytes(
        400,
        'invalid_request',
        'this is not a complete HTTP request: check that the client announces the right length and sends all bytes',
      );
  }
}

/** For the adapter's `errorHandler`: a request that cannot be given to the router. */
export function respondToUnroutable(error: unknown): Response {
  return error instanceof RequestError
    ? bareProblem(400, 'invalid_request', `the request has no usable address: ${error.message}`)
    : bareProblem(500, 'internal', 'the service failed to answer this request');
}
