/**
 * The erasure of people from orders (see the model), in two bounded steps: which orders there are, and their erasure. What the caller has
 * to do about the files that they came from it does in between, so that a process may die at any point.
 */
import type { ErasureOf } from '../model/erasure.ts';

export interface FoundOrder {
  orderId: string;
  /** The file that it came from, and those that it came from before it was undone and taken again. */
  fileIds: string[];
}

export interface FoundOrders {
  /** None that is not to be erased; some may be by somebody else meanwhile. */
  found: FoundOrder[];
  /** Up to where orders were looked at. */
  position: string | null;
  /** There was nothing behind the position. */
  end: boolean;
}

export interface Erasure {
  /**
   * Looks at a bounded number of orders and changes behind a position that an earlier call has returned; null: from the first one on. Whoever
   * goes on to the end MUST have met each order that was to be erased when it began. The position stays good behind the end: with
   * `unchangedSinceMs`, which only grows, going on from it later MUST meet each order that has come to be erased since. Erasing what was
   * found moves no position.
   */
  find(of: ErasureOf, position: string | null): Promise<FoundOrders>;
  /**
   * Erases those of these orders that are to be erased still (`withoutPerson`), and returns how many; at most `limits.erasedAtOnce`. Each
   * MUST be erased as a whole, with all copies of the person that the store has of it: its history, its events, the outcomes of requests
   * under an Idempotency-Key, and what was noted about decisions. Its version, its changes, the numbers of its events and the sums MUST stay.
   * Doing it again changes nothing.
   */
  erase(of: ErasureOf, orderIds: readonly string[]): Promise<number>;
}
