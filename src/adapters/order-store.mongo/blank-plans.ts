/**
 * Takes deleted orders, and people who were erased, out of the plans of chunks, from which events are made. Such an order names its chunk
 * until that has happened, so that its event has no content from the first moment on, and whoever finds it after a crash goes on. It may
 * happen at any time: a worker that carries out the plan once more finds the order there, whatever its row says.
 */
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { copyOrders } from '../../order-batch/copy-orders.ts';
import type { Database } from './database.ts';
import { rowIn } from './order-document.ts';
import { decodePlan, encodePlan, planAsRead } from './plan.ts';
import { pauseBetweenRounds } from './rounds.ts';

type Stores = Pick<Database, 'orders' | 'chunks'>;

/** What `rowIn` needs of an order. */
export const ERASED_HERE = { file: 1, row: 1, chunk: 1, 'log.former': 1 } as const;

/** A bounded number of plans. */
export async function blankPlans(database: Stores): Promise<void> {
  for (let n = 0; n < limits.mongoBlankedPlans; n++) {
    const next = await database.orders.findOne({ erased_from: { $gt: '' } }, { projection: { erased_from: 1 } });
    if (!next) return;
    for (const id of [next.erased_from!].flat()) await blankPlan(database, id);
  }
}

/** Throws `store_contention`. */
export async function blankPlan({ orders, chunks }: Stores, id: string): Promise<void> {
  for (let round = 0; round < limits.mongoRounds; round++) {
    if (round > 0) await pauseBetweenRounds(round);
    const erased = await orders.find({ erased_from: id }, { projection: { ...ERASED_HERE, erased_from: 1 } }).toArray();
    if (erased.length === 0) return;
    const chunk = (await chunks.findOne({ _id: id }, { projection: { plan: 1, plan_rev: 1 } }))!;
    const { orders: batch, taking } = await decodePlan(chunk.plan);
    const all = Array.from({ length: batch.orders }, (_, order) => order);
    const plan = await encodePlan(copyOrders(batch, all, new Set(erased.map((order) => rowIn(id, order)))), taking);
    const { filter, next } = planAsRead(chunk);
    const { matchedCount } = await chunks.updateOne(filter, { $set: { ...next, plan } });
    // Somebody else has taken something out.
    if (matchedCount === 0) continue;
    const [several, alone] = [true, false].map((isSeveral) =>
      erased.filter(({ erased_from }) => Array.isArray(erased_from) === isSeveral).map(({ _id }) => _id),
    );
    await orders.updateMany({ _id: { $in: alone! }, erased_from: id }, { $unset: { erased_from: '' } });
    if (several!.length === 0) return;
    await orders.updateMany({ _id: { $in: several! }, erased_from: id }, { $pull: { erased_from: id } as never });
    await orders.updateMany({ _id: { $in: several! }, erased_from: [] }, { $unset: { erased_from: '' } });
    return;
  }
  throw new OmsError('store_contention', `the plan of chunk ${id} is written by others all the time`, {
    retryable: true,
  });
}
