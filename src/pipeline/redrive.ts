/**
 * Asks again about the orders that the finalizer put aside, and resumes files that were given up: files that ended as `internal` are
 * queued again, and dead messages are delivered again. The files are found by their records, as a message may be gone: the worker died
 * before it moved the message to the dead-letter queue, or an interrupted redrive delivered it too early. After any failure the redrive can
 * be repeated.
 */
import { isOmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { pagesOf } from '../ports/page.ts';

export interface Redriven {
  /** Files that were queued again. */
  files: number;
  /** Orders that the finalizer asks about again. */
  orders: number;
}

/** Throws what the ports throw, and may have queued some by then. */
export async function redrive({
  queue,
  store,
  clock,
}: {
  queue: JobQueue;
  store: Pick<OrderStore, 'files' | 'finalizing'>;
  clock: Clock;
}): Promise<Redriven> {
  const orders = await store.finalizing.askAgain(clock.now());
  let files = 0;
  for await (const failed of pagesOf((page) => store.files.list({ status: 'failed' }, page), limits.maxPageItems))
    for (const { fileId, failure } of failed) {
      if (failure?.code !== 'internal') continue;
      const requeued = await store.files.requeue(fileId).catch((error) => {
        // It was retried meanwhile, or its bytes were uploaded again.
        if (isOmsError(error) && !error.retryable) return null;
        throw error;
      });
      if (!requeued) continue;
      await queue.send({ version: 1, fileId });
      files++;
    }
  await queue.redrive();
  return { files, orders };
}
