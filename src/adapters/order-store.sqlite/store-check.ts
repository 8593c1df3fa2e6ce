/** A check of `oms verify` on SQLite: a query whose rows are violations, or a function that yields them. */
import type { Check, Violation } from '../../ports/verification.ts';
import type { Database } from '../sqlite/database.ts';

/** Its rows have `id` and `detail`. */
export interface Query {
  check: Check;
  what: string;
  sql: string;
}

export type StoreCheck = Query | ((db: Database) => Iterable<Violation>);

export function* violationsOf(
  db: Database,
  { check, what, sql }: Query,
  parameters: Record<string, string>,
): Generator<Violation> {
  for (const { id, detail } of db.prepare(sql).iterate(parameters) as Iterable<{ id: string; detail: string }>)
    yield { check, what, id, detail };
}
