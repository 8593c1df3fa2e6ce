/** Reads the rejections of a file in row order, for the API's list and for the report, and deletes them. */
import { limits } from '../../limits.ts';
import type { Rejection } from '../../model/rejection.ts';
import type { Rejections } from '../../ports/rejections.ts';
import { readPosition } from '../page.ts';
import type { Calls } from '../sqlite/calls.ts';
import { type Database, fromJson } from '../sqlite/database.ts';

export interface RejectionRow {
  row: number;
  codes: string;
  reasons: string;
  cells: string;
  record: string | null;
}

const toRejection = ({ row, reasons, cells, record }: RejectionRow): Rejection => ({
  row,
  reasons: fromJson(reasons),
  values: fromJson(cells),
  ...(record !== null && { record }),
});

/** The first rows, as many as a page may have; `cut` when more were left. */
export function takePage(rows: Iterable<RejectionRow>, limit: number): { items: Rejection[]; cut: boolean } {
  const items: Rejection[] = [];
  let chars = 0;
  for (const row of rows) {
    if (items.length === limit || chars >= limits.rejectionPageChars) return { items, cut: true };
    items.push(toRejection(row));
    chars += row.cells.length + (row.record?.length ?? 0);
  }
  return { items, cut: false };
}

/** The texts of a file are of its rows alone. Those of a row that is left may be gone: no one reads the rows of such a file. */
export function rejectionOperations(db: Database) {
  const slice = db.prepare(`
    select max(row) last, count(*) rows from (select row from rejected_rows
      where file_no = (select file_no from files where file_id = ? and report_deleted_at is not null) order by row limit ?)`);
  const inSlice = 'from rejected_rows where file_no = (select file_no from files where file_id = ?) and row <= ?';
  const deletions = [
    db.prepare(`delete from rejection_cells where cells_no in (select cells_no ${inSlice})`),
    db.prepare(`delete from rejection_reasons where reasons_no in (select reasons_no ${inSlice})`),
    db.prepare(`delete ${inSlice}`),
  ];
  return {
    deleteRejections({ fileId, limit }: { fileId: string; limit: number }): boolean {
      const { last, rows } = slice.get(fileId, limit) as { last: number | null; rows: number };
      if (last === null) return false;
      for (const deletion of deletions) deletion.run(fileId, last);
      return rows === limit;
    },
  };
}

export function createRejections(db: Database, writer: Calls<ReturnType<typeof rejectionOperations>>): Rejections {
  const all = db.prepare(`
    select r.row, r.codes, r.reasons, r.cells, r.record from rejections r
    where r.file_no = (select file_no from files where file_id = ?) and r.row > ? order by r.row limit ?`);
  const window = db.prepare(`
    select max(row) last, count(*) scanned from (select row from rejections
      where file_no = (select file_no from files where file_id = ?) and row > ? order by row limit ?)`);
  const ofCode = db.prepare(`
    select r.row, r.codes, r.reasons, r.cells, r.record from rejections r
    where r.file_no = (select file_no from files where file_id = ?) and r.row > ? and r.row <= ? and instr(r.codes, ?) > 0
    order by r.row limit ?`);
  return {
    delete: (fileId, limit) => writer.call('deleteRejections', { fileId, limit }),
    async list(fileId, { code, fromRow = 1 }, { limit, after }) {
      const from = readPosition<[number]>(after, 'number')?.[0] ?? fromRow - 1;
      if (code === undefined) {
        const rows = all.iterate(fileId, from, limit + 1) as Iterable<RejectionRow>;
        const { items, cut } = takePage(rows, limit);
        return { items, next: cut ? JSON.stringify([items.at(-1)!.row]) : null };
      }
      const { last, scanned } = window.get(fileId, from, limits.maxScanRejections) as {
        last: number | null;
        scanned: number;
      };
      if (last === null) return { items: [], next: null };
      const rows = ofCode.iterate(fileId, from, last, ` ${code} `, limit) as Iterable<RejectionRow>;
      const { items, cut } = takePage(rows, limit);
      const next =
        cut || items.length === limit ? items.at(-1)!.row : scanned === limits.maxScanRejections ? last : null;
      return { items, next: next === null ? null : JSON.stringify([next]) };
    },
  };
}
