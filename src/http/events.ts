/**
 * `GET /events`: the events of orders as Server-Sent Events. The id of each is the cursor behind it, so a client that reconnects with
 * `Last-Event-ID` resumes exactly after the last event that it received. `GET /ws` (`ws.ts`) sends the same over WebSocket.
 * Source: WHATWG HTML, "Server-sent events"; CloudEvents 1.0.2, JSON event format.
 */
import { Hono } from 'hono';
import * as z from 'zod';
import { seenBatch } from '../access/seen-events.ts';
import { limits } from '../limits.ts';
import type { View } from '../model/access.ts';
import { ALL_TYPES, CREATED, EVENT_TYPES, type EventType } from '../model/event.ts';
import type { EventBatch, EventStream } from '../ports/event-stream.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { viewFor } from './access-guard.ts';
import { wireForms } from './parameters.ts';
import { type HttpEnv, route } from './route.ts';
import { type EventStreaming, eventStream, streamEvents } from './streams.ts';

export interface SubscriptionPorts {
  events: EventStream;
  store: Pick<OrderStore, 'orders'>;
}

const isType = (name: string): name is EventType => (EVENT_TYPES as readonly string[]).includes(name);

const types = z
  .string()
  .transform((value, context): ReadonlySet<EventType> => {
    if (value === '*') return ALL_TYPES;
    const names = value.split(',');
    if (names.every(isType)) return new Set(names);
    context.addIssue({ code: 'custom', message: `is neither * nor some of ${EVENT_TYPES.join(',')}` });
    return z.NEVER;
  })
  .default(CREATED)
  .register(wireForms, {
    type: 'string',
    pattern: `^(\\*|(${EVENT_TYPES.join('|')})(,(${EVENT_TYPES.join('|')}))*)$`.replaceAll('order.', 'order\\.'),
    default: [...CREATED].join(),
    description: 'The types of events, separated by commas; `*` for all.',
    examples: ['order.created', 'order.status_changed,order.deleted', '*'],
  });

export const subscriptionQuery = {
  type: types,
  after: z.string().max(limits.maxCursorChars, 'is not a cursor').optional().register(wireForms, {
    type: 'string',
    maxLength: limits.maxCursorChars,
    pattern: '^[0-9A-Za-z_.]+$',
    description: 'The cursor of the last event received; `0` for the beginning. Without it, new events only.',
  }),
};

/** The cursor to start at. Throws `invalid_cursor`, so that a bad one is refused before the stream begins. */
export async function startOf(
  events: EventStream,
  requested: string | undefined,
  types: ReadonlySet<EventType>,
): Promise<string> {
  if (requested === undefined) return events.end(types);
  const from = requested === '0' ? events.beginning : requested;
  await events.check(from, types);
  return from;
}

/**
 * What a subscriber is sent. While the events are of other types, or of orders that its view does not show, it is told now and then how
 * far they were read, so that it does not read all of them again when it resumes.
 */
export async function* subscription(
  { events, store }: SubscriptionPorts,
  { view, from, types }: { view: View; from: string; types: ReadonlySet<EventType> },
  stop: AbortSignal,
): AsyncGenerator<EventBatch> {
  let toldMs = 0;
  for await (const read of events.subscribe(from, stop, types)) {
    const batch = await seenBatch(store.orders, view, read);
    if (batch.events.length === 0 && Date.now() - toldMs < limits.cursorEveryMs) continue;
    toldMs = Date.now();
    yield batch;
  }
}

/** An id without data is no event, but is where a client resumes. The JSON of an event has no line breaks, so one data line holds it. */
const blockOf = ({ events, cursor }: EventBatch): string =>
  events.length === 0
    ? `id: ${cursor}\n\n`
    : events.map((event) => `event: ${event.type}\nid: ${event.cursor}\ndata: ${event.json}\n\n`).join('');

export function eventRoutes(ports: SubscriptionPorts, streaming: EventStreaming) {
  return new Hono<HttpEnv>().get(
    '/events',
    route(
      {
        id: 'subscribeToEvents',
        tag: 'Events',
        summary: 'Subscribe to the events of orders',
        query: subscriptionQuery,
        headers: { 'Last-Event-ID': z.string().describe('As `after`, which it precedes; browsers send it.') },
        responses: {
          200: eventStream(
            'Events named by their type, each with an Event as its data and its cursor as its id. Never ends by itself.',
          ),
        },
        problems: ['invalid_parameter', 'invalid_cursor'],
        engines: ['events', 'store'],
      },
      async (c, readQuery) => {
        const { type, after } = readQuery(c);
        const view = viewFor(c);
        const from = await startOf(ports.events, c.req.header('last-event-id') || after, type);
        return streamEvents(c, streaming, async function* (stop) {
          yield `id: ${from}\nretry: ${limits.sseRetryMs}\n: ${[...type].join()}\n\n`;
          for await (const batch of subscription(ports, { view, from, types: type }, stop)) yield blockOf(batch);
        });
      },
    ),
  );
}
