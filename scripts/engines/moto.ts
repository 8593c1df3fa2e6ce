/**
 * A second server with the protocols of S3 and SQS, so that nothing is fitted to the ways of one: moto, in memory. It is
 * installed at its first use, into `.cache/engines` of the project; where from is pip's own configuration. Two first uses at
 * once both install, and the one that ends first is kept: a directory that is there is whole.
 * Source: https://docs.getmoto.org/en/latest/docs/server_mode.html
 */
import { type ChildProcess, execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OmsError } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';
import { startListening } from './listening.ts';

const CACHE = new URL('../../.cache/engines/moto/', import.meta.url).pathname;
const REQUIREMENTS = new URL('moto-requirements.txt', import.meta.url).pathname;

const MAIN = `
import os, sys, threading
def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=end_with_parent, daemon=True).start()
from moto.server import main
main(['-H', '127.0.0.1', '-p', sys.argv[1]])
`;

/** Resolves when it listens, on a free port unless one is given. Throws `engine_unavailable`. */
export async function startMoto(
  options: { port?: number } = {},
): Promise<{ url: string; child: ChildProcess; stop(): Promise<void> }> {
  const python = join(await install(), 'bin/python');
  return startListening('moto', [python, '-c', MAIN, String(options.port ?? 0)], {
    pattern: /Running on http:\/\/127\.0\.0\.1:(\d+)/,
  });
}

/** The directory of a virtual environment that has it. */
async function install(): Promise<string> {
  const requirements = await readFile(REQUIREMENTS);
  const directory = join(CACHE, createHash('sha256').update(requirements).digest('hex').slice(0, 16));
  if (existsSync(directory)) return directory;
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(join(CACHE, 'installing-'));
  const environment = join(work, 'environment');
  const run = promisify(execFile);
  try {
    await run('python3', ['-m', 'venv', environment], { timeout: limits.engineFetchMs });
    // As a module: the programs of an environment name its path, which is about to change.
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS];
    await run(join(environment, 'bin/python'), pip, { timeout: limits.engineFetchMs });
    await rename(environment, directory).catch((error: NodeJS.ErrnoException) => {
      // Another first use was quicker.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    return directory;
  } catch (error) {
    throw new OmsError('engine_unavailable', `moto cannot be installed: ${whatFailed(error)}`, { cause: error });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function whatFailed(error: unknown): string {
  const { code, message, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
  if (code === 'ENOENT') return 'there is no `python3` on the path: install Python 3.10 or newer with venv';
  return /^ERROR: (.*)$/m.exec(stderr ?? '')?.[1] ?? message;
}
