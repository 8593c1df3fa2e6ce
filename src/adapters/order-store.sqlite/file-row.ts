/** Turns rows of the table `files` into file records. */
import {
  type FileFailure,
  type FilePause,
  type FileRecord,
  type FileStatus,
  type FileUndo,
  type ReportRecord,
  rateOf,
  timesInOrder,
} from '../../model/file.ts';
import type { FormatRef } from '../../model/format.ts';
import type { Intake } from '../../model/intake.ts';
import type { Asked } from '../../ports/files.ts';
import { fromJson } from '../sqlite/database.ts';

export interface FileRow {
  file_no: number;
  file_id: string;
  name: string;
  size_bytes: number;
  sha256: string;
  uploaded_by: string | null;
  object_key: string;
  object_version: string;
  encoding_override: string | null;
  sheet: string | null;
  parent_file_id: string | null;
  format: string | null;
  hubs: string | null;
  dry_run: number;
  forced: number;
  status: string;
  waiting_for: string | null;
  waiting_since: number | null;
  next_try_at: number | null;
  shown_status: string;
  epoch: number;
  lease_until: number;
  attempts: number;
  strikes: number;
  cancel_requested: number;
  pause_requested: number;
  pause: string | null;
  paused_at: number | null;
  resumed: number;
  stop_at_invalid: string | null;
  stop_rule_dropped: number;
  intake: string | null;
  columns: string | null;
  next_chunk: number;
  position_offset: number;
  position_row: number;
  open_order: string | null;
  bytes_read: number;
  rows: number;
  accepted: number;
  invalid: number;
  orders: number;
  skipped: number;
  invalid_by_code: string;
  warnings: string;
  undo_state: FileUndo['state'] | null;
  undo_by: string | null;
  undo_position: number;
  undone: number;
  kept: number;
  rejected_bytes: number;
  reported_rows: number;
  claimed_at: number | null;
  rows_at_claim: number;
  committed_at: number | null;
  failure: string | null;
  report_name: string | null;
  report_rows: number;
  report_size_bytes: number;
  report_at: number;
  upload_deleted_at: number | null;
  report_deleted_at: number | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  changed_at: number;
}

export function toFileRecord(row: FileRow): FileRecord {
  return {
    fileId: row.file_id,
    name: row.name,
    status: row.shown_status as FileStatus,
    waitingFor: row.waiting_for as FileRecord['waitingFor'],
    waitingSinceMs: row.waiting_for === null ? null : row.waiting_since,
    nextTryAtMs: row.waiting_for === null ? null : row.next_try_at,
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
    uploadedBy: row.uploaded_by,
    objectKey: row.object_key,
    objectVersion: row.object_version,
    encodingOverride: row.encoding_override,
    sheet: row.sheet,
    parentFileId: row.parent_file_id,
    hubs: hubsOf(row),
    dryRun: row.dry_run === 1,
    format: row.format === null ? null : fromJson<FormatRef>(row.format),
    intake: row.intake === null ? null : fromJson<Intake>(row.intake),
    columns: row.columns === null ? null : fromJson<string[]>(row.columns),
    attempts: row.attempts,
    strikes: row.strikes,
    ...askedOf(row),
    pause: row.pause === null ? null : { ...fromJson<FilePause>(row.pause), atMs: row.paused_at! },
    stopAtInvalid: row.stop_at_invalid,
    stopRuleDropped: row.stop_rule_dropped === 1,
    nextChunk: row.next_chunk,
    offset: row.position_offset,
    row: row.position_row,
    openOrder: row.open_order,
    bytesRead: row.bytes_read,
    rows: row.rows,
    accepted: row.accepted,
    invalid: row.invalid,
    orders: row.orders,
    skipped: row.skipped,
    invalidByCode: fromJson(row.invalid_by_code),
    warnings: fromJson(row.warnings),
    rejectedBytes: row.rejected_bytes,
    reportedRows: row.reported_rows,
    rowsPerSecond: rateOf(row.rows - row.rows_at_claim, row.claimed_at, row.committed_at),
    failure: row.failure === null ? null : fromJson<FileFailure>(row.failure),
    undo: row.undo_state && { state: row.undo_state, undone: row.undone, kept: row.kept },
    report: toReportRecord(row),
    uploadDeletedAtMs: row.upload_deleted_at,
    reportDeletedAtMs: row.report_deleted_at,
    ...timesInOrder({ createdAtMs: row.created_at, startedAtMs: row.started_at, finishedAtMs: row.finished_at }),
  };
}

export const askedOf = (row: Pick<FileRow, 'cancel_requested' | 'pause_requested'>): Asked => ({
  cancelRequested: row.cancel_requested === 1,
  pauseRequested: row.pause_requested === 1,
});

export const hubsOf = ({ hubs }: Pick<FileRow, 'hubs'>): string[] | null =>
  hubs === null ? null : fromJson<string[]>(hubs);

export const hubsColumn = (hubs: readonly string[] | null): string | null => hubs && JSON.stringify(hubs);

export function toReportRecord(row: FileRow): ReportRecord | null {
  if (row.report_name === null || row.report_deleted_at !== null) return null;
  return { name: row.report_name, rows: row.report_rows, sizeBytes: row.report_size_bytes, createdAtMs: row.report_at };
}
