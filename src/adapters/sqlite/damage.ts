/** Checks `oms.db` for damage. */
import { existsSync } from 'node:fs';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { integrityCheck, openForReading, quickCheck } from './database.ts';

/** Checks every page and index. Throws `store_damaged` with a line for each finding. */
export function findDamage(path: string): void {
  if (!existsSync(path)) return;
  const db = openForReading(path);
  try {
    // The integrity check stops at damage whose places the quick check lists.
    let lines = quickCheck(db, limits.damageLines);
    if (lines.length === 0) lines = integrityCheck(db, limits.damageLines);
    if (lines.length > 0)
      throw new OmsError(
        'store_damaged',
        ['the database is damaged: stop the service and restore a backup. SQLite found:', ...lines].join('\n'),
        { path },
      );
  } finally {
    db.close();
  }
}
