/**
 * Commits a chunk without transactions, so that a standalone server, a replica set, a sharded cluster and compatible services
 * behave alike: look, insert the plan, take the stock, insert the orders, mark as committed, move the checkpoint. Each step is one
 * write per document and harmless to repeat; whoever finds a plan carries out that plan. So every worker that comes to a chunk, a
 * dead one's successor or one that was thought dead, ends with the same orders, stock and rejections (INV-1 to INV-4).
 *
 * The plan is the fence: chunk n of a file is planned once, before any effect. The checkpoint of the file only saves work.
 */
import { Decimal128 } from 'mongodb';
import { OmsError } from '../../errors.ts';
import { outOfStock } from '../../model/reasons.ts';
import type { Reason, ReasonCode, Rejection } from '../../model/rejection.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { ChunkResult, ChunkToCommit } from '../../ports/chunks.ts';
import { type Claim, claimLost, fileClosed } from '../../ports/files.ts';
import { classifyRows, repeatOf, stockKeysOf } from './classify-rows.ts';
import type { Database } from './database.ts';
import { type ChunkDocument, type FileDocument, hubField, type OrderDocument } from './documents.ts';
import { isDuplicateKey } from './errors.ts';
import { findRivals, insertOrders, orderDocument } from './insert-orders.ts';
import { decodePlan, decodeRejections, encodePlan, encodeRejections, PLAN_VERSION, type Plan } from './plan.ts';
import { giveBack, MOVED_ON, readStock, type StockView, takeStock } from './take-stock.ts';

export const chunkId = (fileId: string, n: number): string => `${fileId}:${n}`;

