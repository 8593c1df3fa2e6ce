/** The ends of a file: closing, finishing, cancelling, and the way back to the queue. */
import { OmsError } from '../../errors.ts';
import { type FileFailure, isEnded } from '../../model/file.ts';
import { claimLost, type FileEnd, type Files, fileClosed } from '../../ports/files.ts';
import { chunkId, type chunkOperations } from './commit-chunk.ts';
import type { fileCreation } from './create-file.ts';
import type { Database } from './database.ts';
import { isDuplicateKey } from './errors.ts';
import { toFileRecord } from './file-document.ts';
import { findFile, swap } from './file-swap.ts';

type Chunks = Pick<ReturnType<typeof chunkOperations>, 'settle' | 'moveCheckpoint'>;
type Creation = Pick<ReturnType<typeof fileCreation>, 'claimBytes' | 'queue'>;

export function fileEnds(
  database: Database,
  { settle, moveCheckpoint }: Chunks,
  now: () => number,
): Pick<Files, 'close' | 'finish'> {
  const { files, chunks } = database;
  const find = (fileId: string) => findFile(database, fileId);
  const at = () => new Date(now());

  async function close(claim: { fileId: string; epoch: number }, end: FileEnd): Promise<FileEnd> {
    const { fileId, epoch } = claim;
    for (;;) {
      const file = await find(fileId);
      if (file?.epoch !== epoch) throw claimLost(fileId);
      if (isEnded(file.status as FileEnd['status'])) {
        if (file.status !== end.status) throw claimLost(fileId);
        return { status: file.status, failure: file.failure };
      }
      if (file.status !== 'processing') throw claimLost(fileId);
      const _id = chunkId(fileId, file.next_chunk);
      if (end.status === 'completed') {
        // All chunks are behind: no number is left that anybody could plan. But another worker may have decided otherwise.
        if (!(await chunks.findOne({ _id }, { projection: { _id: 1 } }))) return end;
      } else {
        try {
          await chunks.insertOne({
            ...{ _id, version: 1, file: fileId, n: file.next_chunk, state: 'closed' },
            ...{ status: end.status, failure: end.failure },
          } as never);
          return end;
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
        }
      }
      try {
        // A chunk that was planned under this number is carried out first.
        await moveCheckpoint(claim, await settle(_id));
      } catch (error) {
        if (error instanceof OmsError && error.code === 'file_closed') return error.details.end as FileEnd;
        throw error;
      }
    }
  }

  return {
    close,

    async finish(claim, end) {
      const { fileId, epoch } = claim;
      const standing = await close(claim, end);
      if (standing.status !== end.status) {
        if ((await find(fileId))?.epoch !== epoch) throw claimLost(fileId);
        throw fileClosed(fileId, standing);
      }
      const { report } = end;
      const time = at();
      const file = await find(fileId);
      const { matchedCount } = await files.updateOne(
        { _id: fileId, epoch, status: 'processing', next_chunk: file!.next_chunk },
        {
          $set: {
            status: end.status,
            failure: standing.failure,
            waiting_for: null,
            lease_until: new Date(0),
            cancel_requested: false,
            report: report && {
              name: report.name,
              rows: report.rows,
              size_bytes: report.sizeBytes,
              created_at: new Date(report.createdAtMs),
            },
            ...(end.status === 'completed' ? { bytes_read: file!.size_bytes } : {}),
            finished_at: time,
            changed_at: time,
          },
          // The number of the end stays taken: a retry goes on behind it.
          $inc: { next_chunk: 1 },
        },
      );
      if (matchedCount === 1) return;
      const after = await find(fileId);
      if (after?.epoch !== epoch || after.status !== end.status) throw claimLost(fileId);
    },
  };
}

export function fileRequests(
  database: Database,
  { claimBytes, queue }: Creation,
  now: () => number,
): Pick<Files, 'requestCancel' | 'requeue'> {
  const { files } = database;
  const find = (fileId: string) => findFile(database, fileId);
  const at = () => new Date(now());
  return {
    requestCancel: (fileId) =>
      swap(fileId, async () => {
        const file = await find(fileId);
        if (!file) return null;
        if (isEnded(file.status as FileEnd['status']))
          throw new OmsError('file_ended', `file ${fileId} is ${file.status}: there is nothing left to cancel`);
        const time = at();
        const failure: FileFailure = { code: 'cancelled', message: 'cancelled before it was opened', row: null };
        const change =
          file.status === 'queued'
            ? { status: 'cancelled' as const, failure, finished_at: time, changed_at: time }
            : { cancel_requested: true, changed_at: time };
        const changed = await files.findOneAndUpdate(
          { _id: fileId, status: file.status },
          { $set: change },
          { returnDocument: 'after' },
        );
        return changed ? toFileRecord(changed) : undefined;
      }),

    async requeue(fileId) {
      const file = await find(fileId);
      if (!file) return null;
      if (file.status !== 'failed' && file.status !== 'cancelled')
        throw new OmsError(
          'not_retryable',
          `file ${fileId} is ${toFileRecord(file).status}: only a failed or cancelled file can be retried`,
        );
      const generation = file.generation + 1;
      const refused = await claimBytes(file, generation);
      if (refused?.kind === 'duplicate')
        throw new OmsError('duplicate_file', `the same bytes are here as file ${refused.existingFileId} already`, {
          details: { existing_file_id: refused.existingFileId },
        });
      await queue(fileId, generation);
      return toFileRecord((await find(fileId))!);
    },
  };
}
