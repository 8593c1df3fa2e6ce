/**
 * Decides which orders of a chunk get what it has reserved. Stock is reserved key by key, each row by itself; an order is accepted when all
 * of its rows fit, and what the other orders had reserved is there for those that come later in the file, then it is given back. It only
 * depends on the plan and the holds, so every worker of the chunk decides the same, in the same words (INV-4).
 */
import { outOfStock } from '../../model/reasons.ts';
import type { Reason, Rejection } from '../../model/rejection.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import { rejectOrder } from '../../order-batch/reject-order.ts';
import { stockKeysOf } from './stock-keys.ts';
import type { Reserved } from './take-stock.ts';

/** Orders by index, in file order, that fit, and the rejections of the others. */
export interface Settled {
  fitting: number[];
  short: Rejection[];
}

export function settleOrders(orders: OrderBatch, taking: number[], reserved: ReadonlyMap<string, Reserved>): Settled {
  const short: Rejection[] = [];
  if ([...reserved.values()].every(({ hi }) => hi === Number.POSITIVE_INFINITY)) return { fitting: taking, short };
  const keyOf = stockKeysOf(orders);
  const used = new Map<string, number>();
  const fitting = taking.filter((order) => {
    const reasons = takeOf(orders, order, (i) => {
      const key = keyOf(i);
      const before = used.get(key) ?? 0;
      const after = before + orders.quantity(i);
      const { available, sum } = reserved.get(key)!;
      if (after > sum) return (after > available ? available : sum) - before;
      used.set(key, after);
      return null;
    });
    if (reasons.size === 0) return true;
    for (let i = orders.first(order); i < orders.end(order); i++)
      if (!reasons.has(i)) used.set(keyOf(i), used.get(keyOf(i))! - orders.quantity(i));
    short.push(...rejectOrder(orders, order, (i) => reasons.get(i)));
    return false;
  });
  return { fitting, short };
}

/** `take`: takes for a row; returns what is left for it where that is too little. Returns the reasons of those rows by index. */
function takeOf(orders: OrderBatch, order: number, take: (i: number) => number | null): Map<number, Reason> {
  const reasons = new Map<number, Reason>();
  for (let i = orders.first(order); i < orders.end(order); i++) {
    const left = take(i);
    if (left !== null)
      reasons.set(i, outOfStock(orders.text(i, 'sku'), orders.text(i, 'hub_id'), orders.quantity(i), left));
  }
  return reasons;
}

/** By key, what is reserved beyond what these orders hold. */
export function surplusOf(
  orders: OrderBatch,
  accepted: readonly number[],
  reserved: ReadonlyMap<string, Reserved>,
): Map<string, number> {
  const keyOf = stockKeysOf(orders);
  const surplus = new Map(Array.from(reserved, ([key, { sum }]) => [key, sum]));
  for (const order of accepted)
    for (let i = orders.first(order); i < orders.end(order); i++)
      surplus.set(keyOf(i), surplus.get(keyOf(i))! - orders.quantity(i));
  for (const [key, quantity] of surplus) if (quantity === 0) surplus.delete(key);
  return surplus;
}
