/** The backfills of this store. A step and its position are one transaction, so each row is filled exactly once. */
import { limits } from '../../limits.ts';
import { packRejections } from '../../model/packed-rejections.ts';
import type { Backfill, Backfills } from '../../ports/backfills.ts';
import type { Calls } from '../sqlite/calls.ts';
import type { Database } from '../sqlite/database.ts';
import { type RejectionRow, takePage } from './rejections.ts';
import { statusWindowsBackfill } from './status-windows.ts';

export type SqliteBackfill = Backfill<Database, string | null>;

/** The size of the rejections of a file, which releases before 1.2 did not record. The limit of a retried file counts it. */
const rejectedBytes: SqliteBackfill = {
  name: 'rejected-bytes',
  sinceVersion: 4,
  step(db, cursor) {
    const at = cursor === null ? { file: 0, row: 0, bytes: 0 } : (JSON.parse(cursor) as Position);
    const next = db
      .prepare(
        `select file_no from files where file_no >= ? and rejected_bytes = 0 and invalid > 0
          and status in ('completed', 'failed', 'cancelled') order by file_no limit 1`,
      )
      .get(at.file) as { file_no: number } | undefined;
    if (!next) return null;
    const { file_no: file } = next;
    const from = file === at.file ? at : { row: 0, bytes: 0 };
    const rows = db
      .prepare(
        'select row, codes, reasons, cells, record from rejections where file_no = ? and row > ? order by row limit ?',
      )
      .iterate(file, from.row, limits.backfillRows + 1) as Iterable<RejectionRow>;
    // A rejected row may be as large as a record, and a thousand of those do not fit in memory.
    const { items, cut } = takePage(rows, limits.backfillRows);
    const bytes = from.bytes + packRejections(items).bytes;
    if (cut) return JSON.stringify({ file, row: items.at(-1)!.row, bytes } satisfies Position);
    db.prepare('update files set rejected_bytes = ? where file_no = ?').run(bytes, file);
    return JSON.stringify({ file: file + 1, row: 0, bytes: 0 } satisfies Position);
  },
};

/** The last row that was counted, and the sum of its file up to it. */
interface Position {
  file: number;
  row: number;
  bytes: number;
}

export const BACKFILLS: readonly SqliteBackfill[] = [rejectedBytes, statusWindowsBackfill];

/** No check for older writers: the process that holds the data directory is the only one. */
export function backfillOperations(db: Database, backfills: readonly SqliteBackfill[]) {
  const find = db.prepare('select cursor, done from backfills where name = ?');
  const move = db.prepare('insert or replace into backfills (name, cursor, done) values (?, ?, ?)');
  return {
    backfill(_: null): string | null {
      for (const { name, step } of backfills) {
        const position = find.get(name) as { cursor: string | null; done: number } | undefined;
        if (position?.done) continue;
        const next = step(db, position?.cursor ?? null);
        move.run(name, next, next === null ? 1 : 0);
        if (next !== null) return name;
      }
      return null;
    },
  };
}

export const createBackfills = (writer: Calls<ReturnType<typeof backfillOperations>>): Backfills => ({
  step: () => writer.call('backfill', null),
});
