/** The file records: creation, claims, ends, lists. The operations run in the writer thread, the rest where it is called. */
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import {
  type EndStatus,
  type FileFailure,
  type FileRecord,
  isEnded,
  type ReportRecord,
  UPLOADS,
} from '../../model/file.ts';
import type { Intake } from '../../model/intake.ts';
import {
  type Claim,
  type ClaimResult,
  type CreateFileResult,
  claimLost,
  type FileEnd,
  type Files,
  type NewFile,
  type Wait,
} from '../../ports/files.ts';
import type { Page } from '../../ports/page.ts';
import { readPosition, toPage } from '../page.ts';
import type { Calls } from '../sqlite/calls.ts';
import type { Database } from '../sqlite/database.ts';
import type { WriterState } from '../sqlite/health.ts';
import { type FileRow, toFileRecord, toReportRecord } from './file-row.ts';
import { idempotencyKeys } from './idempotency.ts';

const UPLOAD = 'upload';

/**
 * The answer for bytes that are here already, or null. The bytes are looked for before the key: one who commits both in between is
 * then found by the key, which comes first.
 */
function refusal(db: Database) {
  const live = db.prepare(
    "select file_id from files where sha256 = ? and status in ('queued', 'processing', 'completed') order by file_no limit 1",
  );
  const get = db.prepare('select * from files where file_id = ?');
  const keys = idempotencyKeys(db, UPLOAD);
  return (file: Pick<NewFile, 'sha256' | 'force' | 'idempotencyKey'>, now: number): CreateFileResult | null => {
    const existing = file.force ? undefined : (live.get(file.sha256) as { file_id: string } | undefined);
    const known = keys.find(file.idempotencyKey, now);
    if (known) {
      if (known.fingerprint !== file.sha256) return { kind: 'key_reused' };
      return { kind: 'repeated', file: toFileRecord(get.get(known.answer) as unknown as FileRow) };
    }
    return existing ? { kind: 'duplicate', existingFileId: existing.file_id } : null;
  };
}

