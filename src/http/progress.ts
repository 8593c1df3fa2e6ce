/**
 * `GET /progress`: all files that change, as Server-Sent Events, so that a page with many files needs one connection. It begins with the
 * files that are open; then follows each file whenever it has changed.
 */
import { Hono } from 'hono';
import { limits } from '../limits.ts';
import type { View } from '../model/access.ts';
import { viewFor } from './access-guard.ts';
import { basePath } from './base-path.ts';
import { FileWatch, type WatchPorts } from './file-watch.ts';
import type { FileResponse } from './responses.ts';
import { type HttpEnv, route } from './route.ts';
import { type EventStreaming, eventStream, streamEvents } from './streams.ts';

export function progressRoutes(ports: WatchPorts, streaming: EventStreaming) {
  const watch = new FileWatch(ports);
  return new Hono<HttpEnv>().get(
    '/progress',
    route(
      {
        id: 'followFiles',
        tag: 'Files',
        summary: 'Follow all files that change',
        responses: {
          200: eventStream(
            'Events named `file`, each with a File as its data: first the open files, then each that changed. Never ends by itself.',
          ),
        },
        engines: ['store'],
      },
      async (c) => {
        const view = viewFor(c);
        // A store that is down is reported before the stream begins.
        await watch.refresh();
        return streamEvents(c, streaming, (stop) => changesUntil(stop, watch, view, basePath(c)));
      },
    ),
  );
}

async function* changesUntil(stop: AbortSignal, watch: FileWatch, view: View, base: string): AsyncGenerator<string> {
  const changes = await watch.subscribe(view);
  stop.addEventListener('abort', () => changes.end(), { once: true });
  try {
    yield `retry: ${limits.sseRetryMs}\n: files\n\n`;
    for (;;) {
      const files = await changes.next();
      if (files === null) return;
      yield files.map((json) => `event: file\ndata: ${withBase(json, base)}\n\n`).join('');
    }
  } finally {
    changes.end();
  }
}

/** All subscribers share the text of a file. Under the prefix its link has that, too. */
function withBase(json: string, base: string): string {
  if (base === '') return json;
  const file = JSON.parse(json) as FileResponse;
  return JSON.stringify({ ...file, links: { self: `${base}${file.links.self}` } });
}
