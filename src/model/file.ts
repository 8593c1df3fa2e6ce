/** The record of a file of orders, from its upload to its report. */

import type { FileFailureCode } from './file-failure.ts';
import type { FormatRef } from './format.ts';
import type { Intake } from './intake.ts';
import { newId } from './new-id.ts';
import type { ReasonCode } from './rejection.ts';
import type { Warning } from './warnings.ts';

/**
 * `waiting`: a file in work that waits for an engine. Stores keep it as `processing` with `waitingFor` set. `paused`: nobody works on it
 * until it is resumed.
 */
export const FILE_STATUSES = ['queued', 'processing', 'waiting', 'paused', 'completed', 'failed', 'cancelled'] as const;
export type FileStatus = (typeof FILE_STATUSES)[number];

export type EndStatus = 'completed' | 'failed' | 'cancelled';
export const isEnded = (status: FileStatus): status is EndStatus =>
  status === 'completed' || status === 'failed' || status === 'cancelled';

/** What a file in work can wait for (INV-7). */
export type Dependency = 'ims' | 'store' | 'objects' | 'queue';

export interface FileFailure {
  code: FileFailureCode;
  message: string;
  row: number | null;
}

/** `stop_at_invalid`: its stop rule was reached. */
export const PAUSE_CODES = ['requested', 'stop_at_invalid'] as const;

/** Why a file is paused. */
export interface FilePause {
  code: (typeof PAUSE_CODES)[number];
  /** In words. */
  reason: string;
}

export const UNDO_STATES = ['running', 'done'] as const;

/** How far the undo of a file is. In the end the two are all of its orders. */
export interface FileUndo {
  state: (typeof UNDO_STATES)[number];
  /** Orders that went to the undo state of the workflow; some may have been taken again since. */
  undone: number;
  /** Orders that somebody had moved on: they stay. */
  kept: number;
}

export interface FileRecord {
  fileId: string;
  name: string;
  status: FileStatus;
  waitingFor: Dependency | null;
  /** Null unless it waits. */
  waitingSinceMs: number | null;
  /** When the engine is tried next; in the past during that try. Null unless the file waits. */
  nextTryAtMs: number | null;
  sizeBytes: number;
  sha256: string;
  /** The name of the principal; null for an object that was put into the bucket, and where access is off. */
  uploadedBy: string | null;
  objectKey: string;
  objectVersion: string;
  /** The encoding that the uploader asked for, or that came with the file, if any: see `declaredEncoding`. */
  encodingOverride: string | null;
  /** The sheet of a workbook that the uploader asked for, by its name; null: the first one. */
  sheet: string | null;
  parentFileId: string | null;
  /** The only hubs that its rows may name, sorted: those of its sender, or of the file that it corrects. Null: all. It never changes. */
  hubs: readonly string[] | null;
  /** Its rows are decided as of a file, and counted and reported, but make no orders and take no stock. */
  dryRun: boolean;
  /** How it is read: as its uploader said, or as its header was recognised. Null: as a standard file, or not known yet. */
  format: FormatRef | null;
  intake: Intake | null;
  /** The names in the header, known once the file was opened. */
  columns: string[] | null;
  /** Claims so far, except those that ended gracefully. */
  attempts: number;
  /** Claims in a row that neither committed a chunk nor ended gracefully, the present one included. */
  strikes: number;
  cancelRequested: boolean;
  /** It pauses at its next chunk border. */
  pauseRequested: boolean;
  /** Null unless it is paused. */
  pause: (FilePause & { atMs: number }) | null;
  /** The stop rule that it was uploaded with, see `stop-rule.ts`. It never changes, as the file is cut into chunks by it. */
  stopAtInvalid: string | null;
  /** The rule has paused the file, and counts no more. */
  stopRuleDropped: boolean;

