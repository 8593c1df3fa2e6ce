/**
 * The operations of a collection as this store uses them: they stop with their call, and a write that the server aborted in favour of a
 * concurrent one is repeated immediately. That happens where a write of many documents is one transaction; the aborted one had no effect.
 */
import type { Collection } from 'mongodb';
import type { Logger } from 'pino';
import { limits } from '../../limits.ts';
import { stopOfCall } from './calls.ts';
import { isConflict } from './errors.ts';
import { pauseBetweenRounds } from './rounds.ts';

/** The methods that this store uses, each with the position of its options. */
const OPTIONS_AT = {
  ...{ find: 1, findOne: 1, distinct: 2, aggregate: 1, countDocuments: 1 },
  ...{ insertOne: 1, insertMany: 1, bulkWrite: 1 },
  ...{ updateOne: 2, updateMany: 2, replaceOne: 2, findOneAndUpdate: 2, deleteOne: 1, deleteMany: 1 },
} satisfies Partial<Record<keyof Collection, number>>;

/** `insertMany` calls `bulkWrite`. */
const REPEATED = new Set([
  'insertOne',
  'bulkWrite',
  'updateOne',
  'updateMany',
  'replaceOne',
  'findOneAndUpdate',
  'deleteOne',
  'deleteMany',
]);

type Method = (...args: unknown[]) => unknown;

export function collectionForCalls<Document extends object>(
  collection: Collection<Document>,
  logger?: Logger,
): Collection<Document> {
  const methods = collection as unknown as Record<string, Method>;
  const repeating = (name: string, write: Method): Method => {
    return async (...args) => {
      for (let round = 1; ; round++) {
        try {
          return await write(...args);
        } catch (error) {
          if (!isConflict(error) || round === limits.mongoRounds) throw error;
          if (round === 1)
            logger?.warn(
              { err: error, collection: collection.collectionName, write: name },
              'the database aborted a write in favour of a concurrent one: it is repeated',
            );
          await pauseBetweenRounds(round);
        }
      }
    };
  };
  for (const [name, at] of Object.entries(OPTIONS_AT)) {
    const method = stopping(methods[name]!.bind(collection), at);
    methods[name] = REPEATED.has(name) ? repeating(name, method) : method;
  }
  return collection;
}

/**
 * The driver's types have a signal for reads only; its executor honours it for all operations.
 * Source: mongodb/lib/operations/execute_operation.js, mongodb/lib/cmap/connection.js.
 */
const stopping =
  (method: Method, at: number): Method =>
  (...args) => {
    const signal = stopOfCall();
    if (!signal) return method(...args);
    signal.throwIfAborted();
    const withSignal = [...args];
    withSignal[at] = { ...(args[at] as object | undefined), signal };
    return method(...withSignal);
  };
