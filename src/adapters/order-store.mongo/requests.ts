/** What users ask for a file: a cancel, a pause, and the ways back to the queue. */
import { OmsError } from '../../errors.ts';
import type { FileRecord } from '../../model/file.ts';
import { isEnded } from '../../model/file.ts';
import { cancelledAtOnce, endsAtOnce, notPausable, notPaused, PAUSE_REQUESTED } from '../../ports/file-requests.ts';
import { type Files, notKept } from '../../ports/files.ts';
import { type CreationContext, claimBytes, queueFile } from './claim-bytes.ts';
import type { FileDocument } from './documents.ts';
import { ENDED, toFileRecord } from './file-document.ts';
import { findFile, swap } from './file-swap.ts';

type Requests = 'requestCancel' | 'requestPause' | 'resume' | 'requeue' | 'markDeleted';

export const fileRequests = (context: CreationContext): Pick<Files, Requests> => ({
  requestCancel: (fileId) => swap(fileId, () => tryToCancel(context, fileId)),
  requestPause: (fileId) => swap(fileId, () => tryToPause(context, fileId)),
  resume: (fileId) => swap(fileId, () => tryToResume(context, fileId)),
  requeue: (fileId) => requeueFile(context, fileId),
  async markDeleted(fileId, part) {
    const field = part === 'upload' ? 'upload_deleted_at' : 'report_deleted_at';
    const ended = { _id: fileId, status: { $in: [...ENDED] } };
    const first = { ...ended, [field]: { $exists: false } };
    await context.database.files.updateOne(first, { $set: { [field]: new Date(context.now()) } });
    return (await context.database.files.findOne({ ...ended, [field]: { $exists: true } })) !== null;
  },
});

/** What is written when a file leaves its pause: a rule that has paused it counts no more. */
const leavePause = ({ status, pause }: FileDocument): Partial<FileDocument> => ({
  ...(status === 'paused' && { status: 'queued' }),
  ...(status === 'paused' && pause?.code === 'stop_at_invalid' && { stop_rule_dropped: true }),
  pause_requested: false,
});

/** Undefined when another write came between. */
async function change({ database }: CreationContext, file: FileDocument, fields: Partial<FileDocument>) {
  const { _id, status, epoch, cancel_requested } = file;
  const changed = await database.files.findOneAndUpdate(
    { _id, status, epoch, cancel_requested },
    { $set: fields },
    { returnDocument: 'after' },
  );
  return changed ? toFileRecord(changed) : undefined;
}

async function tryToCancel(context: CreationContext, fileId: string): Promise<FileRecord | null | undefined> {
  const file = await findFile(context.database, fileId);
  if (!file) return null;
  const record = toFileRecord(file);
  if (isEnded(record.status))
    throw new OmsError('file_ended', `file ${fileId} is ${file.status}: there is nothing left to cancel`);
  const time = new Date(context.now());
  const ended = { status: 'cancelled', failure: cancelledAtOnce(record), finished_at: time } as const;
  return change(context, file, {
    ...leavePause(file),
    ...(endsAtOnce(record) ? ended : { cancel_requested: true }),
    changed_at: time,
  });
}

async function tryToPause(context: CreationContext, fileId: string): Promise<FileRecord | null | undefined> {
  const file = await findFile(context.database, fileId);
  if (!file) return null;
  const record = toFileRecord(file);
  const refused = notPausable(record);
  if (refused) throw refused;
  const at = new Date(context.now());
  switch (file.status) {
    case 'queued':
      return change(context, file, {
        status: 'paused',
        pause: { ...PAUSE_REQUESTED, at },
        resumed: false,
        changed_at: at,
      });
    case 'processing':
      return change(context, file, { pause_requested: true, resumed: false, changed_at: at });
    default:
      return record;
  }
}

async function tryToResume(context: CreationContext, fileId: string): Promise<FileRecord | null | undefined> {
  const file = await findFile(context.database, fileId);
  if (!file) return null;
  const record = toFileRecord(file);
  if (record.status === 'paused' || record.pauseRequested)
    return change(context, file, { ...leavePause(file), resumed: true, changed_at: new Date(context.now()) });
  const refused = notPaused(record, file.resumed ?? false);
  if (refused) throw refused;
  return record;
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
