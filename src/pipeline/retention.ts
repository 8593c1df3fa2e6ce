/**
 * Deletes uploads and reports of files that ended long ago, oldest end first. A file says that a part of it is gone before it is deleted,
 * so nothing begins to need it meanwhile; and the position is noted behind, so a sweep that broke off is taken up where it was. Objects
 * that users have put into the bucket themselves are theirs, and stay.
 */
import { limits } from '../limits.ts';
import { type FileRecord, fileOfUpload, type KeptPart, realRunOf, reportsOf, UPLOADS } from '../model/file.ts';
import type { Clock } from '../ports/clock.ts';
import type { EndPosition } from '../ports/files.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OrderStore } from '../ports/order-store.ts';

export interface RetentionPorts {
  objects: ObjectStore;
  store: Pick<OrderStore, 'files' | 'rejections' | 'smallRecords'>;
  clock: Clock;
}

interface Progress {
  deleted: number;
  /** The last file that was looked at. */
  after: EndPosition;
}

export interface DeletedSoFar {
  deleted: number;
  throughMs: number | null;
}

export async function deletedSoFar(
  { smallRecords }: Pick<OrderStore, 'smallRecords'>,
  part: KeptPart,
): Promise<DeletedSoFar> {
  const record = await smallRecords.get<Progress>('retention', part);
  return { deleted: record?.data.deleted ?? 0, throughMs: record?.data.after.atMs ?? null };
}

/** What ended before this time, a bounded number of files; the others with the next sweep. */
export async function deleteOldParts(
  ports: RetentionPorts,
  part: KeptPart,
  beforeMs: number,
  stopping: AbortSignal,
): Promise<void> {
  const { files, smallRecords } = ports.store;
  for (let step = 0; step < limits.expirySteps; step++) {
    const record = await smallRecords.get<Progress>('retention', part);
    const found = await files.endedBefore(beforeMs, record?.data.after ?? null, limits.filesNotKeptAtOnce);
    const last = found.at(-1);
    if (!last) break;
    let deleted = record?.data.deleted ?? 0;
    for (const { file } of found) {
      if (stopping.aborted) return;
      if (await deletePart(ports, part, file, stopping)) deleted++;
    }
    const data: Progress = { deleted, after: last.at };
    const next = { kind: 'retention', id: part, version: (record?.version ?? 0) + 1 } as const;
    // Another sweeper was faster: it notes the same.
    if (!(await smallRecords.put({ ...next, owner: null, expiresMs: null, data }))) return;
  }
}

/** Whether the file had that part, which no file in work loses. */
export async function deletePart(
  { objects, store }: Pick<RetentionPorts, 'objects'> & { store: Pick<OrderStore, 'files' | 'rejections'> },
  part: KeptPart,
  file: FileRecord,
  stopping: AbortSignal,
): Promise<boolean> {
  const { fileId, invalid, objectKey } = file;
  if (part === 'upload' ? !objectKey.startsWith(UPLOADS) : invalid === 0) return false;
  // It was queued again: its next end is later.
  if (!(await store.files.markDeleted(fileId, part))) return false;
  if (part === 'upload') {
    if (!(await isShared(store, file))) await objects.delete(objectKey);
  } else {
    // A file that was retried has left more of them.
    for await (const { key } of objects.list(reportsOf(fileId))) await objects.delete(key);
    while (await store.rejections.delete(fileId, limits.expiredAtOnce)) stopping.throwIfAborted();
  }
  return true;
}

/** The upload of a dry run that was run for real is of both files: the last one that does not keep it deletes it. */
async function isShared({ files }: Pick<OrderStore, 'files'>, { fileId, objectKey, dryRun }: FileRecord) {
  const other = dryRun ? realRunOf(fileId) : fileOfUpload(objectKey);
  if (other === fileId) return false;
  const found = await files.get(other);
  return found !== null && found.uploadDeletedAtMs === null;
}
