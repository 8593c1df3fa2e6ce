/**
 * `GET /events`: `order.created` as Server-Sent Events. Each has the cursor after it as its id, so a client that reconnects with
 * `Last-Event-ID` goes on exactly behind the last event that it has seen.
 * Source: WHATWG HTML, "Server-sent events"; CloudEvents 1.0.2, JSON event format.
 */
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import * as z from 'zod';
import { limits } from '../limits.ts';
import type { RequestLog } from '../log.ts';
import { ORDER_CREATED } from '../model/event.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStream } from '../ports/event-stream.ts';
import { oneOf, readQuery } from './parameters.ts';

export function eventRoutes(
  { events, clock, logger }: { events: EventStream; clock: Clock; logger: RequestLog },
  stopping: AbortSignal,
) {
  const app = new Hono();

  app.get('/events', async (c) => {
    const query = readQuery(c, {
      type: oneOf([ORDER_CREATED]),
      after: z.string().max(limits.maxCursorChars, 'is no cursor').optional(),
    });
    const asked = c.req.header('last-event-id') || query.after;
    const from = asked === undefined ? await events.end() : asked === '0' ? events.beginning : asked;
    // A cursor that is none is refused before the stream begins.
    if (asked !== undefined) await events.check(from);

    return streamSSE(c, async (stream) => {
      const ended = new AbortController();
      stream.onAbort(() => ended.abort());
      const stop = AbortSignal.any([ended.signal, stopping]);
      await stream.write(`id: ${from}\nretry: ${limits.sseRetryMs}\n: ${ORDER_CREATED}\n\n`);
      let sentMs = clock.now();
      const keepingAlive = keepAlive();
      try {
        for await (const batch of events.subscribe(from, stop)) {
          // JSON text has no line breaks, so one data line holds it.
          await stream.write(
            batch.map((event) => `event: ${ORDER_CREATED}\nid: ${event.cursor}\ndata: ${event.json}\n\n`).join(''),
          );
          sentMs = clock.now();
        }
      } catch (error) {
        // The client comes back with the last id that it has seen.
        logger.warn({ err: error }, 'a subscription to events was broken off');
      } finally {
        ended.abort();
        await keepingAlive;
      }

      async function keepAlive(): Promise<void> {
        for (;;) {
          await clock.sleep(sentMs + limits.sseKeepAliveMs - clock.now(), stop);
          if (stop.aborted) return;
          if (clock.now() - sentMs < limits.sseKeepAliveMs) continue;
          await stream.write(': still here\n\n');
          sentMs = clock.now();
        }
      }
    });
  });
  return app;
}
