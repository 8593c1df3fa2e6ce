/**
 * `GET /events`: `order.created` as Server-Sent Events. Each has the cursor after it as its id, so a client that reconnects with
 * `Last-Event-ID` goes on exactly behind the last event that it has seen.
 * Source: WHATWG HTML, "Server-sent events"; CloudEvents 1.0.2, JSON event format.
 */
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import * as z from 'zod';
import { limits } from '../limits.ts';
import { ORDER_CREATED } from '../model/event.ts';
import type { EventStream } from '../ports/event-stream.ts';
import { oneOf, readQuery } from './parameters.ts';
import { type EventStreaming, streamEvents } from './streams.ts';

export function eventRoutes({ events }: { events: EventStream }, streaming: EventStreaming) {
  const app = new Hono<{ Bindings: HttpBindings }>();

  app.get('/events', async (c) => {
    const query = readQuery(c, {
      type: oneOf([ORDER_CREATED]),
      after: z.string().max(limits.maxCursorChars, 'is no cursor').optional(),
    });
    const asked = c.req.header('last-event-id') || query.after;
    const from = asked === undefined ? await events.end() : asked === '0' ? events.beginning : asked;
    // A cursor that is none is refused before the stream begins.
    if (asked !== undefined) await events.check(from);

    return streamEvents(c, streaming, async function* (stop) {
      yield `id: ${from}\nretry: ${limits.sseRetryMs}\n: ${ORDER_CREATED}\n\n`;
      // JSON text has no line breaks, so one data line holds it.
      for await (const batch of events.subscribe(from, stop))
        yield batch.map((event) => `event: ${ORDER_CREATED}\nid: ${event.cursor}\ndata: ${event.json}\n\n`).join('');
    });
  });
  return app;
}
