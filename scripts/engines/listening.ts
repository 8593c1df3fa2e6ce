/** Starts an engine as a process and waits until it says where it listens. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { OmsError } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';

/**
 * Resolves with the port in the first line, of either output, that the pattern finds. The engine's standard input is held open:
 * it MUST end when that does, and so ends with this process. Throws `engine_unavailable`.
 */
export async function startListening(
  name: string,
  [command, ...parameters]: [string, ...string[]],
  { pattern }: { pattern: RegExp },
): Promise<{ url: string; child: ChildProcess; stop(): Promise<void> }> {
  const failure = (why: string) => new OmsError('engine_unavailable', `${name} cannot be started: ${why}`);
  const child = spawn(command, parameters, { stdio: 'pipe' });
  const listening = Promise.withResolvers<string>();
  let lastWords = '';
  for (const output of [child.stdout, child.stderr])
    createInterface({ input: output }).on('line', (line) => {
      lastWords = `${lastWords}\n${line}`.slice(-limits.engineLastWordsChars);
      const port = pattern.exec(line)?.[1];
      if (port) listening.resolve(port);
    });
  const exited = once(child, 'exit');
  exited.then(
    ([code, signal]) =>
      listening.reject(failure(`it ended with ${code ?? signal} before it listened: ${lastWords.trim()}`)),
    (error: Error) => listening.reject(failure(error.message)),
  );
  const timer = setTimeout(
    () => listening.reject(failure(`it did not listen within ${limits.engineStartMs} ms`)),
    limits.engineStartMs,
  );
  try {
    const port = await listening.promise;
    return {
      url: `http://127.0.0.1:${port}`,
      child,
      async stop() {
        if (child.kill('SIGKILL')) await exited;
      },
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
