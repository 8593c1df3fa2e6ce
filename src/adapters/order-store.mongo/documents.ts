/** The documents of the order store, and how keys and field names are formed. */
import { type Binary, Decimal128 } from 'mongodb';
import type { RefusalCode } from '../../model/change-request.ts';
import type { EventType } from '../../model/event.ts';
import type { Dependency, EndStatus, FileFailure, FilePause, FileUndo } from '../../model/file.ts';
import type { FormatRef } from '../../model/format.ts';
import type { Intake } from '../../model/intake.ts';
import { type ChangeKind, type ContentField, DELETED } from '../../model/order-change.ts';
import type { ReasonCode } from '../../model/rejection.ts';
import type { Warning, WarningCode } from '../../model/warnings.ts';
import type { RecordKind } from '../../ports/small-records.ts';

/** Only `create-file.ts` sees a file in status `creating`. */
export interface FileDocument {
  _id: string;
  name: string;
  size_bytes: number;
  sha256: string;
  /** Of a file that somebody who signed in has uploaded. */
  uploaded_by?: string;
  object_key: string;
  object_version: string;
  encoding_override: string | null;
  /** Only of a file whose uploader named one. */
  sheet?: string;
  parent_file_id: string | null;
  /** Only of a file that is limited to hubs. */
  hubs?: readonly string[];
  dry_run?: true;
  /** Only of a file that is read by a format. */
  format?: FormatRef;
  forced: boolean;
  idempotency_key: string | null;
  status: 'creating' | 'queued' | 'processing' | 'paused' | EndStatus;
  /** How often it was queued: 0 while it is being created, 1 after that, one more with each retry. */
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
  pause_requested?: boolean;
  /** Of a paused file. */
  pause?: FilePause & { at: Date };
  /** Since it was paused last. */
  resumed?: boolean;
  /** Of a file that was uploaded with a stop rule. */
  stop_at_invalid?: string;
  stop_rule_dropped?: boolean;
  intake: Intake | null;
  columns: string[] | null;
  next_chunk: number;
  offset: number;
  row: number;
  /** Of an order with too many rows that may go on behind the checkpoint. */
  open_order?: string | null;
  bytes_read: number;
  rows: number;
  accepted: number;
  invalid: number;
  /** Accepted rows that are further items of an order; missing where each row is one. */
  more_items?: number;
  /** Accepted orders that were there, undone, and were taken again. */
  taken_again?: number;
  /** Only of a file that is read by a format. */
  skipped?: number;
  invalid_by_code: Partial<Record<ReasonCode, number>>;
  warnings?: Partial<Record<WarningCode, { count: number; row: number }>>;
  /** Missing in files of release 1.1 and before. */
  rejected_bytes?: number;
  reported_rows?: number;
  /** By `hubField`. */
  accepted_by_hub: Record<string, number>;
  /** Missing in files of earlier releases, as for their rows: all of them are `on_hold`. */
  accepted_by_status?: Record<string, number>;
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
  /** How far its undo is: `after` is the last order that was looked at, by the time of its creation and its id. */
  undo?: FileUndo & { by: string | null; after: [createdMs: number, orderId: string] | null };
  /** Since when its object, or its report with the rejected rows, is not kept any more. */
  upload_deleted_at?: Date;
  report_deleted_at?: Date;
}

/** The plan of a chunk, then also its outcome; or the number that the end of a file took. `_id`: see `chunkId`. */
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
  /** Where an order has too many rows. */
  open_order?: string;
  bytes_read: number;
  /** Without those that are skipped. */
  rows: number;
  skipped?: number;
  track_stock: boolean;
  /** The status of its orders. Missing in chunks of earlier releases: see `initialStatus`. */
  status_of_orders?: string;
  /** Those of its file. */
  hubs?: readonly string[];
  /** `created_at` of its orders. */
  created_at: Date;
  /** Of a dry run: there are no orders of its accepted rows, nor in its plan; and no `committed_at`, as it is in no sum. */
  dry_run?: true;
  /** Of a dry run: which claim has recorded it. */
  epoch?: number;
  /** See `plan.ts`. */
  plan: Binary;
  /** How often rows were taken out of the plan, or people out of its rows; missing for never. */
  plan_rev?: number;
  keys: string[];
  /** First rows of orders that take an undone order again, each with the `rev` that was read; none once it is committed. */
  undone?: { row: number; rev: number }[];
  planned_rejections: Binary | null;
  warnings?: Warning[];

  // Committed.
  committed_at?: Date;
  /** Rows of the plan that did not become orders. */
  refused?: number[];
  rejections?: Binary | null;
  /** They are not kept any more, and the plan has the accepted rows alone. */
  rejections_deleted?: true;
  accepted?: number;
  invalid?: number;
  /** Accepted rows that are further items of an order; missing where each row is one. */
  more_items?: number;
  /** First rows of accepted orders that were there, undone, and were taken again: their events are in their logs. */
  taken_again?: number[];
  invalid_by_code?: Partial<Record<ReasonCode, number>>;
  rejected_bytes?: number;
  accepted_by_hub?: Record<string, number>;
  amount_minor?: Decimal128;
  publish?: 'pending' | 'none' | 'published';

  // Closed.
  status?: EndStatus;
  failure?: FileFailure | null;
}

