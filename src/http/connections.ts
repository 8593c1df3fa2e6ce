/**
 * What one connection, and all connections together, may hold.
 *
 * - One request of a connection is handled at a time. HTTP lets a client send many requests without reading a response, and Node starts
 *   each one as soon as it is parsed. Here the later ones wait, and the connection is not read while one waits.
 * - A body that arrives too slowly ends its connection.
 * - Responses that clients do not read are held up to a bound. Beyond it the connections that have been unread for longest are closed.
 * - When there is no place for a new connection, one without a request is closed, so health checks can always connect.
 * - A connection that becomes a WebSocket keeps its place, and has no more requests.
 * - A connection of TLS has its place from the first byte of the handshake on.
 *
 * Source: RFC 9112, sections 9.3.2, "Pipelining", and 9.5, "Failures and timeouts".
 */
import { type IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { limits } from '../limits.ts';
import { arrived } from '../ports/event-loop.ts';
import { type BodyBounds, BodyRate } from './body-rate.ts';
import { networkOf, type Proxies, peerOf } from './client-address.ts';
import { endWith } from './last-response.ts';
import { type Holder, Places } from './places.ts';
import { offerUpgrade } from './ws-upgrade.ts';

type Exchange = { request: IncomingMessage; response: ServerResponse };

class Connection implements Holder {
  /** Over TLS that of the plain bytes, once there is one. */
  socket: Socket;
  readonly owner: string;
  readonly share: number;
  current: (Exchange & { body: BodyRate }) | null = null;
  readonly waiting: Exchange[] = [];
  isWebSocket = false;
  /** Since when the client has not taken any of the bytes that wait for it; null when none wait. */
  unreadSinceMs: number | null = null;
  #takenBytes = 0;

  constructor(socket: Socket, share: number) {
    this.socket = socket;
    this.owner = networkOf(peerOf(socket));
    this.share = share;
  }

  isReplaceable(): boolean {
    return this.current === null ? !this.isWebSocket : this.current.body.isSlow();
  }

  end(): void {
    this.socket.destroy();
  }

  /** Returns how many bytes wait for the client, or more exactly for the operating system to take them. */
  measureUnread(nowMs: number): number {
    const unread = this.socket.writableLength;
    const taken = (this.socket.bytesWritten ?? 0) - unread;
    if (unread === 0) this.unreadSinceMs = null;
    else if (taken !== this.#takenBytes) this.unreadSinceMs = nowMs;
    else this.unreadSinceMs ??= nowMs;
    this.#takenBytes = taken;
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

/** Stands between the server's sockets and the handler of its requests. */
export class ConnectionGuard {
  readonly #handle: RequestListener;
  readonly #bounds: ConnectionBounds;
  readonly #places: Places;
  readonly #proxies: Proxies;
  readonly #connections = new Map<Socket, Connection>();
  /** TLS connections in their handshake, by the two ends: requests come on another socket than the one that was accepted. */
  readonly #handshakes = new Map<string, Connection>();
  readonly #checks: NodeJS.Timeout;
  /** Requests that wait, of all connections. */
  #waiting = 0;

  constructor(server: Server, handle: RequestListener, proxies: Proxies, bounds: ConnectionBounds = limits) {
    this.#handle = handle;
    this.#bounds = bounds;
    this.#proxies = proxies;
    this.#places = new Places(bounds.maxConnections);
    if (server instanceof TlsServer) {
      server.on('connection', (socket) => this.#acceptHandshake(socket as Socket));
      server.on('secureConnection', (socket) => this.#acceptSecure(socket));
    } else server.on('connection', (socket) => this.#accept(socket));
    server.on('request', (request, response) => this.#receive({ request, response }));
    server.on('upgrade', (request, socket, head) => this.#receiveUpgrade(request, socket as Socket, head));
    server.on('timeout', (socket) => this.#endSilent(socket));
    this.#checks = setInterval(() => this.#check(), bounds.connectionCheckMs);
  }

  /** Ends the connections that have no request in work and are no WebSocket. Node does not end those that never had a request. */
  stop(): void {
    clearInterval(this.#checks);
    for (const { socket } of this.#handshakes.values()) socket.destroy();
    for (const { socket, current, isWebSocket } of this.#connections.values())
      if (current === null && !isWebSocket) socket.destroy();
  }

  #accept(socket: Socket): void {
    const connection = this.#givePlace(socket);
    if (connection) this.#serve(connection);
  }

  #acceptHandshake(socket: Socket): void {
    const ends = endsOf(socket);
    const connection = this.#givePlace(socket);
    if (!connection) return;
    this.#handshakes.set(ends, connection);
    socket.once('close', () => this.#handshakes.delete(ends));
  }

  #acceptSecure(socket: Socket): void {
    const ends = endsOf(socket);
    const connection = this.#handshakes.get(ends);
    if (!connection) return void socket.destroy();
    this.#handshakes.delete(ends);
    connection.socket = socket;
    this.#serve(connection);
  }

  /** Null when there is none: then the socket is closed. */
  #givePlace(socket: Socket): Connection | null {
    arrived();
    const { maxConnections, maxConnectionsOfAddress } = this.#bounds;
    // All clients of a proxy share its address.
    const share = this.#proxies.trusts(peerOf(socket)) ? maxConnections : maxConnectionsOfAddress;
    const connection = new Connection(socket, share);
    if (!this.#places.take(connection)) {
      socket.destroy();
      return null;
    }
    socket.once('close', () => this.#places.release(connection));
    return connection;
  }

  #serve(connection: Connection): void {
    const { socket } = connection;
    this.#connections.set(socket, connection);
    // Node resumes the socket when the body of a request is read.
    socket.on('resume', () => {
      if (connection.waiting.length > 0) socket.pause();
    });
    socket.once('close', () => {
      this.#connections.delete(socket);
      this.#waiting -= connection.waiting.splice(0).length;
    });
  }

  #receive(exchange: Exchange): void {
    const { socket } = exchange.request;
    const connection = this.#connections.get(socket);
    if (!connection || socket.destroyed) return;
    if (connection.current === null) {
      this.#start(connection, exchange);
      return;
    }
    connection.waiting.push(exchange);
    this.#waiting++;
    socket.pause();
    if (this.#waiting > this.#bounds.maxWaitingRequests) socket.destroy();
  }

  /** Node gives the socket away with such a request: it gets a response like any other, unless its route accepts it. */
  #receiveUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const connection = this.#connections.get(socket);
    socket.on('error', () => {});
    // Behind another request no client sends one.
    if (!connection || connection.current !== null) return void socket.destroy();
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => {
      response.detachSocket(socket);
      response.emit('close');
      socket.resume();
      endWith(socket, '');
    });
    offerUpgrade(request, {
      socket,
      head,
      taken() {
        response.detachSocket(socket);
        connection.isWebSocket = true;
        connection.current = null;
      },
    });
    this.#start(connection, { request, response });
  }

  #start(connection: Connection, exchange: Exchange): void {
    const { request, response } = exchange;
    connection.current = { ...exchange, body: BodyRate.of(request, this.#bounds) };
    response.once('close', () => this.#startNext(connection));
    this.#handle(request, response);
  }

  #startNext(connection: Connection): void {
    const { socket, waiting } = connection;
    connection.current = null;
    this.#places.renew(connection);
    if (socket.destroyed || socket.writableEnded) return;
    const exchange = waiting.shift();
    if (!exchange) return;
    this.#waiting--;
    if (waiting.length === 0) socket.resume();
    this.#start(connection, exchange);
  }

  #endSilent(socket: Socket): void {
    const { request, response } = this.#connections.get(socket)?.current ?? {};
    // Once the client has sent everything, the silence is that of an engine, and the engine's own time limits bound the wait.
    if (!request?.complete || response!.headersSent) socket.destroy();
  }

  #check(): void {
    const nowMs = Date.now();
    let unread = 0;
    for (const connection of this.#connections.values()) {
      unread += connection.measureUnread(nowMs);
      connection.current?.body.check();
    }
    if (unread > this.#bounds.unreadBytes) this.#dropLongestUnread(unread);
  }

  #dropLongestUnread(unreadBytes: number): void {
    let unread = unreadBytes;
    const longestFirst = [...this.#connections.values()]
      .filter(({ unreadSinceMs }) => unreadSinceMs !== null)
      .sort((a, b) => a.unreadSinceMs! - b.unreadSinceMs!);
    for (const { socket } of longestFirst) {
      if (unread <= this.#bounds.unreadBytes) return;
      unread -= socket.writableLength;
      socket.destroy();
    }
  }
}

/** No two open connections have the same. */
const endsOf = ({ localAddress, localPort, remoteAddress, remotePort }: Socket): string =>
  [localAddress, localPort, remoteAddress, remotePort].join(' ');
