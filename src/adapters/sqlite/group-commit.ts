/**
 * Performs the calls of all threads on the database. Those that arrive together share one transaction and one fsync, each in a savepoint of
 * its own when there are several, so that one that fails undoes nothing of the others. Replies are sent after the commit: what was
 * reported as done is on disk. Nothing is written to a database that is known to be damaged, nor to one that is no longer where it was
 * opened.
 */
import type { MessagePort } from 'node:worker_threads';
import { isOmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Database } from './database.ts';
import { toOmsError } from './errors.ts';
import { keepLogSmall, placeOf } from './health.ts';
import type { Damage, Reply, Request } from './messages.ts';
import type { Performer } from './operations.ts';
import { fromSent, type SentError, toSent } from './sent-error.ts';

interface Call {
  port: MessagePort;
  request: Request;
}

interface Response {
  port: MessagePort;
  reply: Reply;
}

export class GroupCommit {
  readonly #db: Database;
  readonly #path: string;
  readonly #operations: Performer;
  readonly #checkPlace: () => void;
  readonly #ports = new Set<MessagePort>();
  readonly #inbox: Call[] = [];
  #scheduled = false;
  #damage: SentError | null = null;
  /** Why the current transaction could not use the database. */
  #unusable: SentError | null = null;

  constructor(db: Database, path: string, operations: Performer) {
    this.#db = db;
    this.#path = path;
    this.#operations = operations;
    this.#checkPlace = placeOf(path);
  }

  /** Takes calls from this port. */
  connect(port: MessagePort): void {
    this.#ports.add(port);
    port.on('close', () => this.#ports.delete(port));
    port.on('message', (request: Request | Damage) => {
      if ('damage' in request) {
        this.#damage = request.damage;
        return;
      }
      this.#inbox.push({ port, request });
      this.#schedule();
    });
  }

  /** Performs the calls that have arrived, and closes the ports. */
  close(): void {
    while (this.#inbox.length > 0) this.#flush();
    this.#db.close();
    for (const port of this.#ports) port.close();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    this.#unusable = null;
    for (const { port, reply } of this.#performGroup()) port.postMessage(reply);
    const outcome: Reply = this.#unusable ? { committed: false, failure: this.#unusable } : { committed: true };
    for (const port of this.#ports) port.postMessage(outcome);
    if (this.#inbox.length > 0) this.#schedule();
  }

  /** Performs calls in one transaction, for a bounded time. */
  #performGroup(): Response[] {
    const db = this.#db;
    const group: Call[] = [];
    try {
      if (this.#damage) throw fromSent(this.#damage);
      this.#checkPlace();
      db.exec('begin immediate');
      const responses = this.#performInto(group);
      db.exec('commit');
      if (group.every(({ request }) => request.operation === 'probe')) keepLogSmall(db);
      return responses;
    } catch (error) {
      if (db.isTransaction) db.exec('rollback');
      this.#operations.forget();
      // Nothing of the group is on disk, so all of its calls fail.
      const failed = group.length === 0 ? this.#inbox.splice(0) : group;
      const failure = this.#failureOf(error);
      return failed.map(({ port, request }) => ({ port, reply: { id: request.id, error: failure } }));
    }
  }

  /** Adds each call to the group before it is performed. */
  #performInto(group: Call[]): Response[] {
    const responses: Response[] = [];
    const inbox = this.#inbox;
    const started = performance.now();
    const alone = inbox.length === 1;
    while (inbox.length > 0 && (group.length === 0 || performance.now() - started < limits.sqliteGroupCommitMs)) {
      const next = inbox.shift()!;
      group.push(next);
      responses.push({ port: next.port, reply: this.#perform(next.request, alone) });
    }
    return responses;
  }

  #perform({ id, operation, argument }: Request, alone: boolean): Reply {
    try {
      return { id, result: this.#operations.perform(operation, argument, { alone }) };
    } catch (error) {
      if (!this.#db.isTransaction) throw error;
      return { id, error: this.#failureOf(error) };
    }
  }

  #failureOf(error: unknown): SentError {
    const known = toOmsError(error, this.#path);
    const sent = toSent(known);
    if (sent.retryable) this.#unusable = sent;
    if (isOmsError(known, 'store_damaged')) this.#damage = sent;
    return sent;
  }
}
