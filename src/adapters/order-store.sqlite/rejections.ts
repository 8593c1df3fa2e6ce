/** Reads the rejections of a file in row order: for the API's list and for the report. */
import { limits } from '../../limits.ts';
import type { Rejection } from '../../model/rejection.ts';
import type { Rejections } from '../../ports/order-store.ts';
import { readPosition } from '../page.ts';
import type { Database } from '../sqlite/database.ts';

interface RejectionRow {
  row: number;
  codes: string;
  reasons: string;
  cells: string;
}

const toRejection = ({ row, reasons, cells }: RejectionRow): Rejection => ({
  row,
  reasons: JSON.parse(reasons),
  values: JSON.parse(cells),
});

export function createRejections(db: Database): Rejections {
  const all = db.prepare(`
    select r.row, r.codes, r.reasons, r.cells from rejections r
    where r.file_no = (select file_no from files where file_id = ?) and r.row > ? order by r.row limit ?`);
  const window = db.prepare(`
    select max(row) last, count(*) looked from (select row from rejections
      where file_no = (select file_no from files where file_id = ?) and row > ? order by row limit ?)`);
  const ofCode = db.prepare(`
    select r.row, r.codes, r.reasons, r.cells from rejections r
    where r.file_no = (select file_no from files where file_id = ?) and r.row > ? and r.row <= ? and instr(r.codes, ?) > 0
    order by r.row limit ?`);
  return {
    async list(fileId, { code }, { limit, after }) {
      const from = readPosition<[number]>(after, 'number')?.[0] ?? 0;
      if (code === undefined) {
        const rows = all.all(fileId, from, limit + 1) as unknown as RejectionRow[];
        const shown = rows.slice(0, limit);
        return {
          items: shown.map(toRejection),
          next: rows.length > limit ? JSON.stringify([shown.at(-1)!.row]) : null,
        };
      }
      const { last, looked } = window.get(fileId, from, limits.maxScanRejections) as {
        last: number | null;
        looked: number;
      };
      if (last === null) return { items: [], next: null };
      const rows = ofCode.all(fileId, from, last, ` ${code} `, limit) as unknown as RejectionRow[];
      const next = rows.length === limit ? rows.at(-1)!.row : looked === limits.maxScanRejections ? last : null;
      return { items: rows.map(toRejection), next: next === null ? null : JSON.stringify([next]) };
    },
  };
}
