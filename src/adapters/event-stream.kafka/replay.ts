/** Reads from Kafka for one subscriber, whose position is older than what the tail keeps. */
import { limits } from '../../limits.ts';
import type { Position } from './position.ts';
import { type Item, Reader, type ReaderSetup } from './reader.ts';
import type { Semaphore } from './semaphore.ts';
import { type FeedBatch, type Subscriber, taken } from './subscriber.ts';
import { sizeOf, type Tail } from './tail.ts';
import { Wakeup } from './wakeup.ts';

export interface ReplaySetup extends ReaderSetup {
  places: Semaphore;
  /** A subscriber that takes nothing for this long gives its place to another. */
  idleMs: number;
  /** Ends a reader; the stream's own end waits for it. */
  close(reader: Reader): Promise<void>;
  /** Checks the position against what the topic has now, and moves it where events are gone. */
  relocate(position: Position, signal: AbortSignal): Promise<void>;
}

/** What was read and not yet taken. */
class ReadAhead {
  readonly changed = new Wakeup();
  ended: { error: Error | null } | null = null;
  #items: Item[] = [];
  #bytes = 0;

  add(items: Item[]): void {
    for (const item of items) this.#bytes += sizeOf(item);
    this.#items.push(...items);
    this.changed.wake();
  }

  isFull(): boolean {
    return this.#items.length > limits.kafkaReplayEvents || this.#bytes > limits.kafkaReplayBytes;
  }

  take(): Item[] {
    const items = this.#items.splice(0, limits.eventBatch);
    for (const item of items) this.#bytes -= sizeOf(item);
    return items;
  }

  end(error: Error | null): void {
    this.ended = { error };
    // The subscriber may take nothing for long, and its position is still before all this.
    this.#items = [];
    this.changed.wake();
  }
}

/** Until the tail covers the subscriber's position, or the position was relocated. */
export async function* replay(
  setup: ReplaySetup,
  subscriber: Subscriber,
  tail: Tail,
  signal: AbortSignal,
): AsyncGenerator<FeedBatch> {
  const { position } = subscriber;
  const release = await setup.places.acquire(signal);
  if (!release) return;
  const ahead = new ReadAhead();
  const end = (error: Error | null) => {
    ahead.end(error);
    stop();
  };
  const reader = new Reader(setup, position, {
    take: (items) => ahead.add(items),
    full: () => ahead.isFull(),
    ended: end,
  });
  const stop = () => void setup.close(reader).finally(release);
  signal.addEventListener('abort', stop, { once: true });
  try {
    while (!signal.aborted && !tail.ended && !tail.covers(position)) {
      const items = ahead.take();
      if (items.length > 0) {
        reader.resume();
        const idle = setTimeout(end, setup.idleMs, null);
        try {
          yield taken(items, subscriber);
        } finally {
          clearTimeout(idle);
        }
      } else if (ahead.ended) {
        if (ahead.ended.error) throw ahead.ended.error;
        await setup.relocate(position, signal);
        return;
      } else if (!(await ahead.changed.wait(signal, limits.kafkaReplayQuietMs))) {
        // There may be nothing to read up to the tail, where retention has removed all of it.
        await setup.relocate(position, signal);
      }
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}
