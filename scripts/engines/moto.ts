/**
 * A second server with the protocols of S3 and SQS, so that the adapters do not rely on the behaviour of one: moto, in memory.
 * Source: https://docs.getmoto.org/en/latest/docs/server_mode.html
 */
import type { ChildProcess } from 'node:child_process';
import { OmsError } from '../../src/errors.ts';
import { startListening } from './listening.ts';
import { installPython } from './python.ts';

const REQUIREMENTS = new URL('moto-requirements.txt', import.meta.url);

const MAIN = `
import os, sys, threading
def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=end_with_parent, daemon=True).start()
from moto.server import main
main(['-H', '127.0.0.1', '-p', sys.argv[1]])
`;

export const fetchMoto = (): Promise<string> => installPython(REQUIREMENTS, 'engines/moto');

/** Resolves when it listens, on a free port unless one is given. Throws `engine_unavailable`. */
export async function startMoto(
  options: { port?: number } = {},
): Promise<{ url: string; child: ChildProcess; stop(): Promise<void> }> {
  const python = await fetchMoto().catch((error) => {
    throw new OmsError('engine_unavailable', `moto cannot be installed: ${error.message}`, { cause: error });
  });
  return startListening('moto', [python, '-c', MAIN, String(options.port ?? 0)], {
    pattern: /Running on http:\/\/127\.0\.0\.1:(\d+)/,
  });
}
