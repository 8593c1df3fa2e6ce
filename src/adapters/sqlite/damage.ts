/** Checks `oms.db` for damage. */
import { existsSync } from 'node:fs';
import { isOmsError, OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { integrityCheck, openForReading, quickCheck } from './database.ts';

/** Checks every page and index. Throws `store_damaged` with a line for each finding. */
export function findDamage(path: string): void {
  if (!existsSync(path)) return;
  const lines = findings(path);
  if (lines.length > 0)
    throw new OmsError(
      'store_damaged',
      ['the database is damaged: stop the service and restore a backup. SQLite found:', ...lines].join('\n'),
      { path },
    );
}

/** Where the list of tables is damaged, SQLite cannot check anything. */
function findings(path: string): string[] {
  try {
    const db = openForReading(path);
    try {
      // The integrity check stops at damage whose places the quick check lists.
      const lines = quickCheck(db, limits.damageLines);
      return lines.length > 0 ? lines : integrityCheck(db, limits.damageLines);
    } finally {
      db.close();
    }
  } catch (error) {
    if (!isOmsError(error, 'store_damaged')) throw error;
    return ['its list of tables is damaged, so no page can be checked'];
  }
}
