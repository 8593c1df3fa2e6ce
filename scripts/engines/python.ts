/**
 * A Python with the packages of a requirements file, in a directory of `.cache` of the project, created at the first use. The sources of
 * packages are those of pip's own configuration. Two first uses at the same time both install, and the result of the first to end is
 * kept: a directory that exists is complete.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { limits } from '../../src/limits.ts';

const CACHE = new URL('../../.cache/', import.meta.url).pathname;
const OLDEST = 'import sys; sys.exit("Python 3.10 or newer is needed" if sys.version_info < (3, 10) else 0)';

/** The path of the interpreter. Throws an error that names what is missing. */
export async function installPython(requirements: URL, directoryName: string): Promise<string> {
  const path = requirements.pathname;
  const hash = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  const directory = join(CACHE, directoryName, hash.slice(0, 16));
  const python = join(directory, 'bin/python');
  if (existsSync(directory)) return python;
  await mkdir(join(CACHE, directoryName), { recursive: true });
  const work = await mkdtemp(join(CACHE, directoryName, 'installing-'));
  const environment = join(work, 'environment');
  const run = promisify(execFile);
  const bound = { timeout: limits.engineFetchMs };
  try {
    await run('python3', ['-c', OLDEST], bound);
    await run('python3', ['-m', 'venv', environment], bound);
    // As a module: the programs of an environment name its path, which is about to change.
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', path];
    await run(join(environment, 'bin/python'), pip, bound);
    await rename(environment, directory).catch((error: NodeJS.ErrnoException) => {
      // Another first use was quicker.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    return python;
  } catch (error) {
    throw new Error(whatFailed(error), { cause: error });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function whatFailed(error: unknown): string {
  const { code, message, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
  if (code === 'ENOENT') return 'there is no `python3` on the path: install Python 3.10 or newer with venv';
  return /^ERROR: (.*)$/m.exec(stderr ?? '')?.[1] ?? message;
}
