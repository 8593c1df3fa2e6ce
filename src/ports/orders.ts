/** Orders, to be found and listed. */
import type { Order, StoredOrder } from '../model/order.ts';
import type { OrderView } from '../model/views.ts';
import type { Page, PageRequest } from './page.ts';

export interface OrderFilter {
  /** A state of the workflow. */
  status?: string;
  /** Together they match one and the same item. */
  hubId?: string;
  sku?: string;
  fileId?: string;
  customerEmail?: string;
  /** Half-open on the order date. */
  fromMs?: number;
  toMs?: number;
  /** Half-open on the time of creation, by which lists are sorted: what is outside is not scanned. */
  createdFromMs?: number;
  createdToMs?: number;
  updatedFromMs?: number;
  /** Also orders that were changed at this time or later, whatever they are now; `q`, `fileId` and the times of creation hold for all. */
  orChangedSinceMs?: number;
  /** The start of the order id, of the e-mail, or, word by word, of words of the customer's name. */
  q?: string;
  /** Only orders that this view shows. */
  seenBy?: OrderView;
}

/** `reachedMs`: when the oldest order that was scanned was created; null at the end of the list. */
export type OrderPage = Page<Order> & { reachedMs: number | null };

export interface Orders {
  /**
   * MUST find an order by any form of its id: NFC or NFD, with or without invisible characters at its ends. The given form comes first.
   * A deleted order is found as such.
   */
  get(orderId: string): Promise<StoredOrder | null>;
  /** Those that there are of these ids, each as it is stored; at most `limits.eventBatch`. */
  getMany(orderIds: readonly string[]): Promise<StoredOrder[]>;
  /**
   * Newest first by (created_at, order_id), without deleted ones. The order whose whole id is `q` comes first, once, however old it is.
   */
  list(filter: OrderFilter, page: PageRequest): Promise<OrderPage>;
}
