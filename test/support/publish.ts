/** Publishes what is pending, where that is apart from the commit: what the publisher does, until the outbox is empty. */
import type { EventStream } from '../../src/ports/event-stream.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';

export async function publishPending({
  store: { outbox },
  events,
}: {
  store: Pick<OrderStore, 'outbox'>;
  events: EventStream;
}): Promise<void> {
  if (!events.publish) return;
  for (let batch = await outbox.pending(); batch; batch = await outbox.pending()) {
    await events.publish(batch);
    await outbox.markPublished(batch.id);
  }
}
