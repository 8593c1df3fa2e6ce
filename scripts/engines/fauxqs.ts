/**
 * A server with the protocols of S3 and SQS for tests and for the stack on one machine, where there is no Docker: fauxqs, in
 * memory, in a process of its own; its data is gone when it ends. Run as a program this file is that process.
 * Source: https://github.com/kibertoad/fauxqs
 */
import type { ChildProcess } from 'node:child_process';
import { buildApp } from 'fauxqs';
import { startListening } from './listening.ts';

/** Resolves when it listens, on a free port unless one is given. Throws `engine_unavailable`. */
export function startFauxqs(
  options: { port?: number } = {},
): Promise<{ url: string; child: ChildProcess; stop(): Promise<void> }> {
  return startListening('fauxqs', [process.execPath, import.meta.filename, String(options.port ?? 0)], {
    pattern: /^listening on (\d+)$/,
  });
}

if (import.meta.main) {
  const port = Number(process.argv[2]);
  const url = await buildApp({ logger: false }).listen({ port, host: '127.0.0.1' });
  process.stdin.resume().on('end', () => process.exit());
  process.stdout.write(`listening on ${new URL(url).port}\n`);
}
