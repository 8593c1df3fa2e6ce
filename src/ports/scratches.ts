/** What dry runs know of themselves, each on disk and in bounded memory, while it is in work. */
import type { Position } from '../model/intake.ts';
import type { OrderContent } from '../model/order.ts';
import type { EarlierRows } from './dry-runs.ts';

/** An order that would have been stored. */
export interface TriedOrder {
  orderId: string;
  /** Of its first row. */
  row: number;
  content: OrderContent;
}

export interface Scratch extends EarlierRows {
  /** All accepted rows before this position of the file are in it; null for none. */
  readonly reached: Position | null;
  /** Adds the orders up to this position: all, or, where it throws, none. What they would have taken counts from then on. */
  add(orders: Iterable<TriedOrder>, upTo: Position): Promise<void>;
}

export interface Scratches {
  /** That of the file as it was kept, or a new one. */
  take(fileId: string): Scratch;
  /** Keeps it for when the file is taken up again, unless too many are kept: those that were kept first go first. */
  keep(fileId: string): void;
  /** Deletes it, unless it is kept. */
  drop(fileId: string): void;
  close(): void;
}
