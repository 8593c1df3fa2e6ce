/**
 * Answers that are streamed, and what all of them keep: a block is asked for only when the one before has been taken by the
 * socket, so a slow reader holds one block and no more; each block waits for its turn on the event loop, so a fast one starves
 * nobody.
 */
import type { Readable } from 'node:stream';
import type { Context } from 'hono';
import { limits } from '../limits.ts';
import type { RequestLog } from '../log.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { Places } from './places.ts';
import type { HttpEnv, ResponseDescription } from './route.ts';

export interface EventStreaming {
  /** Ends all streams at once. */
  stopping: AbortSignal;
  /** When there are too many, the oldest of whoever has most ends: its client comes back by itself, where it was. */
  places: Places;
  logger: RequestLog;
}

/** How a response of `streamEvents` is described. */
export const eventStream = (description: string): ResponseDescription => ({
  description,
  content: { 'text/event-stream': null },
});

/**
 * Server-Sent Events. `blocks` gives whole events as text, '' when there is none yet, until its signal is aborted. A quiet stream is
 * kept open by comments. When `blocks` throws the stream ends: its client comes back with the last id that it has seen.
 */
export function streamEvents(
  c: Context<HttpEnv>,
  { stopping, logger, places }: EventStreaming,
  blocks: (stop: AbortSignal) => AsyncGenerator<string>,
): Response {
  const { incoming, outgoing } = c.env;
  const ended = new AbortController();
  const stop = AbortSignal.any([ended.signal, stopping]);
  const source = blocks(stop);
  const holder = { address: incoming.socket.remoteAddress ?? '', mayGo: () => true, end: () => ended.abort() };
  places.take(holder);
  let keepAlive: NodeJS.Timeout;
  let left = false;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const give = () => controller.enqueue(Buffer.from(': still here\n\n'));
        // One that waits for its reader has nothing to keep open.
        keepAlive = setInterval(() => outgoing.writableNeedDrain || give(), limits.sseKeepAliveMs);
        const end = () => {
          clearInterval(keepAlive);
          places.leave(holder);
          // Ends what is held for it, too.
          void source.return(undefined);
          if (left) return;
          left = true;
          if (outgoing.writableNeedDrain) outgoing.destroy();
          else controller.close();
        };
        // A request that was let in just before a stop.
        if (stop.aborted) end();
        else stop.addEventListener('abort', end, { once: true });
      },
      async pull(controller) {
        try {
          for (;;) {
            const { done, value } = await source.next();
            await sliceTurn();
            if (stop.aborted) return;
            if (done) break;
            if (value === '') continue;
            controller.enqueue(Buffer.from(value));
            keepAlive.refresh();
            return;
          }
        } catch (error) {
          if (stop.aborted) return;
          logger.warn({ err: error, path: c.req.path }, 'a stream of events was broken off');
        }
        ended.abort();
      },
      cancel() {
        left = true;
        ended.abort();
      },
    },
    { highWaterMark: 0 },
  );
  return c.body(body, 200, {
    'content-type': 'text/event-stream',
    'transfer-encoding': 'chunked',
  });
}

/** Bytes of an object. Destroys it when the reader leaves. */
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
        // Also where nothing was read of it yet, which the end of its iterator does not do.
        bytes.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}