export function chunkOperations(
  database: Database,
  { trackStock, now, mongoInsertDocuments }: { trackStock: boolean; now: () => number; mongoInsertDocuments: number },
) {
  const { files, chunks } = database;

  async function commit(claim: Claim, chunk: ChunkToCommit): Promise<ChunkResult> {
    // A commit that is given up reads on for a moment, while its caller has released the orders: it holds them until it ends.
    const orders = chunk.orders.hold();
    try {
      return await commitHeld(claim, { ...chunk, orders });
    } finally {
      orders.release();
    }
  }

  async function commitHeld(claim: Claim, chunk: ChunkToCommit): Promise<ChunkResult> {
    const { fileId } = claim;
    const { orders } = chunk;
    const ids = orders.orderIds();
    const keyOf = stockKeysOf(orders);
    const keys = trackStock ? [...new Set(ids.map((_, i) => keyOf(i)))] : [];
    const [file, existing, stock] = await Promise.all([
      files.findOne(
        { _id: fileId },
        { projection: { status: 1, epoch: 1, next_chunk: 1, cancel_requested: 1, invalid: 1, rejected_bytes: 1 } },
      ),
      ids.length > 0 ? findRivals(database, orders, ids) : new Map<string, OrderDocument>(),
      keys.length > 0 ? readStock(database, keys, fileId) : new Map<string, StockView>(),
    ]);
    // The plan is the fence; this saves a claim that has ended its work, and others the sight of it.
    if (file?.status !== 'processing' || file.epoch !== claim.epoch) throw claimLost(fileId);
    if (file.next_chunk === chunk.n + 1) {
      const done = await chunks.findOne({ _id: chunkId(fileId, chunk.n) }, { projection: { accepted: 1, invalid: 1 } });
      return { accepted: done!.accepted!, invalid: done!.invalid!, ...progressOf(file) };
    }
    if (file.next_chunk !== chunk.n)
      throw new OmsError('claim_lost', `file ${fileId} is at chunk ${file.next_chunk}, not at ${chunk.n}`);

    const classified = classifyRows(fileId, orders, ids, existing, trackStock ? stock : null);
    const planned: ChunkDocument = {
      _id: chunkId(fileId, chunk.n),
      version: PLAN_VERSION,
      file: fileId,
      n: chunk.n,
      state: 'planned',
      attempts: 0,
      ...{ offset: chunk.end.offset, row: chunk.end.row, bytes_read: chunk.bytesRead },
      rows: orders.length + chunk.rejections.length,
      track_stock: trackStock,
      created_at: new Date(now()),
      plan: await encodePlan(orders, classified.taking),
      keys: trackStock ? [...new Set(classified.taking.map(keyOf))] : [],
      planned_rejections: (await encodeRejections([...chunk.rejections, ...classified.rejections])).packed,
      ...(chunk.warnings?.length && { warnings: chunk.warnings }),
    };
    let committed: ChunkDocument;
    try {
      await chunks.insertOne(planned);
      const plan = { orders, taking: classified.taking };
      const rejections = [...chunk.rejections, ...classified.rejections];
      committed = (await carryOut(planned, { plan, rejections, stock })) ?? (await settle(planned._id));
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      committed = await settle(planned._id);
    }
    const progress = await moveCheckpoint(claim, committed);
    if (committed.offset !== chunk.end.offset)
      throw new OmsError(
        'chunk_moved',
        `chunk ${chunk.n} of file ${fileId} was committed up to byte ${committed.offset}, not ${chunk.end.offset}`,
      );
    return { accepted: committed.accepted!, invalid: committed.invalid!, ...progress };
  }

  /** What is stored of a chunk, carried out to its end. Throws `file_closed` when the number was taken by the end of the file. */
  async function settle(id: string): Promise<ChunkDocument> {
    for (;;) {
      const chunk = (await chunks.findOne({ _id: id }))!;
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
      const committed = await carryOut(chunk, { plan, rejections, stock: null });
      if (committed) return committed;
    }
  }

  /** Null when the chunk moved on meanwhile: then it is to be read again. */
  async function carryOut(
    chunk: ChunkDocument,
    { plan, rejections, stock }: { plan: Plan; rejections: Rejection[]; stock: Map<string, StockView> | null },
  ): Promise<ChunkDocument | null> {
    const { orders, taking } = plan;
    const keyOf = stockKeysOf(orders);
    const refused: Rejection[] = [];
    const refuse = (i: number, reason: Reason) =>
      refused.push({ row: orders.row(i), reasons: [reason], values: orders.values(i) });

    let fitting = taking;
    if (chunk.track_stock && taking.length > 0) {
      const rowsOfKey = new Map<string, number[]>();
      for (const i of taking) {
        const key = keyOf(i);
        const rows = rowsOfKey.get(key);
        if (rows) rows.push(i);
        else rowsOfKey.set(key, [i]);
      }
      const outcomes = await takeStock(database, chunk, orders, rowsOfKey, stock);
      if (outcomes === MOVED_ON) return null;
      const skipped = new Map([...outcomes.values()].flatMap((rows) => [...rows]));
      for (const [i, left] of skipped)
        refuse(i, outOfStock(orders.text(i, 'sku'), orders.text(i, 'hub_id'), orders.quantity(i), left));
      fitting = taking.filter((i) => !skipped.has(i));
    }

    let accepted = fitting;
    if (fitting.length > 0) {
      const foreign = await insertOrders(database, orders, fitting, chunk, mongoInsertDocuments);
      const back = new Map<string, number>();
      accepted = fitting.filter((i) => {
        const existing = foreign.size > 0 && foreign.get(orders.text(i, 'order_id'));
        if (!existing) return true;
        refuse(i, repeatOf(existing, orderDocument(orders, i, chunk)));
        const key = keyOf(i);
        back.set(key, (back.get(key) ?? 0) + orders.quantity(i));
        return false;
      });
      if (chunk.track_stock) await giveBack(database, chunk, back);
    }
    return markCommitted(chunk, orders, accepted, [...rejections, ...refused], refused);
  }

  async function markCommitted(
    chunk: ChunkDocument,
    orders: OrderBatch,
    accepted: number[],
    rejections: Rejection[],
    refused: Rejection[],
  ): Promise<ChunkDocument> {
    rejections.sort((a, b) => a.row - b.row);
    const invalidByCode: Partial<Record<ReasonCode, number>> = {};
    for (const { reasons } of rejections)
      for (const code of new Set(reasons.map((reason) => reason.code)))
        invalidByCode[code] = (invalidByCode[code] ?? 0) + 1;
    const byHub = new Map<string, number>();
    let amountMinor = 0n;
    for (const i of accepted) {
      const field = hubField(orders.text(i, 'hub_id'));
      byHub.set(field, (byHub.get(field) ?? 0) + 1);
      amountMinor += BigInt(orders.totalMinor(i));
    }
    const { packed, bytes } = await encodeRejections(rejections);
    const outcome = {
      state: 'committed',
      committed_at: new Date(now()),
      refused: refused.map(({ row }) => row),
      rejections: packed,
      rejected_bytes: bytes,
      accepted: accepted.length,
      invalid: rejections.length,
      invalid_by_code: invalidByCode,
      accepted_by_hub: Object.fromEntries(byHub),
      amount_minor: Decimal128.fromString(amountMinor.toString()),
      publish: accepted.length > 0 ? 'pending' : 'none',
      planned_rejections: null,
    } as const;
    const { matchedCount } = await chunks.updateOne({ _id: chunk._id, state: 'planned' }, { $set: outcome });
    // Another worker committed the same content: its figures are those that count.
    return matchedCount === 1 ? { ...chunk, ...outcome } : settle(chunk._id);
  }

  /** Throws `claim_lost`. */
  async function moveCheckpoint(
    claim: Claim,
    chunk: ChunkDocument,
  ): Promise<Pick<ChunkResult, 'rejected' | 'cancelRequested'>> {
    const at = new Date(now());
    const { warnings = [] } = chunk;
    const file = await files.findOneAndUpdate(
      { _id: claim.fileId, status: 'processing', epoch: claim.epoch, next_chunk: chunk.n },
      {
        $set: {
          next_chunk: chunk.n + 1,
          ...{ offset: chunk.offset, row: chunk.row, bytes_read: chunk.bytes_read },
          strikes: 0,
          committed_at: at,
          changed_at: at,
        },
        $inc: {
          rows: chunk.rows,
          accepted: chunk.accepted!,
          invalid: chunk.invalid!,
          rejected_bytes: chunk.rejected_bytes ?? 0,
          amount_minor: chunk.amount_minor!,
          ...prefixed('invalid_by_code', chunk.invalid_by_code!),
          ...prefixed('accepted_by_hub', chunk.accepted_by_hub!),
          ...Object.fromEntries(warnings.map(({ code, count }) => [`warnings.${code}.count`, count])),
        },
        ...(warnings.length > 0 && {
          $min: Object.fromEntries(warnings.map(({ code, row }) => [`warnings.${code}.row`, row])),
        }),
      } as never,
      { returnDocument: 'after', projection: { cancel_requested: 1, invalid: 1, rejected_bytes: 1 } },
    );
    if (file) return progressOf(file);
    const latest = await files.findOne(
      { _id: claim.fileId },
      { projection: { status: 1, epoch: 1, next_chunk: 1, cancel_requested: 1, invalid: 1, rejected_bytes: 1 } },
    );
    // The answer to the same checkpoint was lost.
    if (latest?.status === 'processing' && latest.epoch === claim.epoch && latest.next_chunk === chunk.n + 1)
      return progressOf(latest);
    throw claimLost(claim.fileId);
  }

  return { commit, settle, moveCheckpoint };
}

const progressOf = (file: Pick<FileDocument, 'cancel_requested' | 'invalid' | 'rejected_bytes'>) => ({
  rejected: { rows: file.invalid, bytes: file.rejected_bytes ?? 0 },
  cancelRequested: file.cancel_requested,
});

const prefixed = (field: string, counts: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [`${field}.${name}`, count]));