export interface ItemDocument {
  sku: string;
  hub_id: string;
  product_name: string;
  quantity: number;
  unit_price_minor: number;
  line_total_minor: number;
}

/** A field before and after a change: text, a number, a date as milliseconds, items. */
export interface SetField {
  field: ContentField;
  from: string | number | ItemDocument[];
  to: string | number | ItemDocument[];
}

/** The chunk is missing in orders of earlier releases that were never taken again. */
export interface SourceDocument {
  file: string | null;
  row: number | null;
  chunk?: number;
}

/** A change of an order, and what its stock, its event and the sums still need of it. */
export interface ChangeEntry {
  /** The version of the order after it. */
  m: number;
  kind: ChangeKind;
  from: string | null;
  to: string;
  /** The name of its tickets in the stock rows: that a ticket is in here says that its change was made. */
  t: string;
  /** What its tickets give back; the rest of what they have reserved is taken. */
  back: { key: string; quantity: number }[];
  /** Empty once the order was deleted. Texts about a person are empty once that person was erased. */
  set: SetField[];
  /** The key of the request, and what was asked under it. */
  request?: string;
  fingerprint?: string;
  actor: string | null;
  reason: string | null;
  at: Date;
  /** Of an order that was taken again: where it came from before. `of_file`: a file has taken it, which counts what it is now. */
  former?: SourceDocument;
  of_file?: true;
  /** What it adds to the sums; removed once it was counted. */
  counts?: { amount: number; hubs: { hub: string; orders: number }[] };
}

/** How a request under a key was answered that changed nothing. */
export interface AnsweredRequest {
  request: string;
  fingerprint: string;
  /** Of a refusal; null where the order was as wanted. */
  code: RefusalCode | null;
  detail: string;
  /** JSON. */
  members: string;
  version: number;
  at: Date;
}

/**
 * An order; or, as `deleted`, what is left of one, or, as `void`, an id that is free. No reader sees these two. Without the fields from
 * `rev` on an order is as its row was: see `revOf`.
 */
export interface OrderDocument {
  _id: string;
  status: string;
  customer: { name: string; email: string };
  items: ItemDocument[];
  total_minor: number;
  order_date: Date;
  shipping_address: string;
  /** Null for an order that was created through the API. */
  file: string | null;
  row: number | null;
  /** The number of its chunk; missing in orders of earlier releases. */
  chunk?: number;
  /** The version by which it was taken again last; missing for never. */
  created_as?: number;
  /** The version by which it was undone last: while that is its version, it can be taken again. */
  undone_as?: number;
  /** Whether its items hold stock. */
  stock_taken: boolean;
  created_at: Date;
  updated_at: Date;
  /** The number of decisions about this id, refusals included. */
  rev?: number;
  /** The number of its changes: 1 as created, 0 of a void. */
  version?: number;
  actor?: string | null;
  log?: ChangeEntry[];
  /** The size of the log. */
  log_bytes?: number;
  refused?: AnsweredRequest[];
  /** The version up to which its events are published. */
  published?: number;
  /** Since when events wait. */
  outbox_at?: Date;
  /** Since when it is as it is; only of an order that was changed. */
  changed_at?: Date;
  /**
   * Of an order of a file that was deleted, or whose person was erased: the id of its chunk, until its plan is without that person. Several
   * where the order was taken again.
   */
  erased_from?: string | string[];
}

/** What a change has reserved of a stock row, until it is settled. */
export interface Ticket {
  /** The order, and its `rev` as the change has read it; 0 when there was none. */
  o: string;
  r: number;
  q: number;
  at: Date;
}

/** A chunk of a file has taken from this stock row: `available` is what it decided on, `back` what it gave back since. */
export interface Hold {
  n: number;
  available: number;
  back?: number;
}

/** `_id`: see `stockKey`. received - available is what orders and chunks in work have taken (INV-2). */
export interface StockDocument {
  _id: string;
  sku: string;
  hub_id: string;
  available: number;
  received: number;
  /** The number of prunings: a take that was decided before a pruning does not match after it. */
  gen: number;
  holds: Record<string, Hold>;
  tickets?: Record<string, Ticket>;
  /** When the oldest ticket was made, or earlier. */
  busy_since?: Date;
  /** The newest changes with idempotency keys, with what was available before each; null for the one that created the row. */
  operations: { id: string; available: number | null }[];
}

