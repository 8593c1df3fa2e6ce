/**
 * Commits a chunk without transactions, so that a standalone server, a replica set, a sharded cluster and compatible services behave alike.
 * The steps: read, insert the plan, execute it (`execute-plan.ts`), move the checkpoint (`move-checkpoint.ts`). Each write is of one
 * document and may be repeated. A worker that finds a plan executes that plan instead of its own. So all workers of a chunk, also a
 * successor or a zombie worker, end with the same orders, stock and rejections (INV-1 to INV-4).
 *
 * The plan is the fence: chunk n of a file is planned once, before any effect. The checkpoint of the file only saves work.
 */
import { OmsError } from '../../errors.ts';
import type { FileRecord } from '../../model/file.ts';
import type { Rejection } from '../../model/rejection.ts';
import type { ChunkResult, ChunkToCommit } from '../../ports/chunks.ts';
import type { Claim } from '../../ports/files.ts';
import { classifyRows, foreignOrders } from './classify-rows.ts';
import { type ChunkDocument, chunkId, type OrderDocument, revOf, VOID } from './documents.ts';
import { isDuplicateKey } from './errors.ts';
import { type CommitContext, completeChunk, executePlan } from './execute-plan.ts';
import { findRivals } from './insert-orders.ts';
import {
  assertForward,
  CHECKPOINT,
  type Checkpoint,
  moveCheckpoint,
  openChunk,
  progressOf,
} from './move-checkpoint.ts';
import { encodePlan, encodeRejections, PLAN_VERSION } from './plan.ts';
import { rowsByStockKey, stockKeysOf } from './stock-keys.ts';
import { readStock, type StockView } from './take-stock.ts';

/** The order ids of a chunk, and what was stored before it. */
interface Before {
  ids: string[];
  file: Checkpoint | null;
  existing: Map<string, OrderDocument>;
  stock: Map<string, StockView>;
}

export async function commitChunk(context: CommitContext, claim: Claim, chunk: ChunkToCommit): Promise<ChunkResult> {
  // An abandoned commit still reads the orders for a moment after its caller has released them, so it holds them until it ends.
  const orders = chunk.orders.hold();
  try {
    return await commitHeld(context, claim, { ...chunk, orders });
  } finally {
    orders.release();
  }
}

async function commitHeld(context: CommitContext, claim: Claim, chunk: ChunkToCommit): Promise<ChunkResult> {
  const { fileId } = claim;
  const before = await readBefore(context, fileId, chunk);
  // The plan is the fence. This check only saves work, and keeps a lost claim from leaving a plan of its own.
  const { file, done } = openChunk(before.file, claim, chunk.n);
  if (done) return committedBefore(context, file, chunkId(fileId, chunk.n));
  assertForward(file, chunk.end);

  const committed = await planAndExecute(context, fileId, chunk, before);
  const progress = await moveCheckpoint(context, claim, file, committed);
  if (committed.offset !== chunk.end.offset)
    throw new OmsError(
      'chunk_moved',
      `chunk ${chunk.n} of file ${fileId} was committed up to byte ${committed.offset}, not ${chunk.end.offset}`,
    );
  return { accepted: committed.accepted!, invalid: committed.invalid!, ...progress };
}

async function readBefore(
  { database, trackStock }: CommitContext,
  fileId: string,
  { orders }: ChunkToCommit,
): Promise<Before> {
  const ids = orders.orderIds();
  const keyOf = stockKeysOf(orders);
  const keys = trackStock ? [...new Set(Array.from({ length: orders.length }, (_, i) => keyOf(i)))] : [];
  const [file, existing, stock] = await Promise.all([
    database.files.findOne({ _id: fileId }, { projection: CHECKPOINT }),
    ids.length > 0 ? findRivals(database, orders, ids) : new Map<string, OrderDocument>(),
    keys.length > 0 ? readStock(database, keys, fileId) : new Map<string, StockView>(),
  ]);
  return { ids, file, existing, stock };
}

/** The result of a chunk that is behind the checkpoint: the response to its commit was lost. */
async function committedBefore({ database }: CommitContext, file: Checkpoint, id: string): Promise<ChunkResult> {
  const done = await database.chunks.findOne({ _id: id }, { projection: { accepted: 1, invalid: 1 } });
  return { accepted: done!.accepted!, invalid: done!.invalid!, ...progressOf(file) };
}

/** Returns the committed chunk, whose plan may be that of another worker. */
async function planAndExecute(
  context: CommitContext,
  fileId: string,
  chunk: ChunkToCommit,
  { ids, file, existing, stock }: Before,
): Promise<ChunkDocument> {
  const { database, trackStock } = context;
  const { orders } = chunk;
  const hubs = file?.hubs ?? null;
  const findExisting = foreignOrders(fileId, existing);
  const classified = classifyRows({ hubs }, orders, ids, findExisting, trackStock ? stock : null);
  const { taking, rejections: repeats } = classified;
  const rejections = [...chunk.rejections, ...repeats];
  const undone = taking.flatMap((order) => {
    const found = existing.get(ids[order]!);
    const row = orders.row(orders.first(order));
    // One of the row itself was inserted by a plan that is stored.
    return found && found.status !== VOID && found.file !== fileId ? [{ row, rev: revOf(found) }] : [];
  });
  const planned = await planDocument(context, { fileId, hubs }, chunk, { taking, undone, rejections });
  try {
    await database.chunks.insertOne(planned);
    const committed = await executePlan(context, planned, { plan: { orders, taking }, rejections, stock });
    if (committed) return committed;
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
  return completeChunk(context, planned._id);
}

async function planDocument(
  { trackStock, workflow, now }: CommitContext,
  { fileId, hubs }: { fileId: string; hubs: FileRecord['hubs'] },
  chunk: ChunkToCommit,
  { taking, undone, rejections }: { taking: number[]; undone: { row: number; rev: number }[]; rejections: Rejection[] },
): Promise<ChunkDocument> {
  const { orders } = chunk;
  return {
    _id: chunkId(fileId, chunk.n),
    version: PLAN_VERSION,
    file: fileId,
    n: chunk.n,
    state: 'planned',
    attempts: 0,
    ...{ offset: chunk.end.offset, row: chunk.end.row, bytes_read: chunk.bytesRead },
    ...(chunk.openOrder != null && { open_order: chunk.openOrder }),
    rows: orders.length + chunk.rejections.length,
    ...(chunk.skipped && { skipped: chunk.skipped }),
    track_stock: trackStock,
    status_of_orders: workflow.initial,
    ...(hubs && { hubs }),
    created_at: new Date(now()),
    plan: await encodePlan(orders, taking),
    keys: trackStock ? [...rowsByStockKey(orders, taking).keys()] : [],
    ...(undone.length > 0 && { undone }),
    planned_rejections: (await encodeRejections(rejections)).packed,
    ...(chunk.warnings?.length && { warnings: chunk.warnings }),
  };
}
