/** Statements for many rows each: run row by row, half of the time would be calls into SQLite. */
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { limits } from '../../limits.ts';
import type { Database } from './database.ts';

/**
 * Runs a statement for `count` rows, in parts. `sqlOf` returns the statement for a number of rows; `bind` sets the values of the nth row,
 * as many as `parameters`, from `at` on.
 */
export function runForRows(
  db: Database,
  count: number,
  parameters: number,
  sqlOf: (rows: number) => string,
  bind: (values: SQLInputValue[], at: number, n: number) => void,
): void {
  const atOnce = limits.sqliteRowsAtOnce;
  const runPart = (statement: StatementSync, values: SQLInputValue[], from: number) => {
    for (let at = 0, n = from; at < values.length; at += parameters, n++) bind(values, at, n);
    statement.run(...values);
  };
  const rest = count % atOnce;
  if (count > rest) {
    const statement = db.prepare(sqlOf(atOnce));
    const values = new Array<SQLInputValue>(atOnce * parameters);
    for (let from = 0; from < count - rest; from += atOnce) runPart(statement, values, from);
  }
  if (rest > 0) runPart(db.prepare(sqlOf(rest)), new Array(rest * parameters), count - rest);
}
