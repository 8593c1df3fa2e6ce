/**
 * Finds what fell between two steps of a crash: files whose message was lost are queued again, objects whose file was never
 * recorded are deleted (INV-5). Runs at start and then at intervals.
 */
import type { Logger } from 'pino';
import { limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OrderStore } from '../ports/order-store.ts';

export interface SweepPorts {
  objects: ObjectStore;
  queue: JobQueue;
  store: OrderStore;
  clock: Clock;
}

/**
 * Queues again the open files that no worker holds and that have been quiet for `quietMs`, but for those known to be queued. A
 * message too many does no harm.
 */
export async function queueStrandedFiles(
  { store, queue }: SweepPorts,
  quietMs: number,
  logger: Logger,
  queued: ReadonlySet<string> = new Set(),
): Promise<void> {
  for (const fileId of await store.files.stranded(quietMs, limits.sweepFiles)) {
    if (queued.has(fileId)) continue;
    await queue.send({ version: 1, fileId });
    await store.files.touch(fileId);
    logger.info({ file_id: fileId }, 'an open file without a worker was queued again');
  }
}

/** Deletes uploaded objects older than `beforeMs` that no file was made of. */
export async function deleteOrphans({ objects, store }: SweepPorts, beforeMs: number, logger: Logger): Promise<void> {
  for await (const { key, committedAtMs } of objects.list('incoming/')) {
    if (committedAtMs >= beforeMs) continue;
    if (await store.files.get(key.slice('incoming/'.length))) continue;
    await objects.delete(key);
    logger.info({ key }, 'an object of an upload that was never completed was deleted');
  }
}

export function startSweeper(ports: SweepPorts, logger: Logger) {
  const stopping = new AbortController();
  const startedMs = ports.clock.now();
  const running = (async () => {
    const sweep = (work: Promise<void>) =>
      work.catch((error) => logger.warn({ err: error }, 'a sweep failed: it is tried again'));
    await sweep(deleteOrphans(ports, startedMs, logger));
    while (!stopping.signal.aborted) {
      await ports.clock.sleep(limits.sweepMs, stopping.signal);
      if (!stopping.signal.aborted) await sweep(queueStrandedFiles(ports, limits.strandedMs, logger));
    }
  })();
  return {
    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  };
}
