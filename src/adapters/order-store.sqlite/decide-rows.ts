/**
 * Decides the rows of a chunk in file order: a row whose order exists is a duplicate or a conflict, one that its stock covers is accepted,
 * the others are out of stock. Reads the store and writes nothing.
 */
import { type ExistingOrder, orderOfRow, repeatOf } from '../../model/existing-order.ts';
import type { FileRecord } from '../../model/file.ts';
import type { OrderContent } from '../../model/order.ts';
import { outOfStock } from '../../model/reasons.ts';
import type { Reason, Rejection } from '../../model/rejection.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { FindStored } from './find-stored.ts';
import { countUpTo, sortIds } from './sort-ids.ts';
import type { StockLevel, StockLevels, Taking } from './stock-levels.ts';

/** A stock row while a chunk is decided. */
interface StockLeft {
  /** Null when there is no such row. */
  level: StockLevel | null;
  left: number;
}

function contentOf(rows: OrderBatch, i: number): OrderContent {
  const item = {
    sku: rows.text(i, 'sku'),
    hubId: rows.text(i, 'hub_id'),
    productName: rows.text(i, 'product_name'),
    quantity: rows.quantity(i),
    unitPriceMinor: rows.unitPriceMinor(i),
    lineTotalMinor: rows.totalMinor(i),
  };
  return {
    customerName: rows.text(i, 'customer_name'),
    customerEmail: rows.text(i, 'customer_email'),
    items: [item],
    totalMinor: rows.totalMinor(i),
    orderDateMs: rows.orderDateMs(i),
    shippingAddress: rows.text(i, 'shipping_address'),
  };
}

export interface Decision {
  /** Rows by index, sorted by order id. */
  accepted: Uint32Array;
  rejected: Rejection[];
  /** What the accepted rows take of the stock. */
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
    const isAccepted = new Uint8Array(rows.length);
    /** For ids that are looked up: the row of this chunk that was accepted. */
    const acceptedHere = new Map<string, number>();
    const { skus, hubIds } = rows.pairs;
    const stockLeft: (StockLeft | undefined)[] = [];
    const rejected: Rejection[] = [];
    const reject = (i: number, reason: Reason) =>
      rejected.push({ row: rows.row(i), reasons: [reason], values: rows.values(i) });

    const findExisting = (orderId: string): ExistingOrder | undefined => {
      const here = acceptedHere.get(orderId);
      if (here === undefined) return stored.get(orderId);
      return orderOfRow(fileId, rows.row(here), contentOf(rows, here));
    };

    for (let i = 0; i < rows.length; i++) {
      const orderId = orderIds[i]!;
      const existing = toLookUp[i] === 1 ? findExisting(orderId) : undefined;
      if (existing) {
        reject(i, repeatOf(existing, orderId, contentOf(rows, i), hubs));
        continue;
      }
      if (trackStock) {
        const pair = rows.pair(i);
        const quantity = rows.quantity(i);
        let stock = stockLeft[pair];
        if (stock === undefined) {
          const level = levels.get(skus[pair]!, hubIds[pair]!);
          stock = { level, left: level?.available ?? 0 };
          stockLeft[pair] = stock;
        }
        if (quantity > stock.left) {
          reject(i, outOfStock(skus[pair]!, hubIds[pair]!, quantity, stock.left));
          continue;
        }
        stock.left -= quantity;
      }
      isAccepted[i] = 1;
      if (toLookUp[i] === 1) acceptedHere.set(orderId, i);
    }
    return { accepted: byId.filter((i) => isAccepted[i] === 1), rejected, takings: takingsOf(stockLeft) };
  };
}

function takingsOf(stockLeft: readonly (StockLeft | undefined)[]): Taking[] {
  const takings: Taking[] = [];
  for (const stock of stockLeft)
    if (stock?.level && stock.left < stock.level.available)
      takings.push({ level: stock.level, quantity: stock.level.available - stock.left });
  return takings;
}
