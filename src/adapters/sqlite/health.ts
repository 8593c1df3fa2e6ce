/** Checks that `oms.db` can be used now: for `/readyz`, `oms doctor` and `watch.ts`. */
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Inspection } from '../../ports/inspection.ts';
import type { Calls, Probing } from './calls.ts';
import type { Database } from './database.ts';

/**
 * Within a transaction of the writer: reads the file through a new connection, which has nothing in memory, and writes to it. Throws errors
 * of SQLite.
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
  // The same number again writes one page and changes nothing.
  const { user_version: version } = db.prepare('pragma user_version').get() as { user_version: number };
  db.exec(`pragma user_version = ${version}`);
}

/** Called after a transaction of probes alone, whose pages would else fill the log of an idle store. */
export function keepLogSmall(db: Database): void {
  const { log: pages } = db.prepare('pragma wal_checkpoint(noop)').get() as { log: number };
  if (pages <= limits.sqliteIdleLogPages) db.exec('pragma wal_checkpoint(passive)');
}

/**
 * Returns a check that throws when the file or its log is no longer the one of this call: what is written after that is lost.
 */
export function placeOf(path: string): () => void {
  const find = (file: string) => statSync(file, { throwIfNoEntry: false })?.ino;
  const files = [path, `${path}-wal`, `${path}-shm`].map((file) => ({ file, ino: find(file) }));
  return () => {
    for (const { file, ino } of files)
      if (ino !== undefined && find(file) !== ino)
        throw new OmsError(
          'store_unavailable',
          'this file of the data directory was moved, deleted or replaced, or its disk was unmounted, while the service ran: put it back, and work resumes by itself; else stop the service and restore a backup',
          { retryable: true, path: file },
        );
  };
}

/** What the replies of the writer thread say about it. */
export interface WriterState {
  /** Why the last transaction, of any thread, could not use the database; null when it could. */
  failure: Error | null;
  /** When the last transaction ended. */
  answeredMs: number;
}

/**
 * Also asks the writer thread, which has had the file open for longest and knows of damage that any thread has found. It may be busy with a
 * large transaction: that is no outage, but a long silence is one.
 */
export async function inspectDatabase(
  db: Database,
  writer: Calls<Probing> & Partial<WriterState>,
): Promise<Inspection> {
  const busy = AbortSignal.timeout(limits.sqliteProbeAnswerMs);
  const waited = new Promise<'busy'>((resolve) => busy.addEventListener('abort', () => resolve('busy')));
  if ((await Promise.race([writer.call('probe', null), waited])) === 'busy') {
    if (writer.failure) throw writer.failure;
    if (Date.now() - (writer.answeredMs ?? 0) > limits.sqliteSilentMs)
      throw new OmsError(
        'store_unavailable',
        'the database does not answer: check that its disk is there and works; work resumes by itself',
        { retryable: true, path: db.location() },
      );
  }
  const { version } = db.prepare('select sqlite_version() version').get() as { version: string };
  return { engine: `SQLite ${version}`, address: 'data directory', path: db.location(), missing: [] };
}
