/**
 * Opens `oms.db`. One thread writes (`writer-thread.ts`), any number read: with WAL a reader never waits for the writer.
 * Source of the settings: https://www.sqlite.org/pragma.html, https://www.sqlite.org/wal.html
 */
import { DatabaseSync } from 'node:sqlite';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Inspection } from '../../ports/inspection.ts';
import { migrations } from './schema.ts';

export type Database = DatabaseSync;

export function openForWriting(path: string): Database {
  const db = new DatabaseSync(path);
  db.exec(`
    pragma page_size = ${limits.sqlitePageBytes};
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma busy_timeout = ${limits.sqliteBusyMs};
    pragma cache_size = -${limits.sqliteWriterCacheBytes / 1024};
    pragma wal_autocheckpoint = ${Math.floor(limits.sqliteWalBytes / limits.sqlitePageBytes)};
    pragma journal_size_limit = ${limits.sqliteWalBytes};
  `);
  migrate(db, path);
  return db;
}

export function openForReading(path: string): Database {
  const db = new DatabaseSync(path, { readOnly: true });
  db.exec(`
    pragma busy_timeout = ${limits.sqliteBusyMs};
    pragma cache_size = -${limits.sqliteReaderCacheBytes / 1024};
  `);
  return db;
}

function migrate(db: Database, path: string): void {
  const { user_version: version } = db.prepare('pragma user_version').get() as { user_version: number };
  if (version > migrations.length)
    throw new OmsError(
      'schema_too_new',
      `${path} has schema version ${version}, this release knows up to ${migrations.length}: start the newer release that wrote it, or restore a backup`,
    );
  if (version === migrations.length) return;
  transaction(db, () => {
    for (const migration of migrations.slice(version)) db.exec(migration);
    db.exec(`pragma user_version = ${migrations.length}`);
  });
}

/** Runs `work` in one immediate transaction: all of it, or nothing. */
export function transaction<Result>(db: Database, work: () => Result): Result {
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

export function inspectDatabase(db: Database): Inspection {
  try {
    const { version } = db.prepare('select sqlite_version() version').get() as { version: string };
    return { engine: `SQLite ${version}`, address: db.location() ?? 'in memory', missing: [] };
  } catch (error) {
    throw toOmsError(error);
  }
}

const SQLITE_BUSY = 5;
const SQLITE_IOERR = 10;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;

/** What SQLite threw, as an error that says whether trying again can help. */
export function toOmsError(error: unknown): unknown {
  if (error instanceof OmsError) return error;
  const sqlite = error as { code?: string; errcode?: number; message?: string };
  if (sqlite?.code !== 'ERR_SQLITE_ERROR' || sqlite.errcode === undefined) return error;
  const primary = sqlite.errcode & 0xff;
  if (primary === SQLITE_FULL)
    return new OmsError(
      'disk_full',
      'the disk with the data directory is full: free some space, work goes on by itself',
      {
        retryable: true,
        cause: error,
      },
    );
  if (primary === SQLITE_BUSY || primary === SQLITE_IOERR || primary === SQLITE_CANTOPEN)
    return new OmsError('store_unavailable', `the order store cannot be used now: ${sqlite.message}`, {
      retryable: true,
      cause: error,
    });
  return error;
}
