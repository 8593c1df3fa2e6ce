/**
 * One call of the store: its bound, and what is told to stop when that has passed. From then on nothing comes of the call: each
 * operation of the driver that it begins fails at once, one that waits for a server or a connection is never sent, and of one under
 * way the connection is closed, so that nothing piles up behind an engine that hangs. What was sent by then the server may carry out,
 * as after any lost answer: one write per document, of what the call was about, that does nothing when it was done before.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

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

/** Of the call that is under way; undefined outside of one. */
export const stopOfCall = (): AbortSignal | undefined => givenUp.getStore();
