/** Finds the stored orders that have an id of a chunk. */
import { type ExistingOrder, existingOrder } from '../../model/existing-order.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { Database } from '../sqlite/database.ts';
import { SELECT_BY_IDS, type StoredRow, toStored } from './order-row.ts';
import { countUpTo } from './sort-ids.ts';

/** Characters from U+D800 on. */
const BEHIND_SURROGATES = /[\ud800-\uffff]/;

/** `byId`: the indices of the ids, sorted by id. Returns the orders by id; those of earlier releases may have another form of the id. */
export type FindStored = (
  rows: OrderBatch,
  orderIds: readonly string[],
  byId: Uint32Array,
) => Map<string, ExistingOrder>;

export function storedOrderFinder(db: Database): FindStored {
  const findOrders = db.prepare(SELECT_BY_IDS);
  const readHighest = db.prepare('select max(order_id) order_id from orders');

  /** The ids that may be stored. An id behind the highest stored one is new, as most are where ids ascend. */
  function perhapsStored(orderIds: readonly string[], byId: Uint32Array): string[] {
    const highest = (readHighest.get() as { order_id: string | null }).order_id;
    if (highest === null) return [];
    // SQLite compares UTF-8, JavaScript UTF-16: behind a text without characters from U+D800 on, both have the same texts.
    const count = BEHIND_SURROGATES.test(highest) ? byId.length : countUpTo(orderIds, byId, highest);
    return Array.from(byId.subarray(0, count), (i) => orderIds[i]!);
  }

  function find(orderIds: readonly string[]): Map<string, ExistingOrder> {
    const stored = new Map<string, ExistingOrder>();
    if (orderIds.length === 0) return stored;
    for (const row of findOrders.all(JSON.stringify(orderIds)) as unknown as StoredRow[]) {
      const found = toStored(row);
      stored.set(found.order.orderId, existingOrder(found));
    }
    return stored;
  }

  return (rows, orderIds, byId) => {
    const others = rows.otherIds();
    const stored = find([...perhapsStored(orderIds, byId), ...others.keys()]);
    for (const [other, id] of others) if (stored.has(other) && !stored.has(id)) stored.set(id, stored.get(other)!);
    return stored;
  };
}
