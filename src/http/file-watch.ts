/**
 * Watches the files for all subscribers of `GET /progress` together: one read of the store each `limits.progressMs`, and none without
 * subscribers. A read covers the newest page of files, the files in work, and the open files that have dropped out of these lists.
 */
import { limits } from '../limits.ts';
import type { RequestLog } from '../log.ts';
import type { View } from '../model/access.ts';
import { type FileRecord, isAtRest } from '../model/file.ts';
import { seesFile } from '../model/views.ts';
import { type Clock, every } from '../ports/clock.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { filesJson } from './file-json.ts';

export interface WatchPorts {
  store: Pick<OrderStore, 'files'>;
  clock: Clock;
  logger: RequestLog;
}

/** What is still to be sent to one subscriber: the newest state of each file that changed. */
class PendingChanges {
  readonly #view: Pick<View, 'hubs'>;
  readonly #files = new Map<string, string>();
  readonly #onEnd: () => void;
  #ended = false;
  #wake = () => {};

  constructor(view: Pick<View, 'hubs'>, onEnd: () => void) {
    this.#view = view;
    this.#onEnd = onEnd;
  }

  /** A file that its view does not show is left out. Ends a subscriber that reads too slowly: it begins again with the open files. */
  add(fileId: string, { json, hubs }: KnownFile): void {
    if (!seesFile(this.#view, { hubs })) return;
    this.#files.set(fileId, json);
    if (this.#files.size > limits.maxProgressChanges) this.end();
    this.#wake();
  }

  /** Waits until there are changes, and returns a bounded number of them; null at the end. */
  async next(): Promise<string[] | null> {
    if (this.#files.size === 0 && !this.#ended)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    if (this.#ended) return null;
    const batch = [...this.#files].slice(0, limits.progressBatch);
    for (const [fileId] of batch) this.#files.delete(fileId);
    return batch.map(([, json]) => json);
  }

  end(): void {
    this.#ended = true;
    this.#wake();
    this.#onEnd();
  }
}

interface KnownFile {
  json: string;
  open: boolean;
  hubs: FileRecord['hubs'];
}

export class FileWatch {
  readonly #ports: WatchPorts;
  readonly #subscribers = new Set<PendingChanges>();
  #known = new Map<string, KnownFile>();
  /** The read that is running; all who need one now share it. */
  #refreshing: Promise<void> | null = null;
  #schedule: { stop(): void } | null = null;

  constructor(ports: WatchPorts) {
    this.#ports = ports;
  }

  async subscribe(view: Pick<View, 'hubs'>): Promise<PendingChanges> {
    await this.refresh();
    const changes = new PendingChanges(view, () => this.#unsubscribe(changes));
    for (const [fileId, file] of this.#known) if (file.open) changes.add(fileId, file);
    this.#subscribers.add(changes);
    this.#schedule ??= every(this.#ports.clock, limits.progressMs, () => this.#refreshOrEnd());
    return changes;
  }

  /** Reads the files, and sends those that changed to the subscribers. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#read().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refreshOrEnd(): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      this.#ports.logger.warn({ err: error }, 'the subscriptions to progress were broken off');
      for (const subscriber of this.#subscribers) subscriber.end();
    }
  }

  #unsubscribe(changes: PendingChanges): void {
    this.#subscribers.delete(changes);
    if (this.#subscribers.size > 0) return;
    this.#schedule?.stop();
    this.#schedule = null;
    this.#known.clear();
  }

  async #read(): Promise<void> {
    const { files } = this.#ports.store;
    const page = { limit: limits.pageItems, after: null };
    const lists = await Promise.all([
      files.list({}, page),
      files.list({ status: 'processing' }, page),
      files.list({ status: 'waiting' }, page),
    ]);
    const found = new Map(lists.flatMap(({ items }) => items).map((file) => [file.fileId, file]));
    const before = this.#known;
    // The oldest first, because files are processed in that order.
    const missing = [...before]
      .filter(([fileId, { open }]) => open && !found.has(fileId))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const lookups = missing.slice(0, limits.progressLookups).map(([fileId]) => files.get(fileId));
    for (const file of await Promise.all(lookups)) if (file) found.set(file.fileId, file);

    this.#known = new Map(missing.slice(limits.progressLookups, limits.maxProgressChanges));
    const records = [...found.values()];
    for (const [i, json] of (await filesJson(this.#ports.store, records)).entries())
      this.#publish(records[i]!, JSON.stringify(json), before.get(records[i]!.fileId));
  }

  #publish(file: FileRecord, json: string, before: KnownFile | undefined): void {
    const { fileId, status, hubs } = file;
    // A paused file does not change by itself.
    const known = { json, open: !isAtRest(file) && status !== 'paused', hubs };
    this.#known.set(fileId, known);
    if (before?.json !== json) for (const subscriber of this.#subscribers) subscriber.add(fileId, known);
  }
}
