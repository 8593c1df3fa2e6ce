/**
 * The audit log: who did what to what, and how it ended. Entries are only added. Each process chains its own by hash, so that a missing or
 * changed one is found without any process waiting for another. What an entry is, and its hash, is in `src/model/audit-entry.ts`.
 */
import type { AuditEntry } from '../model/audit-entry.ts';
import type { Page, PageRequest } from './page.ts';

export interface AuditFilter {
  principal?: string;
  action?: string;
  target?: string;
  fromMs?: number;
  toMs?: number;
}

export interface Audit {
  /** Entries of one chain, in order. MUST be durable when it returns, and leave an entry as it is that is there already. */
  append(entries: readonly AuditEntry[]): Promise<void>;
  /** Newest first. MUST read a bounded number of entries for a page, however many there are: a page may be short. */
  list(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEntry>>;
  find(chain: string, n: number): Promise<AuditEntry | null>;
  /** Chain by chain, each by number, while others append: what it yields of a chain MUST have no hole that the chain has not. */
  chains(): AsyncIterable<AuditEntry>;
  /** Up to so many of the oldest entries before this time, those of a chain in order. */
  oldest(beforeMs: number, limit: number): Promise<AuditEntry[]>;
  /** Deletes the entries of a chain up to this number, and returns how many there were. */
  deleteThrough(chain: string, n: number): Promise<number>;
}
