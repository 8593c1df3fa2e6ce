/** How the work on a file ends: closing and finishing, or a pause. See `request-operations.ts` for what users ask. */
import type { EndStatus, FileFailure, FilePause, ReportRecord } from '../../model/file.ts';
import { type Claim, claimLost, type FileEnd } from '../../ports/files.ts';
import type { Database } from '../sqlite/database.ts';
import type { FileRow } from './file-row.ts';

export function endOperations(db: Database, now: () => number) {
  const get = db.prepare('select * from files where file_id = ?');
  const finish = db.prepare(`
    update files set status = ?, waiting_for = null, lease_until = 0, cancel_requested = 0, pause_requested = 0, failure = ?, report_name = ?,
      report_rows = ?, report_size_bytes = ?, report_at = ?, finished_at = ?, changed_at = ?,
      bytes_read = case when ? = 'completed' then size_bytes else bytes_read end
    where file_no = ?`);
  const pause = db.prepare(`
    update files set status = 'paused', pause = ?, paused_at = ?, pause_requested = 0, resumed = 0, lease_until = 0,
      waiting_for = null, attempts = attempts - 1, strikes = max(0, strikes - 1), changed_at = ?
    where file_no = ?`);
  const row = (fileId: string) => get.get(fileId) as unknown as FileRow | undefined;

  return {
    pauseFile({ claim: { fileId, epoch }, pause: why }: { claim: Claim; pause: FilePause }): boolean {
      const file = row(fileId);
      if (file?.epoch !== epoch) throw claimLost(fileId);
      if (file.status === 'paused') return true;
      if (file.status !== 'processing') throw claimLost(fileId);
      if (file.cancel_requested === 1 || (why.code === 'requested' && file.pause_requested === 0)) return false;
      const at = now();
      pause.run(JSON.stringify(why), at, at, file.file_no);
      return true;
    },

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
