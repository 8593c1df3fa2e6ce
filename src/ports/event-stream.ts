/**
 * The events of orders, read from any cursor on. A cursor names what was read before it; it stays valid for as long as the events are
 * kept. Events of one order and type come in the order in which they were published; whether all readers see all events in one order
 * depends on the engine.
 */
import type { EventType, OrderEvent, PublishedEvent } from '../model/event.ts';
import type { EventGroup } from './event-group.ts';
import type { Inspected } from './inspection.ts';

/** Events that are published together. */
export interface OutboxBatch {
  /** Names the batch in the order store's outbox. */
  id: string;
  events: OrderEvents;
}

/** Events, those of one order by version. Each is built on access: thousands of them together would burden the garbage collector. */
export interface OrderEvents extends Iterable<OrderEvent> {
  readonly length: number;
  at(index: number): OrderEvent | undefined;
}

/** What was read together. `events` is empty where all that was read is of other types. */
export interface EventBatch {
  events: PublishedEvent[];
  /** The cursor after all that was read. */
  cursor: string;
}

/** Where `types` are not given, they are `order.created` alone. An engine may keep other types apart: then a call needs only their part. */
export interface EventStream extends Inspected {
  /** Cursor before the first event. */
  readonly beginning: string;
  /** Cursor after the newest event of these types published so far. With more types it may be before events of those. */
  end(types?: ReadonlySet<EventType>): Promise<string>;
  /** Throws `invalid_cursor` for a cursor that is not of this stream. */
  check(after: string, types?: ReadonlySet<EventType>): Promise<void>;
  /**
   * Events of these types after the cursor, oldest first, in batches, as they come, until the signal is aborted. An iteration whose
   * consumer pauses MUST NOT buffer events without bound. Throws what `check` throws, and retryable `event_stream_unavailable`.
   */
  subscribe(after: string, signal: AbortSignal, types?: ReadonlySet<EventType>): AsyncIterable<EventBatch>;
  /** How many events are after the cursor; where types are not kept apart those of all. Throws what `check` throws. */
  behind(after: string): Promise<number>;
  /** Null where readers keep their positions themselves. */
  readonly group: EventGroup | null;
  /**
   * Makes the events of the batch durable in the stream, those of one order in order. Publishing a batch again MUST be harmless:
   * its events have the same ids and bytes. Null where an order is published by its commit. Throws retryable
   * `event_stream_unavailable`.
   */
  readonly publish: ((batch: OutboxBatch) => Promise<void>) | null;
}
