/** Turns documents of the collection `files` into file records. */
import { type FileRecord, type FileStatus, type ReportRecord, rateOf, timesInOrder } from '../../model/file.ts';
import { WARNING_CODES } from '../../model/warnings.ts';
import type { Asked } from '../../ports/files.ts';
import { type FileDocument, ordersOf } from './documents.ts';

export const ENDED = ['completed', 'failed', 'cancelled'] as const;

export function toFileRecord(file: FileDocument): FileRecord {
  return {
    fileId: file._id,
    name: file.name,
    status: shownStatus(file),
    waitingFor: file.waiting_for,
    waitingSinceMs: file.waiting_for === null ? null : (file.waiting_since?.getTime() ?? null),
    nextTryAtMs: file.waiting_for === null ? null : (file.next_try_at?.getTime() ?? null),
    sizeBytes: file.size_bytes,
    sha256: file.sha256,
    uploadedBy: file.uploaded_by ?? null,
    objectKey: file.object_key,
    objectVersion: file.object_version,
    encodingOverride: file.encoding_override,
    sheet: file.sheet ?? null,
    parentFileId: file.parent_file_id,
    hubs: file.hubs ?? null,
    dryRun: file.dry_run === true,
    format: file.format ?? null,
    intake: file.intake,
    columns: file.columns,
    attempts: file.attempts,
    strikes: file.strikes,
    ...askedOf(file),
    pause: pauseOf(file),
    stopAtInvalid: file.stop_at_invalid ?? null,
    stopRuleDropped: file.stop_rule_dropped ?? false,
    nextChunk: file.next_chunk,
    offset: file.offset,
    row: file.row,
    openOrder: file.open_order ?? null,
    bytesRead: file.bytes_read,
    rows: file.rows,
    accepted: file.accepted,
    invalid: file.invalid,
    orders: ordersOf(file),
    skipped: file.skipped ?? 0,
    invalidByCode: file.invalid_by_code,
    warnings: WARNING_CODES.flatMap((code) => {
      const warning = file.warnings?.[code];
      return warning ? [{ code, ...warning }] : [];
    }),
    rejectedBytes: file.rejected_bytes ?? 0,
    reportedRows: file.reported_rows ?? 0,
    rowsPerSecond: rateOf(
      file.rows - file.rows_at_claim,
      file.claimed_at?.getTime() ?? null,
      file.committed_at?.getTime() ?? null,
    ),
    failure: file.failure,
    undo: file.undo ? { state: file.undo.state, undone: file.undo.undone, kept: file.undo.kept } : null,
    report: toReportRecord(file),
    uploadDeletedAtMs: file.upload_deleted_at?.getTime() ?? null,
    reportDeletedAtMs: file.report_deleted_at?.getTime() ?? null,
    ...timesInOrder({
      createdAtMs: file.created_at.getTime(),
      startedAtMs: file.started_at?.getTime() ?? null,
      finishedAtMs: file.finished_at?.getTime() ?? null,
    }),
  };
}

export const askedOf = (file: Pick<FileDocument, 'cancel_requested' | 'pause_requested'>): Asked => ({
  cancelRequested: file.cancel_requested,
  pauseRequested: file.pause_requested ?? false,
});

/** A process of an earlier release may have claimed a paused file. */
function pauseOf({ status, pause }: FileDocument): FileRecord['pause'] {
  if (status !== 'paused' || !pause) return null;
  return { code: pause.code, reason: pause.reason, atMs: pause.at.getTime() };
}

export const shownStatus = ({ status, waiting_for }: Pick<FileDocument, 'status' | 'waiting_for'>): FileStatus => {
  if (status === 'processing' && waiting_for !== null) return 'waiting';
  // Only its creator sees a file that is being created, and may take it for queued.
  return status === 'creating' ? 'queued' : status;
};

export function toReportRecord({
  report,
  report_deleted_at: deletedAt,
}: Pick<FileDocument, 'report' | 'report_deleted_at'>): ReportRecord | null {
  if (!report || deletedAt) return null;
  return {
    name: report.name,
    rows: report.rows,
    sizeBytes: report.size_bytes,
    createdAtMs: report.created_at.getTime(),
  };
}
