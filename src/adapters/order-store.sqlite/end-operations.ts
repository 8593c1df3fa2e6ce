/** The ends of a file: closing, finishing, cancelling, and the way back to the queue. */
import { OmsError } from '../../errors.ts';
import { type EndStatus, type FileFailure, isEnded, type KeptPart, type ReportRecord } from '../../model/file.ts';
import { type Claim, claimLost, type FileEnd, notKept } from '../../ports/files.ts';
import type { Database } from '../sqlite/database.ts';
import { refusal } from './create-file.ts';
import { type FileRow, hubsOf, toFileRecord } from './file-row.ts';

export function endOperations(db: Database, now: () => number) {
  const get = db.prepare('select * from files where file_id = ?');
  const finish = db.prepare(`
    update files set status = ?, waiting_for = null, lease_until = 0, cancel_requested = 0, failure = ?, report_name = ?,
      report_rows = ?, report_size_bytes = ?, report_at = ?, finished_at = ?, changed_at = ?,
      bytes_read = case when ? = 'completed' then size_bytes else bytes_read end
    where file_no = ?`);
  const row = (fileId: string) => get.get(fileId) as unknown as FileRow | undefined;

  return {
    closeFile({ claim: { fileId, epoch }, end }: { claim: Claim; end: FileEnd }): FileEnd {
      const file = row(fileId);
      // The epoch is the fence of every chunk: no other worker can commit one.
      if (file?.epoch !== epoch || file.status !== 'processing') throw claimLost(fileId);
      return end;
    },

    finishFile(end: {
      claim: Claim;
      status: EndStatus;
      failure: FileFailure | null;
      report: ReportRecord | null;
    }): void {
      const { fileId, epoch } = end.claim;
      const file = row(fileId);
      if (file?.epoch !== epoch) throw claimLost(fileId);
      if (file.status === end.status) return;
      if (file.status !== 'processing') throw claimLost(fileId);
      const { name = null, rows = null, sizeBytes = null, createdAtMs = null } = end.report ?? {};
      const at = now();
      const failure = end.failure === null ? null : JSON.stringify(end.failure);
      finish.run(end.status, failure, name, rows, sizeBytes, createdAtMs, at, at, end.status, file.file_no);
    },
  };
}

export function requestOperations(db: Database, now: () => number) {
  const refuse = refusal(db);
  const get = db.prepare('select * from files where file_id = ?');
  const cancelQueued = db.prepare(
    "update files set status = 'cancelled', failure = ?, finished_at = ?, changed_at = ? where file_no = ?",
  );
  const askCancel = db.prepare('update files set cancel_requested = 1, changed_at = ? where file_no = ?');
  const requeue = db.prepare(`
    update files set status = 'queued', failure = null, finished_at = null, waiting_for = null, cancel_requested = 0,
      strikes = 0, lease_until = 0, changed_at = ? where file_no = ?`);
  const mark = {
    upload: db.prepare('update files set upload_deleted_at = coalesce(upload_deleted_at, ?) where file_no = ?'),
    report: db.prepare('update files set report_deleted_at = coalesce(report_deleted_at, ?) where file_no = ?'),
  };
  const row = (fileId: string) => get.get(fileId) as unknown as FileRow | undefined;
  const record = (fileId: string) => toFileRecord(row(fileId)!);

  return {
    cancelFile(fileId: string) {
      const file = row(fileId);
      if (!file) return null;
      if (isEnded(file.status as EndStatus))
        throw new OmsError('file_ended', `file ${fileId} is ${file.status}: there is nothing left to cancel`);
      const at = now();
      const failure: FileFailure = { code: 'cancelled', message: 'cancelled before it was opened', row: null };
      if (file.status === 'queued') cancelQueued.run(JSON.stringify(failure), at, at, file.file_no);
      else askCancel.run(at, file.file_no);
      return record(fileId);
    },

    requeueFile(fileId: string) {
      const file = row(fileId);
      if (!file) return null;
      if (file.status !== 'failed' && file.status !== 'cancelled')
        throw new OmsError(
          'not_retryable',
          `file ${fileId} is ${file.shown_status}: only a failed or cancelled file can be retried`,
        );
      const deleted = notKept(record(fileId));
      if (deleted) throw deleted;
      const refused = refuse(
        { sha256: file.sha256, hubs: hubsOf(file), force: file.forced === 1, idempotencyKey: null },
        now(),
      );
      if (refused?.kind === 'duplicate')
        throw new OmsError('duplicate_file', `the same bytes are here as file ${refused.existingFileId} already`, {
          details: { existing_file_id: refused.existingFileId },
        });
      requeue.run(now(), file.file_no);
      return record(fileId);
    },

    markDeleted({ fileId, part }: { fileId: string; part: KeptPart }): boolean {
      const file = row(fileId);
      if (!file || !isEnded(file.status as EndStatus)) return false;
      mark[part].run(now(), file.file_no);
      return true;
    },
  };
}
