/**
 * Reads new orders from an event stream whose readers keep their positions themselves: the finalizer's is in the order store. Some batches
 * are in work together; the position moves behind a batch once it and all before it are durable.
 */
import { limits } from '../../limits.ts';
import type { PublishedEvent } from '../../model/event.ts';
import type { EventHandler, From } from '../../ports/event-group.ts';
import type { EventStream } from '../../ports/event-stream.ts';
import type { Finalizing } from '../../ports/finalizing.ts';

export interface Reading {
  events: EventStream;
  finalizing: Finalizing;
}

/** Until the signal is aborted. Throws what the engines throw; then it goes on from the position when it is called again. */
export async function followNewOrders(
  { events, finalizing }: Reading,
  handle: EventHandler,
  stopping: AbortSignal,
): Promise<void> {
  const failing = new AbortController();
  const signal = AbortSignal.any([stopping, failing.signal]);
  const start = (await finalizing.position()) ?? events.beginning;
  let moved: Promise<void> = Promise.resolve();
  const inWork = new Set<Promise<void>>();
  const take = (batch: readonly PublishedEvent[], cursor: string) => {
    const handled = handle(batch, signal);
    moved = Promise.all([handled, moved]).then(async () => {
      if (!signal.aborted) await finalizing.move(cursor);
    });
    moved.catch((error) => failing.abort(error));
    const ended = Promise.allSettled([handled, moved]).then(() => void inWork.delete(ended));
    inWork.add(ended);
  };
  try {
    for await (const batch of events.subscribe(start, signal)) {
      take(batch.events, batch.cursor);
      while (inWork.size >= limits.finalizerBatches) await Promise.race(inWork);
    }
  } finally {
    // A batch that is still in work must not meet itself when it is read again.
    await Promise.all(inWork);
  }
  if (failing.signal.aborted) throw failing.signal.reason;
}

/**
 * Keeps where the finalizer reads from, when it has not begun yet: so an order that comes after this is decided on, and a stop before the
 * first order does not lose the place.
 */
export async function beginReading({ events, finalizing }: Reading, from: From): Promise<void> {
  if (events.group) return events.group.begin(from);
  if ((await finalizing.position()) !== null) return;
  await finalizing.move(from === 'newest' ? await events.end() : events.beginning);
}
