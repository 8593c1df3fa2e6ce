/**
 * What the finalizer keeps in the order store: how far it has read the new orders, and the orders that are asked about again. All of it may
 * be written twice, or late by a process that was taken for dead: whether an order is still undecided is read from its history.
 */
import type { Page, PageRequest } from './page.ts';

/** An order that the decision service is asked about again. */
export interface KeptOrder {
  orderId: string;
  /** How often the service was asked. */
  asks: number;
  /** Asks in a row that failed. */
  failures: number;
  /** From when on it is asked again; null for an order that was put aside. */
  dueMs: number | null;
  /** What the service said: why it holds the order, or what made no sense. */
  answer: string;
}

export interface KeptCounts {
  held: number;
  aside: number;
}

export interface Finalizing {
  /** The cursor of the event stream behind which all new orders are decided or kept; null before the first start. */
  position(): Promise<string | null>;
  move(cursor: string): Promise<void>;
  /** Durable when it returns. An order that is kept already gets these values. */
  keep(order: KeptOrder): Promise<void>;
  forget(orderId: string): Promise<void>;
  /** Those of these orders that are kept. */
  kept(orderIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Held orders whose time has come, the oldest first, at most `limit`. */
  due(nowMs: number, limit: number): Promise<KeptOrder[]>;
  counts(): Promise<KeptCounts>;
  /** By order id. */
  list(state: keyof KeptCounts, page: PageRequest): Promise<Page<KeptOrder>>;
  /** Makes all orders due that were put aside, and returns how many. */
  askAgain(nowMs: number): Promise<number>;
}
