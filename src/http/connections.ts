/**
 * What one connection, and all of them together, may hold.
 *
 * - One request of a connection is handled at a time. HTTP lets a client send many without reading a response, and Node begins each as
 *   it is parsed: those behind the first wait here, and the connection is not read while one waits.
 * - A body that comes too slowly ends its connection.
 * - Responses that clients do not read are held up to a bound; beyond it the connections unread for longest are closed.
 * - When there is no place for a new connection, one without a request is closed, so health checks can always connect.
 *
 * Source: RFC 9112, sections 9.3.2, "Pipelining", and 9.5, "Failures and timeouts".
 */
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { limits } from '../limits.ts';
import { arrived } from '../ports/event-loop.ts';
import { type BodyBounds, BodyRate } from './body-rate.ts';
import { type Holder, Places } from './places.ts';

type Exchange = { request: IncomingMessage; response: ServerResponse };

class Connection implements Holder {
  readonly socket: Socket;
  readonly address: string;
  working: (Exchange & { body: BodyRate }) | null = null;
  readonly waiting: Exchange[] = [];
  /** Since when it has had bytes that its client did not take. */
  unreadSinceMs: number | null = null;
  takenBytes = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    this.address = socket.remoteAddress ?? '';
  }

  mayGo(): boolean {
    return this.working === null || this.working.body.isSlow();
  }

  end(): void {
    this.socket.destroy();
  }

  /** Bytes that wait to be taken by the client, or rather by the system for it. */
  look(nowMs: number): number {
    const unread = this.socket.writableLength;
    const taken = (this.socket.bytesWritten ?? 0) - unread;
    if (unread === 0) this.unreadSinceMs = null;
    else if (taken !== this.takenBytes) this.unreadSinceMs = nowMs;
    else this.unreadSinceMs ??= nowMs;
    this.takenBytes = taken;
    return unread;
  }
}

export interface ConnectionBounds extends BodyBounds {
  maxConnections: number;
  maxConnectionsOfAddress: number;
  maxWaitingRequests: number;
  unreadBytes: number;
  connectionCheckMs: number;
}

export function guardConnections(
  server: Server,
  handle: RequestListener,
  bounds: ConnectionBounds = limits,
): { stop(): void } {
  const connections = new Map<Socket, Connection>();
  const places = new Places({ all: bounds.maxConnections, perAddress: bounds.maxConnectionsOfAddress });
  let waiting = 0;

  server.on('connection', (socket: Socket) => {
    arrived();
    const connection = new Connection(socket);
    if (!places.take(connection)) {
      socket.destroy();
      return;
    }
    connections.set(socket, connection);
    // Reading a body begins the flow again.
    socket.on('resume', () => {
      if (connection.waiting.length > 0) socket.pause();
    });
    socket.once('close', () => {
      connections.delete(socket);
      places.leave(connection);
      waiting -= connection.waiting.splice(0).length;
    });
  });

  server.on('request', (request, response) => {
    const connection = connections.get(request.socket);
    if (!connection || request.socket.destroyed) return;
    if (connection.working === null) return begin(connection, { request, response });
    connection.waiting.push({ request, response });
    waiting++;
    connection.socket.pause();
    if (waiting > bounds.maxWaitingRequests) connection.socket.destroy();
  });

  function begin(connection: Connection, exchange: Exchange): void {
    const { request, response } = exchange;
    connection.working = { ...exchange, body: BodyRate.of(request, bounds) };
    response.once('close', () => next(connection));
    handle(request, response);
  }

  function next(connection: Connection): void {
    connection.working = null;
    places.renew(connection);
    if (connection.socket.destroyed || connection.socket.writableEnded) return;
    const exchange = connection.waiting.shift();
    if (!exchange) return;
    waiting--;
    if (connection.waiting.length === 0) connection.socket.resume();
    begin(connection, exchange);
  }

  server.on('timeout', (socket) => {
    const { request, response } = connections.get(socket)?.working ?? {};
    // The client has sent everything: an engine is silent, and its own time limits bound the wait.
    if (!request?.complete || response!.headersSent) socket.destroy();
  });

  const checks = setInterval(() => {
    const nowMs = Date.now();
    let unread = 0;
    for (const connection of connections.values()) {
      unread += connection.look(nowMs);
      connection.working?.body.check();
    }
    if (unread <= bounds.unreadBytes) return;
    const longest = [...connections.values()]
      .filter(({ unreadSinceMs }) => unreadSinceMs !== null)
      .sort((a, b) => a.unreadSinceMs! - b.unreadSinceMs!);
    for (const { socket } of longest) {
      if (unread <= bounds.unreadBytes) return;
      unread -= socket.writableLength;
      socket.destroy();
    }
  }, bounds.connectionCheckMs);
  return {
    /** Ends the connections that have no request in work, which Node does not where none ever came. */
    stop() {
      clearInterval(checks);
      for (const { socket, working } of connections.values()) if (working === null) socket.destroy();
    },
  };
}
