/** Lets any number of readers sleep until something has happened; readers that leave are forgotten. */
export class Wakeup {
  readonly #sleeping = new Set<() => void>();

  wake(): void {
    for (const wake of [...this.#sleeping]) wake();
  }

  /** Resolves at `wake`, at an abort, or after `ms`; false only for the last. */
  wait(signal: AbortSignal, ms?: number): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (woken: boolean) => {
        clearTimeout(timer);
        this.#sleeping.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve(woken);
      };
      const wake = () => end(true);
      const timer = ms === undefined ? undefined : setTimeout(() => end(false), ms);
      this.#sleeping.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}
