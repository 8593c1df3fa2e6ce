/**
 * The queue of files to ingest, with the semantics of SQS: a message is delivered at least once, hidden from others for a
 * visibility timeout after each delivery, delivered again unless it is deleted, and moved to the dead-letter queue when it was
 * delivered too often. A receipt belongs to one delivery: once there is a newer one, an operation with the older receipt may or may not
 * have an effect, and callers MUST be correct in both cases.
 */
import type { Inspected } from './inspection.ts';

export interface Job {
  version: 1;
  fileId: string;
}

export interface Delivery {
  receipt: string;
  /** The text as it was sent, by OMS or by another program: the worker distinguishes them. */
  body: string;
  /** How often this message was delivered, this time included. */
  deliveries: number;
}

/** Errors: `job_queue_unavailable`, `disk_full` (both retryable). */
export interface JobQueue extends Inspected {
  /** MUST resolve only when the message is durable. */
  send(job: Job): Promise<void>;
  /**
   * The next visible message, waiting up to `waitMs` for one; null when none came. Some queues sometimes give two callers the same
   * message: the claim of the file decides.
   */
  receive(waitMs: number, signal?: AbortSignal): Promise<Delivery | null>;
  /** Hides the message for `ms` from now, rounded up to what the queue counts in; 0 makes it visible immediately. */
  extend(receipt: string, ms: number): Promise<void>;
  /** Deletes the message. Deleting it again is no error. */
  delete(receipt: string): Promise<void>;
  /** Moves the message of this delivery to the dead-letter queue. It is delivered again only after a redrive. */
  deadLetter(delivery: Delivery, why: string): Promise<void>;
  /** Makes all dead messages visible again and returns their bodies. */
  redrive(): Promise<string[]>;
  /** Exact or approximate counts. */
  depth(): Promise<{ visible: number; inFlight: number; dead: number }>;
  /** How long a delivered message stays hidden; also the lease on its file. */
  readonly visibilityMs: number;
}
