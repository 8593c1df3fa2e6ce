/**
 * Opens `oms.db`. One thread writes (`writer-thread.ts`), any number read: with WAL a reader never waits for the writer.
 * Whatever SQLite says of a file that cannot be used is an outage of the store (INV-7), with the way back; a damaged one stays so until
 * somebody restores a backup.
 * Source of the settings: https://www.sqlite.org/pragma.html, https://www.sqlite.org/wal.html; of the codes:
 * https://www.sqlite.org/rescode.html
 */
import { existsSync, statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { isOmsError, OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Inspection } from '../../ports/inspection.ts';
import { migrations } from './schema.ts';
import type { Writer } from './writer.ts';

export type Database = DatabaseSync;

/** Throws an OmsError when the file cannot be used, a small one also when any part of it is damaged. */
export function openForWriting(path: string): Database {
  try {
    const db = new DatabaseSync(path);
    prepareForWriting(db, path);
    return db;
  } catch (error) {
    throw toOmsError(error, path);
  }
}

function prepareForWriting(db: Database, path: string): void {
  db.exec(`
    pragma page_size = ${limits.sqlitePageBytes};
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma busy_timeout = ${limits.sqliteBusyMs};
    pragma cache_size = -${limits.sqliteWriterCacheBytes / 1024};
    pragma wal_autocheckpoint = ${Math.floor(limits.sqliteWalBytes / limits.sqlitePageBytes)};
    pragma journal_size_limit = ${limits.sqliteWalBytes};
  `);
  const { page_count: pages } = db.prepare('pragma page_count').get() as { page_count: number };
  const [first] =
    pages * limits.sqlitePageBytes <= limits.sqliteCheckedBytes ? lookForDamage(db, 'quick_check', 1) : [];
  if (first !== undefined) throw damaged(first, path);
  migrate(db, path);
}

/**
 * Its statements throw OmsErrors. `onDamage` is told of damage that one of them meets.
 */
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

/** The statement, with what it throws given to `fail`. */
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

/**
 * What SQLite finds, at most `most` lines of it; none where all is well. The quick check looks at every page, the whole one also
 * whether indexes are those of their tables. Throws when the file cannot be used at all.
 */
function lookForDamage(db: Database, check: 'quick_check' | 'integrity_check', most: number): string[] {
  const lines = db.prepare(`pragma ${check}(${most})`).all() as Record<typeof check, string>[];
  return lines.map((line) => line[check]).filter((line) => line !== 'ok');
}

/** Looks at every page and index. Throws `store_damaged` with what is found, a line for each. */
export function findDamage(path: string): void {
  if (!existsSync(path)) return;
  const db = openForReading(path);
  try {
    // The whole check breaks off at damage of which the quick one tells the places.
    let lines = lookForDamage(db, 'quick_check', limits.damageLines);
    if (lines.length === 0) lines = lookForDamage(db, 'integrity_check', limits.damageLines);
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

/**
 * Within a transaction of the writer: that the file can be read, by a connection that has nothing in memory, and written. Throws what
 * SQLite throws.
 */
export function probe(db: Database): void {
  const path = db.location();
  if (path === null) return;
  const fresh = new DatabaseSync(path, { readOnly: true });
  try {
    fresh.prepare('select count(*) from sqlite_schema').get();
  } finally {
    fresh.close();
  }
  // The same number again: one page is written, and nothing changes by it.
  db.exec(`pragma user_version = ${migrations.length}`);
}

/** After a probe of a store where nothing else happens: its pages would fill the log with time. */
export function keepLogSmall(db: Database): void {
  const { log: pages } = db.prepare('pragma wal_checkpoint(noop)').get() as { log: number };
  if (pages <= limits.sqliteIdleLogPages) db.exec('pragma wal_checkpoint(passive)');
}

/** Throws when the file or its log is no longer the one that was open when this was made: what is written then is lost. */
export function placeOf(path: string): () => void {
  const find = (file: string) => statSync(file, { throwIfNoEntry: false })?.ino;
  const files = [path, `${path}-wal`, `${path}-shm`].map((file) => ({ file, ino: find(file) }));
  return () => {
    for (const { file, ino } of files)
      if (ino !== undefined && find(file) !== ino)
        throw new OmsError(
          'store_unavailable',
          'this file of the data directory was moved, deleted or replaced, or its disk was unmounted, while the service ran: put it back, and work goes on by itself; else stop the service and restore a backup',
          { retryable: true, path: file },
        );
  };
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

/**
 * Asks the thread that writes, too: it has the file open for longest, and knows of damage that any thread has met. It may be busy
 * with a large transaction: that is no outage, its silence for long is one.
 */
export async function inspectDatabase(
  db: Database,
  writer: Pick<Writer, 'call'> & Partial<Pick<Writer, 'failure' | 'answeredMs'>>,
): Promise<Inspection> {
  const busy = AbortSignal.timeout(limits.sqliteProbeAnswerMs);
  const waited = new Promise<'busy'>((resolve) => busy.addEventListener('abort', () => resolve('busy')));
  if ((await Promise.race([writer.call('probe', null), waited])) === 'busy') {
    if (writer.failure) throw writer.failure;
    if (Date.now() - (writer.answeredMs ?? 0) > limits.sqliteSilentMs)
      throw new OmsError(
        'store_unavailable',
        'the database does not answer: see that its disk is there and well; work goes on by itself',
        { retryable: true, path: db.location() },
      );
  }
  const { version } = db.prepare('select sqlite_version() version').get() as { version: string };
  return { engine: `SQLite ${version}`, address: 'data directory', path: db.location(), missing: [] };
}

/** A value that was stored as JSON. */
export function fromJson<Value>(stored: string): Value {
  try {
    return JSON.parse(stored) as Value;
  } catch (error) {
    throw damaged('a stored value is not what was written', null, error);
  }
}

const damaged = (what: string, path: string | null, cause?: unknown) =>
  new OmsError(
    'store_damaged',
    `the database is damaged (${what.replaceAll(/\s+/g, ' ')}): stop the service, see what "oms verify" says, and restore a backup; nothing more is written to it`,
    { retryable: true, path, cause },
  );

/** Where SQLite does not know our tables: the file is not ours, or damaged. */
export function notOurs(error: unknown, path: string): unknown {
  const known = toOmsError(error, path) as { code?: string; message: string };
  if (known.code !== 'ERR_SQLITE_ERROR') return known;
  const why = `it is no database of this release, or damaged (${known.message})`;
  return new OmsError('store_unusable', `${why}: restore a backup, or set OMS_DATA_DIR to another directory`, { path });
}

/** By primary result code. */
const UNUSABLE: Record<number, string> = {
  2: 'see the log of the system, then start the service again',
  3: 'give the user of the service the right to read and write it; work goes on by itself',
  5: 'another program holds it, a copy or a shell; work goes on when it is done',
  6: 'another program holds it, a copy or a shell; work goes on when it is done',
  8: 'make it and its disk writable again; work goes on by itself',
  10: 'see that its disk is there and well; work goes on by itself',
  14: 'see that it is there, and that the user of the service may read and write it and its directory; work goes on by itself',
  15: 'see that it is on a local disk; work goes on by itself',
  22: 'the disk cannot hold files of this size: move the data directory to another',
  23: 'give the user of the service the right to read and write it; work goes on by itself',
};
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;
/** A part of the file that should be there is not, or its file system says that it is damaged. */
const SQLITE_IOERR_SHORT_READ = 522;
const SQLITE_IOERR_CORRUPTFS = 8458;

/** What SQLite threw, as an error that says what to do; work waits until it is done (INV-7). Other errors are returned as they are. */
export function toOmsError(error: unknown, path: string | null = null): unknown {
  if (error instanceof OmsError) return error;
  const { code, errcode = 0, errstr, message } = error as Error & { code?: string; errcode?: number; errstr?: string };
  // A number that none of ours can have been.
  if (code === 'ERR_OUT_OF_RANGE') return damaged(message, path, error);
  if (code !== 'ERR_SQLITE_ERROR') return error;
  const primary = errcode & 0xff;
  const words = message === errstr ? message : `${errstr}: ${message}`;
  if (
    primary === SQLITE_CORRUPT ||
    primary === SQLITE_NOTADB ||
    errcode === SQLITE_IOERR_SHORT_READ ||
    errcode === SQLITE_IOERR_CORRUPTFS
  )
    return damaged(words, path, error);
  if (primary === SQLITE_FULL)
    return new OmsError(
      'disk_full',
      'the disk with the data directory is full: free some space, work goes on by itself',
      {
        retryable: true,
        path,
        cause: error,
      },
    );
  const wayBack = UNUSABLE[primary];
  if (wayBack === undefined) return error;
  return new OmsError('store_unavailable', `the database cannot be used now (${words}): ${wayBack}`, {
    retryable: true,
    path,
    cause: error,
  });
}
