/** What users ask for a file: a cancel, and a retry, which queues it again. */
import { OmsError } from '../../errors.ts';
import type { FileRecord } from '../../model/file.ts';
import { type FileFailure, isEnded } from '../../model/file.ts';
import { type FileEnd, type Files, notKept } from '../../ports/files.ts';
import { type CreationContext, claimBytes, queueFile } from './claim-bytes.ts';
import { ENDED, toFileRecord } from './file-document.ts';
import { findFile, swap } from './file-swap.ts';

export const fileRequests = (context: CreationContext): Pick<Files, 'requestCancel' | 'requeue' | 'markDeleted'> => ({
  requestCancel: (fileId) => swap(fileId, () => tryToCancel(context, fileId)),
  requeue: (fileId) => requeueFile(context, fileId),
  async markDeleted(fileId, part) {
    const field = part === 'upload' ? 'upload_deleted_at' : 'report_deleted_at';
    const ended = { _id: fileId, status: { $in: [...ENDED] } };
    const first = { ...ended, [field]: { $exists: false } };
    await context.database.files.updateOne(first, { $set: { [field]: new Date(context.now()) } });
    return (await context.database.files.findOne({ ...ended, [field]: { $exists: true } })) !== null;
  },
});

const CANCELLED: FileFailure = { code: 'cancelled', message: 'cancelled before it was opened', row: null };

async function tryToCancel({ database, now }: CreationContext, fileId: string): Promise<FileRecord | null | undefined> {
  const file = await findFile(database, fileId);
  if (!file) return null;
  if (isEnded(file.status as FileEnd['status']))
    throw new OmsError('file_ended', `file ${fileId} is ${file.status}: there is nothing left to cancel`);
  const time = new Date(now());
  const change =
    file.status === 'queued'
      ? { status: 'cancelled' as const, failure: CANCELLED, finished_at: time, changed_at: time }
      : { cancel_requested: true, changed_at: time };
  const changed = await database.files.findOneAndUpdate(
    { _id: fileId, status: file.status },
    { $set: change },
    { returnDocument: 'after' },
  );
  return changed ? toFileRecord(changed) : undefined;
}

async function requeueFile(context: CreationContext, fileId: string): Promise<FileRecord | null> {
  const { database } = context;
  const file = await findFile(database, fileId);
  if (!file) return null;
  if (file.status !== 'failed' && file.status !== 'cancelled')
    throw new OmsError(
      'not_retryable',
      `file ${fileId} is ${toFileRecord(file).status}: only a failed or cancelled file can be retried`,
    );
  const deleted = notKept(toFileRecord(file));
  if (deleted) throw deleted;
  const generation = file.generation + 1;
  const duplicate = await claimBytes(context, file, generation);
  if (duplicate)
    throw new OmsError('duplicate_file', `the same bytes are here as file ${duplicate.existingFileId} already`, {
      details: { existing_file_id: duplicate.existingFileId },
    });
  await queueFile(context, fileId, generation);
  const queued = toFileRecord((await findFile(database, fileId))!);
  const deletedSince = notKept(queued);
  if (deletedSince && isEnded(queued.status)) throw deletedSince;
  return queued;
}
