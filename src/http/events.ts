/**
 * `GET /events`: `order.created` as Server-Sent Events. The id of each event is the cursor behind it, so a client that reconnects with
 * `Last-Event-ID` resumes exactly after the last event that it received.
 * Source: WHATWG HTML, "Server-sent events"; CloudEvents 1.0.2, JSON event format.
 */
import { Hono } from 'hono';
import * as z from 'zod';
import { limits } from '../limits.ts';
import { ORDER_CREATED } from '../model/event.ts';
import type { EventStream } from '../ports/event-stream.ts';
import { cursor } from './pages.ts';
import { oneOf } from './parameters.ts';
import { type HttpEnv, route } from './route.ts';
import { type EventStreaming, eventStream, streamEvents } from './streams.ts';

export function eventRoutes({ events }: { events: EventStream }, streaming: EventStreaming) {
  return new Hono<HttpEnv>().get(
    '/events',
    route(
      {
        id: 'subscribeToEvents',
        tag: 'Events',
        summary: 'Subscribe to the events of orders',
        query: {
          type: oneOf([ORDER_CREATED]),
          after: cursor.describe(
            'The id of the last event received; `0` for the beginning. Without it, new events only.',
          ),
        },
        headers: { 'Last-Event-ID': z.string().describe('As `after`, which it precedes; browsers send it.') },
        responses: {
          200: eventStream('Events named `order.created`, each with an Event as its data. Never ends by itself.'),
        },
        problems: ['invalid_parameter', 'invalid_cursor'],
        engines: ['events', 'store'],
      },
      async (c, readQuery) => {
        const query = readQuery(c);
        const requested = c.req.header('last-event-id') || query.after;
        const from = requested === undefined ? await events.end() : requested === '0' ? events.beginning : requested;
        // An invalid cursor is refused before the stream begins.
        if (requested !== undefined) await events.check(from);

        return streamEvents(c, streaming, async function* (stop) {
          yield `id: ${from}\nretry: ${limits.sseRetryMs}\n: ${ORDER_CREATED}\n\n`;
          // This JSON has no line breaks, so one data line holds it.
          for await (const batch of events.subscribe(from, stop))
            yield batch.events
              .map((event) => `event: ${ORDER_CREATED}\nid: ${event.cursor}\ndata: ${event.json}\n\n`)
              .join('');
        });
      },
    ),
  );
}
