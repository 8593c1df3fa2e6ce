/**
 * Inserts the orders of a chunk by their ids, so that a second insert of the same row changes nothing. An order that is stored already from
 * the same file and row was inserted by this plan; any other is foreign, and its row is rejected.
 */
import { MongoBulkWriteError } from 'mongodb';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { isSameText } from '../../model/characters.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../../model/columns.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { Database } from './database.ts';
import type { ChunkDocument, OrderDocument } from './documents.ts';
import { DUPLICATE_KEY } from './errors.ts';
import { pauseBetweenRounds } from './rounds.ts';

export function orderDocument(
  orders: OrderBatch,
  i: number,
  { file, created_at, track_stock }: Pick<ChunkDocument, 'file' | 'created_at' | 'track_stock'>,
): OrderDocument {
  return {
    _id: orders.text(i, 'order_id'),
    status: 'on_hold',
    customer: { name: orders.text(i, 'customer_name'), email: orders.text(i, 'customer_email') },
    items: [
      {
        sku: orders.text(i, 'sku'),
        hub_id: orders.text(i, 'hub_id'),
        product_name: orders.text(i, 'product_name'),
        quantity: orders.quantity(i),
        unit_price_minor: orders.unitPriceMinor(i),
        line_total_minor: orders.totalMinor(i),
      },
    ],
    total_minor: orders.totalMinor(i),
    order_date: new Date(orders.orderDateMs(i)),
    shipping_address: orders.text(i, 'shipping_address'),
    file,
    row: orders.row(i),
    stock_taken: track_stock,
    created_at,
    updated_at: created_at,
  };
}

type PayloadColumn = Exclude<OrderColumn, 'order_id'>;

const OF_DOCUMENT: Record<PayloadColumn, (order: OrderDocument) => string | number> = {
  customer_name: (order) => order.customer.name,
  customer_email: (order) => order.customer.email,
  product_name: (order) => order.items[0]!.product_name,
  sku: (order) => order.items[0]!.sku,
  hub_id: (order) => order.items[0]!.hub_id,
  quantity: (order) => order.items[0]!.quantity,
  unit_price: (order) => order.items[0]!.unit_price_minor,
  total_amount: (order) => order.total_minor,
  order_date: (order) => order.order_date.getTime(),
  shipping_address: (order) => order.shipping_address,
};

const COLUMNS = ORDER_COLUMNS.filter((column): column is PayloadColumn => column !== 'order_id');

/** The columns in which two orders of one id differ. */
export const differingColumns = (a: OrderDocument, b: OrderDocument): string[] =>
  COLUMNS.filter((column) => !isSameText(String(OF_DOCUMENT[column](a)), String(OF_DOCUMENT[column](b))));

/** The stored orders with these ids, by id. Orders of earlier releases may have another form of the id. */
export async function findRivals(database: Pick<Database, 'orders'>, orders: OrderBatch, ids: string[]) {
  const others = orders.otherIds();
  const byId = await findOrders(database, [...ids, ...others.keys()]);
  for (const [other, id] of others) if (byId.has(other) && !byId.has(id)) byId.set(id, byId.get(other)!);
  return byId;
}

/** The stored orders with these ids, by id. */
export async function findOrders({ orders }: Pick<Database, 'orders'>, ids: string[]) {
  const found = orders.find({ _id: { $in: ids } }, { batchSize: limits.mongoBatchDocuments });
  const byId = new Map<string, OrderDocument>();
  for await (const order of found) byId.set(order._id, order);
  return byId;
}

/**
 * Inserts these rows, and returns the foreign orders that some of them met, by id. It works in parts, a few in parallel: documents are
 * created while the server inserts others, and only those of a few parts are in memory. Throws `store_contention`.
 */
export async function insertOrders(
  database: Pick<Database, 'orders'>,
  orders: OrderBatch,
  rows: number[],
  chunk: ChunkDocument,
  partDocuments: number,
): Promise<Map<string, OrderDocument>> {
  const foreign = new Map<string, OrderDocument>();
  let next = 0;
  const work = async () => {
    while (next < rows.length) {
      const part = rows.slice(next, next + partDocuments);
      next += part.length;
      // All writers use this order: where an insert is one transaction, two with the same ids would else block each other.
      const documents = part.map((i) => orderDocument(orders, i, chunk)).sort((a, b) => (a._id < b._id ? -1 : 1));
      for (const [id, existing] of await insertPart(database, documents)) foreign.set(id, existing);
    }
  };
  const stop = (error: unknown) => {
    next = rows.length;
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
    // A majority read may not return it yet: never decide without the document.
    open = duplicates.filter((document) => {
      const existing = found.get(document._id);
      if (!existing) return true;
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
