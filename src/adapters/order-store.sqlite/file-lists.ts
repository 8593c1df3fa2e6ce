/** Reads of the file records: one, lists, reports, corrections. */
import { type FileRecord, isEnded, type ReportRecord } from '../../model/file.ts';
import type { Files } from '../../ports/files.ts';
import type { Page } from '../../ports/page.ts';
import { readPosition, toPage } from '../page.ts';
import type { Database } from '../sqlite/database.ts';
import type { WriterState } from '../sqlite/health.ts';
import { type FileRow, toFileRecord, toReportRecord } from './file-row.ts';

const NEWEST: [number, string] = [Number.MAX_SAFE_INTEGER, ''];

/** The accepted rows of all corrections of each file, direct and indirect. */
const FIXED = `
  with recursive corrections (root, file_id, accepted) as (
    select root.value, child.file_id, child.accepted from json_each(?) root join files child on child.parent_file_id = root.value
    union
    select root, child.file_id, child.accepted from corrections join files child on child.parent_file_id = corrections.file_id
  )
  select root, sum(accepted) fixed from corrections group by root`;

type Reads = Pick<Files, 'get' | 'list' | 'fixed' | 'reports' | 'findReport' | 'stranded'>;

export function fileLists(db: Database, writer: Partial<WriterState>, now: () => number): Reads {
  const get = db.prepare('select * from files where file_id = ?');
  const reportByName = db.prepare('select * from files where report_name = ?');
  const reports = db.prepare(`
    select * from files where report_name is not null and (report_at, file_id) < (?, ?)
    order by report_at desc, file_id desc limit ?`);
  const fixed = db.prepare(FIXED);
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
  /** That a file waits for the database cannot be stored, so it is derived. */
  const toShown = (row: FileRow): FileRecord => {
    const file = toFileRecord(row);
    return writer.failure && !isEnded(file.status) ? { ...file, status: 'waiting', waitingFor: 'store' } : file;
  };

  return {
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
    async stranded(quietMs, limit) {
      const at = now();
      return (stranded.all(at, at - quietMs, limit) as { file_id: string }[]).map((row) => row.file_id);
    },
  };
}
