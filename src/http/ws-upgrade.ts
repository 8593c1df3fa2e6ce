/**
 * Requests that ask to become a WebSocket. Such a request passes the same guards and routes as any other, and is refused with the same
 * problem documents; only the route that accepts it takes the socket out of HTTP. The adapter of Hono has an own way, which cannot refuse
 * with a body, and leaves other upgrades without any answer.
 * Source: RFC 9110, section 7.8 (Upgrade); RFC 6455, section 4.2 (WebSocket).
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type WebSocket, WebSocketServer } from 'ws';
import { limits } from '../limits.ts';
import { endWith } from './last-response.ts';
import { problemBytes } from './problem.ts';

export interface OfferedUpgrade {
  socket: Socket;
  /** What has arrived behind the request. */
  head: Buffer;
  /** Called when the socket is taken out of HTTP. */
  taken(): void;
}

const offered = new WeakMap<IncomingMessage, OfferedUpgrade>();

/** Whether a header `Upgrade` names it. */
export const isWebSocket = (upgrade: string | undefined): boolean => upgrade?.toLowerCase() === 'websocket';

export const offerUpgrade = (request: IncomingMessage, upgrade: OfferedUpgrade): void => {
  offered.set(request, upgrade);
};

export const asksForUpgrade = (request: IncomingMessage): boolean => offered.has(request);

// Compression would cost memory for each client, and pings of a client are answered where that cannot fill memory.
const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  autoPong: false,
  maxPayload: limits.webSocketFrameBytes,
});
server.on('wsClientError', (error, socket) =>
  endWith(socket, problemBytes(400, 'invalid_request', `this is no WebSocket handshake: ${error.message}`)),
);

/** For a request that asks for it. Null when the handshake is wrong, which is answered, or the client has gone. */
export function acceptUpgrade(request: IncomingMessage): { webSocket: WebSocket; socket: Socket } | null {
  const { socket, head, taken } = offered.get(request)!;
  taken();
  let accepted: WebSocket | null = null;
  server.handleUpgrade(request, socket, head, (webSocket) => {
    accepted = webSocket;
  });
  return accepted && { webSocket: accepted, socket };
}

/** What a route returns for a socket that is no longer of HTTP. */
export const alreadyAnswered = (): Response =>
  new Response(null, { headers: new Headers(RESPONSE_ALREADY_SENT.headers) });
