/**
 * Read models: what people look at, made from the orders by following the journal, and therefore a moment behind. They hold nothing that
 * cannot be made again. One projector folds; any process reads.
 */
import type { Page, PageRequest } from './page.ts';

/** Of the orders of a subject: all but deleted ones. Those that were cancelled, as the workflow has it, count apart. */
export interface Sums {
  orders: number;
  /** Units and amount of the orders that were not cancelled. */
  units: number;
  amountMinor: bigint;
  cancelled: number;
  cancelledUnits: number;
}

export interface SubjectSums extends Sums {
  byStatus: Record<string, number>;
  /** Days since 1970-01-01 of the first and the last order date. */
  firstDay: number;
  lastDay: number;
}

export interface Subject extends SubjectSums {
  key: string;
  /** As the last order has it. */
  name: string | null;
  priceMinor: number | null;
}

export type SubjectKind = 'customer' | 'product';

export const REPORTS = ['day', 'month', 'customer', 'product', 'hub', 'status'] as const;
export type ReportBy = (typeof REPORTS)[number];

export interface ReportRow extends Sums {
  /** Such as `2026-11-20`, `2026-11`, an e-mail, a SKU, a hub, a status. */
  key: string;
  name: string | null;
}

/** Days since 1970-01-01, both included; null: without a bound. */
export interface Days {
  from: number | null;
  to: number | null;
}

export interface ReadModels {
  /** Up to where they follow the journal; null: nothing was folded yet. */
  position(): Promise<string | null>;
  /** Whether the file has nothing left of orders that were deleted or erased up to the position. */
  isPurged(): Promise<boolean>;
  /** By key; `startingWith`: of keys. A page may come short, as those without orders are passed over. */
  list(kind: SubjectKind, startingWith: string, page: PageRequest): Promise<Page<Subject>>;
  get(kind: SubjectKind, key: string): Promise<Subject | null>;
  /** The names that orders have for it, at most `limits.maxNamesOfSubject`. */
  names(kind: SubjectKind, key: string): Promise<string[]>;
  /** The ids of the newest orders of a customer. */
  newestOrders(email: string, limit: number): Promise<string[]>;
  /** The ids of orders in whose words each of these begins one, whatever the case and accents; the newest first. */
  findOrders(words: string, limit: number): Promise<string[]>;
  /** By key. A page may come short. */
  report(by: ReportBy, days: Days, page: PageRequest): Promise<Page<ReportRow>>;
  close(): void;
}