export function fileOperations(db: Database, now: () => number) {
  const refuse = refusal(db);
  const keys = idempotencyKeys(db, UPLOAD);
  const get = db.prepare('select * from files where file_id = ?');
  const insert = db.prepare(`
    insert into files (file_id, name, size_bytes, sha256, object_key, object_version, encoding_override, parent_file_id, forced,
      status, failure, created_at, finished_at, changed_at)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const claim = db.prepare(`
    update files set status = 'processing', epoch = epoch + 1, lease_until = ?, attempts = attempts + 1,
      strikes = strikes + 1, waiting_for = null, reported_rows = 0, claimed_at = ?, rows_at_claim = rows,
      started_at = coalesce(started_at, ?), changed_at = ?
    where file_no = ?`);
  const renew = db.prepare(
    "update files set lease_until = ?, changed_at = ? where file_id = ? and epoch = ? and status = 'processing'",
  );
  const release = db.prepare(`
    update files set lease_until = 0, attempts = attempts - 1, strikes = max(0, strikes - 1), waiting_for = null, changed_at = ?
    where file_id = ? and epoch = ? and status = 'processing'`);
  const expire = db.prepare('update files set lease_until = 0, changed_at = ? where file_id = ? and epoch = ?');
  const recordIntake = db.prepare(`
    update files set intake = ?, columns = ?, parent_file_id = coalesce(parent_file_id,
      (select file_id from files parent where parent.file_id = ? and parent.file_id <> files.file_id))
    where file_id = ? and epoch = ? and status = 'processing'`);
  const setWaiting = db.prepare(`
    update files set waiting_since = case when waiting_for = ? then waiting_since else ? end, waiting_for = ?, next_try_at = ?,
      changed_at = ? where file_id = ? and epoch = ? and status = 'processing'`);
  const recordReported = db.prepare(
    "update files set reported_rows = ?, changed_at = ? where file_id = ? and epoch = ? and status = 'processing'",
  );
  const finish = db.prepare(`
    update files set status = ?, waiting_for = null, lease_until = 0, cancel_requested = 0, failure = ?, report_name = ?,
      report_rows = ?, report_size_bytes = ?, report_at = ?, finished_at = ?, changed_at = ?,
      bytes_read = case when ? = 'completed' then size_bytes else bytes_read end
    where file_no = ?`);
  const cancelQueued = db.prepare(
    "update files set status = 'cancelled', failure = ?, finished_at = ?, changed_at = ? where file_no = ?",
  );
  const askCancel = db.prepare('update files set cancel_requested = 1, changed_at = ? where file_no = ?');
  const requeue = db.prepare(`
    update files set status = 'queued', failure = null, finished_at = null, waiting_for = null, cancel_requested = 0,
      strikes = 0, lease_until = 0, changed_at = ? where file_no = ?`);
  const touch = db.prepare('update files set changed_at = ? where file_id = ?');
  const freeLeases = db.prepare("update files set lease_until = 0 where status = 'processing' and lease_until > 0");

  const kept = db.prepare(`
    select exists (select 1 from files where object_key glob '${UPLOADS}*') uploads,
      exists (select 1 from files where report_name is not null) reports`);

  const row = (fileId: string) => get.get(fileId) as unknown as FileRow | undefined;
  const record = (fileId: string) => toFileRecord(row(fileId)!);

  return {
    createFile(file: NewFile): CreateFileResult {
      const at = now();
      if (row(file.fileId)) return { kind: 'repeated', file: record(file.fileId) };
      const refused = file.failure === null ? refuse(file, at) : null;
      if (refused) return refused;
      insert.run(
        file.fileId,
        file.name,
        file.sizeBytes,
        file.sha256,
        file.objectKey,
        file.objectVersion,
        file.encodingOverride,
        file.parentFileId,
        file.force ? 1 : 0,
        file.failure === null ? 'queued' : 'failed',
        file.failure === null ? null : JSON.stringify(file.failure),
        at,
        file.failure === null ? null : at,
        at,
      );
      keys.record(file.idempotencyKey, file.sha256, file.fileId, at);
      return { kind: 'created', file: record(file.fileId) };
    },

    findFile: (fileId: string) => (row(fileId) ? record(fileId) : null),

    claimFile({ fileId, leaseMs }: { fileId: string; leaseMs: number }): ClaimResult {
      const file = row(fileId);
      if (!file) return { kind: 'unknown' };
      if (isEnded(file.status as EndStatus)) return { kind: 'ended' };
      const at = now();
      if (file.status === 'processing' && file.lease_until > at) return { kind: 'busy', untilMs: file.lease_until };
      claim.run(at + leaseMs, at, at, at, file.file_no);
      const kind = file.strikes >= limits.maxStrikes ? 'exhausted' : 'claimed';
      return { kind, claim: { fileId, epoch: file.epoch + 1 }, file: record(fileId) };
    },

    renewClaim({
      claim: { fileId, epoch },
      leaseMs,
    }: {
      claim: Claim;
      leaseMs: number;
    }): { cancelRequested: boolean } | null {
      const at = now();
      if (renew.run(at + leaseMs, at, fileId, epoch).changes === 0) return null;
      return { cancelRequested: row(fileId)!.cancel_requested === 1 };
    },

    releaseClaim({ fileId, epoch }: Claim): void {
      release.run(now(), fileId, epoch);
    },

    expireClaim({ fileId, epoch }: Claim): void {
      expire.run(now(), fileId, epoch);
    },

    recordIntake(intake: { claim: Claim; intake: Intake; columns: string[]; parentFileId: string | null }): void {
      const { fileId, epoch } = intake.claim;
      const columns = JSON.stringify(intake.columns);
      if (recordIntake.run(JSON.stringify(intake.intake), columns, intake.parentFileId, fileId, epoch).changes === 0)
        throw claimLost(fileId);
    },

    setWaiting({ claim: { fileId, epoch }, wait }: { claim: Claim; wait: Wait | null }): void {
      const { dependency, nextTryAtMs } = wait ?? { dependency: null, nextTryAtMs: null };
      const at = now();
      setWaiting.run(dependency, at, dependency, nextTryAtMs, at, fileId, epoch);
    },

    recordReported({ claim: { fileId, epoch }, rows }: { claim: Claim; rows: number }): void {
      recordReported.run(rows, now(), fileId, epoch);
    },

    closeFile({ claim: { fileId, epoch }, end }: { claim: Claim; end: FileEnd }): FileEnd {
      const file = row(fileId);
      // The epoch is the fence of every chunk: nobody else can commit one.
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
      const refused = refuse({ sha256: file.sha256, force: file.forced === 1, idempotencyKey: null }, now());
      if (refused?.kind === 'duplicate')
        throw new OmsError('duplicate_file', `the same bytes are here as file ${refused.existingFileId} already`, {
          details: { existing_file_id: refused.existingFileId },
        });
      requeue.run(now(), file.file_no);
      return record(fileId);
    },

    touchFile(fileId: string): void {
      touch.run(now(), fileId);
    },

    /** Of which kinds there are objects that the database knows of. */
    keptObjects(_: null): ('uploads' | 'reports')[] {
      const { uploads, reports } = kept.get() as { uploads: number; reports: number };
      return [...(uploads ? (['uploads'] as const) : []), ...(reports ? (['reports'] as const) : [])];
    },

    /** Only for a process that holds the lock of the data directory: whoever held these leases is dead. */
    freeLeases(_: null): void {
      freeLeases.run();
    },
  };
}

export function createFiles(
  db: Database,
  writer: Calls<ReturnType<typeof fileOperations>> & Partial<WriterState>,
  now: () => number,
): Files {
  const refuse = refusal(db);
  const get = db.prepare('select * from files where file_id = ?');
  const reportByName = db.prepare('select * from files where report_name = ?');
  const reports = db.prepare(`
    select * from files where report_name is not null and (report_at, file_id) < (?, ?)
    order by report_at desc, file_id desc limit ?`);
  const fixed = db.prepare(`
    with recursive corrections (root, file_id, accepted) as (
      select root.value, child.file_id, child.accepted from json_each(?) root join files child on child.parent_file_id = root.value
      union
      select root, child.file_id, child.accepted from corrections join files child on child.parent_file_id = corrections.file_id
    )
    select root, sum(accepted) fixed from corrections group by root`);
  const stranded = db.prepare(
    "select file_id from files where shown_status in ('queued', 'processing', 'waiting') and lease_until < ? and changed_at < ? limit ?",
  );
  const lists = {
    all: listBy(''),
    status: listBy('shown_status = ? and'),
    parent: listBy('parent_file_id = ? and'),
    both: listBy('shown_status = ? and parent_file_id = ? and'),
  };
  function listBy(condition: string) {
    return db.prepare(
      `select * from files where ${condition} (created_at, file_id) < (?, ?) order by created_at desc, file_id desc limit ?`,
    );
  }
  const NEWEST: [number, string] = [Number.MAX_SAFE_INTEGER, ''];
  /** What a file waits for cannot be written down when that is the database itself. */
  const toShown = (row: FileRow): FileRecord => {
    const file = toFileRecord(row);
    return writer.failure && !isEnded(file.status) ? { ...file, status: 'waiting', waitingFor: 'store' } : file;
  };

  return {
    create: (file) => writer.call('createFile', file),
    // The writer answers in order: what was created is here by now.
    withdraw: (fileId) => writer.call('findFile', fileId),
    wouldRefuse: async (file) => refuse(file, now()),
    async get(fileId) {
      const row = get.get(fileId) as unknown as FileRow | undefined;
      return row ? toShown(row) : null;
    },
    async list({ status, parentFileId }, { limit, after }) {
      const position = readPosition<[number, string]>(after, 'number', 'string') ?? NEWEST;
      const which = status ? (parentFileId ? 'both' : 'status') : parentFileId ? 'parent' : 'all';
      const conditions = [status, parentFileId].filter((value) => value !== undefined);
      const rows = lists[which].all(...conditions, ...position, limit + 1) as unknown as FileRow[];
      return toPage(rows, limit, (row) => [row.created_at, row.file_id], toShown);
    },
    async fixed(fileIds) {
      const rows = fixed.all(JSON.stringify(fileIds)) as { root: string; fixed: number }[];
      return new Map(rows.map((row) => [row.root, row.fixed]));
    },
    async reports({ limit, after }): Promise<Page<{ fileId: string; report: ReportRecord }>> {
      const position = readPosition<[number, string]>(after, 'number', 'string') ?? NEWEST;
      const rows = reports.all(...position, limit + 1) as unknown as FileRow[];
      return toPage(
        rows,
        limit,
        (row) => [row.report_at, row.file_id],
        (row) => ({
          fileId: row.file_id,
          report: toReportRecord(row)!,
        }),
      );
    },
    async findReport(name) {
      const row = reportByName.get(name) as unknown as FileRow | undefined;
      return row ? { fileId: row.file_id, report: toReportRecord(row)! } : null;
    },
    claim: (fileId, leaseMs) => writer.call('claimFile', { fileId, leaseMs }),
    renew: (claim, leaseMs) => writer.call('renewClaim', { claim, leaseMs }),
    release: (claim) => writer.call('releaseClaim', claim),
    expire: (claim) => writer.call('expireClaim', claim),
    recordIntake: (claim, intake, columns, parentFileId) =>
      writer.call('recordIntake', { claim, intake, columns, parentFileId }),
    setWaiting: (claim, wait) => writer.call('setWaiting', { claim, wait }),
    recordReported: (claim, rows) => writer.call('recordReported', { claim, rows }),
    close: (claim, end) => writer.call('closeFile', { claim, end }),
    finish: (claim, end) => writer.call('finishFile', { claim, ...end }),
    requestCancel: (fileId) => writer.call('cancelFile', fileId),
    requeue: (fileId) => writer.call('requeueFile', fileId),
    async stranded(quietMs, limit) {
      const at = now();
      return (stranded.all(at, at - quietMs, limit) as { file_id: string }[]).map((row) => row.file_id);
    },
    touch: (fileId) => writer.call('touchFile', fileId),
  };
}
