/**
 * The one thread that writes `oms.db`. Other threads send operations by name over a message port; those that arrive together
 * share one transaction and one fsync, each in a savepoint of its own when there are several, so that one that fails takes nothing
 * with it. An operation is answered only after the commit: what was answered is on disk. Nothing is written to a database that is known
 * to be damaged, nor to one that is no longer where it was opened.
 */
import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { isOmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { type Database, openForWriting } from './database.ts';
import { notOurs, toOmsError } from './errors.ts';
import { keepLogSmall, placeOf } from './health.ts';
import type { Damage, Reply, Request, WriterOptions } from './messages.ts';
import type { Performer } from './operations.ts';
import { MIGRATIONS } from './schema.ts';
import { fromSent, type SentError, toSent } from './sent-error.ts';

/**
 * The body of the thread: opens and migrates the database, and performs what other threads send. `createPerformer`: of the operations of
 * its clients.
 */
export function runWriterThread(createPerformer: (db: Database) => Performer, migrations = MIGRATIONS): void {
  if (isMainThread) return;
  const options = workerData as WriterOptions;
  try {
    run(openForWriting(options.path, migrations), options, createPerformer);
  } catch (error) {
    parentPort!.postMessage({ failed: toSent(notOurs(error, options.path)) });
    parentPort!.close();
  }
}

function run(db: Database, { path }: WriterOptions, createPerformer: (db: Database) => Performer): void {
  const operations = createPerformer(db);
  const checkPlace = placeOf(path);
  let damage: SentError | null = null;
  /** In the transaction that is under way. */
  let unusable: SentError | null = null;
  const ports = new Set<MessagePort>();
  const inbox: { port: MessagePort; request: Request }[] = [];
  let scheduled = false;

  const schedule = () => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  };

  const flush = () => {
    scheduled = false;
    const answers: { port: MessagePort; reply: Reply }[] = [];
    let group: typeof inbox = [];
    unusable = null;
    try {
      if (damage) throw fromSent(damage);
      checkPlace();
      db.exec('begin immediate');
      const started = performance.now();
      const alone = inbox.length === 1;
      while (inbox.length > 0 && (group.length === 0 || performance.now() - started < limits.sqliteGroupCommitMs)) {
        const next = inbox.shift()!;
        group.push(next);
        answers.push({ port: next.port, reply: perform(next.request, alone) });
      }
      db.exec('commit');
      if (group.every(({ request }) => request.operation === 'probe')) keepLogSmall(db);
    } catch (error) {
      if (db.isTransaction) db.exec('rollback');
      operations.forget();
      // Nothing of the group is on disk: none of it may be answered as done.
      if (group.length === 0) group = inbox.splice(0);
      answers.length = 0;
      const failure = failed(error);
      for (const { port, request } of group) answers.push({ port, reply: { id: request.id, error: failure } });
    }
    for (const { port, reply } of answers) port.postMessage(reply);
    const outcome: Reply = unusable ? { committed: false, failure: unusable } : { committed: true };
    for (const port of ports) port.postMessage(outcome);
    if (inbox.length > 0) schedule();
  };

  const perform = ({ id, operation, argument }: Request, alone: boolean): Reply => {
    try {
      return { id, result: operations.perform(operation, argument, { alone }) };
    } catch (error) {
      if (!db.isTransaction) throw error;
      return { id, error: failed(error) };
    }
  };

  const failed = (error: unknown): SentError => {
    const known = toOmsError(error, path);
    const sent = toSent(known);
    if (sent.retryable) unusable = sent;
    if (isOmsError(known, 'store_damaged')) damage = sent;
    return sent;
  };

  const connect = (port: MessagePort) => {
    ports.add(port);
    port.on('close', () => ports.delete(port));
    port.on('message', (request: Request | Damage) => {
      if ('damage' in request) {
        damage = request.damage;
        return;
      }
      inbox.push({ port, request });
      schedule();
    });
  };

  parentPort!.on('message', (message: { connect: MessagePort } | { close: true }) => {
    if ('connect' in message) return connect(message.connect);
    while (inbox.length > 0) flush();
    db.close();
    for (const port of ports) port.close();
    parentPort!.close();
  });
  parentPort!.postMessage({ ready: true });
}
