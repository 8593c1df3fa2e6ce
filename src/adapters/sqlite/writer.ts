/**
 * The other threads' side of the writer thread: `call` resolves when the operation is on disk. A call whose answer cannot come
 * any more, because the writer ended, rejects with `store_unavailable`.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Operations } from './operations.ts';
import { fromSent, type SentError, toSent } from './sent-error.ts';
import type { Damage, Reply, Request, WriterOptions } from './writer-thread.ts';

export class Writer {
  #port: MessagePort;
  #nextId = 1;
  #closed = false;
  /** Why the last transaction, of any thread, found that the database cannot be used; null when it did not. */
  failure: Error | null = null;
  /** When the last transaction ended. */
  answeredMs = Date.now();
  #pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #waiters = new Set<() => void>();

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (reply: Reply) => this.#onReply(reply));
    port.on('close', () => this.#onClose());
    port.unref();
  }

  call<Name extends keyof Operations>(
    operation: Name,
    argument: Parameters<Operations[Name]>[0],
  ): Promise<ReturnType<Operations[Name]>> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(writerEnded());
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      if (this.#pending.size === 1) this.#port.ref();
      this.#port.postMessage({ id, operation, argument } satisfies Request);
    });
  }

  /** Resolves after the next commit by anyone, or when the signal is aborted. */
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

  /** What a reading connection has met: from then on nothing is written any more. */
  tellDamage(error: OmsError): void {
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
  /** A port for one thread: make a `Writer` of it there. */
  connect(): MessagePort;
  /** Finishes what was asked, closes the database. */
  close(): Promise<void>;
  /** Resolves with the error when the thread dies by itself. */
  died: Promise<Error>;
}

/** Starts the writer thread; resolves when the database is open and migrated. */
export async function startWriterThread(options: WriterOptions): Promise<WriterThread> {
  const worker = new Worker(new URL('./writer-thread.ts', import.meta.url), {
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
