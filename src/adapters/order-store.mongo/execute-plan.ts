/**
 * Executes the plan of a chunk: reserves the stock, inserts the orders, gives back what is reserved for rejected ones, marks the chunk as
 * committed. Any worker may execute a plan, any number of times.
 */
import { Decimal128 } from 'mongodb';
import { assert } from '../../assert.ts';
import { OmsError } from '../../errors.ts';
import { existingOrder, repeatOf } from '../../model/existing-order.ts';
import type { Reason, ReasonCode, Rejection } from '../../model/rejection.ts';
import type { Workflow } from '../../model/workflow.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import { rejectOrder } from '../../order-batch/reject-order.ts';
import { fileClosed } from '../../ports/files.ts';
import type { Database } from './database.ts';
import { type ChunkDocument, hubField } from './documents.ts';
import { insertOrders } from './insert-orders.ts';
import { toStoredOrder } from './order-document.ts';
import { decodePlan, decodeRejections, encodeRejections, PLAN_VERSION, type Plan } from './plan.ts';
import { settleOrders, surplusOf } from './settle-stock.ts';
import { rowsByStockKey } from './stock-keys.ts';
import { giveBack, MOVED_ON, type Reserved, type StockView, takeStock } from './take-stock.ts';

/** What commits work with. */
export interface CommitContext {
  database: Database;
  trackStock: boolean;
  workflow: Workflow;
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
  const reserved = await reserveStock(context, chunk, plan, stock);
  if (reserved === MOVED_ON) return null;
  const { fitting, short } = settleOrders(orders, taking, reserved);
  const { repeats, again } = await insertAll(context, chunk, orders, fitting);
  const accepted = fitting.filter((order) => !repeats.has(order));
  if (chunk.track_stock && accepted.length < taking.length)
    await giveBack(context.database, chunk, surplusOf(orders, accepted, reserved));

  const repeated = Array.from(repeats, ([order, reason]) => rejectOrder(orders, order, () => reason)).flat();
  return markCommitted(context, chunk, { orders, accepted, again, rejections, refused: [...short, ...repeated] });
}

/** What the chunk has reserved, by key. */
async function reserveStock(
  { database }: CommitContext,
  chunk: ChunkDocument,
  { orders, taking }: Plan,
  seen: Map<string, StockView> | null,
): Promise<Map<string, Reserved> | typeof MOVED_ON> {
  if (!chunk.track_stock || taking.length === 0) return new Map();
  return takeStock(database, chunk, orders, rowsByStockKey(orders, taking), seen);
}

/** Inserts these orders. `repeats`: those whose id is stored from another file or row, each with its reason. */
async function insertAll(
  context: CommitContext,
  chunk: ChunkDocument,
  orders: OrderBatch,
  fitting: number[],
): Promise<{ repeats: Map<number, Reason>; again: number[] }> {
  const repeats = new Map<number, Reason>();
  if (fitting.length === 0) return { repeats, again: [] };
  const { foreign, again } = await insertOrders(context, orders, fitting, chunk);
  if (foreign.size === 0) return { repeats, again };
  for (const order of fitting) {
    const orderId = orders.text(orders.first(order), 'order_id');
    const found = foreign.get(orderId);
    if (!found) continue;
    const existing = existingOrder(toStoredOrder(found));
    repeats.set(order, repeatOf(existing, orderId, orders.content(order), chunk.hubs ?? null));
  }
  return { repeats, again };
}

interface Outcome {
  orders: OrderBatch;
  /** By index. */
  accepted: number[];
  /** First rows of those that took an undone order again. */
  again: number[];
  /** Those from before the plan, and those since. */
  rejections: readonly Rejection[];
  refused: readonly Rejection[];
}

async function markCommitted(
  context: CommitContext,
  chunk: ChunkDocument,
  { orders, accepted, again, rejections: planned, refused }: Outcome,
): Promise<ChunkDocument> {
  const { chunks } = context.database;
  const rejections = [...planned, ...refused].sort((a, b) => a.row - b.row);
  const { rows, ...sums } = sumUp(orders, accepted);
  assert(rows + rejections.length === chunk.rows, 'each row of a chunk is accepted or rejected (INV-1)');
  const { packed, bytes } = await encodeRejections(rejections);
  const outcome = {
    state: 'committed',
    committed_at: new Date(context.now()),
    refused: refused.map(({ row }) => row),
    rejections: packed,
    rejected_bytes: bytes,
    accepted: rows,
    invalid: rejections.length,
    ...(rows > accepted.length && { more_items: rows - accepted.length }),
    invalid_by_code: countByCode(rejections),
    ...sums,
    ...(chunk.undone && { undone: [], taken_again: again }),
    publish: accepted.length > again.length ? 'pending' : 'none',
    planned_rejections: null,
  } as const;
  const { matchedCount } = await chunks.updateOne({ _id: chunk._id, state: 'planned' }, { $set: outcome });
  // Another worker committed the same content: its figures are those that count.
  return matchedCount === 1 ? { ...chunk, ...outcome } : completeChunk(context, chunk._id);
}

export function countByCode(rejections: readonly Rejection[]): Partial<Record<ReasonCode, number>> {
  const counts: Partial<Record<ReasonCode, number>> = {};
  for (const { reasons } of rejections)
    for (const code of new Set(reasons.map((reason) => reason.code))) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

/** An order counts once in each of its hubs. */
function sumUp(orders: OrderBatch, accepted: readonly number[]) {
  const byHub = new Map<string, number>();
  let rows = 0;
  let amountMinor = 0n;
  for (const order of accepted) {
    const hubs = new Set<string>();
    for (let i = orders.first(order); i < orders.end(order); i++) {
      rows++;
      hubs.add(orders.text(i, 'hub_id'));
      amountMinor += BigInt(orders.totalMinor(i));
    }
    for (const hubId of hubs) byHub.set(hubField(hubId), (byHub.get(hubField(hubId)) ?? 0) + 1);
  }
  return {
    rows,
    accepted_by_hub: Object.fromEntries(byHub),
    amount_minor: Decimal128.fromString(amountMinor.toString()),
  };
}
