/**
 * How fast the body of a request arrives. A client that sends a byte now and then would keep its connection, and all that is held for
 * it, for ever. So a body must arrive at least at the rate of a phone at the edge of its network. Time in which the service itself does
 * not read the body does not count.
 */
import type { IncomingMessage } from 'node:http';
import { limits } from '../limits.ts';
import { endWith } from './last-response.ts';
import { problemBytes } from './problem.ts';

export interface BodyBounds {
  bodyBytesPerSecond: number;
  bodyRateWindowMs: number;
  bodyRateFirstMs: number;
}

/** A member of the request: a map with weak keys would cost the garbage collector more, as every request has one. */
const RATE = Symbol('body rate');

export class BodyRate {
  readonly #bounds: BodyBounds;
  readonly #request: IncomingMessage;
  readonly #startedMs = Date.now();
  readonly #startBytes: number;
  #windowMs = this.#startedMs;
  #windowBytes: number;

  /** Counted from the first call for a request. */
  static of(request: IncomingMessage & { [RATE]?: BodyRate }, bounds: BodyBounds = limits): BodyRate {
    request[RATE] ??= new BodyRate(request, bounds);
    return request[RATE];
  }

  private constructor(request: IncomingMessage, bounds: BodyBounds) {
    this.#bounds = bounds;
    this.#request = request;
    this.#startBytes = this.#windowBytes = request.socket.bytesRead;
  }

  /** Whether the average rate so far is too low: then the place of the request may be given to another. */
  isSlow(): boolean {
    return (
      !this.#request.complete &&
      Date.now() - this.#startedMs >= this.#bounds.bodyRateFirstMs &&
      this.#isTooFew(this.#request.socket.bytesRead - this.#startBytes, Date.now() - this.#startedMs)
    );
  }

  /** Ends the connection when the body arrived too slowly during the last window. */
  check(): void {
    const { complete, readableLength, socket } = this.#request;
    const ms = Date.now() - this.#windowMs;
    if (complete || ms < this.#bounds.bodyRateWindowMs) return;
    if (readableLength === 0 && this.#isTooFew(socket.bytesRead - this.#windowBytes, ms)) this.end();
    this.#windowMs = Date.now();
    this.#windowBytes = socket.bytesRead;
  }

  #isTooFew(bytes: number, ms: number): boolean {
    return bytes < (this.#bounds.bodyBytesPerSecond * ms) / 1000;
  }

  /** Ends the connection, with a problem document unless a response has begun. */
  end(): void {
    const { socket } = this.#request;
    const hasBegun = (socket as { _httpMessage?: { headersSent: boolean } })._httpMessage?.headersSent;
    if (hasBegun) socket.destroy();
    else
      endWith(
        socket,
        problemBytes(
          408,
          'body_too_slow',
          `the body arrived at less than ${this.#bounds.bodyBytesPerSecond} bytes a second: send it again over a faster connection`,
        ),
      );
  }
}
