/**
 * Erases people from orders, without transactions. An order is swapped by its `rev`, as by a change, but keeps its version: a change or
 * refusal that has read it before fails, and judges it again; its log keeps the tickets, so that stock is settled as ever. With the swap it
 * names its chunk, whose plan has the person as well (`blank-plans.ts`). Erasing again, also beside another eraser, changes nothing.
 */
import type { AnyBulkWriteOperation } from 'mongodb';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { type ErasureOf, type OrderWithHistory, withoutPerson } from '../../model/erasure.ts';
import { isErased } from '../../model/order.ts';
import { isPersonal, orderAt } from '../../model/order-change.ts';
import type { Erasure } from '../../ports/erasure.ts';
import { blankPlan } from './blank-plans.ts';
import type { Database } from './database.ts';
import { type ChangeEntry, type OrderDocument, revOf, VOID } from './documents.ts';
import { findPerson, findUnchanged } from './find-to-erase.ts';
import { contentFields, setField, sourcesOf, toHistory } from './order-document.ts';
import { pauseBetweenRounds } from './rounds.ts';
import { asRead, chunkIdOf } from './swap-order.ts';

export function createErasure(database: Database): Erasure {
  return {
    find: (of, position) =>
      'email' in of ? findPerson(database, of, position) : findUnchanged(database, of, position),
    erase: (of, orderIds) => erase(database, of, orderIds),
  };
}

async function erase(database: Database, of: ErasureOf, orderIds: readonly string[]): Promise<number> {
  const { orders, finalizerOrders } = database;
  const chunkIds = new Set<string>();
  let erased = 0;
  for (let round = 0, open = [...orderIds]; open.length > 0; round++) {
    if (round === limits.mongoRounds)
      throw new OmsError('store_contention', `${open.length} orders could not be erased: others keep changing them`, {
        retryable: true,
      });
    if (round > 0) await pauseBetweenRounds(round);
    const swaps: Swap[] = [];
    for await (const document of orders.find({ _id: { $in: open } }, { batchSize: 20 })) {
      const swap = await swapOf(database, document, of);
      if (swap) swaps.push(swap);
    }
    if (swaps.length === 0) break;
    open = swaps.map(({ orderId }) => orderId);
    for (const swap of swaps) for (const id of swap.chunkIds) chunkIds.add(id);
    const forgetAnswers = () =>
      finalizerOrders.updateMany({ _id: { $in: open }, answer: { $ne: '' } }, { $set: { answer: '' } });
    // Before, so that nothing is left after a crash; again, as the finalizer may have noted one meanwhile.
    await forgetAnswers();
    const { matchedCount } = await orders.bulkWrite(
      swaps.map(({ write }) => write),
      { ordered: false },
    );
    await forgetAnswers();
    erased += matchedCount;
    // Those that were changed meanwhile are read again; the others have nothing to erase then.
    if (matchedCount === swaps.length) break;
  }
  for (const chunkId of chunkIds) await blankPlan(database, chunkId);
  return erased;
}

interface Swap {
  orderId: string;
  /** The chunks whose plans have what is erased. */
  chunkIds: string[];
  write: AnyBulkWriteOperation<OrderDocument>;
}

async function swapOf(database: Database, document: OrderDocument, of: ErasureOf): Promise<Swap | null> {
  const erased = document.status === VOID ? null : withoutPerson(toHistory(document), of);
  if (!erased) return null;
  const isErasedAt = (version: number) => isErased(orderAt(erased.stored.order, erased.changes, version));
  const isFirstErased = isErasedAt(1);
  const creations = erased.changes.filter(({ kind }) => kind === 'created');
  const chunkIds: string[] = [];
  for (const [n, source] of sourcesOf(document).entries()) {
    const id = isErasedAt(creations[n]!.version) ? await chunkIdOf(database, source) : null;
    if (id !== null) chunkIds.push(id);
  }
  const { customer, shipping_address } = contentFields(erased.stored.order);
  const $set = {
    rev: revOf(document) + 1,
    ...{ customer, shipping_address },
    ...(document.log && { log: document.log.map((entry) => withoutPersonIn(entry, erased, isFirstErased)) }),
    ...(chunkIds.length > 0 && { erased_from: chunkIds.length === 1 ? chunkIds[0] : chunkIds }),
  };
  return { orderId: document._id, chunkIds, write: { updateOne: { filter: asRead(document), update: { $set } } } };
}

/** An entry of the log as the model leaves its change. That of the first creation has the content that was created. */
function withoutPersonIn(entry: ChangeEntry, { changes }: OrderWithHistory, isFirstErased: boolean): ChangeEntry {
  const { fields, reason } = changes.find(({ version }) => version === entry.m)!;
  if (entry.m > 1) return { ...entry, set: fields.map(setField), reason };
  const set = entry.set.map((one) => (isFirstErased && isPersonal(one.field) ? { ...one, to: '' } : one));
  return { ...entry, set, reason };
}
