/** Queues a failed or cancelled file again: it resumes at its checkpoint. */
import type { FileRecord } from '../model/file.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { OrderStore } from '../ports/order-store.ts';

/**
 * Null when the file is unknown. Throws `not_retryable`, `duplicate_file` and what the queue throws: then the file is queued without a
 * message, which the sweeper sends.
 */
export async function retryFile(
  { store, queue }: { store: Pick<OrderStore, 'files'>; queue: JobQueue },
  fileId: string,
): Promise<FileRecord | null> {
  const file = await store.files.requeue(fileId);
  if (file) await queue.send({ version: 1, fileId });
  return file;
}
