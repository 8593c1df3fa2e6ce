/** What an engine says of itself: for `oms doctor`, `/readyz` and the start. */
export interface Inspection {
  /** The engine's name and, where it tells, its version: `MongoDB 8.0.4`. */
  engine: string;
  /** Where it is, without credentials. */
  address: string;
  /** The same as a path of this machine: for the terminal, never for an answer over HTTP. */
  path?: string | null;
  /** What the service needs and does not find there. */
  missing: Missing[];
}

export interface Missing {
  /** `the bucket "orders" does not exist`. */
  what: string;
  /** What to do about it: a command, where there is one. */
  cure: string;
  /** The service cannot work without it; else it works, with a loss that `what` tells. */
  required: boolean;
}

export interface Inspected {
  /**
   * Asks the engine. Rejects with a retryable OmsError when it does not answer, and with one that is not retryable when it
   * refuses us; the message says what to do.
   */
  inspect(): Promise<Inspection>;
}

/**
 * An address as it may be shown, also where a password has signs that it should not have as they are. The parameters of a MongoDB
 * URL may be secrets, too.
 */
export const withoutCredentials = (address: string): string =>
  address.replace(/\/\/[^?]*@/, '//').replace(/^(mongodb[^?]*)\?.*/s, '$1');
