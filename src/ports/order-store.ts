/**
 * Where files, orders, stock, rejections and the outbox are kept. One port, because a chunk's orders, stock, events,
 * rejections and checkpoint belong together: `chunks.commit` makes them one (INV-1 to INV-4).
 *
 * All methods may reject with retryable `store_unavailable` or `disk_full`; then either nothing or everything of the
 * call was done, and calling again is safe.
 */
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Dependency, EndStatus, FileFailure, FileRecord, FileStatus, ReportRecord } from '../model/file.ts';
import type { Intake } from '../model/intake.ts';
import type { Order, OrderStatus } from '../model/order.ts';
import type { PackedOrdersData } from '../model/packed-orders.ts';
import type { ReasonCode, Rejection } from '../model/rejection.ts';
import type { Warning } from '../model/warnings.ts';
import type { OutboxBatch } from './event-stream.ts';
import type { Inspected } from './inspection.ts';
import type { Verification } from './verification.ts';

export interface OrderStore extends Inspected {
  readonly files: Files;
  readonly chunks: Chunks;
  readonly rejections: Rejections;
  readonly orders: Orders;
  readonly stock: Stock;
  readonly statistics: Statistics;
  readonly outbox: Outbox;
  readonly leases: Leases;
  readonly verification: Verification;
  /** A name that was made with the store: the same for all its clients, another for every other store. */
  installation(): Promise<string>;
  /** Makes what the store needs, indexes for example, once before it is used. Throws what the start should tell. */
  prepare(): Promise<void>;
  /** Forgets what was only kept while files were open. Safe at any time, beside anything. */
  prune(): Promise<void>;
  close(): Promise<void>;
}

/** Work that one process should do at a time. A lease saves work; nothing relies on it. */
export interface Leases {
  /** Whether `holder` has the lease from now on, for `leaseMs`. */
  take(name: LeaseName, holder: string, leaseMs: number): Promise<boolean>;
  release(name: LeaseName, holder: string): Promise<void>;
}
export type LeaseName = 'publisher' | 'sweeper';

/** The right to work on a file, for as long as nobody claimed it after. */
export interface Claim {
  fileId: string;
  epoch: number;
}

/** What an operation under a claim throws that is not the newest. */
export const claimLost = (fileId: string): OmsError =>
  new OmsError('claim_lost', `file ${fileId} was claimed by another worker, or has ended`);

export type ClaimResult =
  | { kind: 'claimed'; claim: Claim; file: FileRecord }
  /** Another claim's lease runs until then. */
  | { kind: 'busy'; untilMs: number }
  /** Claimed too often in a row without a committed chunk: the caller fails the file. */
  | { kind: 'exhausted'; claim: Claim; file: FileRecord }
  | { kind: 'ended' }
  | { kind: 'unknown' };

export interface NewFile {
  fileId: string;
  name: string;
  sizeBytes: number;
  sha256: string;
  objectKey: string;
  objectVersion: string;
  encodingOverride: string | null;
  parentFileId: string | null;
  /** Go on although the same bytes are there. */
  force: boolean;
  idempotencyKey: string | null;
  /** Recorded as failed at once: a file that is told about but never ingested. */
  failure: FileFailure | null;
}

export type CreateFileResult =
  | { kind: 'created'; file: FileRecord }
  /** The file is there already, or the idempotency key was used for the same bytes before: that file. */
  | { kind: 'repeated'; file: FileRecord }
  /** A live or completed file has these bytes. */
  | { kind: 'duplicate'; existingFileId: string }
  /** The idempotency key was used for other bytes. */
  | { kind: 'key_reused' };

export interface PageRequest {
  limit: number;
  /** The `next` of the page before; null for the first. Throws `invalid_cursor` when it is not one of this list's. */
  after: string | null;
}

/** A page may be short, even empty, without being the last: only `next: null` ends. */
export interface Page<Item> {
  items: Item[];
  next: string | null;
}

export interface FileEnd {
  status: EndStatus;
  failure: FileFailure | null;
}

/** What `chunks.commit` throws when another worker has closed the file: its end is in the details. */
export const fileClosed = (fileId: string, end: FileEnd): OmsError =>
  new OmsError('file_closed', `file ${fileId} was closed as ${end.status} by another worker`, { details: { end } });

