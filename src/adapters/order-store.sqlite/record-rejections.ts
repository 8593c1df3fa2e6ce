/** Writes the rejections of a chunk; equal reasons and cells are written once, and rows name them by number. */
import { packRejections } from '../../model/packed-rejections.ts';
import type { ReasonCode, Rejection } from '../../model/rejection.ts';
import type { Database } from '../sqlite/database.ts';

export function rejectionRecorder(db: Database) {
  const insertReasons = db.prepare('insert into rejection_reasons (codes, reasons) values (?, ?)');
  const insertCells = db.prepare('insert into rejection_cells (cells, record) values (?, ?)');
  const insertRejection = db.prepare(
    'insert into rejected_rows (file_no, row, reasons_no, cells_no) values (?, ?, ?, ?)',
  );

  /** Returns how many rows have each code, and their size in a report. */
  return (fileNo: number, rejected: readonly Rejection[]): { codes: Map<ReasonCode, number>; bytes: number } => {
    const packed = packRejections(rejected);
    const codesOf = packed.reasons.map((reasons) => [...new Set(reasons.map(({ code }) => code))]);
    const reasonsNo = packed.reasons.map(
      (reasons, i) => insertReasons.run(` ${codesOf[i]!.join(' ')} `, JSON.stringify(reasons)).lastInsertRowid,
    );
    const cellsNo = packed.cells.map(
      ({ values, record = null }) => insertCells.run(JSON.stringify(values), record).lastInsertRowid,
    );
    const codes = new Map<ReasonCode, number>();
    for (const { row, reasons, cells } of packed.rows) {
      insertRejection.run(fileNo, row, reasonsNo[reasons]!, cellsNo[cells]!);
      for (const code of codesOf[reasons]!) codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    return { codes, bytes: packed.bytes };
  };
}
