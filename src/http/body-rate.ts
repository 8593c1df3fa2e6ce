/**
 * How fast the body of a request comes. One byte now and then is enough to keep a connection, and whatever is held for it, for ever,
 * so a body has to come at a rate that a phone at the edge of its network has. Time in which we do not take what is there does not count.
 */
import type { IncomingMessage } from 'node:http';
import { limits } from '../limits.ts';
import { endWith } from './last-answer.ts';
import { problemBytes } from './problem.ts';

export interface BodyBounds {
  bodyBytesPerSecond: number;
  bodyRateWindowMs: number;
  bodyRateFirstMs: number;
}

export class BodyRate {
  readonly #bounds: BodyBounds;
  readonly #request: IncomingMessage;
  readonly #startedMs = Date.now();
  readonly #startBytes: number;
  #windowMs = this.#startedMs;
  #windowBytes: number;

  constructor(request: IncomingMessage, bounds: BodyBounds = limits) {
    this.#bounds = bounds;
    this.#request = request;
    this.#startBytes = this.#windowBytes = request.socket.bytesRead;
  }

  /** Whether it came too slowly so far, all in all: then its place may be given to another. */
  isSlow(): boolean {
    return (
      !this.#request.complete &&
      Date.now() - this.#startedMs >= this.#bounds.bodyRateFirstMs &&
      this.#isTooFew(this.#request.socket.bytesRead - this.#startBytes, Date.now() - this.#startedMs)
    );
  }

  /** Ends it when it came too slowly for as long as a client is waited for. */
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

  /** Tells why, unless an answer is under way. */
  end(): void {
    const { socket } = this.#request;
    const answered = (socket as { _httpMessage?: { headersSent: boolean } })._httpMessage?.headersSent;
    if (answered) socket.destroy();
    else
      endWith(
        socket,
        problemBytes(
          408,
          'body_too_slow',
          `the body came slower than ${this.#bounds.bodyBytesPerSecond} bytes a second: send it again over a better line`,
        ),
      );
  }
}