export interface Files {
  /**
   * MUST be atomic: of two creations of the same bytes at one moment, one is the duplicate. Creating again what is there, after a
   * lost answer for example, is `repeated`.
   */
  create(file: NewFile): Promise<CreateFileResult>;
  /** After a `create` that failed: makes sure that no file comes of it, or answers the one that did. */
  withdraw(fileId: string): Promise<FileRecord | null>;
  /** Answers `create` would give for these bytes now, or null where it would create. */
  wouldRefuse(file: Pick<NewFile, 'sha256' | 'force' | 'idempotencyKey'>): Promise<CreateFileResult | null>;
  get(fileId: string): Promise<FileRecord | null>;
  list(filter: { status?: FileStatus; parentFileId?: string }, page: PageRequest): Promise<Page<FileRecord>>;
  /** Of each of these files: how many rows became orders in the files that correct it, those that correct these included. */
  fixed(fileIds: string[]): Promise<Map<string, number>>;
  reports(page: PageRequest): Promise<Page<{ fileId: string; report: ReportRecord }>>;
  findReport(name: string): Promise<{ fileId: string; report: ReportRecord } | null>;

  /** MUST raise the epoch, so that every older claim is refused from then on; MUST refuse while another lease runs. */
  claim(fileId: string, leaseMs: number): Promise<ClaimResult>;
  /** Extends the lease. Null when the claim is no longer the newest. */
  renew(claim: Claim, leaseMs: number): Promise<{ cancelRequested: boolean } | null>;
  /** Ends the lease without ending the file; this claim does not count as an attempt. */
  release(claim: Claim): Promise<void>;
  /** Ends the lease after a failure: this claim counts, and the file can be claimed again. */
  expire(claim: Claim): Promise<void>;
  recordIntake(claim: Claim, intake: Intake, columns: string[], parentFileId: string | null): Promise<void>;
  /** Says what the file waits for; null when it goes on. */
  setWaiting(claim: Claim, dependency: Dependency | null): Promise<void>;
  /** How many rows of the report are written, for progress. */
  recordReported(claim: Claim, rows: number): Promise<void>;
  /**
   * Decides the end, before the report is written: MUST see to it that no chunk is committed from then on, by anyone. Answers
   * the end that stands, which another worker may have decided before. Throws `claim_lost`.
   */
  close(claim: Claim, end: FileEnd): Promise<FileEnd>;
  /** Ends the file. Throws `claim_lost` when the claim is no longer the newest, unless this very end was recorded already. */
  finish(claim: Claim, end: FileEnd & { report: ReportRecord | null }): Promise<void>;

  /** A queued file ends at once, one in work at its next chunk border. Null: unknown. Throws `file_ended`. */
  requestCancel(fileId: string): Promise<FileRecord | null>;
  /** Failed or cancelled back to queued, going on from the checkpoint. Null: unknown. Throws `not_retryable`, `duplicate_file`. */
  requeue(fileId: string): Promise<FileRecord | null>;
  /** Open files that no worker holds and that have not changed for `quietMs`: their message may be lost. */
  stranded(quietMs: number, limit: number): Promise<string[]>;
  /** Marks a stranded file as queued again now. */
  touch(fileId: string): Promise<void>;
}

export interface ChunkToCommit {
  n: number;
  /** Where the next chunk begins. */
  end: { offset: number; row: number };
  bytesRead: number;
  /** Valid rows in file order. */
  orders: PackedOrdersData;
  rejections: Rejection[];
  /** Of the rows of the chunk, recorded with it; none when left out. */
  warnings?: Warning[];
}

export interface ChunkResult {
  accepted: number;
  invalid: number;
  /** Of the whole file so far. */
  rejected: { rows: number; bytes: number };
  cancelRequested: boolean;
}

export interface Chunks {
  /**
   * Decides every row and records the chunk, exactly once (INV-1 to INV-4): an order that exists is `duplicate_order` or
   * `order_conflict`, also one of before that has another form of the id (`formsOfId`); each row, in file order, that what is left of its stock covers is accepted, the others are
   * `out_of_stock`. Throws `claim_lost` when the claim is not the newest: then the chunk is as it was, or as the newest claim
   * would have committed it. MUST answer the same again when chunk n was committed already by this claim. Throws `file_closed`,
   * and `chunk_moved` when another cut of the file was committed as chunk n: the caller goes on from the new checkpoint.
   * Once it has ended, also by an error, it MUST NOT read the orders any more, whose memory is filled again two chunks later, nor
   * begin to write anything.
   */
  commit(claim: Claim, chunk: ChunkToCommit): Promise<ChunkResult>;
}

