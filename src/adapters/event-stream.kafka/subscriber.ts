/** One subscriber of a topic: where it is, and which events it gets. */
import type { EventType, PublishedEvent } from '../../model/event.ts';
import { type Position, toPart } from './position.ts';
import type { Item } from './reader.ts';

export interface Subscriber {
  readonly position: Position;
  readonly types: ReadonlySet<EventType>;
}

/** Events of one topic; their cursors, and `part` after all that was read, are the topic's parts of the stream's cursors. */
export interface FeedBatch {
  events: PublishedEvent[];
  part: string;
}

/** Moves the subscriber behind the items, and returns its events among them. */
export function taken(items: readonly Item[], { position, types }: Subscriber): FeedBatch {
  const events: PublishedEvent[] = [];
  for (const { partition, next, type, orderId, json } of items) {
    position[partition] = next;
    if (type !== null && types.has(type)) events.push({ type, cursor: toPart(position), orderId, json });
  }
  return { events, part: toPart(position) };
}
