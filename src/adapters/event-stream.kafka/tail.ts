/**
 * The newest events of a topic, read once for all subscribers and kept for a while, by partition. Each subscriber takes them at its own pace; one
 * that is so slow that its next events are dropped has to read from Kafka itself.
 */
import type { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Position } from './position.ts';
import { type Item, Reader, type ReaderSetup } from './reader.ts';
import { Wakeup } from './wakeup.ts';

/** The kept events of one partition: all from `start` on. */
interface Kept {
  start: number;
  items: Item[];
  bytes: number;
}

export class Tail {
  readonly #kept: Kept[];
  readonly #reader: Reader;
  readonly #changed = new Wakeup();
  /** Set once no more events will come. Without an error, positions have to be checked against the topic again. */
  ended: { error: OmsError | null } | null = null;

  constructor(setup: ReaderSetup, from: Position, { ended }: { ended: (tail: Tail) => void }) {
    this.#kept = from.map((start) => ({ start, items: [], bytes: 0 }));
    this.#reader = new Reader(setup, from, {
      take: (items) => this.#keep(items),
      ended: (error) => {
        this.ended = { error };
        this.#changed.wake();
        ended(this);
      },
    });
  }

  close(): Promise<void> {
    this.ended ??= { error: null };
    this.#changed.wake();
    return this.#reader.close();
  }

  /** Whether all events after the position are kept, or will be. */
  covers(position: Position): boolean {
    return this.#kept.every(({ start }, partition) => (position[partition] ?? 0) >= start);
  }

  /** What is kept after a covered position, some of each partition, so that no partition waits for another. */
  after(position: Position): Item[] {
    const share = Math.ceil(limits.eventBatch / this.#kept.length);
    return this.#kept.flatMap(({ items }, partition) => {
      const first = firstFrom(items, position[partition] ?? 0);
      return items.slice(first, first + share);
    });
  }

  /** Resolves when there may be more events, or `ended` is set. */
  async changed(signal: AbortSignal): Promise<void> {
    await this.#changed.wait(signal);
  }

  #keep(items: Item[]): void {
    for (const item of items) {
      // A partition that was added is read from its beginning.
      while (this.#kept.length <= item.partition) this.#kept.push({ start: 0, items: [], bytes: 0 });
      const kept = this.#kept[item.partition]!;
      kept.items.push(item);
      kept.bytes += sizeOf(item);
    }
    const kept = this.#kept[items[0]!.partition]!;
    const [maxItems, maxBytes] = [limits.kafkaKeptEvents, limits.kafkaKeptBytes].map((all) => all / this.#kept.length);
    let gone = 0;
    while (kept.items.length - gone > maxItems! || kept.bytes > maxBytes!) kept.bytes -= sizeOf(kept.items[gone++]!);
    if (gone > 0) kept.start = kept.items.splice(0, gone).at(-1)!.next;
    this.#changed.wake();
  }
}

/** In memory: at most two bytes a character, and the object. */
export const sizeOf = ({ orderId, json }: Item): number => 2 * (orderId.length + json.length) + 200;

/** The index of the first item at or after an offset. */
function firstFrom(items: readonly Item[], offset: number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (items[middle]!.offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
