/**
 * Streams over WebSocket, as `streams.ts` does over HTTP: the next block is requested only when the socket has taken the one before, and
 * each waits for its turn on the event loop. So a slow reader holds one block; one that takes nothing of it is dropped.
 * Source: RFC 6455, section 7.4.1, and the IANA registry of close codes.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { isOmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { Owner } from './places.ts';
import type { EventStreaming } from './streams.ts';

/** What the client has to know when its WebSocket ends: the code, and words of at most 123 bytes. */
const STOPPING = [1001, 'the service stops: connect again with the last cursor'] as const;
const BROKEN = [1011, 'events cannot be read: connect again with the last cursor'] as const;
const REPLACED = [1013, 'too many streams: connect again with the last cursor'] as const;
const RIGHTS = [1008, 'your rights have ended or changed: connect again'] as const;
const SLOW = [1013, 'events come faster than they are read: connect again with the last cursor'] as const;
const UNAVAILABLE = [1013, 'events cannot be read now: connect again with the last cursor'] as const;

/** Yields blocks of frames, until the signal is aborted. */
type Frames = (stop: AbortSignal) => AsyncGenerator<Iterable<string>>;

export interface AcceptedStream {
  webSocket: WebSocket;
  socket: Socket;
  /** As in `stream-rights.ts`. */
  watchRights(end: () => void): () => void;
}

export interface WebSocketBounds {
  webSocketSendChars: number;
  webSocketPingMs: number;
  webSocketLostPings: number;
  webSocketCloseMs: number;
}

export function streamOverWebSocket(
  accepted: AcceptedStream,
  owner: Owner,
  streaming: EventStreaming,
  frames: Frames,
  bounds: WebSocketBounds = limits,
): void {
  void new WebSocketStream(accepted, owner, streaming, bounds).run(frames);
}

class WebSocketStream {
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #watchRights: AcceptedStream['watchRights'];
  readonly #owner: Owner;
  readonly #streaming: EventStreaming;
  readonly #bounds: WebSocketBounds;
  readonly #ended = new AbortController();
  /** Pings in a row that were not answered. */
  #lostPings = 0;
  /** At the last check; null when nothing waited for the client. */
  #takenBytes: number | null = null;

  constructor(
    { webSocket, socket, watchRights }: AcceptedStream,
    owner: Owner,
    streaming: EventStreaming,
    bounds: WebSocketBounds,
  ) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#watchRights = watchRights;
    this.#owner = owner;
    this.#streaming = streaming;
    this.#bounds = bounds;
  }

  /** Until the client or the service ends it. */
  async run(frames: Frames): Promise<void> {
    const { stopping, places, logger } = this.#streaming;
    const webSocket = this.#webSocket;
    const holder = {
      ...this.#owner,
      isReplaceable: () => true,
      end: () => this.#end(REPLACED),
    };
    const stop = () => this.#end(STOPPING);
    const checks = setInterval(() => this.#check(), this.#bounds.webSocketPingMs);
    // The client breaks the rules, or its connection breaks: the close that follows has the reason.
    webSocket.on('error', () => {});
    webSocket.on('close', () => this.#ended.abort());
    webSocket.on('pong', () => {
      this.#lostPings = 0;
    });
    webSocket.on('ping', (data) => {
      // A client that pings and does not read must not fill memory with answers.
      if (webSocket.bufferedAmount === 0) webSocket.pong(data);
    });
    stopping.addEventListener('abort', stop);
    places.take(holder);
    const forgetRights = this.#watchRights(() => this.#end(RIGHTS));
    if (stopping.aborted) stop();
    try {
      for await (const block of frames(this.#ended.signal)) {
        await sliceTurn();
        const rest = block[Symbol.iterator]();
        while (!this.#ended.signal.aborted && (await this.#sendSome(rest)));
        if (this.#ended.signal.aborted) break;
      }
    } catch (error) {
      if (!this.#ended.signal.aborted) {
        logger.warn({ err: error }, 'a stream of events was broken off');
        this.#end(isOmsError(error) && error.retryable ? UNAVAILABLE : BROKEN);
      }
    } finally {
      clearInterval(checks);
      stopping.removeEventListener('abort', stop);
      places.release(holder);
      forgetRights();
    }
  }

  /** Sends some of the frames; resolves when the socket has taken them, or the stream has ended. False when there are no more. */
  async #sendSome(frames: Iterator<string>): Promise<boolean> {
    const { signal } = this.#ended;
    const taken = Promise.withResolvers<void>();
    const leave = () => taken.resolve();
    signal.addEventListener('abort', leave, { once: true });
    let waiting = 1;
    const written = () => --waiting === 0 && leave();
    let chars = 0;
    let next = frames.next();
    this.#socket.cork();
    while (!next.done) {
      chars += next.value.length;
      waiting++;
      this.#webSocket.send(next.value, written);
      if (chars >= this.#bounds.webSocketSendChars) break;
      next = frames.next();
    }
    this.#socket.uncork();
    written();
    await taken.promise;
    signal.removeEventListener('abort', leave);
    return !next.done;
  }

  /** Pings a quiet client. One whose bytes wait needs no ping, but must have taken some since the last check. */
  #check(): void {
    const waiting = this.#webSocket.bufferedAmount;
    if (waiting > 0) {
      const taken = this.#socket.bytesWritten - this.#socket.writableLength;
      if (taken === this.#takenBytes) this.#end(SLOW);
      this.#takenBytes = taken;
      return;
    }
    this.#takenBytes = null;
    if (this.#lostPings++ >= this.#bounds.webSocketLostPings) this.#webSocket.terminate();
    else this.#webSocket.ping();
  }

  /** The reason waits behind what the client has not read, so not for long. */
  #end([code, reason]: readonly [number, string]): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#webSocket.close(code, reason);
    const timer = setTimeout(() => this.#webSocket.terminate(), this.#bounds.webSocketCloseMs);
    this.#webSocket.once('close', () => clearTimeout(timer));
  }
}
