/**
 * Fair scheduling on the event loop. Reads from SQLite or from memory never wait for I/O, so a loop over them never leaves the queue of
 * microtasks, and nothing else is served: no request, no SIGTERM. Long work therefore waits for a turn before each slice of some
 * milliseconds. Turns are given first come, first served. A round of the loop gives one, and more while they take little time; between two
 * rounds sockets, timers and signals are served.
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

/** `roundMs`: for how long a round gives turns after the first. */
function lane(roundMs: number): () => Promise<void> {
  const waiting: (() => void)[] = [];
  let seen = 0;
  let passed = 0;
  let isRunning = false;
  let endsMs = 0;

  const beginRound = () => {
    if (arrivals !== seen && passed < limits.maxRoundsForArrivals) {
      seen = arrivals;
      passed++;
      setImmediate(beginRound);
      return;
    }
    passed = 0;
    endsMs = performance.now() + roundMs;
    giveTurn();
  };

  const giveTurn = () => {
    waiting.shift()!();
    // Node runs a tick when no microtask is left: behind all that was done in this turn.
    queueMicrotask(() => process.nextTick(goOn));
  };

  const goOn = () => {
    if (waiting.length === 0) isRunning = false;
    else if (performance.now() < endsMs) giveTurn();
    else setImmediate(beginRound);
  };

  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (isRunning) return;
      isRunning = true;
      setImmediate(beginRound);
    });
}

/** For a request to begin. Most take far less than a millisecond. */
export const requestTurn = lane(limits.requestTurnsMs);

/** For the next slice of long work: a lane of its own, so that requests do not wait behind all long work. */
export const sliceTurn = lane(0);
