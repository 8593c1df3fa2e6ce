/** Processes that share the work on new orders, where the engine of the event stream keeps how far they are. */
import type { OrderEvent } from '../model/event.ts';

/** Where a consumer reads from when it starts for the first time. */
export type From = 'newest' | 'beginning';

/** Resolves when what comes of the events is durable. On an aborted signal it resolves soon, and they count as unread. */
export type EventHandler = (events: readonly OrderEvent[], signal: AbortSignal) => Promise<void>;

export interface EventGroup {
  /** The cursor behind which all is handled; null before the first start. */
  position(): Promise<string | null>;
  /** Keeps where the group reads from, unless it has begun: durable when it returns, so that a stop before the first event loses none. */
  begin(from: From): Promise<void>;
  /**
   * Reads `order.created` as a member of the group until the signal is aborted. The group's position MUST move behind handled events only.
   * After a crash, or when members come and go, events may be handled again. Throws retryable `event_stream_unavailable`; then it can be
   * called again.
   */
  consume(handle: EventHandler, signal: AbortSignal): Promise<void>;
}
