/**
 * Turns on the event loop. What is read from SQLite, or from memory, is there at once, so a loop over it never leaves the queue of
 * microtasks, and nothing else is served: not one request, not SIGTERM. Whoever works through much waits for a turn before each
 * slice of some milliseconds. Of all that wait one goes on in each round of the loop, first come, first served; between two
 * rounds sockets, timers and signals are served.
 *
 * A round accepts one connection, however many have come, so a round with new ones gives no turn: they would be accepted, those that
 * ask for health among them, at the pace of all that is long.
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

/** For the next slice of what is long: a lane of its own, so that requests do not wait for all that is long. */
export const sliceTurn = lane();
