/** What the file system reports, as errors that say what to do. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getSystemErrorMessage } from 'node:util';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';

export const stagingOf = (root: string): string => join(root, 'staging');

/** Of an operation on an object: `object_missing` only while the object's directory exists, otherwise an outage. */
export function errorAt(root: string, error: NodeJS.ErrnoException): OmsError {
  const { code, path = root } = error;
  if (code === 'ENOENT' && dirname(path) !== stagingOf(root) && existsSync(dirname(path)))
    return new OmsError('object_missing', 'there is no such object any more', { path, cause: error });
  return unusable(error, path);
}

/** A file or directory that cannot be used, as an outage. */
export function unusable(error: NodeJS.ErrnoException, path: string): OmsError {
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

export const diskFull = (root: string): OmsError =>
  new OmsError(
    'disk_full',
    `less than ${limits.minFreeBytes / 1024 / 1024} MiB are free on the disk with the data directory: free some space`,
    { retryable: true, path: root },
  );

export const vanished = (path: string): OmsError =>
  new OmsError(
    'data_directory_incomplete',
    'it is missing, and the order store knows of objects in it: bring it back, from a backup or by mounting its disk; to go on without them, make it as an empty directory',
    { path },
  );
