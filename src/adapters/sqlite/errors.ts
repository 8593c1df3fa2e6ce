/**
 * Maps errors of SQLite to errors that say what to do. A file that cannot be used is an outage of the store (INV-7); a damaged one stays
 * damaged until an operator restores a backup.
 * Source: https://www.sqlite.org/rescode.html
 */
import { OmsError } from '../../errors.ts';

export const damaged = (what: string, path: string | null, cause?: unknown) =>
  new OmsError(
    'store_damaged',
    `the database is damaged (${what.replaceAll(/\s+/g, ' ')}): stop the service, see what "oms verify" says, and restore a backup; nothing more is written to it`,
    { retryable: true, path, cause },
  );

/** For errors at the start: one without another meaning shows that the tables are missing, so the file is another database, or damaged. */
export function toStartError(error: unknown, path: string): unknown {
  const known = toOmsError(error, path) as { code?: string; message: string };
  if (known.code !== 'ERR_SQLITE_ERROR') return known;
  const why = `it is no database of this release, or damaged (${known.message})`;
  return new OmsError('store_unusable', `${why}: restore a backup, or set OMS_DATA_DIR to another directory`, { path });
}

/** By primary result code. */
const UNUSABLE: Record<number, string> = {
  2: 'see the system log, then start the service again',
  3: 'give the user of the service the right to read and write it; work resumes by itself',
  5: 'another program holds it, a copy or a shell; work resumes when it is done',
  6: 'another program holds it, a copy or a shell; work resumes when it is done',
  8: 'make it and its disk writable again; work resumes by itself',
  10: 'check that its disk is there and works; work resumes by itself',
  14: 'check that it is there, and that the user of the service may read and write it and its directory; work resumes by itself',
  15: 'check that it is on a local disk; work resumes by itself',
  22: 'the disk cannot hold files of this size: move the data directory to another',
  23: 'give the user of the service the right to read and write it; work resumes by itself',
};
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;
/** A part of the file is missing, or the file system reports damage. */
const SQLITE_IOERR_SHORT_READ = 522;
const SQLITE_IOERR_CORRUPTFS = 8458;

/** Returns errors of other origin as they are. */
export function toOmsError(error: unknown, path: string | null = null): unknown {
  if (error instanceof OmsError) return error;
  const { code, errcode = 0, errstr, message } = error as Error & { code?: string; errcode?: number; errstr?: string };
  // OMS writes no number outside of this range.
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
      'the disk with the data directory is full: free some space, work resumes by itself',
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
