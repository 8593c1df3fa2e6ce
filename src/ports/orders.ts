/** Orders, to be found and listed. Only the commit of a chunk writes them. */
import type { Order, OrderStatus } from '../model/order.ts';
import type { Page, PageRequest } from './page.ts';

export interface OrderFilter {
  status?: OrderStatus;
  hubId?: string;
  sku?: string;
  fileId?: string;
  customerEmail?: string;
  /** Half-open on the order date. */
  fromMs?: number;
  toMs?: number;
  /** The start of the order id, of the e-mail, or, word by word, of words of the customer's name. */
  q?: string;
}

/** `reachedMs`: when the oldest order that was scanned was created; null at the end of the list. */
export type OrderPage = Page<Order> & { reachedMs: number | null };

export interface Orders {
  /** MUST find an order by any form of its id: NFC or NFD, with or without invisible characters at its ends. The given form comes first. */
  get(orderId: string): Promise<Order | null>;
  /** Newest first by (created_at, order_id). The order whose whole id is `q` comes first, once, however old it is. */
  list(filter: OrderFilter, page: PageRequest): Promise<OrderPage>;
}
