/**
 * Streamed responses. The next block is requested only when the socket has taken the one before, so a slow reader holds one block and
 * no more. Each block waits for its turn on the event loop, so a fast stream does not starve other requests.
 */
import type { Readable } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { limits } from '../limits.ts';
import type { RequestLog } from '../log.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import { ownerOf } from './owner.ts';
import type { Places } from './places.ts';
import type { HttpEnv, ResponseDescription } from './route.ts';
import { watchRights } from './stream-rights.ts';

export interface EventStreaming {
  /** Ends all streams immediately. */
  stopping: AbortSignal;
  /** With too many streams, the oldest one of the owner that has most ends. Its client reconnects and resumes. */
  places: Places;
  logger: RequestLog;
}

/** Yields whole events as text, '' when there is none yet, until the signal is aborted. */
type Blocks = (stop: AbortSignal) => AsyncGenerator<string>;

/** How a response of `streamEvents` is described. */
export const eventStream = (description: string): ResponseDescription => ({
  description,
  content: { 'text/event-stream': null },
});

/**
 * Responds with Server-Sent Events. Comments keep a quiet stream open. It ends with the rights of its client. When `blocks` throws, the
 * stream ends, and its client reconnects with the last id that it received.
 */
export function streamEvents(c: Context<HttpEnv>, streaming: EventStreaming, blocks: Blocks): Response {
  const body = new ReadableStream<Uint8Array>(new EventStreamSource(c, streaming, blocks), { highWaterMark: 0 });
  return c.body(body, 200, {
    'content-type': 'text/event-stream',
    'transfer-encoding': 'chunked',
    // A proxy that buffers responses would delay events.
    'x-accel-buffering': 'no',
  });
}

/** The source of the body of `streamEvents`, whose methods the `ReadableStream` calls. */
class EventStreamSource {
  readonly #path: string;
  readonly #outgoing: HttpBindings['outgoing'];
  readonly #logger: RequestLog;
  readonly #ended = new AbortController();
  readonly #stop: AbortSignal;
  readonly #blocks: AsyncGenerator<string>;
  readonly #releasePlace: () => void;
  readonly #forgetRights: () => void;
  #keepAlive: NodeJS.Timeout | undefined;
  /** The response is closed, by the client or by us. */
  #closed = false;

  constructor(c: Context<HttpEnv>, { stopping, logger, places }: EventStreaming, blocks: Blocks) {
    this.#path = c.req.path;
    this.#outgoing = c.env.outgoing;
    this.#logger = logger;
    this.#stop = AbortSignal.any([this.#ended.signal, stopping]);
    this.#blocks = blocks(this.#stop);
    const holder = {
      ...ownerOf(c, limits.streamShares),
      isReplaceable: () => true,
      end: () => this.#ended.abort(),
    };
    places.take(holder);
    this.#releasePlace = () => places.release(holder);
    this.#forgetRights = watchRights(c, () => this.#ended.abort());
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#keepAlive = setInterval(() => {
      // A stream with bytes that its reader has not taken needs nothing to keep it open.
      if (!this.#outgoing.writableNeedDrain) controller.enqueue(Buffer.from(': still here\n\n'));
    }, limits.sseKeepAliveMs);
    // The service may have begun to stop since the request was accepted.
    if (this.#stop.aborted) this.#close(controller);
    else this.#stop.addEventListener('abort', () => this.#close(controller), { once: true });
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const block = await this.#nextBlock();
      if (this.#stop.aborted) return;
      if (block !== null) {
        controller.enqueue(Buffer.from(block));
        this.#keepAlive?.refresh();
        return;
      }
    } catch (error) {
      if (this.#stop.aborted) return;
      this.#logger.warn({ err: error, path: this.#path }, 'a stream of events was broken off');
    }
    this.#ended.abort();
  }

  cancel(): void {
    this.#closed = true;
    this.#ended.abort();
  }

  /** The next block with events; null when there are no more, or the stream was stopped. */
  async #nextBlock(): Promise<string | null> {
    for (;;) {
      const { done, value } = await this.#blocks.next();
      await sliceTurn();
      if (done || this.#stop.aborted) return null;
      if (value !== '') return value;
    }
  }

  #close(controller: ReadableStreamDefaultController<Uint8Array>): void {
    clearInterval(this.#keepAlive);
    this.#releasePlace();
    this.#forgetRights();
    // Frees what the generator holds for this stream.
    void this.#blocks.return(undefined);
    if (this.#closed) return;
    this.#closed = true;
    if (this.#outgoing.writableNeedDrain) this.#outgoing.destroy();
    else controller.close();
  }
}

/** The bytes of an object as the body of a response. Destroys the stream when the client disconnects. */
export function streamBytes(bytes: Readable): ReadableStream<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await source.next();
        await sliceTurn();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel() {
        // Ending the iterator would not destroy a stream of which nothing was read yet.
        bytes.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}
