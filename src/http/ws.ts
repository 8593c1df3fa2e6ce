/**
 * `GET /ws`: the events of orders over WebSocket, one JSON object a frame. Each has the cursor behind its event, with which a client
 * resumes; the first has only the cursor that the stream starts at, as has one behind events of other types. What a client sends is ignored.
 * Source: RFC 6455.
 */
import { Hono } from 'hono';
import { limits } from '../limits.ts';
import type { EventBatch } from '../ports/event-stream.ts';
import { viewFor } from './access-guard.ts';
import { type SubscriptionPorts, startOf, subscription, subscriptionQuery } from './events.ts';
import { ownerOf } from './owner.ts';
import { problem } from './problem.ts';
import { type HttpEnv, route } from './route.ts';
import { watchRights } from './stream-rights.ts';
import type { EventStreaming } from './streams.ts';
import { streamOverWebSocket } from './ws-stream.ts';
import { acceptUpgrade, alreadyAnswered, asksForUpgrade } from './ws-upgrade.ts';

/** Each is built when it is sent, as a slow reader holds those that are not. */
function* framesOf({ events, cursor }: EventBatch): Generator<string> {
  if (events.length === 0) yield JSON.stringify({ cursor });
  for (const event of events) yield `{"cursor":${JSON.stringify(event.cursor)},"event":${event.json}}`;
}

export function webSocketRoutes(ports: SubscriptionPorts, streaming: EventStreaming) {
  return new Hono<HttpEnv>().get(
    '/ws',
    route(
      {
        id: 'subscribeByWebSocket',
        tag: 'Events',
        summary: 'Subscribe to the events of orders over WebSocket',
        description: `Each frame is \`{"cursor","event"}\` as JSON text, with an Event; the first, and one behind events of other types, has
only \`cursor\`. A ping comes every ${limits.webSocketPingMs / 1000} seconds. The service closes with 1001 when it stops, with 1008 when
the rights of the client have ended or changed, and with 1013 when
the client reads too slowly, there are too many streams or the events cannot be read now: connect again with the last cursor as \`after\`.
Frames of the client are ignored; one of more than ${limits.webSocketFrameBytes} bytes ends the connection with 1009.`,
        query: subscriptionQuery,
        responses: { 101: { description: 'The connection is a WebSocket.' } },
        problems: ['invalid_parameter', 'invalid_cursor', 'foreign_origin', 'upgrade_required'],
        engines: ['events', 'store'],
      },
      async (c, readQuery) => {
        const { incoming } = c.env;
        if (!asksForUpgrade(incoming)) {
          c.header('upgrade', 'websocket');
          return problem(
            c,
            426,
            'upgrade_required',
            'this is a WebSocket: open it with a WebSocket client, or use /events',
          );
        }
        const { type, after } = readQuery(c);
        const view = viewFor(c);
        const from = await startOf(ports.events, after, type);
        const owner = ownerOf(c, limits.streamShares);
        const accepted = acceptUpgrade(incoming);
        if (accepted)
          streamOverWebSocket(
            { ...accepted, watchRights: (end) => watchRights(c, end) },
            owner,
            streaming,
            async function* (stop) {
              yield framesOf({ events: [], cursor: from });
              for await (const batch of subscription(ports, { view, from, types: type }, stop)) yield framesOf(batch);
            },
          );
        return alreadyAnswered();
      },
    ),
  );
}