  // The checkpoint: everything before it is committed.
  nextChunk: number;
  /** Bytes after gunzip and before decoding. */
  offset: number;
  /** The spreadsheet row of the last record before the offset. */
  row: number;
  /** The id of an order with too many rows that may go on behind the offset: see `row-lines.ts`. */
  openOrder: string | null;
  bytesRead: number;
  rows: number;
  accepted: number;
  invalid: number;
  /** What the accepted rows make: as many, unless the rows of an order are its items. */
  orders: number;
  /** Rows that its format leaves out: with the accepted and the invalid ones they are all rows. */
  skipped: number;
  invalidByCode: Partial<Record<ReasonCode, number>>;
  /** Of all chunks so far. */
  warnings: Warning[];
  /** About the size of the rejections in a report, see `packed-rejections.ts`. */
  rejectedBytes: number;
  /** Rows in the report that is being written, or was written last. */
  reportedRows: number;
  /** Rows per second of the current or last claim; null before its first chunk. */
  rowsPerSecond: number | null;

  failure: FileFailure | null;
  /** Null unless somebody has asked for it. */
  undo: FileUndo | null;
  /** Null where there is none, or none any more. */
  report: ReportRecord | null;
  /** Since when its object, or its report with the rejected rows, is not kept any more: see `retention.ts`. */
  uploadDeletedAtMs: number | null;
  reportDeletedAtMs: number | null;
  createdAtMs: number;
  startedAtMs: number | null;
  finishedAtMs: number | null;
}

/** Whether it changes no more by itself. */
export const isAtRest = ({ status, undo }: Pick<FileRecord, 'status' | 'undo'>): boolean =>
  isEnded(status) && undo?.state !== 'running';

export interface ReportRecord {
  name: string;
  rows: number;
  sizeBytes: number;
  createdAtMs: number;
}

/** What of a file is kept for a time. */
export type KeptPart = 'upload' | 'report';

export const UPLOADS = 'uploads/';
export const uploadKey = (fileId: string): string => `${UPLOADS}${fileId}`;
/** The file that was uploaded as this object. */
export const fileOfUpload = (key: string): string => key.slice(UPLOADS.length);
/** The file that takes the upload of a dry run for real: one alone, so that a repeated request finds it. */
export const realRunOf = (dryRunId: string): string => `${dryRunId}-run`;
/** The prefix under which users put objects into a bucket. */
export const INCOMING = 'incoming/';
/**
 * The key of a report with so many rows. Rejections are only ever added, so every writer of this object writes the same bytes, and a late
 * writer, from before a cancelled file was retried, replaces no other report.
 */
export const reportKey = ({ name, rows }: Pick<ReportRecord, 'name' | 'rows'>): string =>
  `${REPORTS}${name.replace(/\.csv$/, '')}-${rows}.csv`;
export const REPORTS = 'reports/';
/** As in release 1.0.0. */
export const formerReportKey = (name: string): string => `${REPORTS}${name}`;
export const reportName = (fileId: string): string => `${fileId}-invalid.csv`;
/** The prefix of all reports of a file that were ever written. */
export const reportsOf = (fileId: string): string => `${REPORTS}${fileId}-invalid`;

/** The times of a file, each at least the one before it, even when the clock was set back between them. */
export function timesInOrder(
  times: Pick<FileRecord, 'createdAtMs' | 'startedAtMs' | 'finishedAtMs'>,
): Pick<FileRecord, 'createdAtMs' | 'startedAtMs' | 'finishedAtMs'> {
  const notBefore = (earliestMs: number, ms: number | null) => (ms === null ? null : Math.max(ms, earliestMs));
  const { createdAtMs } = times;
  const startedAtMs = notBefore(createdAtMs, times.startedAtMs);
  return { createdAtMs, startedAtMs, finishedAtMs: notBefore(startedAtMs ?? createdAtMs, times.finishedAtMs) };
}

/** Rows per second; null before the first row, and while a clock that was set back has not reached `fromMs` again. */
export function rateOf(rows: number, fromMs: number | null, toMs: number | null): number | null {
  if (fromMs === null || toMs === null || rows <= 0 || toMs < fromMs) return null;
  return rows / (Math.max(1, toMs - fromMs) / 1000);
}

export const newFileId = (nowMs: number): string => newId('f', nowMs);
