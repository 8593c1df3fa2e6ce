/**
 * Where files, orders, stock, rejections and the outbox are kept: one engine, with a port per concern. They belong together because
 * `chunks.commit` writes a chunk's orders, stock, events, rejections and checkpoint as one (INV-1 to INV-4). A caller takes the ports
 * that it uses: `Pick<OrderStore, 'files'>`.
 *
 * All methods may reject with retryable `store_unavailable` or `disk_full`; then either nothing or everything of the call was done, and
 * calling again is safe.
 */

import type { Audit } from './audit.ts';
import type { Backfills } from './backfills.ts';
import type { Chunks } from './chunks.ts';
import type { DryRuns } from './dry-runs.ts';
import type { Erasure } from './erasure.ts';
import type { Files } from './files.ts';
import type { Finalizing } from './finalizing.ts';
import type { Inspected } from './inspection.ts';
import type { Journal } from './journal.ts';
import type { Leases } from './leases.ts';
import type { OrderChanges } from './order-changes.ts';
import type { Orders } from './orders.ts';
import type { Outbox } from './outbox.ts';
import type { Rejections } from './rejections.ts';
import type { SmallRecords } from './small-records.ts';
import type { Statistics } from './statistics.ts';
import type { Stock } from './stock.ts';
import type { Undo } from './undo.ts';
import type { Verification } from './verification.ts';

/** What ingestion needs. */
export interface IngestionStore {
  readonly files: Files;
  readonly chunks: Chunks;
  readonly dryRuns: DryRuns;
  readonly rejections: Rejections;
  /** Formats are some of them. */
  readonly smallRecords: SmallRecords;
}

export interface OrderStore extends IngestionStore, Inspected {
  readonly orders: Orders;
  readonly changes: OrderChanges;
  readonly erasure: Erasure;
  readonly undo: Undo;
  readonly stock: Stock;
  readonly statistics: Statistics;
  readonly outbox: Outbox;
  /** Null where read models are not made from this store. */
  readonly journal: Journal | null;
  readonly finalizing: Finalizing;
  readonly audit: Audit;
  readonly leases: Leases;
  readonly backfills: Backfills;
  readonly verification: Verification;
  /** A name that was created with the store: the same for all its clients, different for every other store. */
  installation(): Promise<string>;
  /** Migrates the store and creates its indexes, once before it is used. Throws errors that must stop the start. */
  prepare(): Promise<void>;
  /** Deletes what was only needed while files were open. Safe at any time, and concurrently with everything else. */
  prune(): Promise<void>;
  close(): Promise<void>;
}
