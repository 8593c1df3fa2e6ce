/** Claims on a file, and what their worker records. */
import { limits } from '../../limits.ts';
import { type EndStatus, isEnded } from '../../model/file.ts';
import {
  type Asked,
  type Claim,
  type ClaimResult,
  claimLost,
  type IntakeRecord,
  type Wait,
} from '../../ports/files.ts';
import type { Database } from '../sqlite/database.ts';
import { askedOf, type FileRow, toFileRecord } from './file-row.ts';

export function claimOperations(db: Database, now: () => number) {
  const get = db.prepare('select * from files where file_id = ?');
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
  const freeLeases = db.prepare("update files set lease_until = 0 where status = 'processing' and lease_until > 0");
  const row = (fileId: string) => get.get(fileId) as unknown as FileRow | undefined;
  const record = (fileId: string) => toFileRecord(row(fileId)!);

  return {
    claimFile({ fileId, leaseMs }: { fileId: string; leaseMs: number }): ClaimResult {
      const file = row(fileId);
      if (!file) return { kind: 'unknown' };
      if (isEnded(file.status as EndStatus)) return { kind: 'ended' };
      if (file.status === 'paused') return { kind: 'paused' };
      const at = now();
      if (file.status === 'processing' && file.lease_until > at) return { kind: 'busy', untilMs: file.lease_until };
      claim.run(at + leaseMs, at, at, at, file.file_no);
      const kind = file.strikes >= limits.maxStrikes ? 'exhausted' : 'claimed';
      return { kind, claim: { fileId, epoch: file.epoch + 1 }, file: record(fileId) };
    },

    renewClaim({ claim: { fileId, epoch }, leaseMs }: { claim: Claim; leaseMs: number }): Asked | null {
      const at = now();
      if (renew.run(at + leaseMs, at, fileId, epoch).changes === 0) return null;
      return askedOf(row(fileId)!);
    },

    releaseClaim({ fileId, epoch }: Claim): void {
      release.run(now(), fileId, epoch);
    },

    expireClaim({ fileId, epoch }: Claim): void {
      expire.run(now(), fileId, epoch);
    },

    /** Only for a process that holds the lock of the data directory: the holders of these leases are dead. */
    freeLeases(_: null): void {
      freeLeases.run();
    },
  };
}

export function noteOperations(db: Database, now: () => number) {
  const recordIntake = db.prepare(`
    update files set intake = ?, columns = ?, format = coalesce(?, format), parent_file_id = coalesce(parent_file_id,
      (select file_id from files parent where parent.file_id = ? and parent.file_id <> files.file_id))
    where file_id = ? and epoch = ? and status = 'processing'`);
  const setWaiting = db.prepare(`
    update files set waiting_since = case when waiting_for = ? then waiting_since else ? end, waiting_for = ?, next_try_at = ?,
      changed_at = ? where file_id = ? and epoch = ? and status = 'processing'`);
  const recordReported = db.prepare(
    "update files set reported_rows = ?, changed_at = ? where file_id = ? and epoch = ? and status = 'processing'",
  );
  const touch = db.prepare('update files set changed_at = ? where file_id = ?');

  return {
    recordIntake({ claim: { fileId, epoch }, record }: { claim: Claim; record: IntakeRecord }): void {
      const [intake, columns] = [JSON.stringify(record.intake), JSON.stringify(record.columns)];
      const format = record.format && JSON.stringify(record.format);
      if (recordIntake.run(intake, columns, format, record.parentFileId, fileId, epoch).changes === 0)
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

    touchFile(fileId: string): void {
      touch.run(now(), fileId);
    },
  };
}
