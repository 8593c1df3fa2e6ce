/** Time and randomness of the pipeline, so that a test can control both. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** Resolves after `ms`, or immediately when the signal is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** From 0 to below 1. */
  random(): number;
}

/** Runs the work each `ms`, one run after the other, until it is stopped. The work must not throw. */
export function every(clock: Clock, ms: number, work: () => Promise<void>): { stop(): void } {
  const stopping = new AbortController();
  void (async () => {
    for (;;) {
      await clock.sleep(ms, stopping.signal);
      if (stopping.signal.aborted) return;
      await work();
    }
  })();
  return { stop: () => stopping.abort() };
}

export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done);
    }),
};
