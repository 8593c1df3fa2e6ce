/**
 * Small records: keys, users, sessions, what is not kept any more and the like. A record is found by its kind and id, and changed only by whoever knows
 * its newest version, so nothing about them needs a transaction. What they mean says whoever keeps them.
 */
import type { Page, PageRequest } from './page.ts';

export const RECORD_KINDS = [
  'key',
  'user',
  'session',
  'token-family',
  'signing-key',
  'failures',
  'allowance',
  'audit-deleted',
  'retention',
  'format',
  'format-version',
  'erasure',
  'projection',
] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

export interface SmallRecord<Data = unknown> {
  kind: RecordKind;
  id: string;
  /** 1 for a new record, one more with each change. */
  version: number;
  /** What it belongs to, such as a session to its user; null: to nothing. */
  owner: string | null;
  /** When it may be deleted; null: never. */
  expiresMs: number | null;
  /** JSON. */
  data: Data;
}

export interface SmallRecords {
  get<Data>(kind: RecordKind, id: string): Promise<SmallRecord<Data> | null>;
  /**
   * Writes the record when the stored one has the version before (for version 1: when there is none). MUST be atomic. Returns whether it
   * was written; a call that was repeated after a lost answer returns false.
   */
  put(record: SmallRecord): Promise<boolean>;
  /** Returns whether there was one. */
  delete(kind: RecordKind, id: string): Promise<boolean>;
  /** By id; of one owner when given. */
  list<Data>(kind: RecordKind, owner: string | null, page: PageRequest): Promise<Page<SmallRecord<Data>>>;
  /** Deletes all records of this kind that belong to the owner, and returns how many. */
  deleteOf(kind: RecordKind, owner: string): Promise<number>;
  /** Deletes up to `limit` records that expired before this time, and returns how many. */
  deleteExpired(nowMs: number, limit: number): Promise<number>;
}
