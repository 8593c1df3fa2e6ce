/**
 * Brings back what was given up: files that ended as `internal` are queued again, dead messages are delivered again. The files are
 * found by their record, as the message of one may be gone: its worker may have died before it put the message aside, and a redrive
 * that broke off has shown it to workers who found nothing to do. So after any failure, do it again.
 */
import { isOmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { OrderStore } from '../ports/order-store.ts';

/** Returns how many files were queued again. Throws what the ports throw, and may have queued some by then. */
export async function redrive({
  queue,
  store,
}: {
  queue: JobQueue;
  store: Pick<OrderStore, 'files'>;
}): Promise<number> {
  let files = 0;
  let after: string | null = null;
  do {
    const page = await store.files.list({ status: 'failed' }, { limit: limits.maxPageItems, after });
    for (const { fileId, failure } of page.items) {
      if (failure?.code !== 'internal') continue;
      const requeued = await store.files.requeue(fileId).catch((error) => {
        // It was retried meanwhile, or its bytes came once more.
        if (isOmsError(error) && !error.retryable) return null;
        throw error;
      });
      if (!requeued) continue;
      await queue.send({ version: 1, fileId });
      files++;
    }
    after = page.next;
  } while (after !== null);
  await queue.redrive();
  return files;
}
