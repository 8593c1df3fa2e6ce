/** The messages between the writer thread and the others. */
import type { SentError } from './sent-error.ts';

export interface WriterOptions {
  path: string;
}

export interface Request {
  id: number;
  operation: string;
  argument: unknown;
}

/** Reports damage that a reading thread has found. */
export interface Damage {
  damage: SentError;
}

export type Reply =
  | { id: number; result: unknown }
  | { id: number; error: SentError }
  | { committed: true }
  | { committed: false; failure: SentError };
