/** Answers to requests that never reach the router: bytes that are no HTTP, headers without end, an address that is none. */
import type { Duplex } from 'node:stream';
import { RequestError } from '@hono/node-server';
import { bareProblem, problemBytes } from './problem.ts';

/** For the server's `clientError`. The request under way on this socket, if any, ends with it. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  const answered = (socket as { _httpMessage?: { headersSent: boolean } })._httpMessage?.headersSent;
  if (socket.writable && !answered) socket.write(bytesFor(error.code));
  socket.destroy(error);
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
