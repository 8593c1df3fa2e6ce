/** Answers to requests that never reach the router: bytes that are no HTTP, headers without end, an address that is none. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { RequestError } from '@hono/node-server';
import { endWith } from './last-answer.ts';
import { bareProblem, problemBytes } from './problem.ts';

type HttpSocket = Duplex & { _httpMessage?: ServerResponse<IncomingMessage> | null };

/** For the server's `clientError`. Requests on this socket that came whole are answered first, one that did not ends with it. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: HttpSocket): void {
  const underWay = socket._httpMessage;
  if (socket.writable && error.code?.startsWith('HPE_') && underWay?.req.complete) {
    socket.pause();
    answerBehind(socket, error.code);
    return;
  }
  // It has its last answer: what still comes is not read, until the client ends its side.
  if (socket.writableEnded && error.code !== 'HPE_INVALID_EOF_STATE') return;
  if (socket.writable && !underWay?.headersSent) endWith(socket, bytesFor(error.code));
  else socket.destroy(error);
}

function answerBehind(socket: HttpSocket, code: string): void {
  if (socket.writableEnded) return;
  if (socket._httpMessage) socket._httpMessage.once('finish', () => answerBehind(socket, code));
  // What follows a request that ends the connection is nobody's: there is nothing to say of it.
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
      return problemBytes(408, 'request_idle', 'the headers of the request did not come in time: send it again');
    default:
      return problemBytes(
        400,
        'invalid_request',
        'what came is no complete HTTP request: see that the client tells the right length and sends it all',
      );
  }
}

/** For the adapter's `errorHandler`: a request that cannot be made into one of the router's. */
export function answerUnroutable(error: unknown): Response {
  return error instanceof RequestError
    ? bareProblem(400, 'invalid_request', `the request has no usable address: ${error.message}`)
    : bareProblem(500, 'internal', 'the service failed to answer this request');
}
