/**
 * One call of the store: its bound, and what is told to stop when that has passed. From then on nothing comes of the call: each
 * operation of the driver that it begins fails at once, one that waits for a server or a connection is never sent, and of one under
 * way the connection is closed, so that nothing piles up behind an engine that hangs. What was sent by then the server may carry out,
 * as after any lost answer: one write per document, of what the call was about, that does nothing when it was done before.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Collection } from 'mongodb';

const givenUp = new AsyncLocalStorage<AbortSignal>();

/** The driver may wait for ever, for example for a socket that was closed in the middle of a large write. */
export async function inTime<Result>(ms: number, late: () => Error, call: () => Promise<Result>): Promise<Result> {
  const stop = new AbortController();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    stop.abort(late());
    reject(stop.signal.reason);
  }, ms);
  try {
    return await Promise.race([givenUp.run(stop.signal, call), stopped]);
  } finally {
    clearTimeout(timer);
  }
}

/** The methods that this store uses, and which argument their options are. */
const OPTIONS_AT = {
  ...{ find: 1, findOne: 1, distinct: 2, aggregate: 1, countDocuments: 1 },
  ...{ insertOne: 1, insertMany: 1, bulkWrite: 1 },
  ...{ updateOne: 2, updateMany: 2, findOneAndUpdate: 2, deleteOne: 1, deleteMany: 1 },
} satisfies Partial<Record<keyof Collection, number>>;

type Method = (...args: unknown[]) => unknown;

/**
 * The same collection, whose operations stop with the call that they are part of. The driver's types know a signal for reads alone;
 * what executes operations honours it for all: `operations/execute_operation.js`, `cmap/connection.js`.
 */
export function stoppable<Document extends object>(collection: Collection<Document>): Collection<Document> {
  const methods = collection as unknown as Record<string, Method>;
  for (const [name, at] of Object.entries(OPTIONS_AT)) {
    const method = methods[name]!.bind(collection);
    methods[name] = (...args) => {
      const signal = givenUp.getStore();
      if (!signal) return method(...args);
      signal.throwIfAborted();
      args[at] = { ...(args[at] as object | undefined), signal };
      return method(...args);
    };
  }
  return collection;
}
