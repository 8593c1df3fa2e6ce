/**
 * Opens `oms.db`. One thread writes (`writer-thread.ts`), any number read: with WAL a reader never waits for the writer.
 * Source of the settings: https://www.sqlite.org/pragma.html, https://www.sqlite.org/wal.html
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { isOmsError, type OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { damaged, toOmsError } from './errors.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS, type Migration } from './schema.ts';

export type Database = DatabaseSync;

/** Throws an OmsError when the file cannot be used; a small file is also checked for damage in any part. */
export function openForWriting(path: string, migrations = MIGRATIONS): Database {
  try {
    const db = new DatabaseSync(path);
    prepareForWriting(db, path, migrations);
    return db;
  } catch (error) {
    throw toOmsError(error, path);
  }
}

/** `synchronous`: with `normal` a crash of the machine may lose the last transactions, as a whole. */
export function setUpForWriting(
  db: Database,
  { synchronous, cacheBytes, walBytes }: { synchronous: 'full' | 'normal'; cacheBytes: number; walBytes: number },
): void {
  db.exec(`
    pragma page_size = ${limits.sqlitePageBytes};
    pragma journal_mode = wal;
    pragma synchronous = ${synchronous};
    pragma secure_delete = on;
    pragma busy_timeout = ${limits.sqliteBusyMs};
    pragma cache_size = -${cacheBytes / 1024};
    pragma wal_autocheckpoint = ${Math.floor(walBytes / limits.sqlitePageBytes)};
    pragma journal_size_limit = ${walBytes};
  `);
}

function prepareForWriting(db: Database, path: string, migrations: readonly Migration[]): void {
  const { sqliteWriterCacheBytes: cacheBytes, sqliteWalBytes: walBytes } = limits;
  setUpForWriting(db, { synchronous: 'full', cacheBytes, walBytes });
  const { page_count: pages } = db.prepare('pragma page_count').get() as { page_count: number };
  const [first] = pages * limits.sqlitePageBytes <= limits.sqliteCheckedBytes ? quickCheck(db, 1) : [];
  if (first !== undefined) throw damaged(first, path);
  migrate(db, path, migrations);
}

/** Its statements throw OmsErrors. `onDamage` is called when one of them finds damage. */
export function openForReading(path: string, onDamage: (error: OmsError) => void = () => {}): Database {
  const fail = (error: unknown): never => {
    const known = toOmsError(error, path);
    if (isOmsError(known, 'store_damaged')) onDamage(known);
    throw known;
  };
  try {
    const db = new DatabaseSync(path, { readOnly: true });
    db.exec(`
      pragma busy_timeout = ${limits.sqliteBusyMs};
      pragma cache_size = -${limits.sqliteReaderCacheBytes / 1024};
    `);
    const prepare = db.prepare.bind(db);
    db.prepare = (sql, ...rest) => failingWith(() => prepare(sql, ...rest), fail);
    return db;
  } catch (error) {
    return fail(error);
  }
}

/** The prepared statement. Its errors go to `fail`. */
function failingWith(prepare: () => StatementSync, fail: (error: unknown) => never): StatementSync {
  const guarded =
    <Arguments extends unknown[], Result>(work: (...args: Arguments) => Result) =>
    (...args: Arguments): Result => {
      try {
        return work(...args);
      } catch (error) {
        return fail(error);
      }
    };
  const statement = guarded(prepare)();
  const iterate = statement.iterate.bind(statement) as typeof statement.iterate;
  statement.get = guarded(statement.get.bind(statement)) as typeof statement.get;
  statement.all = guarded(statement.all.bind(statement)) as typeof statement.all;
  statement.iterate = guarded((...args: never[]) => {
    const rows = iterate(...args);
    rows.next = guarded(rows.next.bind(rows));
    return rows;
  }) as typeof statement.iterate;
  return statement;
}

/** Checks every page and returns at most `most` findings of SQLite, a line each. Throws when the file cannot be used at all. */
export const quickCheck = (db: Database, most: number): string[] => check(db, 'quick_check', most);

/** Likewise, and compares each index with its table. */
export const integrityCheck = (db: Database, most: number): string[] => check(db, 'integrity_check', most);

function check(db: Database, pragma: 'quick_check' | 'integrity_check', most: number): string[] {
  const lines = db.prepare(`pragma ${pragma}(${most})`).all() as Record<typeof pragma, string>[];
  return lines.map((line) => line[pragma]).filter((line) => line !== 'ok');
}

/** A value that was stored as JSON. */
export function fromJson<Value>(stored: string): Value {
  try {
    return JSON.parse(stored) as Value;
  } catch (error) {
    throw damaged('a stored value is not what was written', null, error);
  }
}
