/**
 * Fair scheduling on the event loop. Reads from SQLite or from memory never wait for I/O, so a loop over them never leaves the queue of
 * microtasks, and nothing else is served: no request, no SIGTERM. Long work therefore waits for a turn before each slice of some
 * milliseconds. Each round of the loop gives one turn, first come, first served; between two rounds sockets, timers and signals are
 * served.
 *
 * A round accepts one connection, however many wait, so a round that accepted one gives no turn. Otherwise new connections, health
 * checks among them, would be accepted at the pace of the long work.
 * Source: libuv, src/unix/stream.c, `uv__server_io`.
 */
import { limits } from '../limits.ts';

let arrivals = 0;

/** A connection was accepted. */
export function arrived(): void {
  arrivals++;
}

function lane(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  let seen = 0;
  let passed = 0;
  const next = () => {
    if (arrivals !== seen && passed < limits.maxRoundsForArrivals) {
      seen = arrivals;
      passed++;
    } else {
      passed = 0;
      waiting.shift()!();
    }
    if (waiting.length > 0) setImmediate(next);
  };
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(next);
    });
}

/** For a request to begin. */
export const requestTurn = lane();

/** For the next slice of long work: a lane of its own, so that requests do not wait behind all long work. */
export const sliceTurn = lane();
