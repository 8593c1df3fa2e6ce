/**
 * Decides the rows of a chunk, in file order: an order that exists is a duplicate or a conflict, a row that its stock covers is accepted, and
 * the others are out of stock. Reads the store and writes nothing.
 */
import { isSameText } from '../../model/characters.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../../model/columns.ts';
import { duplicateOrder, orderConflict, outOfStock } from '../../model/reasons.ts';
import type { Reason, Rejection } from '../../model/rejection.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { Database } from '../sqlite/database.ts';
import { countUpTo, sortIds } from './sort-ids.ts';
import type { StockLevel, StockLevels, Taking } from './stock-levels.ts';

/** An order as its payload is compared: by column name. */
type Payload = Record<Exclude<OrderColumn, 'order_id'>, string | number>;

interface ExistingOrder {
  fileId: string;
  row: number;
  payload: Payload;
}

/** Characters from U+D800 on. */
const BEHIND_SURROGATES = /[\ud800-\uffff]/;

/** A stock row as a chunk is decided: so much of it is left. */
interface StockLeft {
  /** Null when there is no such row. */
  level: StockLevel | null;
  left: number;
}

const PAYLOAD_COLUMNS = ORDER_COLUMNS.filter((column) => column !== 'order_id');

function payloadOf(rows: OrderBatch, i: number): Payload {
  return {
    customer_name: rows.text(i, 'customer_name'),
    customer_email: rows.text(i, 'customer_email'),
    product_name: rows.text(i, 'product_name'),
    sku: rows.text(i, 'sku'),
    hub_id: rows.text(i, 'hub_id'),
    quantity: rows.quantity(i),
    unit_price: rows.unitPriceMinor(i),
    total_amount: rows.totalMinor(i),
    order_date: rows.orderDateMs(i),
    shipping_address: rows.text(i, 'shipping_address'),
  };
}

const isSame = (a: string | number, b: string | number): boolean => a === b || isSameText(String(a), String(b));

export interface Decision {
  /** Rows by index, sorted by order id. */
  accepted: Uint32Array;
  rejected: Rejection[];
  /** Of the stock, for the accepted rows. */
  takings: Taking[];
}

export type DecideRows = ReturnType<typeof rowDecider>;

export function rowDecider(db: Database, levels: StockLevels) {
  const findOrders = db.prepare(`
    select o.order_id, f.file_id, o.row, o.customer_name, o.customer_email, o.product_name, o.sku, o.hub_id, o.quantity,
      o.unit_price_minor unit_price, o.total_minor total_amount, o.order_date, o.shipping_address
    from json_each(?) id join orders o on o.order_id = id.value join files f on f.file_no = o.file_no`);
  const readHighest = db.prepare('select max(order_id) order_id from orders');

  /** Those of the ids that may be stored: an id behind all that are is new, as most are in files that are ordered. */
  function perhapsStored(orderIds: readonly string[], byId: Uint32Array): string[] {
    const highest = (readHighest.get() as { order_id: string | null }).order_id;
    if (highest === null) return [];
    // SQLite compares UTF-8, JavaScript UTF-16: they agree on what is behind a text without surrogates and the characters behind those.
    const count = BEHIND_SURROGATES.test(highest) ? byId.length : countUpTo(orderIds, byId, highest);
    return Array.from(byId.subarray(0, count), (i) => orderIds[i]!);
  }

  /** The orders with these ids that there are. */
  function findStored(orderIds: readonly string[]): Map<string, ExistingOrder> {
    const stored = new Map<string, ExistingOrder>();
    if (orderIds.length === 0) return stored;
    for (const { order_id, file_id, row, ...payload } of findOrders.all(
      JSON.stringify(orderIds),
    ) as unknown as (Payload & {
      order_id: string;
      file_id: string;
      row: number;
    })[])
      stored.set(order_id, { fileId: file_id, row, payload });
    return stored;
  }

  return (rows: OrderBatch, orderIds: readonly string[], fileId: string, trackStock: boolean): Decision => {
    const { byId, repeated } = sortIds(orderIds);
    const others = rows.otherIds();
    const stored = findStored([...perhapsStored(orderIds, byId), ...others.keys()]);
    for (const [other, id] of others) if (stored.has(other) && !stored.has(id)) stored.set(id, stored.get(other)!);
    /** By index: 1 where the id is here more than once or stored. The others need not be looked up. */
    const toLookUp = repeated;
    for (const id of stored.keys())
      for (let n = countUpTo(orderIds, byId, id) - 1; n >= 0 && orderIds[byId[n]!] === id; n--) toLookUp[byId[n]!] = 1;
    levels.trim();
    const isAccepted = new Uint8Array(rows.length);
    /** Of the ids that are here more than once: the row that was accepted. */
    const acceptedHere = new Map<string, number>();
    const { skus, hubIds } = rows.pairs;
    const stockLeft: (StockLeft | undefined)[] = [];
    const rejected: Rejection[] = [];
    const reject = (i: number, reason: Reason) =>
      rejected.push({ row: rows.row(i), reasons: [reason], values: rows.values(i) });

    const findExisting = (orderId: string): ExistingOrder | undefined => {
      const here = acceptedHere.get(orderId);
      return here === undefined ? stored.get(orderId) : { fileId, row: rows.row(here), payload: payloadOf(rows, here) };
    };

    for (let i = 0; i < rows.length; i++) {
      const orderId = orderIds[i]!;
      const existing = toLookUp[i] === 1 ? findExisting(orderId) : undefined;
      if (existing) {
        reject(i, repeatOf(existing, orderId, payloadOf(rows, i)));
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

function repeatOf({ fileId, row, payload: stored }: ExistingOrder, orderId: string, payload: Payload): Reason {
  const differing = PAYLOAD_COLUMNS.filter((column) => !isSame(stored[column], payload[column]));
  return differing.length === 0 ? duplicateOrder(orderId, fileId, row) : orderConflict(orderId, differing, fileId, row);
}

function takingsOf(stockLeft: readonly (StockLeft | undefined)[]): Taking[] {
  const takings: Taking[] = [];
  for (const stock of stockLeft)
    if (stock?.level && stock.left < stock.level.available)
      takings.push({ level: stock.level, quantity: stock.level.available - stock.left });
  return takings;
}
