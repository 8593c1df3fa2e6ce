/** The stock rows that the rows of a batch take from. */
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import { stockKey } from './documents.ts';

/** The stock key of a row, computed once for each pair of SKU and hub. */
export function stockKeysOf(orders: OrderBatch): (i: number) => string {
  const { skus, hubIds } = orders.pairs;
  const keys: string[] = [];
  return (i) => {
    const pair = orders.pair(i);
    keys[pair] ??= stockKey(skus[pair]!, hubIds[pair]!);
    return keys[pair];
  };
}

/** The rows of these orders by stock key, those of each key in file order. */
export function rowsByStockKey(batch: OrderBatch, orders: readonly number[]): Map<string, number[]> {
  const keyOf = stockKeysOf(batch);
  const byKey = new Map<string, number[]>();
  for (const order of orders)
    for (let i = batch.first(order); i < batch.end(order); i++) {
      const key = keyOf(i);
      const ofKey = byKey.get(key);
      if (ofKey) ofKey.push(i);
      else byKey.set(key, [i]);
    }
  return byKey;
}
