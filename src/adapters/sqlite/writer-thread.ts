/**
 * The one thread that writes `oms.db`. Other threads send operations by name over a message port; those that arrive together
 * share one transaction and one fsync, each in a savepoint of its own when there are several, so that one that fails takes nothing
 * with it. An operation is answered only after the commit: what was answered is on disk.
 */
import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { openForWriting, toOmsError } from './database.ts';
import { createOperations } from './operations.ts';

export interface WriterOptions {
  path: string;
}

export interface Request {
  id: number;
  operation: string;
  argument: unknown;
}

export type Reply = { id: number; result: unknown } | { id: number; error: SentError } | { committed: true };

/** An error in a form that survives the way between threads. */
export interface SentError {
  code: string;
  message: string;
  retryable: boolean;
  details: Record<string, unknown>;
}

function run({ path }: WriterOptions): void {
  const db = openForWriting(path);
  const operations = createOperations(db, Date.now);
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
    try {
      db.exec('begin immediate');
      const started = performance.now();
      const alone = inbox.length === 1;
      while (inbox.length > 0 && (group.length === 0 || performance.now() - started < limits.sqliteGroupCommitMs)) {
        const next = inbox.shift()!;
        group.push(next);
        answers.push({ port: next.port, reply: perform(next.request, alone) });
      }
      db.exec('commit');
    } catch (error) {
      if (db.isTransaction) db.exec('rollback');
      operations.forget();
      // Nothing of the group is on disk: none of it may be answered as done.
      if (group.length === 0) group = inbox.splice(0);
      answers.length = 0;
      for (const { port, request } of group) answers.push({ port, reply: { id: request.id, error: toSent(error) } });
    }
    for (const { port, reply } of answers) port.postMessage(reply);
    for (const port of ports) port.postMessage({ committed: true } satisfies Reply);
    if (inbox.length > 0) schedule();
  };

  const perform = ({ id, operation, argument }: Request, alone: boolean): Reply => {
    try {
      return { id, result: operations.perform(operation, argument, { alone }) };
    } catch (error) {
      if (!db.isTransaction) throw error;
      return { id, error: toSent(error) };
    }
  };

  const connect = (port: MessagePort) => {
    ports.add(port);
    port.on('close', () => ports.delete(port));
    port.on('message', (request: Request) => {
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

function toSent(error: unknown): SentError {
  const known = toOmsError(error);
  if (known instanceof OmsError)
    return { code: known.code, message: known.message, retryable: known.retryable, details: { ...known.details } };
  return {
    code: 'internal',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    retryable: false,
    details: {},
  };
}

if (!isMainThread) {
  try {
    run(workerData as WriterOptions);
  } catch (error) {
    parentPort!.postMessage({ failed: toSent(error) });
    parentPort!.close();
  }
}
