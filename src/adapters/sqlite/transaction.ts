/** A transaction of the connection that writes. */
import type { DatabaseSync } from 'node:sqlite';

/** Runs `work` in one immediate transaction: all of it, or nothing. */
export function transaction<Result>(db: DatabaseSync, work: () => Result): Result {
  db.exec('begin immediate');
  try {
    const result = work();
    db.exec('commit');
    return result;
  } catch (error) {
    // A full disk may have rolled the transaction back already.
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}
