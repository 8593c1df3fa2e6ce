/** Creates file records: of two creations of the same bytes one is refused. */
import { UPLOADS } from '../../model/file.ts';
import { type CreateFileResult, fingerprintOf, type NewFile, type SentBytes } from '../../ports/files.ts';
import type { Database } from '../sqlite/database.ts';
import { type FileRow, hubsColumn, toFileRecord } from './file-row.ts';
import { idempotencyKeys } from './idempotency.ts';

const UPLOAD = 'upload';

/**
 * Returns the result for bytes that are stored already, or null. The bytes are read before the key: a creation that commits both in between
 * is then found by its key, which takes precedence.
 */
export function refusal(db: Database) {
  const live = db.prepare(
    "select file_id from files where sha256 = ? and hubs is ? and dry_run = 0 and undo_state is not 'done' and status in ('queued', 'processing', 'paused', 'completed') order by file_no limit 1",
  );
  const get = db.prepare('select * from files where file_id = ?');
  const keys = idempotencyKeys(db);
  return (file: SentBytes, now: number): CreateFileResult | null => {
    const existing =
      file.force || file.dryRun
        ? undefined
        : (live.get(file.sha256, hubsColumn(file.hubs)) as { file_id: string } | undefined);
    const known = keys.find(UPLOAD, file.idempotencyKey, now);
    if (known) {
      if (known.fingerprint !== fingerprintOf(file)) return { kind: 'key_reused' };
      return { kind: 'repeated', file: toFileRecord(get.get(known.answer) as unknown as FileRow) };
    }
    return existing ? { kind: 'duplicate', existingFileId: existing.file_id } : null;
  };
}

export function creationOperations(db: Database, now: () => number) {
  const refuse = refusal(db);
  const keys = idempotencyKeys(db);
  const get = db.prepare('select * from files where file_id = ?');
  const insert = db.prepare(`
    insert into files (file_id, name, size_bytes, sha256, uploaded_by, object_key, object_version, encoding_override, sheet, parent_file_id,
      hubs, stop_at_invalid, dry_run, format, forced, status, failure, created_at, finished_at, changed_at)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
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
        file.uploadedBy,
        file.objectKey,
        file.objectVersion,
        file.encodingOverride,
        file.sheet ?? null,
        file.parentFileId,
        hubsColumn(file.hubs),
        file.stopAtInvalid ?? null,
        file.dryRun ? 1 : 0,
        file.format ? JSON.stringify(file.format) : null,
        file.force ? 1 : 0,
        file.failure === null ? 'queued' : 'failed',
        file.failure === null ? null : JSON.stringify(file.failure),
        at,
        file.failure === null ? null : at,
        at,
      );
      keys.record(UPLOAD, file.idempotencyKey, fingerprintOf(file), file.fileId, at);
      return { kind: 'created', file: record(file.fileId) };
    },

    findFile: (fileId: string) => (row(fileId) ? record(fileId) : null),

    /** The kinds of objects that the database has records of. */
    keptObjects(_: null): ('uploads' | 'reports')[] {
      const { uploads, reports } = kept.get() as { uploads: number; reports: number };
      return [...(uploads ? (['uploads'] as const) : []), ...(reports ? (['reports'] as const) : [])];
    },
  };
}
