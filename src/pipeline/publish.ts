/**
 * Publishes the events of committed orders: takes the oldest batch from the store's outbox, makes it durable in the event stream,
 * marks it as published, and only then takes the next. A crash between the last two publishes the batch again, with the same ids
 * and bytes (INV-3). One publisher at a time has the lease; while the stream is down the events wait in the outbox.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStream } from '../ports/event-stream.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { retryPauseMs } from '../ports/retry.ts';

export interface PublishPorts {
  store: Pick<OrderStore, 'outbox' | 'leases'>;
  events: EventStream;
  clock: Clock;
}

export function startPublisher({ store: { outbox, leases }, events, clock }: PublishPorts, logger: Logger) {
  const holder = randomUUID();
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = run();

  return {
    /** Ends after the batch that is under way and releases the lease. */
    async stop(): Promise<void> {
      stopping.abort();
      await running;
      await leases
        .release('publisher', holder)
        .catch((error) => logger.debug({ err: error }, 'the lease could not be released: it ends by itself'));
    },
  };

  async function run(): Promise<void> {
    let failures = 0;
    let leasedUntilMs = 0;
    while (!signal.aborted) {
      try {
        if (clock.now() > leasedUntilMs - (2 * limits.publishLeaseMs) / 3) {
          const from = clock.now();
          leasedUntilMs = (await leases.take('publisher', holder, limits.publishLeaseMs))
            ? from + limits.publishLeaseMs
            : 0;
        }
        const published = leasedUntilMs > 0 && (await publishNext());
        if (failures > 0) logger.info('events are published again');
        failures = 0;
        if (!published) await clock.sleep(leasedUntilMs > 0 ? limits.publishPollMs : limits.publishLeaseMs / 3, signal);
      } catch (error) {
        if (failures === 0) logger.warn({ err: error }, 'events cannot be published now: they wait in the outbox');
        await clock.sleep(retryPauseMs(clock, limits.outageBackoff, failures++), signal);
      }
    }
  }

  async function publishNext(): Promise<boolean> {
    const batch = await outbox.pending();
    if (!batch) return false;
    await events.publish!(batch);
    await outbox.markPublished(batch.id);
    return true;
  }
}
