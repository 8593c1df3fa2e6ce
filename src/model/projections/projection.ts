/**
 * What read models keep: sums of orders by subject, such as a customer or a product, by day and status. A projection says which subjects an
 * order is about, and what it adds to each. The sums of a subject are those of its orders as they are now: whoever keeps them takes out what
 * an order has added before, and puts in what it adds now.
 */
import type { Order } from '../order.ts';

export interface Addition {
  /** The subject within the projection, such as an e-mail or a SKU. */
  key: string;
  /** How often the order counts: once, whatever its items. */
  orders: 1;
  units: number;
  amountMinor: number;
  /** What the subject is called in this order. */
  name?: string;
  /** Of one piece. */
  priceMinor?: number;
}

export interface Projection {
  /** Stored, so it never changes. */
  kind: string;
  additions(order: Order): Addition[];
}

/** Items of one subject together, as an order counts once in each. */
export function byKey(
  order: Order,
  keyOf: (item: Order['items'][number]) => Omit<Addition, 'orders' | 'units' | 'amountMinor'>,
): Addition[] {
  const found = new Map<string, Addition>();
  for (const item of order.items) {
    const subject = keyOf(item);
    const { units = 0, amountMinor = 0 } = found.get(subject.key) ?? {};
    const sums = { units: units + item.quantity, amountMinor: amountMinor + item.lineTotalMinor };
    found.set(subject.key, { ...subject, orders: 1, ...sums });
  }
  return [...found.values()];
}
