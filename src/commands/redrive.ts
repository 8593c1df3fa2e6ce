/** `oms redrive`: brings back the files that were given up: dead messages are delivered again, failed files go on. */
import { startEngine } from '../app.ts';
import { readConfig } from '../config.ts';
import { isOmsError, OmsError } from '../errors.ts';
import { createLogger } from '../log.ts';

export async function run(): Promise<number> {
  const config = readConfig();
  const engine = await startEngine(config, 'oms redrive', createLogger(config.logLevel, 'redrive')).catch((error) => {
    if (isOmsError(error, 'data_directory_held'))
      throw new OmsError(
        'server_running',
        `${error.message}; a running server brings a file back by POST /files/{file_id}/retry`,
      );
    throw error;
  });
  try {
    const { queue, store } = engine.ports;
    let files = 0;
    for (const body of await queue.redrive()) {
      const fileId = readFileId(body);
      if (fileId === null) continue;
      // A file that is not failed any more needs no change: its message finds that out.
      const requeued = await store.files.requeue(fileId).catch((error) => {
        if (isOmsError(error)) return null;
        throw error;
      });
      if (requeued) files++;
    }
    process.stdout.write(`${files} files queued again\n`);
    return 0;
  } finally {
    await engine.stop();
  }
}

function readFileId(body: string): string | null {
  try {
    const { fileId } = JSON.parse(body) as { fileId?: unknown };
    return typeof fileId === 'string' ? fileId : null;
  } catch {
    return null;
  }
}
