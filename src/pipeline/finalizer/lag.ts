/** How far the finalizer is behind, and what it keeps: for people who watch it. */
import { limits } from '../../limits.ts';
import type { EventStream } from '../../ports/event-stream.ts';
import type { KeptCounts } from '../../ports/finalizing.ts';
import type { OrderStore } from '../../ports/order-store.ts';

export interface FinalizerLag extends KeptCounts {
  /** Events that it has not read; null when the event stream does not say so in time, and before the first start. */
  eventsBehind: number | null;
}

export async function finalizerLag({
  store,
  events,
}: {
  store: Pick<OrderStore, 'finalizing'>;
  events: EventStream;
}): Promise<FinalizerLag> {
  const [counts, eventsBehind] = await Promise.all([
    store.finalizing.counts(),
    inTime(eventsBehindOf(store.finalizing, events)),
  ]);
  return { ...counts, eventsBehind };
}

async function eventsBehindOf(finalizing: OrderStore['finalizing'], events: EventStream): Promise<number | null> {
  const position = await (events.group ?? finalizing).position();
  return position === null ? null : events.behind(position);
}

/** Null when it fails or takes too long: what is shown beside it must not wait for another engine. */
async function inTime<Result>(work: Promise<Result>): Promise<Result | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(late.resolve, limits.finalizerLagMs, null);
  try {
    return await Promise.race([work.catch(() => null), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
