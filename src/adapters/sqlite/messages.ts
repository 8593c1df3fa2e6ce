/** What the thread that writes and the others send each other. */
import type { SentError } from './sent-error.ts';

export interface WriterOptions {
  path: string;
}

export interface Request {
  id: number;
  operation: string;
  argument: unknown;
}

/** Damage that a reading thread has found. */
export interface Damage {
  damage: SentError;
}

export type Reply =
  | { id: number; result: unknown }
  | { id: number; error: SentError }
  | { committed: true }
  | { committed: false; failure: SentError };
