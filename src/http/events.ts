/**
 * `GET /events`: `order.created` as Server-Sent Events. Each has the cursor after it as its id, so a client that reconnects with
 * `Last-Event-ID` goes on exactly behind the last event that it has seen.
 * Source: WHATWG HTML, "Server-sent events"; CloudEvents 1.0.2, JSON event format.
 */
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import * as z from 'zod';
import { limits } from '../limits.ts';
import { ORDER_CREATED } from '../model/event.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStream } from '../ports/event-stream.ts';
import { oneOf, readQuery } from './parameters.ts';

export function eventRoutes({ events, clock }: { events: EventStream; clock: Clock }, stopping: AbortSignal) {
  const app = new Hono();

  app.get('/events', async (c) => {
    const query = readQuery(c, {
      type: oneOf([ORDER_CREATED]),
      after: z.string().max(limits.maxCursorChars, 'is no cursor').optional(),
    });
    const asked = c.req.header('last-event-id') || query.after;
    const from = asked === undefined ? await events.end() : asked === '0' ? events.beginning : asked;
    // A cursor that is none is refused before the stream begins.
    await events.read(from, 1);

    return streamSSE(c, async (stream) => {
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      const stop = AbortSignal.any([gone.signal, stopping]);
      let cursor = from;
      await stream.write(`id: ${cursor}\nretry: ${limits.sseRetryMs}\n: ${ORDER_CREATED}\n\n`);
      while (!stop.aborted) {
        const batch = await events.read(cursor, limits.eventBatch);
        if (batch.length > 0) {
          // JSON text has no line breaks, so one data line holds it.
          await stream.write(
            batch.map((event) => `event: ${ORDER_CREATED}\nid: ${event.cursor}\ndata: ${event.json}\n\n`).join(''),
          );
          cursor = batch.at(-1)!.cursor;
          continue;
        }
        const pause = new AbortController();
        const quiet = AbortSignal.any([stop, pause.signal]);
        await Promise.race([events.wait(cursor, quiet), clock.sleep(limits.sseKeepAliveMs, quiet)]);
        pause.abort();
        if (!stop.aborted && (await events.end()) === cursor) await stream.write(': still here\n\n');
      }
    });
  });
  return app;
}
