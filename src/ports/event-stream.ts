/**
 * `order.created` events in the order in which they were published, read from any cursor on. A cursor names the event that
 * was read last; it stays valid for as long as the events are kept.
 */
import type { PublishedEvent } from '../model/event.ts';

export interface EventStream {
  /** Cursor before the first event. */
  readonly beginning: string;
  /** Cursor after the newest event published so far. */
  end(): Promise<string>;
  /** Up to `limit` events after the cursor, oldest first. Throws `invalid_cursor` for one that is not of this stream. */
  read(after: string, limit: number): Promise<PublishedEvent[]>;
  /** Resolves when there may be events after the cursor, or the signal is aborted. */
  wait(after: string, signal: AbortSignal): Promise<void>;
  ping(): Promise<void>;
}
