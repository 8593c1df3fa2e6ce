/**
 * Dry runs: rows are decided by the steps of a commit that only read, and a chunk is recorded by one insert, as committed. The document is
 * the fence, as a plan is: see `commit-chunk.ts`.
 */
import { OmsError } from '../../errors.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { ChunkResult } from '../../ports/chunks.ts';
import type { Decided, DecidedChunk, DryRuns, EarlierRows } from '../../ports/dry-runs.ts';
import { type Claim, fileClosed } from '../../ports/files.ts';
import { classifyRows, foreignOrders } from './classify-rows.ts';
import { type ChunkDocument, chunkId, NO_AMOUNT, type OrderDocument } from './documents.ts';
import { isDuplicateKey } from './errors.ts';
import { type CommitContext, countByCode } from './execute-plan.ts';
import { findRivals } from './insert-orders.ts';
import {
  assertForward,
  CHECKPOINT,
  type Checkpoint,
  moveCheckpoint,
  openChunk,
  progressOf,
} from './move-checkpoint.ts';
import { emptyPlan, encodeRejections, PLAN_VERSION } from './plan.ts';
import { settleOrders } from './settle-stock.ts';
import { rowsByStockKey, stockKeysOf } from './stock-keys.ts';
import { acceptWhatFits, readStock, type StockView } from './take-stock.ts';

export const createDryRuns = (context: CommitContext): DryRuns => ({
  async decide(file, orders, earlier) {
    const held = orders.hold();
    try {
      return await decide(context, file, held, earlier);
    } finally {
      held.release();
    }
  },
  record: (claim, chunk) => record(context, claim, chunk),
});

async function decide(
  { database, trackStock }: CommitContext,
  file: Parameters<DryRuns['decide']>[0],
  orders: OrderBatch,
  earlier: EarlierRows,
): Promise<Decided> {
  const { fileId } = file;
  const ids = orders.orderIds();
  const stored = ids.length > 0 ? await findRivals(database, orders, ids) : new Map<string, OrderDocument>();
  const stock = trackStock ? await stockLeft({ database }, fileId, orders, earlier) : null;
  const ofStore = foreignOrders(fileId, stored);
  const ofFile = earlier.find(ids);
  const findExisting = (orderId: string, row: number) => ofFile.get(orderId) ?? ofStore(orderId, row);
  const { taking, rejections: rejected } = classifyRows(file, orders, ids, findExisting, stock);
  if (stock === null) return { accepted: taking, rejected };
  const rowsOfKey = rowsByStockKey(orders, taking);
  const reserved = Array.from(
    rowsOfKey,
    ([key, rows]) => [key, acceptWhatFits(orders, rows, stock.get(key)!.available)] as const,
  );
  const { fitting, short } = settleOrders(orders, taking, new Map(reserved));
  return { accepted: fitting, rejected: [...rejected, ...short] };
}

/** The stock rows of the orders, less what the file would have taken. */
async function stockLeft(
  { database }: Pick<CommitContext, 'database'>,
  fileId: string,
  orders: OrderBatch,
  earlier: EarlierRows,
): Promise<Map<string, StockView>> {
  const keyOf = stockKeysOf(orders);
  const rowOfKey = new Map(Array.from({ length: orders.length }, (_, i) => [keyOf(i), i]));
  const stock = rowOfKey.size > 0 ? await readStock(database, [...rowOfKey.keys()], fileId) : new Map();
  for (const [key, view] of stock) {
    const i = rowOfKey.get(key)!;
    view.available = Math.max(0, view.available - earlier.taken(orders.text(i, 'sku'), orders.text(i, 'hub_id')));
  }
  return stock;
}

async function record(context: CommitContext, claim: Claim, chunk: DecidedChunk): Promise<ChunkResult> {
  const { fileId, epoch } = claim;
  const { chunks, files } = context.database;
  const found: Checkpoint | null = await files.findOne({ _id: fileId }, { projection: CHECKPOINT });
  const { file, done } = openChunk(found, claim, chunk.n);
  if (!done) {
    assertForward(file, chunk.end);
    await insertOnce(context, await recordedChunk(context, claim, chunk));
  }
  const recorded = (await chunks.findOne(
    { _id: chunkId(fileId, chunk.n) },
    { projection: { plan: 0, rejections: 0 } },
  ))!;
  if (recorded.state === 'closed')
    throw fileClosed(fileId, { status: recorded.status!, failure: recorded.failure ?? null });
  const progress = done ? progressOf(file) : await moveCheckpoint(context, claim, file, recorded);
  if (recorded.epoch !== epoch)
    throw new OmsError('chunk_moved', `chunk ${chunk.n} of file ${fileId} was decided by another worker`);
  return { accepted: recorded.accepted!, invalid: recorded.invalid!, ...progress };
}

async function insertOnce({ database }: CommitContext, chunk: ChunkDocument): Promise<void> {
  try {
    await database.chunks.insertOne(chunk);
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

async function recordedChunk(
  { now }: CommitContext,
  { fileId, epoch }: Claim,
  chunk: DecidedChunk,
): Promise<ChunkDocument> {
  const { n, end, openOrder, bytesRead, accepted, orders, rejections, skipped, warnings } = chunk;
  const { packed, bytes } = await encodeRejections(rejections);
  return {
    ...{ _id: chunkId(fileId, n), version: PLAN_VERSION, file: fileId, n, state: 'committed', attempts: 0 },
    ...{ dry_run: true, epoch, publish: 'none', track_stock: false, created_at: new Date(now()) },
    ...{ offset: end.offset, row: end.row, bytes_read: bytesRead, rows: accepted + rejections.length },
    ...{ plan: await emptyPlan(), keys: [], refused: [], planned_rejections: null, rejections: packed },
    ...{ accepted, invalid: rejections.length, rejected_bytes: bytes, invalid_by_code: countByCode(rejections) },
    ...{ accepted_by_hub: {}, amount_minor: NO_AMOUNT },
    ...(accepted > orders && { more_items: accepted - orders }),
    ...(openOrder != null && { open_order: openOrder }),
    ...(skipped && { skipped }),
    ...(warnings?.length && { warnings }),
  };
}
