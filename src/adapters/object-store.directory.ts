/**
 * Objects as files of a directory. An object is written to a temporary file, made durable, and renamed into place, and the
 * rename is made durable, too: a reader sees all of it or nothing, and so does a restart after a crash.
 * Source: POSIX fsync(2) and rename(2); "Files are hard", Dan Luu, 2017.
 */
import { randomUUID } from 'node:crypto';
import { constants, createReadStream, existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, opendir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { ObjectStore, StoredObject } from '../ports/object-store.ts';
import { OWN_KEY } from './own-key.ts';

export async function createDirectoryObjectStore(root: string): Promise<ObjectStore> {
  const staging = join(root, 'staging');
  const pathOf = (key: string): string => {
    if (!OWN_KEY.test(key)) throw new OmsError('invalid_key', `"${key}" is no object key`);
    return join(root, key);
  };
  for (const directory of ['staging', 'uploads', 'reports']) await mkdir(join(root, directory), { recursive: true });

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
      const { bavail, bsize } = await statfs(root).catch(fail);
      if (bavail * bsize < limits.minFreeBytes)
        throw new OmsError(
          'disk_full',
          `less than ${limits.minFreeBytes / 1024 / 1024} MiB are free on the disk of ${root}: free some space`,
          {
            retryable: true,
          },
        );
      return { engine: 'directory', address: root, missing: [] };
    },
  };
}

/** Removes what a crash left half-written. Only for a process that holds the lock of the data directory. */
export async function prepareDirectory(root: string): Promise<void> {
  await rm(join(root, 'staging'), { recursive: true, force: true });
  // Where release 1.0 kept uploads.
  const former = join(root, 'incoming');
  if (existsSync(former)) await rename(former, join(root, 'uploads'));
}

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

function fail(error: NodeJS.ErrnoException): never {
  if (error.code === 'ENOENT')
    throw new OmsError('object_missing', `there is no such object any more: ${error.path ?? ''}`, { cause: error });
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
    throw new OmsError('disk_full', 'the disk with the data directory is full: free some space', {
      retryable: true,
      cause: error,
    });
  throw new OmsError('object_store_unavailable', `the data directory cannot be used now: ${error.message}`, {
    retryable: true,
    cause: error,
  });
}