export interface Rejections {
  /** `fromRow`: those of this row of the file and after it. */
  list(fileId: string, filter: { code?: ReasonCode; fromRow?: number }, page: PageRequest): Promise<Page<Rejection>>;
}

export interface OrderFilter {
  status?: OrderStatus;
  hubId?: string;
  sku?: string;
  fileId?: string;
  customerEmail?: string;
  /** Half-open on the order date. */
  fromMs?: number;
  toMs?: number;
  /** The start of the order id, of the e-mail, or, word by word, of words of the customer's name. */
  q?: string;
}

/** `reachedMs`: when the oldest order was taken that was looked at; null where there is none behind it. */
export type OrderPage = Page<Order> & { reachedMs: number | null };

export interface Orders {
  /** MUST find an order by any form of its id, NFC or NFD, with or without what is not seen at its ends; by what was asked for first. */
  get(orderId: string): Promise<Order | null>;
  /** Newest first by (created_at, order_id), but that the order whose whole id is `q` comes first, once, however old it is. */
  list(filter: OrderFilter, page: PageRequest): Promise<OrderPage>;
}

export interface StockLevel {
  sku: string;
  hubId: string;
  available: number;
}

export type StockChange = { sku: string; hubId: string } & ({ available: number } | { delta: number });
/** `before`: what was available until then; null where there was no such row. */
export type StockResult =
  | { sku: string; hubId: string; available: number; before: number | null }
  | {
      sku: string;
      hubId: string;
      error: 'below_zero' | 'too_much' | 'unknown_stock';
      available: number;
      before: number | null;
    };

/** What comes of a change where so many are available; null where there is no such row. */
export function stockAfter(change: StockChange, before: number | null): StockResult {
  const { sku, hubId } = change;
  const available = before ?? 0;
  const after = 'available' in change ? change.available : available + change.delta;
  if (after < 0) return { sku, hubId, error: 'below_zero', available, before };
  if (after > limits.maxStock) return { sku, hubId, error: 'too_much', available, before };
  return { sku, hubId, available: after, before };
}

/** The same for changes of one row, one after the other. */
export function stockAfterAll(changes: readonly StockChange[], before: number | null): StockResult[] {
  let level = before;
  return changes.map((change) => {
    const result = stockAfter(change, level);
    if (!('error' in result)) level = result.available;
    return result;
  });
}

export interface Stock {
  list(
    filter: { sku?: string; hubId?: string; sort: 'key' | 'available' },
    page: PageRequest,
  ): Promise<Page<StockLevel>>;
  /**
   * Applies each change by itself and answers for each. With an idempotency key the same changes are applied once for 24 h;
   * other changes under the same key throw `key_reused`.
   */
  change(changes: StockChange[], idempotencyKey: string | null): Promise<StockResult[]>;
  /** What is available of each, in this order; null where there is no such row. At most `limits.stockLookups` of them. */
  levels(rows: readonly { sku: string; hubId: string }[]): Promise<(number | null)[]>;
  /** Those of the SKUs and hubs that any stock row names. */
  named(names: SkusAndHubs): Promise<SkusAndHubs>;
}

export interface SkusAndHubs {
  skus: string[];
  hubIds: string[];
}

export interface Totals {
  files: Record<FileStatus, number>;
  rows: { total: number; accepted: number; invalid: number };
  orders: { total: number; byStatus: Record<string, number>; byHub: Record<string, number>; amountMinor: bigint };
  invalidByCode: Record<string, number>;
  events: { published: number; pending: number };
}

export interface Statistics {
  /** MUST NOT scan orders. */
  totals(): Promise<Totals>;
  history(
    bucketMs: number,
    fromMs: number,
    toMs: number,
  ): Promise<{ atMs: number; rows: number; accepted: number; invalid: number }[]>;
}

/** The events that are still to be published, for streams that do not read the store itself. */
export interface Outbox {
  /** The oldest batch that is not marked as published; null when there is none. */
  pending(): Promise<OutboxBatch | null>;
  markPublished(batchId: string): Promise<void>;
}
