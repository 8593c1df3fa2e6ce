/**
 * Objects as files of a directory. An object appears as a whole or not at all, to readers and after a crash. A directory that vanished is
 * an outage, and is never created again: an object is missing only while its directory exists.
 */
import { constants, createReadStream } from 'node:fs';
import { access, open, opendir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { errorAt, unusable } from './object-store.directory/errors.ts';
import { FreeSpace } from './object-store.directory/free-space.ts';
import { DIRECTORIES } from './object-store.directory/prepare.ts';
import { stageFile } from './object-store.directory/staged-file.ts';
import { toStored } from './object-store.directory/stored.ts';
import { OWN_KEY } from './own-key.ts';

/** The directory must have been prepared. */
export function createDirectoryObjectStore(root: string): ObjectStore {
  const space = new FreeSpace(root);
  const pathOf = (key: string): string => {
    if (!OWN_KEY.test(key)) throw new OmsError('invalid_key', `"${key}" is no object key`);
    return join(root, key);
  };
  const fail = (error: NodeJS.ErrnoException): never => {
    throw errorAt(root, error);
  };

  return {
    async stage(key) {
      return stageFile(root, pathOf(key), space);
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
      const [, directory, start] = /^(.*)\/([^/]*)$/.exec(prefix) as unknown as [string, string, string];
      for await (const entry of await opendir(join(root, directory)).catch(fail)) {
        if (!entry.name.startsWith(start)) continue;
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
      await space.check();
      return { engine: 'directory', address: 'data directory', path: root, missing: [] };
    },
  };
}
