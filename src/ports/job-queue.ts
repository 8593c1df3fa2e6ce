/**
 * The queue of files to ingest, with the semantics of SQS: a message is delivered at least once, hidden from others for a
 * visibility timeout after each delivery, delivered again unless it is deleted, and put aside as dead when it was delivered
 * too often. A receipt belongs to one delivery: after a newer delivery it no longer works.
 */
export interface Job {
  version: 1;
  fileId: string;
}

export interface Delivery {
  receipt: string;
  /** The text as it was sent, ours or not: the worker tells them apart. */
  body: string;
  /** How often this message was delivered, this time included. */
  deliveries: number;
}

/** Errors: `job_queue_unavailable`, `disk_full` (both retryable). */
export interface JobQueue {
  /** MUST resolve only when the message is durable. */
  send(job: Job, options?: { delayMs?: number }): Promise<void>;
  /** The next visible message, waiting up to `waitMs` for one; null when none came. MUST NOT hand a visible message to two callers. */
  receive(waitMs: number, signal?: AbortSignal): Promise<Delivery | null>;
  /** Hides the message for `ms` from now; 0 makes it visible at once. False when the receipt is no longer valid. */
  extend(receipt: string, ms: number): Promise<boolean>;
  /** Deletes the message. False when the receipt is no longer valid. */
  delete(receipt: string): Promise<boolean>;
  /** Puts the message aside. It is delivered again only after a redrive. */
  deadLetter(receipt: string, why: string): Promise<boolean>;
  /** Makes all dead messages visible again and returns their bodies. */
  redrive(): Promise<string[]>;
  /** Counts, exact or near: visible, in flight, dead. */
  depth(): Promise<{ visible: number; inFlight: number; dead: number }>;
  readonly visibilityMs: number;
  ping(): Promise<void>;
}
