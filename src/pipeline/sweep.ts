/**
 * Cleans up what a crash between two steps left: files whose message was lost are queued again, objects whose file was never recorded
 * are deleted (INV-5), and so is what is older than it is kept. Runs at start and then at intervals.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { limits } from '../limits.ts';
import type { KeepingTimes } from '../model/duration.ts';
import { fileOfUpload, UPLOADS, uploadKey } from '../model/file.ts';
import { DEFAULT_WORKFLOW, type Workflow } from '../model/workflow.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { deleteOldEntries } from './audit-retention.ts';
import { eraseOldPeople } from './keep-orders.ts';
import { deleteOldParts } from './retention.ts';

export interface SweepPorts {
  objects: ObjectStore;
  queue: JobQueue;
  store: Pick<OrderStore, 'files' | 'rejections' | 'leases' | 'prune' | 'audit' | 'smallRecords' | 'erasure'>;
  clock: Clock;
}

/**
 * Queues again the open files that no worker holds and that have been quiet for `quietMs`, except those known to be queued. A surplus
 * message does no harm. While messages wait in the queue, those of quiet files may be among them: then nothing is queued.
 */
export async function queueStrandedFiles(
  { store, queue }: SweepPorts,
  quietMs: number,
  logger: Logger,
  queued: ReadonlySet<string> = new Set(),
): Promise<void> {
  const stranded = await store.files.stranded(quietMs, limits.sweepFiles);
  const missing = stranded.filter((fileId) => !queued.has(fileId));
  if (missing.length === 0 || (quietMs > 0 && (await queue.depth()).visible > 0)) return;
  for (const fileId of missing) {
    await queue.send({ version: 1, fileId });
    await store.files.touch(fileId);
    logger.info({ file_id: fileId }, 'an open file without a worker was queued again');
  }
}

/** Deletes uploaded objects without a file record that were committed in this period. */
export async function deleteOrphans(
  { objects, store }: SweepPorts,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  logger: Logger,
): Promise<void> {
  for await (const { key, committedAtMs } of objects.list(UPLOADS)) {
    if (!key.startsWith(uploadKey('f_')) || committedAtMs < fromMs || committedAtMs >= toMs) continue;
    if (await store.files.get(fileOfUpload(key))) continue;
    await objects.delete(key);
    logger.info({ key }, 'an object of an upload that was never completed was deleted');
  }
}

/** Deletes records about access that have expired, and old entries of the audit log: a bounded number, the others with the next sweep. */
export async function deleteExpired({ store, clock }: SweepPorts, keepAuditMs: number | null): Promise<void> {
  const limit = limits.expiredAtOnce;
  const repeat = async (deletes: () => Promise<number>) => {
    for (let step = 0; step < limits.expirySteps; step++) if ((await deletes()) < limit) return;
  };
  await repeat(() => store.smallRecords.deleteExpired(clock.now(), limit));
  if (keepAuditMs !== null) await repeat(() => deleteOldEntries(store, clock.now() - keepAuditMs, limit));
}

const FOR_EVER: KeepingTimes = { uploadsMs: null, reportsMs: null, ordersMs: null, auditMs: null };

interface SweepOptions {
  exclusive: boolean;
  /** By default everything is kept for ever. */
  keep?: KeepingTimes;
  /** By default the preset `default`. */
  workflow?: Workflow;
}

/**
 * `exclusive`: no other process works on these engines, so everything half-done from before the start is a remainder. Otherwise one of
 * the processes sweeps, and work that may be under way in another process is given time.
 */
export function startSweeper(
  ports: SweepPorts,
  { exclusive, keep = FOR_EVER, workflow = DEFAULT_WORKFLOW }: SweepOptions,
  logger: Logger,
) {
  const { clock, store } = ports;
  const holder = randomUUID();
  const stopping = new AbortController();
  const startedMs = clock.now();
  const running = run();
  return {
    async stop(): Promise<void> {
      stopping.abort();
      await running;
      await store.leases.release('sweeper', holder).catch(() => {});
    },
  };

  async function deleteNotKept(): Promise<void> {
    const { uploadsMs, reportsMs, ordersMs } = keep;
    if (uploadsMs !== null) await deleteOldParts(ports, 'upload', clock.now() - uploadsMs, stopping.signal);
    if (reportsMs !== null) await deleteOldParts(ports, 'report', clock.now() - reportsMs, stopping.signal);
    if (ordersMs !== null) await eraseOldPeople(store, workflow, clock.now() - ordersMs, stopping.signal);
  }

  async function run(): Promise<void> {
    let restAtMs = startedMs;
    let failing = false;
    if (!exclusive) await clock.sleep(limits.sweepMs, stopping.signal);
    while (!stopping.signal.aborted) {
      try {
        if (await store.leases.take('sweeper', holder, 2 * limits.sweepMs)) {
          await store.prune();
          await queueStrandedFiles(ports, limits.strandedMs, logger);
          if (clock.now() >= restAtMs) {
            // On shared engines objects older than this process are kept: a database that was restored from a backup may not
            // know them.
            const window = exclusive
              ? { fromMs: 0, toMs: startedMs }
              : { fromMs: startedMs, toMs: clock.now() - limits.orphanMs };
            await deleteOrphans(ports, window, logger);
            await deleteExpired(ports, keep.auditMs);
            await deleteNotKept();
            restAtMs = clock.now() + limits.orphanMs;
          }
        }
        failing = false;
      } catch (error) {
        if (!failing) logger.warn({ err: error }, 'a sweep failed: it is tried again');
        failing = true;
      }
      await clock.sleep(limits.sweepMs, stopping.signal);
    }
  }
}
