/**
 * Inserts the orders of a chunk by their ids, so that a second insert of the same order changes nothing. An order that is stored already from
 * the same file and row was inserted by this plan, whatever it is now; any other is foreign, and the order is rejected. A void is replaced.
 */
import { MongoBulkWriteError } from 'mongodb';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { Database } from './database.ts';
import { type ChunkDocument, initialStatus, type OrderDocument, revOf, VOID } from './documents.ts';
import { DUPLICATE_KEY } from './errors.ts';
import { contentFields } from './order-document.ts';
import { pauseBetweenRounds } from './rounds.ts';

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

/**
 * Inserts these orders, and returns the foreign ones that some of them met, by id. It works in parts, a few in parallel: documents are
 * created while the server inserts others, and only those of a few parts are in memory. Throws `store_contention`.
 */
export async function insertOrders(
  database: Pick<Database, 'orders'>,
  batch: OrderBatch,
  orders: number[],
  chunk: ChunkDocument,
  partDocuments: number,
): Promise<Map<string, OrderDocument>> {
  const foreign = new Map<string, OrderDocument>();
  let next = 0;
  const work = async () => {
    while (next < orders.length) {
      const part = orders.slice(next, next + partDocuments);
      next += part.length;
      // All writers use this order: where an insert is one transaction, two with the same ids would else block each other.
      const documents = part
        .map((order) => orderDocument(batch, order, chunk))
        .sort((a, b) => (a._id < b._id ? -1 : 1));
      for (const [id, existing] of await insertPart(database, documents)) foreign.set(id, existing);
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
  return foreign;
}

async function insertPart(
  database: Pick<Database, 'orders'>,
  documents: OrderDocument[],
): Promise<Map<string, OrderDocument>> {
  const foreign = new Map<string, OrderDocument>();
  let open = documents;
  for (let round = 0; round < limits.mongoRounds; round++) {
    if (open.length === 0) return foreign;
    if (round > 0) await pauseBetweenRounds(round);
    const duplicates = await insertNew(database, open);
    if (duplicates.length === 0) return foreign;
    const found = await findOrders(
      database,
      duplicates.map(({ _id }) => _id),
    );
    await replaceVoids(database, duplicates, found);
    // A majority read may not return it yet: never decide without the document. One that was void is looked at again.
    open = duplicates.filter((document) => {
      const existing = found.get(document._id);
      if (!existing || existing.status === VOID) return true;
      if (existing.file !== document.file || existing.row !== document.row) foreign.set(document._id, existing);
      return false;
    });
  }
  throw new OmsError(
    'store_contention',
    `${open.length} orders of file ${open[0]!.file} are stored and cannot be read yet`,
    { retryable: true },
  );
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
