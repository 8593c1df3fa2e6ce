/**
 * Inserts the orders of a chunk by their ids, so that a second insert of the same order changes nothing. An order that is stored already from
 * the same file and row was inserted by this plan, whatever it is now; any other is foreign, and the order is rejected. A void is replaced,
 * and an order that was undone is taken again, by a swap that a change would make as well.
 */
import { type AnyBulkWriteOperation, MongoBulkWriteError } from 'mongodb';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { takeAgain as planAgain } from '../../model/undo.ts';
import type { Workflow } from '../../model/workflow.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { Database } from './database.ts';
import { type ChunkDocument, initialStatus, type OrderDocument, revOf, VOID } from './documents.ts';
import { DUPLICATE_KEY } from './errors.ts';
import { contentFields, toOrder, toStoredOrder } from './order-document.ts';
import { pauseBetweenRounds } from './rounds.ts';
import { asRead, readyToTake, updateOf } from './swap-order.ts';

interface InsertContext {
  database: Pick<Database, 'orders' | 'chunks'>;
  workflow: Workflow;
  /** Orders per insert. */
  mongoInsertDocuments: number;
}

export function orderDocument(
  orders: OrderBatch,
  order: number,
  chunk: Pick<ChunkDocument, 'file' | 'n' | 'created_at' | 'track_stock' | 'status_of_orders'>,
): OrderDocument {
  const { file, n, created_at, track_stock } = chunk;
  const first = orders.first(order);
  return {
    _id: orders.text(first, 'order_id'),
    status: initialStatus(chunk),
    ...contentFields(orders.content(order)),
    file,
    row: orders.row(first),
    chunk: n,
    stock_taken: track_stock,
    created_at,
    updated_at: created_at,
    ...{ rev: 1, version: 1, published: 1 },
  };
}

/** The stored orders with these ids, by id. Orders of earlier releases may have another form of the id. */
export async function findRivals(database: Pick<Database, 'orders'>, orders: OrderBatch, ids: string[]) {
  const others = orders.otherIds();
  const byId = await findOrders(database, [...ids, ...others.keys()]);
  for (const [other, id] of others) if (byId.has(other) && !byId.has(id)) byId.set(id, byId.get(other)!);
  return byId;
}

/** The orders with these ids, by id, also those that are void or deleted. */
export async function findOrders({ orders }: Pick<Database, 'orders'>, ids: string[]) {
  const found = orders.find({ _id: { $in: ids } }, { batchSize: limits.mongoBatchDocuments });
  const byId = new Map<string, OrderDocument>();
  for await (const order of found) byId.set(order._id, order);
  return byId;
}

/** What the orders of a chunk met. */
export interface Met {
  /** The foreign orders, by id. */
  foreign: Map<string, OrderDocument>;
  /** The first rows of those that took an undone order again. */
  again: number[];
}

/**
 * Inserts these orders. It works in parts, a few in parallel: documents are created while the server inserts others, and only those of a few
 * parts are in memory. Throws `store_contention`.
 */
