/**
 * Executes the plan of a chunk: takes the stock, inserts the orders, gives back what rejected rows had taken, marks the chunk as committed.
 * Any worker may execute a plan, any number of times.
 */
import { Decimal128 } from 'mongodb';
import { assert } from '../../assert.ts';
import { OmsError } from '../../errors.ts';
import { existingOrder, repeatOf } from '../../model/existing-order.ts';
import { outOfStock } from '../../model/reasons.ts';
import type { Reason, ReasonCode, Rejection } from '../../model/rejection.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import { fileClosed } from '../../ports/files.ts';
import type { Database } from './database.ts';
import { type ChunkDocument, hubField } from './documents.ts';
import { insertOrders, orderDocument } from './insert-orders.ts';
import { toOrder, toStoredOrder } from './order-document.ts';
import { decodePlan, decodeRejections, encodeRejections, PLAN_VERSION, type Plan } from './plan.ts';
import { rowsByStockKey, stockKeysOf } from './stock-keys.ts';
import { giveBack, MOVED_ON, type Skipped, type StockView, takeStock } from './take-stock.ts';

/** What commits work with. */
export interface CommitContext {
  database: Database;
  trackStock: boolean;
  /** The status of new orders. */
  initialStatus: string;
  now: () => number;
  /** Orders per insert. */
  mongoInsertDocuments: number;
}

interface PlanToExecute {
  plan: Plan;
  /** Those from before the plan. */
  rejections: readonly Rejection[];
  /** The stock as it was read before the plan was inserted; null for a plan that was found. */
  stock: Map<string, StockView> | null;
}

/**
 * Executes the plan that is stored under this id, and returns the committed chunk. Throws `file_closed` when the end of the file took the
 * number.
 */
export async function completeChunk(context: CommitContext, id: string): Promise<ChunkDocument> {
  for (;;) {
    const chunk = (await context.database.chunks.findOne({ _id: id }))!;
    if (chunk.state === 'committed') return chunk;
    if (chunk.state === 'closed')
      throw fileClosed(chunk.file, { status: chunk.status!, failure: chunk.failure ?? null });
    if (chunk.version > PLAN_VERSION)
      throw new OmsError(
        'store_unavailable',
        `chunk ${id} was planned by a newer release (version ${chunk.version}): update this worker, the file waits`,
        { retryable: true },
      );
    const plan = await decodePlan(chunk.plan);
    const rejections = await decodeRejections(chunk.planned_rejections);
    const committed = await executePlan(context, chunk, { plan, rejections, stock: null });
    if (committed) return committed;
  }
}

/** Returns null when another worker has moved the chunk on: it must be read again. */
export async function executePlan(
  context: CommitContext,
  chunk: ChunkDocument,
  { plan, rejections, stock }: PlanToExecute,
): Promise<ChunkDocument | null> {
  const { orders, taking } = plan;
  const refused = new Map<number, Reason>();
  const isOpen = (i: number) => !refused.has(i);

  const skipped = await takeStockOf(context, chunk, plan, stock);
  if (skipped === MOVED_ON) return null;
  for (const [i, left] of skipped)
    refused.set(i, outOfStock(orders.text(i, 'sku'), orders.text(i, 'hub_id'), orders.quantity(i), left));
  const fitting = taking.filter(isOpen);

  const repeats = await insertRows(context, chunk, orders, fitting);
  for (const [i, reason] of repeats) refused.set(i, reason);
  if (chunk.track_stock) await giveBack(context.database, chunk, quantitiesOf(orders, repeats.keys()));

  const outcome = { orders, accepted: fitting.filter(isOpen), rejections, refused };
  return markCommitted(context, chunk, outcome);
}

/** Returns the rows that their stock does not cover, with what was left for each. */
async function takeStockOf(
  { database }: CommitContext,
  chunk: ChunkDocument,
  { orders, taking }: Plan,
  seen: Map<string, StockView> | null,
): Promise<Skipped | typeof MOVED_ON> {
  if (!chunk.track_stock || taking.length === 0) return new Map();
  const outcomes = await takeStock(database, chunk, orders, rowsByStockKey(orders, taking), seen);
  return outcomes === MOVED_ON ? MOVED_ON : new Map([...outcomes.values()].flatMap((rows) => [...rows]));
}

