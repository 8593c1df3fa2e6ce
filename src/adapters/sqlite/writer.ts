/**
 * The client of the writer thread: `call` resolves when the operation is on disk. When the writer ends, calls without a reply reject with
 * `store_unavailable`.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Calls, Commits } from './calls.ts';
import type { WriterState } from './health.ts';
import type { Damage, Reply, Request, WriterOptions } from './messages.ts';
import { fromSent, type SentError, toSent } from './sent-error.ts';

export class Writer<Operations> implements Calls<Operations>, Commits, WriterState {
  #port: MessagePort;
  #nextId = 1;
  #closed = false;
  failure: Error | null = null;
  answeredMs = Date.now();
  #pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #waiters = new Set<() => void>();

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (reply: Reply) => this.#onReply(reply));
    port.on('close', () => this.#onClose());
    port.unref();
  }

  call: Calls<Operations>['call'] = (operation, argument) =>
    new Promise((resolve, reject) => {
      if (this.#closed) return reject(writerEnded());
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      if (this.#pending.size === 1) this.#port.ref();
      this.#port.postMessage({ id, operation: operation as string, argument } satisfies Request);
    });

  nextCommit(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || this.#closed) return resolve();
      const done = () => {
        this.#waiters.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiters.add(done);
      signal.addEventListener('abort', done);
    });
  }

  /** Reports damage that a reading connection has found. From then on nothing is written. */
  reportDamage(error: OmsError): void {
    this.#port.postMessage({ damage: toSent(error) } satisfies Damage);
  }

  close(): void {
    this.#port.close();
  }

  #onReply(reply: Reply): void {
    if ('committed' in reply) {
      this.failure = reply.committed ? null : fromSent(reply.failure);
      this.answeredMs = Date.now();
      for (const done of [...this.#waiters]) done();
      return;
    }
    const call = this.#pending.get(reply.id);
    if (!call) return;
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) this.#port.unref();
    if ('error' in reply) call.reject(fromSent(reply.error));
    else call.resolve(reply.result as never);
  }

  #onClose(): void {
    this.#closed = true;
    for (const call of this.#pending.values()) call.reject(writerEnded());
    this.#pending.clear();
    for (const done of [...this.#waiters]) done();
  }
}

const writerEnded = () =>
  new OmsError('store_unavailable', 'the writer thread has ended: the service is stopping', { retryable: true });

export interface WriterThread {
  /** A port for one thread, which constructs a `Writer` on it. */
  connect(): MessagePort;
  /** Performs the calls that have arrived, then closes the database. */
  close(): Promise<void>;
  /** Resolves with the error when the thread dies without `close`. */
  died: Promise<Error>;
}

/**
 * Starts the writer thread; resolves when the database is open and migrated. `entry`: a module that calls `runWriterThread` with the
 * operations of its clients.
 */
export async function startWriterThread(entry: URL, options: WriterOptions): Promise<WriterThread> {
  const worker = new Worker(entry, {
    workerData: options,
    name: 'writer',
    resourceLimits: limits.writerHeap,
  });
  let closing = false;
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const died = new Promise<Error>((resolve) => {
    worker.once('error', (error) => resolve(error as Error));
    worker.once('exit', (code) => {
      if (!closing) resolve(new Error(`the writer thread ended with code ${code}`));
    });
  });
  await new Promise<void>((resolve, reject) => {
    worker.once('message', (message: { ready: true } | { failed: SentError }) =>
      'failed' in message ? reject(fromSent(message.failed)) : resolve(),
    );
    died.then(reject);
  });
  return {
    died,
    connect() {
      const { port1, port2 } = new MessageChannel();
      worker.postMessage({ connect: port1 }, [port1]);
      return port2;
    },
    async close() {
      closing = true;
      worker.postMessage({ close: true });
      await exited;
    },
  };
}
