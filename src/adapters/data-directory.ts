/**
 * The data directory and its lock. Whatever lies on this machine belongs to one server process at a time: the lock is an
 * exclusive transaction on a small SQLite file, which the kernel ends when the process dies, however it dies.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OmsError } from '../errors.ts';

export interface Holder {
  pid: number;
  command: string;
  /** The server's address, once it listens. */
  url: string | null;
  since: string;
}

export interface DataDirectory {
  database: string;
  objects: string;
  /** Tells others who holds the lock and where it listens. */
  announce(holder: Pick<Holder, 'command' | 'url'>): void;
  release(): void;
}

const SQLITE_BUSY = 5;

const holderFile = (directory: string) => join(directory, 'holder.json');

export const databasePath = (directory: string) => join(directory, 'oms.db');
export const objectsPath = (directory: string) => join(directory, 'objects');

/** Throws `data_directory_held` with the holder in its details, or `data_directory_unusable`. */
export function openDataDirectory(directory: string): DataDirectory {
  let lock: DatabaseSync;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    lock = new DatabaseSync(join(directory, 'lock.db'));
  } catch (error) {
    throw new OmsError(
      'data_directory_unusable',
      `OMS_DATA_DIR: ${directory} cannot be used: ${(error as Error).message}`,
      { cause: error },
    );
  }
  try {
    lock.exec('pragma busy_timeout = 0; begin exclusive');
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY)
      throw new OmsError(
        'data_directory_unusable',
        `OMS_DATA_DIR: ${directory} cannot be used: ${(error as Error).message}`,
        { cause: error },
      );
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
    announce({ command, url }) {
      const holder: Holder = { pid: process.pid, command, url, since: new Date().toISOString() };
      const temporary = `${holderFile(directory)}.new`;
      writeFileSync(temporary, JSON.stringify(holder));
      renameSync(temporary, holderFile(directory));
    },
    release() {
      rmSync(holderFile(directory), { force: true });
      lock.close();
    },
  };
}

export function readHolder(directory: string): Holder | null {
  try {
    return JSON.parse(readFileSync(holderFile(directory), 'utf8')) as Holder;
  } catch {
    return null;
  }
}
