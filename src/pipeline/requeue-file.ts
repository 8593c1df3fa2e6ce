/**
 * What users ask for a file so that it is queued again: a retry, the end of a pause, a cancel whose report is not written yet. When the
 * queue throws, the file is queued without a message, which the sweeper sends.
 */
import type { FileRecord } from '../model/file.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { OrderStore } from '../ports/order-store.ts';

interface RequeuePorts {
  store: Pick<OrderStore, 'files'>;
  queue: JobQueue;
}

/** A failed or cancelled file. Null when it is unknown. Throws `not_retryable`, `duplicate_file`. */
export const retryFile = (ports: RequeuePorts, fileId: string) =>
  sendIfQueued(ports, ports.store.files.requeue(fileId));

/** A paused file. Null when it is unknown. Throws `not_paused`. */
export const resumeFile = (ports: RequeuePorts, fileId: string) =>
  sendIfQueued(ports, ports.store.files.resume(fileId));

/** An open file. Null when it is unknown. Throws `file_ended`. */
export const cancelFile = (ports: RequeuePorts, fileId: string) =>
  sendIfQueued(ports, ports.store.files.requestCancel(fileId));

async function sendIfQueued({ queue }: RequeuePorts, asked: Promise<FileRecord | null>): Promise<FileRecord | null> {
  const file = await asked;
  if (file?.status === 'queued') await queue.send({ version: 1, fileId: file.fileId });
  return file;
}
