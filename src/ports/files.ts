/**
 * File records and the claims on them. A worker claims a file before it works on it; each claim has a newer epoch, which fences off every
 * older one.
 *
 * All methods may reject with retryable `store_unavailable` or `disk_full`; then either nothing or everything of the call was done, and
 * calling again is safe.
 */
import { OmsError } from '../errors.ts';
import type {
  Dependency,
  EndStatus,
  FileFailure,
  FilePause,
  FileRecord,
  FileStatus,
  KeptPart,
  ReportRecord,
} from '../model/file.ts';
import type { FormatRef } from '../model/format.ts';
import type { Intake } from '../model/intake.ts';
import type { Page, PageRequest } from './page.ts';

/** The right to work on a file, until a newer claim. */
export interface Claim {
  fileId: string;
  epoch: number;
}

/** What users have asked for a file in work. */
export type Asked = Pick<FileRecord, 'cancelRequested' | 'pauseRequested'>;

/** What a file in work waits for, and when it is tried next. */
export interface Wait {
  dependency: Dependency;
  nextTryAtMs: number;
}

/** Thrown by an operation under a claim that is not the newest. */
export const claimLost = (fileId: string): OmsError =>
  new OmsError('claim_lost', `file ${fileId} was claimed by another worker, or has ended`);

export type ClaimResult =
  | { kind: 'claimed'; claim: Claim; file: FileRecord }
  /** Another claim's lease runs until then. */
  | { kind: 'busy'; untilMs: number }
  /** Claimed too often in a row without a committed chunk: the caller must fail the file. */
  | { kind: 'exhausted'; claim: Claim; file: FileRecord }
  | { kind: 'ended' }
  | { kind: 'paused' }
  | { kind: 'unknown' };

export interface NewFile {
  fileId: string;
  name: string;
  sizeBytes: number;
  sha256: string;
  uploadedBy: string | null;
  objectKey: string;
  objectVersion: string;
  encodingOverride: string | null;
  /** As in the record; the first when absent. */
  sheet?: string | null;
  parentFileId: string | null;
  /** Null: a standard file, or one whose header is to be recognised. */
  format?: FormatRef | null;
  /** As in the record. */
  hubs: readonly string[] | null;
  /** As in the record; none when absent. */
  stopAtInvalid?: string | null;
  dryRun: boolean;
  /** Create it although a file with the same bytes exists. */
  force: boolean;
  idempotencyKey: string | null;
  /** Recorded as failed from the start: the file is listed, but not ingested. */
  failure: FileFailure | null;
}

/** What of a new file decides whether it is refused. */
export type SentBytes = Pick<NewFile, 'sha256' | 'hubs' | 'dryRun' | 'force' | 'idempotencyKey'>;

/** What an idempotency key stands for. */
export const fingerprintOf = ({ sha256, dryRun }: Pick<NewFile, 'sha256' | 'dryRun'>): string =>
  dryRun ? `${sha256} dry run` : sha256;
/** What was found when a file was opened. */
export interface IntakeRecord {
  intake: Intake;
  columns: string[];
  parentFileId: string | null;
  format: FormatRef | null;
}

export type CreateFileResult =
  | { kind: 'created'; file: FileRecord }
  /** The existing file: the same creation again, or the idempotency key was used for the same bytes before. */
  | { kind: 'repeated'; file: FileRecord }
  /**
   * A live or completed file has these bytes, is for the same hubs, was not undone, and neither is a dry run: nobody learns of a file of
   * others.
   */
  | { kind: 'duplicate'; existingFileId: string }
  /** The idempotency key was used for other bytes. */
  | { kind: 'key_reused' };

export interface FileFilter {
  status?: FileStatus;
  parentFileId?: string;
  /** Only files that failed, are paused, wait for an engine, or have invalid rows; the caller decides which of them need attention. */
  mayNeedAttention?: true;
  /** Only files that those see who are limited to these hubs. */
  seenBy?: readonly string[];
}

export interface Fixed {
  rows: number;
  /** The corrections with such rows, sorted by their ids. */
  by: string[];
}

export interface FileReport {
  fileId: string;
  report: ReportRecord;
}

export interface FileEnd {
  status: EndStatus;
  failure: FileFailure | null;
}

/** A place in the order in which files ended. */
export interface EndPosition {
  atMs: number;
  fileId: string;
}

/** Why a file cannot be queued again although it failed or was cancelled; null where it can. */
export function notKept(
  file: Pick<FileRecord, 'fileId' | 'uploadDeletedAtMs' | 'reportDeletedAtMs' | 'undo'>,
): OmsError | null {
  const { fileId, uploadDeletedAtMs, reportDeletedAtMs, undo } = file;
  if (undo !== null) return new OmsError('not_retryable', `file ${fileId} was undone: upload the file again`);
  const deletedAtMs = uploadDeletedAtMs ?? reportDeletedAtMs;
  if (deletedAtMs === null) return null;
  const part = uploadDeletedAtMs === null ? 'report' : 'upload';
  return new OmsError(
    'not_retryable',
    `the ${part} of file ${fileId} was deleted on ${new Date(deletedAtMs).toISOString()}, as it is not kept for longer: upload the file again`,
  );
}

