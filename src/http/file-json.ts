/** A file record as the JSON of the API. */
import { limits } from '../limits.ts';
import type { FileRecord } from '../model/file.ts';
import { isEnded } from '../model/file.ts';
import type { Intake } from '../model/intake.ts';
import { shownWarnings } from '../model/warnings.ts';
import type { Fixed } from '../ports/files.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { FileResponse } from './responses.ts';

const iso = (ms: number) => new Date(ms).toISOString();
const isoOrNull = (ms: number | null) => (ms === null ? null : iso(ms));

/** With the rows fixed by corrections, which are read from the store once for all files. `base`: what links begin with. */
export async function filesJson(
  { files }: Pick<OrderStore, 'files'>,
  records: FileRecord[],
  base = '',
): Promise<FileResponse[]> {
  const failed = records.filter(({ invalid }) => invalid > 0).map(({ fileId }) => fileId);
  const fixed = failed.length > 0 ? await files.fixed(failed) : new Map<string, Fixed>();
  return records.map((file) => fileJson(file, fixed.get(file.fileId), base));
}

const NOTHING: Fixed = { rows: 0, by: [] };

export function fileJson(file: FileRecord, fixed: Fixed = NOTHING, base = ''): FileResponse {
  return {
    file_id: file.fileId,
    name: file.name,
    status: file.status,
    size_bytes: file.sizeBytes,
    sha256: file.sha256,
    uploaded_by: file.uploadedBy,
    parent_file_id: file.parentFileId,
    format: file.format && { name: file.format.name, version: file.format.version },
    hubs: file.hubs && [...file.hubs],
    dry_run: file.dryRun,
    intake: file.intake && intakeJson(file.intake),
    progress: progressJson(file),
    invalid_by_code: file.invalidByCode,
    warnings: shownWarnings(file.warnings, file.accepted),
    invalid_file: file.report?.name ?? null,
    invalid_file_size_bytes: file.report?.sizeBytes ?? null,
    upload_deleted_at: isoOrNull(file.uploadDeletedAtMs),
    report_deleted_at: isoOrNull(file.reportDeletedAtMs),
    failure: file.failure,
    waiting_for: file.waitingFor,
    waiting_since: isoOrNull(file.waitingSinceMs),
    next_try_at: isoOrNull(file.nextTryAtMs),
    cancel_requested: file.cancelRequested,
    pause_requested: file.pauseRequested,
    pause: file.pause && { code: file.pause.code, reason: file.pause.reason, at: iso(file.pause.atMs) },
    undo: file.undo,
    stop_at_invalid: file.stopAtInvalid,
    created_at: iso(file.createdAtMs),
    started_at: isoOrNull(file.startedAtMs),
    finished_at: isoOrNull(file.finishedAtMs),
    attempts: file.attempts,
    fixed: fixed.rows,
    fixed_by: fixed.by.slice(0, limits.fixedByFiles),
    open: Math.max(0, file.invalid - fixed.rows),
    links: { self: `${base}/files/${file.fileId}` },
  };
}

/** It failed, is paused, waits for long, or has rows that no later file has fixed; those of a dry run, or an undone file, need no fix. */
export function needsAttention({ status, waiting_since, open, dry_run, undo }: FileResponse, nowMs: number): boolean {
  if (undo?.state === 'done') return false;
  if (status === 'failed' || status === 'paused' || (open > 0 && !dry_run)) return true;
  return waiting_since !== null && nowMs - Date.parse(waiting_since) >= limits.attentionWaitMs;
}

/** The cost of writing a row of the report, as a share of the cost of reading a row. */
const REPORT_ROW_COST = 1 / 4;
/** A file in work never shows 100 %, because something is left to do. */
const MAX_SHARE_IN_WORK = 0.999;

function progressJson(file: FileRecord): FileResponse['progress'] {
  const ended = isEnded(file.status);
  // An object in a bucket may be empty.
  const read = file.status === 'completed' ? 1 : Math.min(1, file.bytesRead / Math.max(1, file.sizeBytes));
  // Assumes that the remaining rows are as long as those read so far, and fail as often.
  const total = read > 0 ? (file.rows + file.invalid * REPORT_ROW_COST) / read : null;
  const done = file.rows + Math.min(file.reportedRows, file.invalid) * REPORT_ROW_COST;
  const share = ended || !total ? read : Math.min(MAX_SHARE_IN_WORK, done / total);
  const rowsPerSecond = file.rowsPerSecond === null ? null : Math.round(file.rowsPerSecond);
  return {
    rows: file.rows,
    accepted: file.accepted,
    invalid: file.invalid,
    orders: file.orders,
    skipped: file.skipped,
    bytes_read: file.bytesRead,
    percent: Math.floor(share * 1000) / 10,
    rows_per_second: rowsPerSecond,
    eta_seconds: ended
      ? 0
      : file.status !== 'paused' && rowsPerSecond && total
        ? Math.max(1, Math.ceil((total - done) / rowsPerSecond))
        : null,
    ...(!ended && file.reportedRows > 0 && { reported: file.reportedRows }),
  };
}

const intakeJson = ({ encoding, delimiter, gzip, bom, sheet }: Intake) => ({
  ...{ encoding, delimiter, gzip, bom },
  ...(sheet !== undefined && { sheet }),
});
