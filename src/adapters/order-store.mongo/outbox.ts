/** The outbox of this store: committed chunks with accepted rows, oldest first, until they are marked as published. */
import type { Order } from '../../model/order.ts';
import type { Outbox } from '../../ports/order-store.ts';
import type { ChunkDocument, Database } from './database.ts';
import { orderDocument } from './insert-orders.ts';
import { toOrder } from './orders.ts';
import { decodePlan } from './plan.ts';

/** The orders of a committed chunk as they were created, in file order. */
export async function ordersOf(chunk: ChunkDocument): Promise<Order[]> {
  const { orders, taking } = await decodePlan(chunk.plan);
  const refused = new Set(chunk.refused);
  return taking.filter((i) => !refused.has(orders.row(i))).map((i) => toOrder(orderDocument(orders, i, chunk)));
}

export function createOutbox({ chunks }: Database): Outbox {
  return {
    async pending() {
      const chunk = await chunks.findOne({ publish: 'pending' }, { sort: { committed_at: 1 } });
      return chunk && { id: chunk._id, orders: await ordersOf(chunk) };
    },
    async markPublished(batchId) {
      await chunks.updateOne({ _id: batchId, publish: 'pending' }, { $set: { publish: 'published' } });
    },
  };
}
