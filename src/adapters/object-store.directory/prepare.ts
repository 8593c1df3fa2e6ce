/** The directory before its first use by a process, which MUST hold the lock of the data directory. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { OmsError } from '../../errors.ts';
import { stagingOf, unusable, vanished } from './errors.ts';

export const DIRECTORIES = ['staging', 'uploads', 'reports'] as const;

/**
 * Removes half-written objects that a crash left, and creates the directories of a new store. Those of `kept`, in which the order store
 * knows objects, must exist. Returns whether the directory of uploads is new.
 */
export async function prepareDirectory(root: string, kept: ('uploads' | 'reports')[] = []): Promise<boolean> {
  try {
    await rm(stagingOf(root), { recursive: true, force: true });
    // Where release 1.0 kept uploads.
    const former = join(root, 'incoming');
    if (existsSync(former)) await rename(former, join(root, 'uploads'));
    for (const directory of kept) if (!existsSync(join(root, directory))) throw vanished(join(root, directory));
    const isNew = !existsSync(join(root, 'uploads'));
    for (const directory of DIRECTORIES) await mkdir(join(root, directory), { recursive: true });
    return isNew;
  } catch (error) {
    throw unusable(error as Error, root);
  }
}

/** For a new directory whose order store turns out to know files: removes it again. */
export async function unprepareDirectory(root: string): Promise<OmsError> {
  for (const directory of DIRECTORIES) await rmdir(join(root, directory));
  return vanished(join(root, 'uploads'));
}
