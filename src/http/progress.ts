/**
 * `GET /progress`: all files that change, as Server-Sent Events, so that a page with many files needs one connection. First come
 * the files that are open, then each file whenever it has changed.
 *
 * One look at the store each `limits.progressMs` serves all subscribers, and there is none while nobody subscribes. A look sees
 * the newest page of files, those in work, and those known to be open that have left these lists.
 */
import { Hono } from 'hono';
import { limits } from '../limits.ts';
import type { RequestLog } from '../log.ts';
import { type FileRecord, isEnded } from '../model/file.ts';
import { type Clock, every } from '../ports/clock.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { filesJson } from './file-json.ts';
import { type HttpEnv, route } from './route.ts';
import { type EventStreaming, eventStream, streamEvents } from './streams.ts';

interface ProgressPorts {
  store: Pick<OrderStore, 'files'>;
  clock: Clock;
  logger: RequestLog;
}

export function progressRoutes(ports: ProgressPorts, streaming: EventStreaming) {
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
        // A store that is down is reported before the stream begins.
        await watch.look();
        return streamEvents(c, streaming, (stop) => changesUntil(stop, watch));
      },
    ),
  );
}

async function* changesUntil(stop: AbortSignal, watch: FileWatch): AsyncGenerator<string> {
  const changes = await watch.subscribe();
  stop.addEventListener('abort', () => changes.end(), { once: true });
  try {
    yield `retry: ${limits.sseRetryMs}\n: files\n\n`;
    for (;;) {
      const files = await changes.next();
      if (files === null) return;
      yield files.map((json) => `event: file\ndata: ${json}\n\n`).join('');
    }
  } finally {
    changes.end();
  }
}

/** What one subscriber has still to be sent: of each file its newest state. */
class Changes {
  readonly #files = new Map<string, string>();
  readonly #onEnd: () => void;
  #ended = false;
  #wake = () => {};

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** A subscriber that takes too little for too long is ended: it comes back and begins with the open files. */
  add(fileId: string, json: string): void {
    this.#files.set(fileId, json);
    if (this.#files.size > limits.maxProgressChanges) this.end();
    this.#wake();
  }

  /** Waits until there are some, and gives a bounded number of them; null at the end. */
  async next(): Promise<string[] | null> {
    if (this.#files.size === 0 && !this.#ended)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    if (this.#ended) return null;
    const some = [...this.#files].slice(0, limits.progressBatch);
    for (const [fileId] of some) this.#files.delete(fileId);
    return some.map(([, json]) => json);
  }

  end(): void {
    this.#ended = true;
    this.#wake();
    this.#onEnd();
  }
}

interface Known {
  json: string;
  open: boolean;
}

class FileWatch {
  readonly #ports: ProgressPorts;
  readonly #subscribers = new Set<Changes>();
  #known = new Map<string, Known>();
  #looking: Promise<void> | null = null;
  #looks: { stop(): void } | null = null;

  constructor(ports: ProgressPorts) {
    this.#ports = ports;
  }

  async subscribe(): Promise<Changes> {
    await this.look();
    const changes = new Changes(() => this.#leave(changes));
    for (const [fileId, { json, open }] of this.#known) if (open) changes.add(fileId, json);
    this.#subscribers.add(changes);
    this.#looks ??= every(this.#ports.clock, limits.progressMs, async () => {
      try {
        await this.look();
      } catch (error) {
        this.#ports.logger.warn({ err: error }, 'the subscriptions to progress were broken off');
        for (const subscriber of this.#subscribers) subscriber.end();
      }
    });
    return changes;
  }

  #leave(changes: Changes): void {
    this.#subscribers.delete(changes);
    if (this.#subscribers.size > 0) return;
    this.#looks?.stop();
    this.#looks = null;
    this.#known.clear();
  }

  look(): Promise<void> {
    this.#looking ??= this.#lookNow().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #lookNow(): Promise<void> {
    const { files } = this.#ports.store;
    const page = { limit: limits.pageItems, after: null };
    const lists = await Promise.all([
      files.list({}, page),
      files.list({ status: 'processing' }, page),
      files.list({ status: 'waiting' }, page),
    ]);
    const seen = new Map(lists.flatMap(({ items }) => items).map((file) => [file.fileId, file]));
    const before = this.#known;
    // The oldest first, as files are worked through in that order.
    const left = [...before]
      .filter(([fileId, { open }]) => open && !seen.has(fileId))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const asked = left.slice(0, limits.progressLookups).map(([fileId]) => files.get(fileId));
    for (const file of await Promise.all(asked)) if (file) seen.set(file.fileId, file);

    this.#known = new Map(left.slice(limits.progressLookups, limits.maxProgressChanges));
    const now = [...seen.values()];
    for (const [i, json] of (await filesJson(this.#ports.store, now)).entries())
      this.#tell(now[i]!, JSON.stringify(json), before.get(now[i]!.fileId));
  }

  #tell({ fileId, status }: FileRecord, json: string, before: Known | undefined): void {
    this.#known.set(fileId, { json, open: !isEnded(status) });
    if (before?.json !== json) for (const subscriber of this.#subscribers) subscriber.add(fileId, json);
  }
}
