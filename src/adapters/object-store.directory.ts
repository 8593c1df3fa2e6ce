/**
 * Objects as files of a directory. An object is written to a temporary file, made durable, and renamed into place, and the
 * rename is made durable, too: a reader sees all of it or nothing, and so does a restart after a crash. A directory that vanished is
 * an outage, and is never made again: only an object that its directory does not have is missing.
 * Source: POSIX fsync(2) and rename(2); "Files are hard", Dan Luu, 2017.
 */
import { randomUUID } from 'node:crypto';
import { constants, createReadStream, existsSync } from 'node:fs';
import { access, type FileHandle, mkdir, open, opendir, rename, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { getSystemErrorMessage } from 'node:util';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { ObjectStore, StoredObject } from '../ports/object-store.ts';
import { OWN_KEY } from './own-key.ts';

const DIRECTORIES = ['staging', 'uploads', 'reports'] as const;

/** The directory must have been prepared. */
export function createDirectoryObjectStore(root: string): ObjectStore {
  const staging = join(root, 'staging');
  const pathOf = (key: string): string => {
    if (!OWN_KEY.test(key)) throw new OmsError('invalid_key', `"${key}" is no object key`);
    return join(root, key);
  };
  const fail = (error: NodeJS.ErrnoException): never => {
    const { code, path = root } = error;
    if (code === 'ENOENT' && dirname(path) !== staging && existsSync(dirname(path)))
      throw new OmsError('object_missing', 'there is no such object any more', { path, cause: error });
    throw unusable(error, path);
  };

  const freeBytes = async (): Promise<number> => {
    const { bavail, bsize } = await statfs(root).catch(fail);
    return bavail * bsize;
  };
  const diskFull = () =>
    new OmsError(
      'disk_full',
      `less than ${limits.minFreeBytes / 1024 / 1024} MiB are free on the disk with the data directory: free some space`,
      { retryable: true, path: root },
    );
  /** What may be written before it is looked again how much is free. */
  let mayWrite = 0;
  /** Objects can wait for space; the database, which may be on this disk, needs some to finish what is begun. */
  async function keepReserve(bytes: number): Promise<void> {
    if (bytes > mayWrite) {
      const spare = (await freeBytes()) - limits.minFreeBytes;
      if (bytes > spare) throw diskFull();
      mayWrite = Math.min(spare, limits.freeCheckBytes);
    }
    mayWrite = Math.max(0, mayWrite - bytes);
  }

  return {
    async stage(key) {
      const target = pathOf(key);
      const temporary = join(staging, randomUUID());
      let handle: FileHandle | null = await open(temporary, 'wx', 0o600).catch(fail);
      const discard = async () => {
        await handle?.close().catch(() => {});
        handle = null;
        await rm(temporary, { force: true }).catch(() => {});
      };
      return {
        async write(bytes) {
          await keepReserve(bytes.length);
          for (let offset = 0; offset < bytes.length; ) {
            const { bytesWritten } = await handle!.write(bytes, offset).catch(fail);
            offset += bytesWritten;
          }
        },
        async commit() {
          try {
            await handle!.datasync();
            const stored = toStored(await handle!.stat({ bigint: true }));
            await handle!.close();
            handle = null;
            await rename(temporary, target);
            await syncDirectory(dirname(target));
            return stored;
          } catch (error) {
            await discard();
            return fail(error as Error);
          }
        },
        abort: discard,
      };
    },

    async stat(key) {
      return toStored(await stat(pathOf(key), { bigint: true }).catch(fail));
    },

    async open(key, { offset = 0, length = Infinity, version } = {}) {
      const handle = await open(pathOf(key), constants.O_RDONLY).catch(fail);
      const found = toStored(await handle.stat({ bigint: true }));
      if (version !== undefined && version !== found.version) {
        await handle.close();
        throw new OmsError(
          'object_changed',
          `the object ${key} was changed after it was uploaded: upload the file again`,
        );
      }
      return createReadStream('', {
        fd: handle,
        start: offset,
        end: offset + length - 1,
        highWaterMark: limits.readBytes,
      });
    },

    async delete(key) {
      await rm(pathOf(key), { force: true }).catch(fail);
    },

    async *list(prefix) {
      const directory = prefix.replace(/\/$/, '');
      for await (const entry of await opendir(join(root, directory)).catch(fail)) {
        const path = join(root, directory, entry.name);
        const found = await stat(path).catch(() => null);
        if (found?.isFile()) yield { key: `${directory}/${entry.name}`, committedAtMs: found.ctimeMs };
      }
    },

    async inspect() {
      for (const directory of DIRECTORIES)
        await access(join(root, directory), constants.R_OK | constants.W_OK | constants.X_OK).catch((error) => {
          throw unusable(error, join(root, directory));
        });
      if ((await freeBytes()) < limits.minFreeBytes) throw diskFull();
      return { engine: 'directory', address: 'data directory', path: root, missing: [] };
    },
  };
}

/**
 * Removes what a crash left half-written, and makes the directories of a new store; those of `kept`, which the order store knows objects
 * of, must be there. Returns whether uploads are begun with it. Only for a process that holds the lock of the data directory.
 */
export async function prepareDirectory(root: string, kept: ('uploads' | 'reports')[] = []): Promise<boolean> {
  try {
    await rm(join(root, 'staging'), { recursive: true, force: true });
    // Where release 1.0 kept uploads.
    const former = join(root, 'incoming');
    if (existsSync(former)) await rename(former, join(root, 'uploads'));
    for (const directory of kept) if (!existsSync(join(root, directory))) throw vanished(join(root, directory));
    const begun = !existsSync(join(root, 'uploads'));
    for (const directory of DIRECTORIES) await mkdir(join(root, directory), { recursive: true });
    return begun;
  } catch (error) {
    throw unusable(error as Error, root);
  }
}

/** For a directory that was begun, though the order store knows files of before: nothing is left of it. */
export async function unprepareDirectory(root: string): Promise<OmsError> {
  for (const directory of DIRECTORIES) await rmdir(join(root, directory));
  return vanished(join(root, 'uploads'));
}

const vanished = (path: string) =>
  new OmsError(
    'data_directory_incomplete',
    'it is missing, and the order store knows of objects in it: bring it back, from a backup or by mounting its disk; to go on without them, make it as an empty directory',
    { path },
  );

/** Whole seconds, as archives of a backup keep no more. */
function toStored(found: { size: bigint; mtimeNs: bigint }): StoredObject {
  return { sizeBytes: Number(found.size), version: `${found.size}-${found.mtimeNs / 1_000_000_000n}` };
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What the system said of a place that cannot be used, as an outage. */
function unusable(error: NodeJS.ErrnoException, path: string): OmsError {
  if (error instanceof OmsError) return error;
  const { code = '', errno } = error;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new OmsError('disk_full', 'the disk with the data directory is full: free some space', {
      retryable: true,
      path,
      cause: error,
    });
  const words = errno === undefined ? error.message : getSystemErrorMessage(errno);
  return new OmsError(
    'object_store_unavailable',
    `the objects in the data directory cannot be used now (${words}): see that the directory is there, that its disk is well, and that it may be read and written; work goes on by itself`,
    { retryable: true, path, cause: error },
  );
}
