/** The one thread that writes `oms.db`. Other threads send it operations by name over a message port: see `group-commit.ts`. */
import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type Database, openForWriting } from './database.ts';
import { toStartError } from './errors.ts';
import { GroupCommit } from './group-commit.ts';
import type { WriterOptions } from './messages.ts';
import type { Performer } from './operations.ts';
import { MIGRATIONS } from './schema.ts';
import { toSent } from './sent-error.ts';

/**
 * The body of the thread: opens and migrates the database, and performs the operations that other threads send. `createPerformer` creates
 * the operations of the clients.
 */
export function runWriterThread(createPerformer: (db: Database) => Performer, migrations = MIGRATIONS): void {
  if (isMainThread) return;
  const { path } = workerData as WriterOptions;
  const main = parentPort!;
  try {
    const db = openForWriting(path, migrations);
    const commits = new GroupCommit(db, path, createPerformer(db));
    main.on('message', (message: { connect: MessagePort } | { close: true }) => {
      if ('connect' in message) return commits.connect(message.connect);
      commits.close();
      main.close();
    });
    main.postMessage({ ready: true });
  } catch (error) {
    main.postMessage({ failed: toSent(toStartError(error, path)) });
    main.close();
  }
}
