/** What users ask for a file: a cancel, a pause, and the ways back to the queue. */
import { OmsError } from '../../errors.ts';
import { type EndStatus, isEnded, type KeptPart } from '../../model/file.ts';
import { cancelledAtOnce, endsAtOnce, notPausable, notPaused, PAUSE_REQUESTED } from '../../ports/file-requests.ts';
import { notKept } from '../../ports/files.ts';
import type { Database } from '../sqlite/database.ts';
import { refusal } from './create-file.ts';
import { type FileRow, hubsOf, toFileRecord } from './file-row.ts';

/** The rule that has paused a file counts no more, whichever way it leaves the pause. */
const LEAVE_PAUSE = `pause = null, paused_at = null, pause_requested = 0,
  stop_rule_dropped = stop_rule_dropped or coalesce(pause ->> 'code' = 'stop_at_invalid', 0)`;

export function requestOperations(db: Database, now: () => number) {
  const refuse = refusal(db);
  const get = db.prepare('select * from files where file_id = ?');
  const cancelAtOnce = db.prepare(`
    update files set status = 'cancelled', failure = ?, finished_at = ?, changed_at = ?, ${LEAVE_PAUSE} where file_no = ?`);
  const askCancel = db.prepare(`
    update files set cancel_requested = 1, changed_at = ?, status = case status when 'paused' then 'queued' else status end,
      ${LEAVE_PAUSE} where file_no = ?`);
  const pauseQueued = db.prepare(
    "update files set status = 'paused', pause = ?, paused_at = ?, resumed = 0, changed_at = ? where file_no = ?",
  );
  const askPause = db.prepare('update files set pause_requested = 1, resumed = 0, changed_at = ? where file_no = ?');
  const resume = db.prepare(`
    update files set status = case status when 'paused' then 'queued' else status end, resumed = 1, changed_at = ?, ${LEAVE_PAUSE}
    where file_no = ?`);
  const requeue = db.prepare(`
    update files set status = 'queued', failure = null, finished_at = null, waiting_for = null, cancel_requested = 0,
      strikes = 0, lease_until = 0, resumed = 0, changed_at = ? where file_no = ?`);
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
      if (endsAtOnce(toFileRecord(file))) cancelAtOnce.run(JSON.stringify(cancelledAtOnce(file)), at, at, file.file_no);
      else askCancel.run(at, file.file_no);
      return record(fileId);
    },

    requestPause(fileId: string) {
      const file = row(fileId);
      if (!file) return null;
      const refused = notPausable(toFileRecord(file));
      if (refused) throw refused;
      const at = now();
      if (file.status === 'queued') pauseQueued.run(JSON.stringify(PAUSE_REQUESTED), at, at, file.file_no);
      else if (file.status === 'processing') askPause.run(at, file.file_no);
      return record(fileId);
    },

    resumeFile(fileId: string) {
      const file = row(fileId);
      if (!file) return null;
      if (file.status === 'paused' || file.pause_requested === 1) resume.run(now(), file.file_no);
      else {
        const refused = notPaused(toFileRecord(file), file.resumed === 1);
        if (refused) throw refused;
      }
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
        {
          ...{ sha256: file.sha256, hubs: hubsOf(file), dryRun: file.dry_run === 1 },
          ...{ force: file.forced === 1, idempotencyKey: null },
        },
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