/** Inserts the orders of these rows. Returns the rows whose order id is stored from another file or row, each with its reason. */
async function insertRows(
  { database, mongoInsertDocuments }: CommitContext,
  chunk: ChunkDocument,
  orders: OrderBatch,
  rows: number[],
): Promise<Map<number, Reason>> {
  const repeats = new Map<number, Reason>();
  if (rows.length === 0) return repeats;
  const foreign = await insertOrders(database, orders, rows, chunk, mongoInsertDocuments);
  if (foreign.size === 0) return repeats;
  for (const i of rows) {
    const orderId = orders.text(i, 'order_id');
    const found = foreign.get(orderId);
    if (!found) continue;
    const sent = toOrder(orderDocument(orders, i, chunk));
    repeats.set(i, repeatOf(existingOrder(toStoredOrder(found)), orderId, sent, chunk.hubs ?? null));
  }
  return repeats;
}

/** What these rows have taken, by stock key. */
function quantitiesOf(orders: OrderBatch, rows: Iterable<number>): Map<string, number> {
  const keyOf = stockKeysOf(orders);
  const quantities = new Map<string, number>();
  for (const i of rows) {
    const key = keyOf(i);
    quantities.set(key, (quantities.get(key) ?? 0) + orders.quantity(i));
  }
  return quantities;
}

interface Outcome {
  orders: OrderBatch;
  accepted: number[];
  /** Those from before the plan, and the rows that were refused since, by index. */
  rejections: readonly Rejection[];
  refused: Map<number, Reason>;
}

async function markCommitted(
  context: CommitContext,
  chunk: ChunkDocument,
  { orders, accepted, rejections: planned, refused }: Outcome,
): Promise<ChunkDocument> {
  const { chunks } = context.database;
  const since = Array.from(refused, ([i, reason]) => rejectionOf(orders, i, reason));
  const rejections = [...planned, ...since].sort((a, b) => a.row - b.row);
  assert(accepted.length + rejections.length === chunk.rows, 'each row of a chunk is accepted or rejected (INV-1)');
  const { packed, bytes } = await encodeRejections(rejections);
  const outcome = {
    state: 'committed',
    committed_at: new Date(context.now()),
    refused: since.map(({ row }) => row),
    rejections: packed,
    rejected_bytes: bytes,
    accepted: accepted.length,
    invalid: rejections.length,
    invalid_by_code: countByCode(rejections),
    ...sumUp(orders, accepted),
    publish: accepted.length > 0 ? 'pending' : 'none',
    planned_rejections: null,
  } as const;
  const { matchedCount } = await chunks.updateOne({ _id: chunk._id, state: 'planned' }, { $set: outcome });
  // Another worker committed the same content: its figures are those that count.
  return matchedCount === 1 ? { ...chunk, ...outcome } : completeChunk(context, chunk._id);
}

const rejectionOf = (orders: OrderBatch, i: number, reason: Reason): Rejection => ({
  row: orders.row(i),
  reasons: [reason],
  values: orders.values(i),
});

function countByCode(rejections: readonly Rejection[]): Partial<Record<ReasonCode, number>> {
  const counts: Partial<Record<ReasonCode, number>> = {};
  for (const { reasons } of rejections)
    for (const code of new Set(reasons.map((reason) => reason.code))) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

function sumUp(orders: OrderBatch, accepted: readonly number[]) {
  const byHub = new Map<string, number>();
  let amountMinor = 0n;
  for (const i of accepted) {
    const field = hubField(orders.text(i, 'hub_id'));
    byHub.set(field, (byHub.get(field) ?? 0) + 1);
    amountMinor += BigInt(orders.totalMinor(i));
  }
  return { accepted_by_hub: Object.fromEntries(byHub), amount_minor: Decimal128.fromString(amountMinor.toString()) };
}
