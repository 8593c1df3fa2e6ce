/** The documents of the order store, and how keys and field names are formed. */
import { type Binary, Decimal128 } from 'mongodb';
import type { Dependency, EndStatus, FileFailure } from '../../model/file.ts';
import type { Intake } from '../../model/intake.ts';
import type { OrderStatus } from '../../model/order.ts';
import type { ReasonCode } from '../../model/rejection.ts';
import type { Warning, WarningCode } from '../../model/warnings.ts';

/** A file in status `creating` is not there yet for anybody: see `create-file.ts`. */
export interface FileDocument {
  _id: string;
  name: string;
  size_bytes: number;
  sha256: string;
  object_key: string;
  object_version: string;
  encoding_override: string | null;
  parent_file_id: string | null;
  forced: boolean;
  idempotency_key: string | null;
  status: 'creating' | 'queued' | 'processing' | EndStatus;
  /** How often it was queued: 0 while it is created, then once more with each retry. */
  generation: number;
  waiting_for: Dependency | null;
  /** Of a file that waits; since release 1.2. */
  waiting_since?: Date;
  /** Of a file that waits; since release 1.2. */
  next_try_at?: Date | null;
  epoch: number;
  lease_until: Date;
  attempts: number;
  strikes: number;
  cancel_requested: boolean;
  intake: Intake | null;
  columns: string[] | null;
  next_chunk: number;
  offset: number;
  row: number;
  bytes_read: number;
  rows: number;
  accepted: number;
  invalid: number;
  invalid_by_code: Partial<Record<ReasonCode, number>>;
  warnings?: Partial<Record<WarningCode, { count: number; row: number }>>;
  /** Not there in files of release 1.1 and before. */
  rejected_bytes?: number;
  reported_rows?: number;
  /** By `hubField`. */
  accepted_by_hub: Record<string, number>;
  amount_minor: Decimal128;
  claimed_at: Date | null;
  rows_at_claim: number;
  committed_at: Date | null;
  failure: FileFailure | null;
  report: { name: string; rows: number; size_bytes: number; created_at: Date } | null;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  changed_at: Date;
  /** Its holds were removed from the stock after its end. */
  pruned: boolean;
}

/** The plan, then the outcome of a chunk; or the number that the end of a file took. `_id` is `<file>:<n>`. */
export interface ChunkDocument {
  _id: string;
  version: number;
  file: string;
  n: number;
  state: 'planned' | 'committed' | 'closed';
  attempts: number;

  // Planned.
  offset: number;
  row: number;
  bytes_read: number;
  rows: number;
  track_stock: boolean;
  /** `created_at` of its orders. */
  created_at: Date;
  /** See `plan.ts`. */
  plan: Binary;
  keys: string[];
  planned_rejections: Binary | null;
  warnings?: Warning[];

  // Committed.
  committed_at?: Date;
  /** Rows of the plan that did not become orders. */
  refused?: number[];
  rejections?: Binary | null;
  accepted?: number;
  invalid?: number;
  invalid_by_code?: Partial<Record<ReasonCode, number>>;
  rejected_bytes?: number;
  accepted_by_hub?: Record<string, number>;
  amount_minor?: Decimal128;
  publish?: 'pending' | 'none' | 'published';

  // Closed.
  status?: EndStatus;
  failure?: FileFailure | null;
}

export interface OrderDocument {
  _id: string;
  status: OrderStatus;
  customer: { name: string; email: string };
  items: {
    sku: string;
    hub_id: string;
    product_name: string;
    quantity: number;
    unit_price_minor: number;
    line_total_minor: number;
  }[];
  total_minor: number;
  order_date: Date;
  shipping_address: string;
  file: string;
  row: number;
  stock_taken: boolean;
  created_at: Date;
  updated_at: Date;
}

/** What a chunk of a file has taken of a stock row: what was available when it was decided, and what was given back since. */
export interface Hold {
  n: number;
  available: number;
  back?: number;
}

/** `_id` is the stock key. received - available is what orders and chunks in work have taken (INV-2). */
export interface StockDocument {
  _id: string;
  sku: string;
  hub_id: string;
  available: number;
  received: number;
  /** Counts prunings: a take that was decided before one does not match after it. */
  gen: number;
  holds: Record<string, Hold>;
  /** The newest changes under idempotency keys, with what was available before each; null for the one that made the row. */
  operations: { id: string; available: number | null }[];
}

/** Who has these bytes: the file that was made or queued with them last. */
export interface BytesDocument {
  _id: string;
  file: string;
  /** The generation of the file that this is about: below it the file is still on its way. */
  generation: number;
}

export interface IdempotencyDocument {
  _id: string;
  fingerprint: string;
  /** The file id of an upload; the results of a stock change once they are known. */
  answer: string | null;
  created_at: Date;
}

/** A published chunk in the outbox stream: its events have the numbers `_id` .. `_id + count - 1`. */
export interface NumberedChunkDocument {
  _id: number;
  chunk: string;
  count: number;
}

export interface LeaseDocument {
  _id: string;
  holder: string;
  until: Date;
}

/** See `schema.ts`. */
export interface SchemaDocument {
  _id: 'schema';
  version: number;
  least_writer: number;
}

/** How far a backfill is. */
export interface BackfillDocument {
  _id: string;
  cursor: string | null;
  done_at: Date | null;
}

/** The name of this store. */
export interface InstallationDocument {
  _id: 'installation';
  name: string;
}

export const stockKey = (sku: string, hubId: string): string => JSON.stringify([sku, hubId]);

export const NO_AMOUNT = Decimal128.fromString('0');

/** A hub as the name of a field: without dots and dollars, which mean something there. */
export const hubField = (hubId: string): string =>
  hubId.replace(/[%.$\0]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`);

export const hubOfField = (field: string): string =>
  field.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
