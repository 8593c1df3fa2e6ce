/**
 * The audit log: who did what to what, and how it ended. Entries are only added. Each process chains its own by hash, so that a missing or
 * changed one is found without any process waiting for another.
 */
import type { Page, PageRequest } from './page.ts';

export interface AuditEntry {
  /** The chain of one process since its start, and the number in it, from 1 on. */
  chain: string;
  n: number;
  atMs: number;
  /** Null: nobody who signed in. */
  principal: string | null;
  /** The id of the route, or the name of the command. */
  action: string;
  /** What it was about, such as `order A-1`; null: nothing in particular. */
  target: string | null;
  /** The HTTP status, and the code of the problem where it is one. */
  status: number;
  code: string | null;
  requestId: string;
  /** Of the client; null: none. */
  address: string | null;
  /** How many like it this entry stands for, where refused requests are too many to be told one by one. */
  count: number;
  /** Hex SHA-256 of the entry with the hash before it. The first of a chain has no hash before. */
  hash: string;
}

export interface AuditFilter {
  principal?: string;
  action?: string;
  target?: string;
  fromMs?: number;
  toMs?: number;
}

export interface Audit {
  /** Durable when it returns. An entry that is there already is left as it is. */
  append(entries: readonly AuditEntry[]): Promise<void>;
  /** Newest first. */
  list(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEntry>>;
  /** All chains, and of each its entries by number, for `oms verify`. */
  chains(): AsyncIterable<AuditEntry>;
  /** Deletes up to `limit` of the oldest entries before this time, always the first of their chains, and returns how many. */
  deleteBefore(atMs: number, limit: number): Promise<number>;
}
