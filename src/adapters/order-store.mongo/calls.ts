/**
 * The time limit of a call of the store. A call that exceeds it is abandoned: each operation of the driver that it begins fails
 * immediately, one that waits for a server or a connection is never sent, and the connection of one under way is closed, so that nothing
 * piles up behind a server that hangs. The server may still execute what was sent by then, as after any lost response: these are
 * single-document writes of the same call, each of which changes nothing when it was executed before.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

const abandoned = new AsyncLocalStorage<AbortSignal>();

/** Ends also where the driver itself waits forever: for a socket that was closed in the middle of a large write, for example. */
export async function inTime<Result>(ms: number, late: () => Error, call: () => Promise<Result>): Promise<Result> {
  const stop = new AbortController();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    stop.abort(late());
    reject(stop.signal.reason);
  }, ms);
  try {
    return await Promise.race([abandoned.run(stop.signal, call), stopped]);
  } finally {
    clearTimeout(timer);
  }
}

/** The signal that stops the current call; undefined outside of a call. */
export const stopOfCall = (): AbortSignal | undefined => abandoned.getStore();
