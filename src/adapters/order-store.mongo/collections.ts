/**
 * The operations of a collection as this store makes them: they stop with the call that they are part of, and a write that the server
 * ended for the sake of others is made again at once. Where a write of many documents is one transaction, two that meet may end so;
 * of the one that did nothing was done.
 */
import type { Collection } from 'mongodb';
import type { Logger } from 'pino';
import { limits } from '../../limits.ts';
import { stopOfCall } from './calls.ts';
import { isConflict } from './errors.ts';
import { pauseBetweenRounds } from './rounds.ts';

/** The methods that this store uses, and which argument their options are. */
const OPTIONS_AT = {
  ...{ find: 1, findOne: 1, distinct: 2, aggregate: 1, countDocuments: 1 },
  ...{ insertOne: 1, insertMany: 1, bulkWrite: 1 },
  ...{ updateOne: 2, findOneAndUpdate: 2, deleteOne: 1, deleteMany: 1 },
} satisfies Partial<Record<keyof Collection, number>>;

/** `insertMany` comes to a `bulkWrite`. */
const MADE_AGAIN = new Set(['insertOne', 'bulkWrite', 'updateOne', 'findOneAndUpdate', 'deleteOne', 'deleteMany']);

type Method = (...args: unknown[]) => unknown;

export function collectionForCalls<Document extends object>(
  collection: Collection<Document>,
  logger?: Logger,
): Collection<Document> {
  const methods = collection as unknown as Record<string, Method>;
  const writing = (name: string, write: Method): Method => {
    return async (...args) => {
      for (let round = 1; ; round++) {
        try {
          return await write(...args);
        } catch (error) {
          if (!isConflict(error) || round === limits.mongoRounds) throw error;
          if (round === 1)
            logger?.warn(
              { err: error, collection: collection.collectionName, write: name },
              'the database ended a write for the sake of others: it is made again',
            );
          await pauseBetweenRounds(round);
        }
      }
    };
  };
  for (const [name, at] of Object.entries(OPTIONS_AT)) {
    const method = stopping(methods[name]!.bind(collection), at);
    methods[name] = MADE_AGAIN.has(name) ? writing(name, method) : method;
  }
  return collection;
}

/**
 * The driver's types know a signal for reads alone; what executes operations honours it for all.
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
