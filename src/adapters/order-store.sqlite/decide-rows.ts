/**
 * Decides the orders of a chunk in file order: one that exists, and was not undone, is a duplicate or a conflict, one whose rows are all
 * covered by the stock that is left is accepted, the others are out of stock. Reads the store and writes nothing.
 */
import { type ExistingOrder, isTakenAgain, orderOfRow, repeatOf } from '../../model/existing-order.ts';
import type { FileRecord } from '../../model/file.ts';
import { outOfStock } from '../../model/reasons.ts';
import type { Reason, Rejection } from '../../model/rejection.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import { rejectOrder } from '../../order-batch/reject-order.ts';
import type { FindStored } from './find-stored.ts';
import { countUpTo, sortIds } from './sort-ids.ts';
import type { StockLevel, StockLevels, Taking } from './stock-levels.ts';

/** A stock row while a chunk is decided. */
interface StockLeft {
  /** Null when there is no such row. */
  level: StockLevel | null;
  left: number;
}

export interface Decision {
  /** Orders by index, sorted by their id. */
  accepted: Uint32Array;
  /** Of them, those that take an undone order again. */
  again: ReadonlySet<number>;
  rejected: Rejection[];
  /** What they take of the stock. */
  takings: Taking[];
}

/** What rows are decided on. */
export interface Known {
  findStored: FindStored;
  levels: Pick<StockLevels, 'get' | 'trim'>;
}

export function rowDecider({ findStored, levels }: Known) {
  return (
    rows: OrderBatch,
    orderIds: readonly string[],
    { fileId, hubs }: Pick<FileRecord, 'fileId' | 'hubs'>,
    trackStock: boolean,
  ): Decision => {
    const { byId, repeated } = sortIds(orderIds);
    const stored = findStored(rows, orderIds, byId);
    /** By index: 1 where the id is repeated in the chunk, or stored. */
    const toLookUp = repeated;
    for (const id of stored.keys())
      for (let n = countUpTo(orderIds, byId, id) - 1; n >= 0 && orderIds[byId[n]!] === id; n--) toLookUp[byId[n]!] = 1;
    levels.trim();
    const isAccepted = new Uint8Array(rows.orders);
    /** For ids that are looked up: the order of this chunk that was accepted. */
    const acceptedHere = new Map<string, number>();
    const { skus, hubIds } = rows.pairs;
    const stockLeft: (StockLeft | undefined)[] = [];
    const rejected: Rejection[] = [];
    const again = new Set<number>();

    const findExisting = (orderId: string): ExistingOrder | undefined => {
      const here = acceptedHere.get(orderId);
      if (here === undefined) return stored.get(orderId);
      return orderOfRow(fileId, rows.row(rows.first(here)), rows.content(here));
    };

    const stockOf = (pair: number): StockLeft => {
      let stock = stockLeft[pair];
      if (stock === undefined) {
        const level = levels.get(skus[pair]!, hubIds[pair]!);
        stock = { level, left: level?.available ?? 0 };
        stockLeft[pair] = stock;
      }
      return stock;
    };

    /** Takes for all rows of an order or for none: then returns the reasons of those that are out of stock, by row. */
    const take = (order: number): Map<number, Reason> | null => {
      const end = rows.end(order);
      let short: Map<number, Reason> | null = null;
      for (let i = rows.first(order); i < end; i++) {
        const pair = rows.pair(i);
        const quantity = rows.quantity(i);
        const stock = stockOf(pair);
        if (quantity > stock.left) {
          short ??= new Map();
          short.set(i, outOfStock(skus[pair]!, hubIds[pair]!, quantity, stock.left));
        } else stock.left -= quantity;
      }
      if (short !== null)
        for (let i = rows.first(order); i < end; i++) if (!short.has(i)) stockOf(rows.pair(i)).left += rows.quantity(i);
      return short;
    };

    for (let order = 0; order < rows.orders; order++) {
      const orderId = orderIds[order]!;
      const existing = toLookUp[order] === 1 ? findExisting(orderId) : undefined;
      const takesAgain = existing !== undefined && isTakenAgain(existing, hubs);
      if (existing && !takesAgain) {
        const reason = repeatOf(existing, orderId, rows.content(order), hubs);
        rejected.push(...rejectOrder(rows, order, () => reason));
        continue;
      }
      const short = trackStock ? take(order) : null;
      if (short !== null) {
        rejected.push(...rejectOrder(rows, order, (i) => short.get(i)));
        continue;
      }
      isAccepted[order] = 1;
      if (takesAgain) again.add(order);
      if (toLookUp[order] === 1) acceptedHere.set(orderId, order);
    }
    return {
      accepted: byId.filter((order) => isAccepted[order] === 1),
      again,
      rejected,
      takings: takingsOf(stockLeft),
    };
  };
}

function takingsOf(stockLeft: readonly (StockLeft | undefined)[]): Taking[] {
  const takings: Taking[] = [];
  for (const stock of stockLeft)
    if (stock?.level && stock.left < stock.level.available)
      takings.push({ level: stock.level, quantity: stock.level.available - stock.left });
  return takings;
}
