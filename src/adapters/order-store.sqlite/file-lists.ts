/** Reads of the file records: one, lists, reports, corrections. */
import { type FileRecord, isEnded } from '../../model/file.ts';
import type { FileReport, Files } from '../../ports/files.ts';
import type { Page } from '../../ports/page.ts';
import { readPosition, toPage } from '../page.ts';
import { type Database, fromJson } from '../sqlite/database.ts';
import type { WriterState } from '../sqlite/health.ts';
import { type FileRow, hubsOf, toFileRecord, toReportRecord } from './file-row.ts';

const NEWEST: [number, string] = [Number.MAX_SAFE_INTEGER, ''];

/** The file is limited to hubs, all of them among these, a JSON array: see `seesFile`. */
const SEEN = `hubs <> '[]' and not exists
  (select 1 from json_each(hubs) hub where hub.value not in (select value from json_each(?))) and `;

/** The accepted rows of all corrections of each file, direct and indirect, but those that were undone. */
const FIXED = `
  with recursive corrections (root, file_id, accepted) as (
    select root.value, child.file_id, iif(child.dry_run or child.undo_state is not null, 0, child.accepted)
    from json_each(?) root join files child on child.parent_file_id = root.value
    union
    select root, child.file_id, iif(child.dry_run or child.undo_state is not null, 0, child.accepted)
    from corrections join files child on child.parent_file_id = corrections.file_id
  )
  select root, sum(accepted) fixed, json_group_array(file_id order by file_id) by_files from corrections where accepted > 0 group by root`;

type Reads = Pick<Files, 'get' | 'list' | 'fixed' | 'reports' | 'findReport' | 'endedBefore' | 'stranded' | 'openOf'>;

export function fileLists(db: Database, writer: Partial<WriterState>, now: () => number): Reads {
  const get = db.prepare('select * from files where file_id = ?');
  const reportByName = db.prepare('select * from files where report_name = ? and report_deleted_at is null');
  const reportsBy = (condition: string) =>
    db.prepare(`
    select * from files where report_name is not null and report_deleted_at is null and ${condition} (report_at, file_id) < (?, ?)
    order by report_at desc, file_id desc limit ?`);
  const reports = reportsBy('');
  const reportsSeen = reportsBy(SEEN);
  const fixed = db.prepare(FIXED);
  const ended = db.prepare(`
    select * from files where finished_at < ? and (finished_at, file_id) > (?, ?) order by finished_at, file_id limit ?`);
  const stranded = db.prepare(
    "select file_id from files where shown_status in ('queued', 'processing', 'waiting') and lease_until < ? and changed_at < ? limit ?",
  );
  const openOf = db.prepare(`
    select count(*) n from (
      select 1 from files where shown_status in ('queued', 'processing', 'waiting') and uploaded_by = ? limit ?)`);
  const lists = new Map<string, ReturnType<Database['prepare']>>();
  function listBy(conditions: string) {
    const known =
      lists.get(conditions) ??
      db.prepare(
        `select * from files where ${conditions} (created_at, file_id) < (?, ?) order by created_at desc, file_id desc limit ?`,
      );
    lists.set(conditions, known);
    return known;
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
    async list({ status, parentFileId, mayNeedAttention, seenBy }, { limit, after }) {
      const position = readPosition<[number, string]>(after, 'number', 'string') ?? NEWEST;
      const asked = [
        ['shown_status = ? and ', status],
        ['parent_file_id = ? and ', parentFileId],
        ['may_need_attention = ? and ', mayNeedAttention && 1],
        [SEEN, seenBy && JSON.stringify(seenBy)],
      ].filter((one): one is [string, string | number] => one[1] !== undefined);
      const rows = listBy(asked.map(([condition]) => condition).join('')).all(
        ...asked.map(([, value]) => value),
        ...position,
        limit + 1,
      ) as unknown as FileRow[];
      return toPage(rows, limit, (row) => [row.created_at, row.file_id], toShown);
    },
    async fixed(fileIds) {
      const rows = fixed.all(JSON.stringify(fileIds)) as { root: string; fixed: number; by_files: string }[];
      return new Map(rows.map((row) => [row.root, { rows: row.fixed, by: fromJson<string[]>(row.by_files) }]));
    },
    async reports({ seenBy }, { limit, after }): Promise<Page<FileReport>> {
      const position = readPosition<[number, string]>(after, 'number', 'string') ?? NEWEST;
      const rows = (seenBy === undefined
        ? reports.all(...position, limit + 1)
        : reportsSeen.all(JSON.stringify(seenBy), ...position, limit + 1)) as unknown as FileRow[];
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
      return row ? { fileId: row.file_id, report: toReportRecord(row)!, hubs: hubsOf(row) } : null;
    },
    async openOf(uploadedBy, limit) {
      return (openOf.get(uploadedBy, limit) as { n: number }).n;
    },
    async endedBefore(beforeMs, after, limit) {
      const rows = ended.all(beforeMs, after?.atMs ?? -1, after?.fileId ?? '', limit) as unknown as FileRow[];
      return rows.map((row) => ({ at: { atMs: row.finished_at!, fileId: row.file_id }, file: toFileRecord(row) }));
    },
    async stranded(quietMs, limit) {
      const at = now();
      return (stranded.all(at, at - quietMs, limit) as { file_id: string }[]).map((row) => row.file_id);
    },
  };
}
