/** How the work on a file ends: closing and finishing. See `pause-file.ts` for a pause, `requests.ts` for what users ask. */
import { isOmsError } from '../../errors.ts';
import { isEnded } from '../../model/file.ts';
import { type Claim, claimLost, type FileEnd, type Files, fileClosed } from '../../ports/files.ts';
import { chunkId, type FileDocument } from './documents.ts';
import { isDuplicateKey } from './errors.ts';
import { type CommitContext, completeChunk } from './execute-plan.ts';
import { findFile } from './file-swap.ts';
import { moveCheckpoint } from './move-checkpoint.ts';

export const fileEnds = (context: CommitContext): Pick<Files, 'close' | 'finish'> => ({
  close: (claim, end) => closeFile(context, claim, end),
  finish: (claim, end) => finishFile(context, claim, end),
});

async function closeFile(context: CommitContext, claim: Claim, end: FileEnd): Promise<FileEnd> {
  const { fileId, epoch } = claim;
  for (;;) {
    const file = await findFile(context.database, fileId);
    if (file?.epoch !== epoch) throw claimLost(fileId);
    if (isEnded(file.status as FileEnd['status'])) {
      if (file.status !== end.status) throw claimLost(fileId);
      return { status: file.status, failure: file.failure };
    }
    if (file.status !== 'processing') throw claimLost(fileId);
    if (await takeNextNumber(context, file, end)) return end;
    try {
      // The chunk that has this number is executed first.
      const chunk = await completeChunk(context, chunkId(fileId, file.next_chunk));
      await moveCheckpoint(context, claim, file, chunk);
    } catch (error) {
      if (isOmsError(error, 'file_closed')) return error.details.end as FileEnd;
      throw error;
    }
  }
}

/** Takes the number of the next chunk for the end of the file, so that no worker can plan it. False when a plan or another end has it. */
async function takeNextNumber(
  { database: { chunks } }: CommitContext,
  { _id: fileId, next_chunk: n }: FileDocument,
  end: FileEnd,
): Promise<boolean> {
  const _id = chunkId(fileId, n);
  // A completed file takes no number, as no chunk is left to plan. But another worker may have ended the file otherwise.
  if (end.status === 'completed') {
    return !(await chunks.findOne({ _id }, { projection: { _id: 1 } }));
  }
  try {
    await chunks.insertOne({
      ...{ _id, version: 1, file: fileId, n, state: 'closed' },
      ...{ status: end.status, failure: end.failure },
    } as never);
    return true;
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    return false;
  }
}

async function finishFile(context: CommitContext, claim: Claim, end: Parameters<Files['finish']>[1]): Promise<void> {
  const { database } = context;
  const { fileId, epoch } = claim;
  const standing = await closeFile(context, claim, end);
  if (standing.status !== end.status) {
    if ((await findFile(database, fileId))?.epoch !== epoch) throw claimLost(fileId);
    throw fileClosed(fileId, standing);
  }
  const file = (await findFile(database, fileId))!;
  const { matchedCount } = await database.files.updateOne(
    { _id: fileId, epoch, status: 'processing', next_chunk: file.next_chunk },
    {
      $set: endedFields(file, { ...end, failure: standing.failure }, new Date(context.now())),
      // The number of the end stays taken: a retry continues behind it.
      $inc: { next_chunk: 1 },
    },
  );
  if (matchedCount === 1) return;
  const after = await findFile(database, fileId);
  if (after?.epoch !== epoch || after.status !== end.status) throw claimLost(fileId);
}

const endedFields = (
  { size_bytes }: FileDocument,
  { status, failure, report }: Parameters<Files['finish']>[1],
  at: Date,
): Partial<FileDocument> => ({
  status,
  failure,
  waiting_for: null,
  lease_until: new Date(0),
  cancel_requested: false,
  pause_requested: false,
  report: report && {
    name: report.name,
    rows: report.rows,
    size_bytes: report.sizeBytes,
    created_at: new Date(report.createdAtMs),
  },
  ...(status === 'completed' ? { bytes_read: size_bytes } : {}),
  finished_at: at,
  changed_at: at,
});