export async function insertOrders(
  context: InsertContext,
  batch: OrderBatch,
  orders: number[],
  chunk: ChunkDocument,
): Promise<Met> {
  const met: Met = { foreign: new Map(), again: [] };
  let next = 0;
  const work = async () => {
    while (next < orders.length) {
      const part = orders.slice(next, next + context.mongoInsertDocuments);
      next += part.length;
      // All writers use this order: where an insert is one transaction, two with the same ids would else block each other.
      const documents = part
        .map((order) => orderDocument(batch, order, chunk))
        .sort((a, b) => (a._id < b._id ? -1 : 1));
      await insertPart(context, documents, chunk, met);
    }
  };
  const stop = (error: unknown) => {
    next = orders.length;
    throw error;
  };
  const ends = await Promise.allSettled(
    Array.from({ length: limits.mongoConcurrentInserts }, () => work().catch(stop)),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  met.again.sort((a, b) => a - b);
  return met;
}

async function insertPart(
  context: InsertContext,
  documents: OrderDocument[],
  chunk: ChunkDocument,
  { foreign, again }: Met,
): Promise<void> {
  const { database } = context;
  const isFree = freeFor(chunk);
  let open = documents;
  for (let round = 0; round < limits.mongoRounds; round++) {
    if (open.length === 0) return;
    if (round > 0) await pauseBetweenRounds(round);
    const duplicates = await insertNew(database, open);
    if (duplicates.length === 0) return;
    const found = await findOrders(
      database,
      duplicates.map(({ _id }) => _id),
    );
    await replaceVoids(database, duplicates, found);
    const free = duplicates.filter((document) => isFree(document, found.get(document._id)));
    await takeAgain(context, chunk, free, found);
    // A majority read may not return it yet: never decide without the document. One that was free is looked at again.
    open = duplicates.filter((document) => {
      const existing = found.get(document._id);
      if (!existing || existing.status === VOID) return true;
      if (isFree(document, existing)) return true;
      if (existing.file !== document.file || existing.row !== document.row) foreign.set(document._id, existing);
      else if (existing.created_as !== undefined) again.push(document.row!);
      return false;
    });
  }
  throw new OmsError(
    'store_contention',
    `${open.length} orders of file ${open[0]!.file} are stored and cannot be read yet`,
    { retryable: true },
  );
}

/** Whether a row of the chunk takes an order again: all workers decide alike, as a `rev` never comes back. */
function freeFor({ undone = [] }: Pick<ChunkDocument, 'undone'>) {
  const revs = new Map(undone.map(({ row, rev }) => [row, rev]));
  return ({ row }: OrderDocument, existing: OrderDocument | undefined): boolean =>
    existing !== undefined && revs.get(row!) === revOf(existing);
}

/** By `rev`, like a change: of several that take an order, or change it, one succeeds. */
async function takeAgain(
  { database, workflow }: InsertContext,
  { _id, n, track_stock: trackStock }: ChunkDocument,
  documents: readonly OrderDocument[],
  found: ReadonlyMap<string, OrderDocument>,
): Promise<void> {
  const writes: AnyBulkWriteOperation<OrderDocument>[] = [];
  for (const document of documents) {
    const before = await readyToTake(database, found.get(document._id)!);
    const { status, created_at, file: fileId, row } = document;
    const anew = { content: toOrder(document), source: { fileId, row }, actor: null, status, trackStock };
    const plan = planAgain(toStoredOrder(before), anew, Math.max(created_at.getTime(), before.updated_at.getTime()));
    // The stock is reserved by the holds of the chunk: no ticket has this name.
    const reservation = { ticket: _id, orderId: document._id, rev: revOf(before), moves: [] };
    const swap = { before, plan, request: { key: null }, reservation, chunk: n };
    writes.push({ updateOne: { filter: asRead(before), update: updateOf(before, swap, workflow, []) as never } });
  }
  if (writes.length > 0) await database.orders.bulkWrite(writes, { ordered: false });
}

/** The new `rev` keeps changes that have read the void from coming after it. What requests were answered is kept. */
async function replaceVoids(
  { orders }: Pick<Database, 'orders'>,
  documents: OrderDocument[],
  found: Map<string, OrderDocument>,
): Promise<void> {
  for (const document of documents) {
    const existing = found.get(document._id);
    if (existing?.status !== VOID) continue;
    const { _id, rev, refused = [] } = existing;
    await orders.replaceOne({ _id, status: VOID, rev: rev! }, { ...document, rev: revOf(existing) + 1, refused });
  }
}

/** Returns those whose id is stored already. */
async function insertNew({ orders }: Pick<Database, 'orders'>, documents: OrderDocument[]): Promise<OrderDocument[]> {
  try {
    await orders.insertMany(documents, { ordered: false });
    return [];
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    const errors = [error.writeErrors].flat();
    const all = errors.length > 0 && errors.every(({ code }) => code === DUPLICATE_KEY);
    if (!all || error.result.getWriteConcernError()) throw error;
    return errors.map(({ index }) => documents[index]!);
  }
}