/** The file that claimed these bytes last. */
export interface BytesDocument {
  _id: string;
  file: string;
  /** The generation that the file claimed them for. While the file's own is lower, it is still being queued. */
  generation: number;
}

export interface IdempotencyDocument {
  _id: string;
  fingerprint: string;
  /** The file id of an upload; the results of a stock change once they are known. */
  answer: string | null;
  created_at: Date;
}

/** A request to change an order under an Idempotency-Key. */
export interface RequestDocument {
  /** Who asked, on which route, under which key. */
  _id: string;
  fingerprint: string;
  order: string;
  at: Date;
}

/** The sums of what order changes add to those of the files. */
export interface TotalsDocument {
  _id: 'orders';
  /** The number of batches that were counted. */
  seq: number;
  /** The newest of them: up to which version of which orders. */
  batch: { o: string; m: number }[];
  /** Published changes. */
  events?: number;
  by_status?: Record<string, number>;
  /** By `hubField`. */
  by_hub?: Record<string, number>;
  amount_minor?: Decimal128;
}

/** What was published to the outbox stream: its events have the numbers `_id` .. `_id + count - 1`. */
export type NumberedDocument = NumberedChunkDocument | NumberedChangeDocument;

export interface NumberedChunkDocument {
  _id: number;
  chunk: string;
  count: number;
}

export interface NumberedChangeDocument {
  _id: number;
  order: string;
  m: number;
  type: EventType;
  count: 1;
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

/** The position of a backfill. */
export interface BackfillDocument {
  _id: string;
  cursor: string | null;
  done_at: Date | null;
}

/** How far the finalizer has read the events. */
export interface FinalizerPositionDocument {
  _id: 'position';
  cursor: string;
}

/** An order that the finalizer keeps. `_id`: the order id. */
export interface FinalizerOrderDocument {
  _id: string;
  asks: number;
  failures: number;
  /** Null for an order that was put aside. */
  due_at: Date | null;
  answer: string;
}

/** An order of an undone file that stays. `_id`: both. */
export interface KeptOrderDocument {
  _id: string;
  file: string;
  order: string;
}

/** The name of this store. */
export interface InstallationDocument {
  _id: 'installation';
  name: string;
}

export const chunkId = (fileId: string, n: number): string => `${fileId}:${n}`;

export const stockKey = (sku: string, hubId: string): string => JSON.stringify([sku, hubId]);

export const NO_AMOUNT = Decimal128.fromString('0');

/** How many orders the accepted rows of a file or a committed chunk are. */
export const ordersOf = ({ accepted = 0, more_items = 0 }: Pick<ChunkDocument, 'accepted' | 'more_items'>): number =>
  accepted - more_items;

/** Of them, those that were not there before. */
export const newOrdersOf = (chunk: Pick<ChunkDocument, 'accepted' | 'more_items' | 'taken_again'>): number =>
  ordersOf(chunk) - (chunk.taken_again?.length ?? 0);

/** A hub id as the name of a field, where dots and dollars have a meaning. */
export const hubField = (hubId: string): string =>
  hubId.replace(/[%.$\0]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`);

export const hubOfField = (field: string): string =>
  field.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** The status of the orders of chunks that do not name it. */
const FORMER_INITIAL = 'on_hold';
export const initialStatus = ({ status_of_orders }: Pick<ChunkDocument, 'status_of_orders'>): string =>
  status_of_orders ?? FORMER_INITIAL;

export const VOID = 'void';
/** No order has them for its readers. */
export const HIDDEN = [VOID, DELETED] as const;

export const revOf = (order: Pick<OrderDocument, 'rev'> | null): number => (order === null ? 0 : (order.rev ?? 1));
export const versionOf = (order: Pick<OrderDocument, 'version'>): number => order.version ?? 1;
export const publishedOf = (order: Pick<OrderDocument, 'published'>): number => order.published ?? 1;

/** `_id`: the kind and the id. */
export interface SmallRecordDocument {
  _id: string;
  kind: RecordKind;
  id: string;
  version: number;
  owner: string | null;
  expires_at: Date | null;
  /** JSON. */
  data: string;
}

/** An entry of the audit log. `_id`: its chain and its number. */
export interface AuditDocument {
  _id: string;
  at: Date;
  principal: string | null;
  action: string;
  target: string | null;
  status: number;
  code: string | null;
  request_id: string;
  address: string | null;
  count: number;
  hash: string;
}
