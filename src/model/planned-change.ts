/** A change of an order as it was judged: what is written when the stock suffices. */
import type { Order, OrderItem, StoredOrder } from './order.ts';
import type { OrderChange } from './order-change.ts';

/** What a change takes from a stock row; negative when it gives back. Never 0. */
export interface StockMove {
  sku: string;
  hubId: string;
  quantity: number;
}

/** A change that is allowed if the stock suffices for its moves. */
export interface PlannedChange {
  next: StoredOrder;
  change: OrderChange;
  /** One for each pair of SKU and hub. */
  moves: StockMove[];
}

/** An order whose last change was its creation. */
export const asCreated = (order: Order, holdsStock: boolean): StoredOrder => ({
  ...{ order, holdsStock, deleted: false, untouched: true, undone: false },
});

/** The next change of an order. */
export const changeOf = (order: Order, change: Omit<OrderChange, 'version' | 'fromStatus'>): OrderChange => ({
  version: order.version + 1,
  fromStatus: order.status,
  ...change,
});

/** What a change of these items takes from each stock row: positive where more is needed than before. */
export function movesBetween(before: readonly OrderItem[], after: readonly OrderItem[]): StockMove[] {
  const moves = new Map<string, StockMove>();
  const add = ({ sku, hubId, quantity }: OrderItem, sign: 1 | -1) => {
    // Neither part may contain a control character, so the key is unambiguous.
    const key = `${sku}\n${hubId}`;
    const move = moves.get(key) ?? { sku, hubId, quantity: 0 };
    move.quantity += sign * quantity;
    moves.set(key, move);
  };
  for (const item of before) add(item, -1);
  for (const item of after) add(item, 1);
  return [...moves.values()].filter(({ quantity }) => quantity !== 0);
}
