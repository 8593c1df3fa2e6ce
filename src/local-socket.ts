/**
 * Where the socket of the owner is: in the data directory, which only the owner can read. Where a path is too long for a socket, or the
 * process has no data directory, in a directory of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limits } from './limits.ts';

export interface SocketPlace {
  path: string;
  remove(): void;
}

/** `directory`: the data directory, when this process holds its lock; so a socket that is left in it is of a process that died. */
export function localSocketPlace(directory: string | null): SocketPlace {
  const path = directory === null ? null : join(directory, 'oms.sock');
  if (path !== null && Buffer.byteLength(path) <= limits.maxSocketPathBytes) {
    rmSync(path, { force: true });
    return { path, remove: () => rmSync(path, { force: true }) };
  }
  // Only its owner can enter it.
  const own = mkdtempSync(join(tmpdir(), 'oms-'));
  return { path: join(own, 'oms.sock'), remove: () => rmSync(own, { recursive: true, force: true }) };
}