/** Thrown by `chunks.commit` when another worker has closed the file: its end is in the details. */
export const fileClosed = (fileId: string, end: FileEnd): OmsError =>
  new OmsError('file_closed', `file ${fileId} was closed as ${end.status} by another worker`, { details: { end } });

export interface Files {
  /**
   * MUST be atomic: of two concurrent creations of the same bytes, one is the duplicate. Creating an existing file again, after a lost
   * response for example, is `repeated`.
   */
  create(file: NewFile): Promise<CreateFileResult>;
  /** After a `create` that failed: prevents that it still creates the file, or returns the file that it has created. */
  withdraw(fileId: string): Promise<FileRecord | null>;
  /** What `create` would return for these bytes now; null where it would create a file. */
  wouldRefuse(file: SentBytes): Promise<CreateFileResult | null>;
  get(fileId: string): Promise<FileRecord | null>;
  list(filter: FileFilter, page: PageRequest): Promise<Page<FileRecord>>;
  /**
   * For each of these files that has any: how many rows became orders in its corrections, and in the corrections of those; none in dry
   * runs, and in files that were undone.
   */
  fixed(fileIds: string[]): Promise<Map<string, Fixed>>;
  reports(filter: Pick<FileFilter, 'seenBy'>, page: PageRequest): Promise<Page<FileReport>>;
  findReport(name: string): Promise<(FileReport & Pick<FileRecord, 'hubs'>) | null>;

  /** MUST raise the epoch, so that older claims are refused from then on; MUST refuse while another lease runs. */
  claim(fileId: string, leaseMs: number): Promise<ClaimResult>;
  /** Extends the lease. Null when the claim is not the newest any more. */
  renew(claim: Claim, leaseMs: number): Promise<Asked | null>;
  /** Ends the lease without ending the file; this claim does not count as an attempt. */
  release(claim: Claim): Promise<void>;
  /** Ends the lease after a failure: this claim counts, and the file can be claimed again. */
  expire(claim: Claim): Promise<void>;
  /** `parentFileId`, `format`: null where they stay as they are. */
  recordIntake(claim: Claim, intake: IntakeRecord): Promise<void>;
  /** Records what the file waits for, from the first call in a row for this engine; null when the file continues. */
  setWaiting(claim: Claim, wait: Wait | null): Promise<void>;
  /** Records how many rows of the report are written, for progress. */
  recordReported(claim: Claim, rows: number): Promise<void>;
  /**
   * Pauses the file at its checkpoint, and ends the claim, which does not count as an attempt. From then on no worker MUST be able to
   * commit a chunk until it is resumed, so its counts stand still. False where a user wants something else meanwhile: a cancel, or, where
   * the pause was requested, no pause. Throws `claim_lost`, and `file_closed` when another worker has decided its end.
   */
  pause(claim: Claim, pause: FilePause): Promise<boolean>;
  /**
   * Decides the end, before the report is written. From then on no worker MUST be able to commit a chunk. Returns the end that counts,
   * which another worker may have decided before. Throws `claim_lost`.
   */
  close(claim: Claim, end: FileEnd): Promise<FileEnd>;
  /** Ends the file. Throws `claim_lost` when the claim is not the newest, unless the same end was recorded already. */
  finish(claim: Claim, end: FileEnd & { report: ReportRecord | null }): Promise<void>;

  /**
   * A file that has no rejection without a report ends immediately when it is queued or paused, and is queued for its report otherwise; one
   * in work ends at its next chunk border. Null: unknown. Throws `file_ended`.
   */
  requestCancel(fileId: string): Promise<FileRecord | null>;
  /**
   * A queued file is paused immediately, one in work at its next chunk border. A repeat changes nothing. Null: unknown. Throws
   * `not_pausable`.
   */
  requestPause(fileId: string): Promise<FileRecord | null>;
  /**
   * Queues a paused file, which resumes at its checkpoint, without the stop rule that has paused it; or withdraws the request to pause it. A
   * repeat changes nothing. Null: unknown. Throws `not_paused`.
   */
  resume(fileId: string): Promise<FileRecord | null>;
  /**
   * Queues a failed or cancelled file again; it resumes at its checkpoint. Null: unknown. Throws `duplicate_file`, and `not_retryable`, also
   * where its upload or its report was deleted.
   */
  requeue(fileId: string): Promise<FileRecord | null>;
  /** Files that ended before this time, oldest end first, those behind the position. */
  endedBefore(
    beforeMs: number,
    after: EndPosition | null,
    limit: number,
  ): Promise<{ at: EndPosition; file: FileRecord }[]>;
  /**
   * Says that a part of an ended file is not kept any more, before it is deleted: the file cannot be queued again from then on, and its
   * report is in no list. False where the file is open. Doing it again changes nothing.
   */
  markDeleted(fileId: string, part: KeptPart): Promise<boolean>;
  /** Open files without a worker that have not changed for `quietMs`: their message may be lost. */
  stranded(quietMs: number, limit: number): Promise<string[]>;
  /** How many files that this principal uploaded have not ended, counted up to `limit`. */
  openOf(uploadedBy: string, limit: number): Promise<number>;
  /** Marks a stranded file as queued again now. */
  touch(fileId: string): Promise<void>;
}
