/** Takes the stored upload of a dry run for real: as a new file, whose rows are decided anew. */
import { OmsError } from '../errors.ts';
import { type FileRecord, isEnded, realRunOf } from '../model/file.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { OrderStore } from '../ports/order-store.ts';

/**
 * One file for each dry run: a repeated call returns the same. `force`: although the same bytes were taken before. Throws `not_runnable`,
 * `duplicate_file` and what the queue throws: then the file is there without a message, which the sweeper sends.
 */
export async function runForReal(
  { store, queue }: { store: Pick<OrderStore, 'files'>; queue: JobQueue },
  dryRun: FileRecord,
  { uploadedBy, force }: { uploadedBy: string | null; force: boolean },
): Promise<FileRecord> {
  const { files } = store;
  const fileId = realRunOf(dryRun.fileId);
  const before = await files.get(fileId);
  if (before) return before;
  refuse(dryRun);
  const {
    name,
    sizeBytes,
    sha256,
    objectKey,
    objectVersion,
    encodingOverride,
    sheet,
    parentFileId,
    format,
    hubs,
    stopAtInvalid,
  } = dryRun;
  const created = await files.create({
    ...{ fileId, name, sizeBytes, sha256, objectKey, objectVersion, encodingOverride, sheet },
    ...{
      parentFileId,
      hubs,
      format,
      stopAtInvalid,
      uploadedBy,
      force,
      dryRun: false,
      idempotencyKey: null,
      failure: null,
    },
  });
  if (created.kind === 'duplicate')
    throw new OmsError(
      'duplicate_file',
      `the same bytes are here as file ${created.existingFileId} already: look at it, or run with ?force=true`,
      { details: { existing_file_id: created.existingFileId } },
    );
  if (created.kind === 'key_reused') throw new Error('a file without a key was refused for its key');
  // Retention says that an upload is gone before it looks who else needs it: see `deletePart`.
  const gone = goneSince((await files.get(dryRun.fileId))!);
  if (gone) {
    await files.requestCancel(fileId);
    throw gone;
  }
  if (created.kind === 'created') await queue.send({ version: 1, fileId });
  return created.file;
}

function refuse(file: FileRecord): void {
  const { fileId, dryRun, status } = file;
  const gone = goneSince(file);
  if (gone) throw gone;
  if (dryRun && isEnded(status) && status !== 'failed') return;
  const why = dryRun
    ? `is ${status}: wait until it has ended, or retry it`
    : 'was no dry run: its rows are taken already';
  throw new OmsError('not_runnable', `file ${fileId} ${why}`);
}

function goneSince({ fileId, uploadDeletedAtMs }: FileRecord): OmsError | null {
  if (uploadDeletedAtMs === null) return null;
  const since = new Date(uploadDeletedAtMs).toISOString();
  return new OmsError('not_runnable', `the upload of file ${fileId} was deleted on ${since}: upload the file again`);
}
