/**
 * An object being written: a temporary file that is made durable and renamed into place; then the rename is made durable.
 * Source: POSIX fsync(2) and rename(2); "Files are hard", Dan Luu, 2017.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StagedObject, StoredObject } from '../../ports/object-store.ts';
import { errorAt, stagingOf } from './errors.ts';
import type { FreeSpace } from './free-space.ts';
import { toStored } from './stored.ts';

export async function stageFile(root: string, target: string, space: FreeSpace): Promise<StagedObject> {
  const fail = (error: NodeJS.ErrnoException): never => {
    throw errorAt(root, error);
  };
  const temporary = join(stagingOf(root), randomUUID());
  let handle: FileHandle | null = await open(temporary, 'wx', 0o600).catch(fail);

  async function abort(): Promise<void> {
    await handle?.close().catch(() => {});
    handle = null;
    await rm(temporary, { force: true }).catch(() => {});
  }

  return {
    async write(bytes) {
      await space.take(bytes.length);
      for (let offset = 0; offset < bytes.length; ) {
        const { bytesWritten } = await handle!.write(bytes, offset).catch(fail);
        offset += bytesWritten;
      }
    },

    async commit(): Promise<StoredObject> {
      try {
        await handle!.datasync();
        const stored = toStored(await handle!.stat({ bigint: true }));
        await handle!.close();
        handle = null;
        await rename(temporary, target);
        await syncDirectory(dirname(target));
        return stored;
      } catch (error) {
        await abort();
        return fail(error as Error);
      }
    },

    abort,
  };
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
