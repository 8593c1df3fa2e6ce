/** The events that are still to be published, for streams that do not read the store itself. */
import type { OutboxBatch } from './event-stream.ts';

export interface Outbox {
  /** The oldest batch that is not marked as published; null when there is none. */
  pending(): Promise<OutboxBatch | null>;
  markPublished(batchId: string): Promise<void>;
}
