/**
 * The data directory and its lock. The directory belongs to one server process at a time: the lock is an exclusive transaction on a small
 * SQLite file, which the kernel ends when the process dies, however it dies.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OmsError } from '../errors.ts';

export interface Holder {
  pid: number;
  command: string;
  /** The server's address, once it listens. */
  url: string | null;
  /** The path of the owner's socket, where access is required. */
  socket: string | null;
  since: string;
}

export interface DataDirectory {
  database: string;
  objects: string;
  /** Publishes which process holds the lock and where it listens. */
  announce(holder: Pick<Holder, 'command' | 'url' | 'socket'>): void;
  release(): void;
}

const SQLITE_BUSY = 5;
/** The permissions of all other users. */
const OTHERS = 0o077;

const holderFile = (directory: string) => join(directory, 'holder.json');

export const databasePath = (directory: string) => join(directory, 'oms.db');
export const viewsPath = (directory: string) => join(directory, 'views.db');
export const objectsPath = (directory: string) => join(directory, 'objects');

/**
 * Files created in it are private to the user, whatever the umask of the system. Throws `data_directory_held` with the holder in its
 * details, or `data_directory_unusable`.
 */
export function openDataDirectory(directory: string): DataDirectory {
  process.umask(OTHERS);
  const lock = using(directory, () => {
    mkdirSync(directory, { recursive: true });
    closeToOthers(directory);
    return new DatabaseSync(join(directory, 'lock.db'));
  });
  try {
    lock.exec('pragma busy_timeout = 0; begin exclusive');
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw unusable(directory, error as Error);
    const holder = readHolder(directory);
    const who = holder
      ? `process ${holder.pid} (${holder.command}${holder.url ? `, ${holder.url}` : ''}, since ${holder.since})`
      : 'another process';
    throw new OmsError(
      'data_directory_held',
      `${directory} is in use by ${who}: stop it first, or set OMS_DATA_DIR to another directory`,
      { details: { holder }, cause: error },
    );
  }
  return {
    database: databasePath(directory),
    objects: objectsPath(directory),
    announce({ command, url, socket }) {
      const holder: Holder = { pid: process.pid, command, url, socket, since: new Date().toISOString() };
      const temporary = `${holderFile(directory)}.new`;
      using(directory, () => {
        writeFileSync(temporary, JSON.stringify(holder));
        renameSync(temporary, holderFile(directory));
      });
    },
    release() {
      try {
        rmSync(holderFile(directory), { force: true });
      } catch {
        // The file is for messages only; the lock is what counts.
      }
      lock.close();
    },
  };
}

/**
 * Whether the directory has no database yet. Throws `data_directory_incomplete` where there was one: objects without a database, or a log
 * alone, are the remains of a store.
 */
export function isNewStore(directory: string): boolean {
  return using(directory, () => {
    const size = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    const path = databasePath(directory);
    // For SQLite an empty file is a new database.
    if (size(path) > 0) return false;
    const left = [
      `${path}-wal`,
      ...['uploads', 'incoming', 'reports'].map((name) => join(objectsPath(directory), name)),
    ];
    const found = left.find((name) => (name.endsWith('-wal') ? size(name) > 0 : holdsSomething(name)));
    if (found !== undefined)
      throw new OmsError(
        'data_directory_incomplete',
        `${existsSync(path) ? 'it is empty' : 'it is missing'}, though ${found} is there: restore it from a backup; to start anew, move the remains of the former store to another place`,
        { path },
      );
    return true;
  });
}

const holdsSomething = (directory: string) => existsSync(directory) && readdirSync(directory).length > 0;

/**
 * Makes files private that an earlier release, or a copy, left open to other users. The directory itself stays as it is: it may have other
 * uses.
 */
function closeToOthers(directory: string): void {
  const database = databasePath(directory);
  const databases = [database, viewsPath(directory)].flatMap((path) => [path, `${path}-wal`, `${path}-shm`]);
  const files = [...databases, join(directory, 'lock.db'), holderFile(directory)];
  for (const path of [...files, objectsPath(directory)])
    try {
      const { mode } = statSync(path);
      if (mode & OTHERS) chmodSync(path, mode & ~OTHERS);
    } catch {
      // It does not exist yet, or belongs to another user, who decides.
    }
}

/** Errors of the work become `data_directory_unusable`. */
function using<Result>(directory: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw error instanceof OmsError ? error : unusable(directory, error as Error);
  }
}

const unusable = (directory: string, cause: Error) =>
  new OmsError(
    'data_directory_unusable',
    `OMS_DATA_DIR: ${directory} cannot be used (${cause.message}): check that it is a directory on a disk that is neither full nor read-only, and that this user may read and write it`,
    { cause },
  );

export function readHolder(directory: string): Holder | null {
  try {
    return JSON.parse(readFileSync(holderFile(directory), 'utf8')) as Holder;
  } catch {
    return null;
  }
}
