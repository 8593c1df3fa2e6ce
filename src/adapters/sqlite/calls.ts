/** How other threads call the operations of the writer thread. The clients of the database define the operations. */

export interface Calls<Operations> {
  /** Resolves when the operation is on disk. */
  call<Name extends keyof Operations>(
    operation: Name,
    argument: ArgumentOf<Operations[Name]>,
  ): Promise<ResultOf<Operations[Name]>>;
}

export interface Commits {
  /** Resolves after the next commit by any thread, or when the signal is aborted. */
  nextCommit(signal: AbortSignal): Promise<void>;
}

/** The operation that every writer has: see `health.ts`. */
export interface Probing {
  probe(_: null): void;
}

type ArgumentOf<Operation> = Operation extends (argument: infer Argument) => unknown ? Argument : never;
type ResultOf<Operation> = Operation extends (argument: never) => infer Result ? Result : never;
