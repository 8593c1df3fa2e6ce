/** Statements for many rows at once: half of what a row costs by itself is its way into SQLite. */
import type { SQLInputValue } from 'node:sqlite';
import { limits } from '../../limits.ts';
import type { Database } from './database.ts';

/**
 * Runs what `sqlOf` gives for so many rows until all `count` are done. `bind` pushes the values of the nth row, as many as there are
 * parameters for one.
 */
export function runForRows(
  db: Database,
  count: number,
  sqlOf: (rows: number) => string,
  bind: (values: SQLInputValue[], n: number) => void,
): void {
  const atOnce = limits.sqliteRowsAtOnce;
  const full = count >= atOnce ? db.prepare(sqlOf(atOnce)) : null;
  const values: SQLInputValue[] = [];
  for (let n = 0; n < count; ) {
    bind(values, n++);
    if (n % atOnce === 0) {
      full!.run(...values);
      values.length = 0;
    }
  }
  if (values.length > 0) db.prepare(sqlOf(count % atOnce)).run(...values);
}
