/** What the finalizer keeps, on MongoDB: a document with the position, and one for each kept order. */
import type { Finalizing, KeptOrder } from '../../ports/finalizing.ts';
import { readPosition, toPage } from '../page.ts';
import type { Database } from './database.ts';
import type { FinalizerOrderDocument } from './documents.ts';
import { isDuplicateKey } from './errors.ts';

export function createFinalizing({ finalizerPosition: position, finalizerOrders: orders }: Database): Finalizing {
  return {
    async position() {
      return (await position.findOne({ _id: 'position' }))?.cursor ?? null;
    },
    async move(cursor) {
      await upsert(() => position.updateOne({ _id: 'position' }, { $set: { cursor } }, { upsert: true }));
    },
    async keep({ orderId, dueMs, asks, failures, answer }) {
      const order = { asks, failures, due_at: dueMs === null ? null : new Date(dueMs), answer };
      await upsert(() => orders.updateOne({ _id: orderId }, { $set: order }, { upsert: true }));
    },
    async forget(orderId) {
      await orders.deleteOne({ _id: orderId });
    },
    async kept(orderIds) {
      const found = await orders.find({ _id: { $in: [...orderIds] } }, { projection: { _id: 1 } }).toArray();
      return new Set(found.map(({ _id }) => _id));
    },
    async due(nowMs, limit) {
      const found = await orders
        .find({ due_at: { $lte: new Date(nowMs), $ne: null } })
        .sort({ due_at: 1, _id: 1 })
        .limit(limit)
        .toArray();
      return found.map(toKept);
    },
    async counts() {
      const [held, aside] = await Promise.all([
        orders.countDocuments({ due_at: { $gt: new Date(0) } }),
        orders.countDocuments({ due_at: null }),
      ]);
      return { held, aside };
    },
    async list(state, { after, limit }) {
      const [orderId] = readPosition<[string]>(after, 'string') ?? [''];
      const due_at = state === 'held' ? { $gt: new Date(0) } : null;
      const found = await orders
        .find({ due_at, _id: { $gt: orderId } })
        .sort({ _id: 1 })
        .limit(limit + 1)
        .toArray();
      return toPage(found, limit, ({ _id }) => [_id], toKept);
    },
    async askAgain(nowMs) {
      const { modifiedCount } = await orders.updateMany(
        { due_at: null },
        { $set: { due_at: new Date(nowMs), failures: 0 } },
      );
      return modifiedCount;
    },
  };
}

/** Of two that insert at the same moment one fails; then there is something to update. */
async function upsert(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    await write();
  }
}

const toKept = ({ _id, asks, failures, due_at, answer }: FinalizerOrderDocument): KeptOrder => ({
  ...{ orderId: _id, asks, failures, dueMs: due_at?.getTime() ?? null, answer },
});
