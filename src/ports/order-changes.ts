/** Orders, created and changed one by one through the API, and the history of each. */
import type { ChangeRequest, Outcome } from '../model/change-request.ts';
import type { StoredOrder } from '../model/order.ts';
import type { OrderChange } from '../model/order-change.ts';

/** An order, which may be deleted, with all its changes, oldest first. */
export interface OrderHistory {
  stored: StoredOrder;
  changes: OrderChange[];
}

export interface OrderChanges {
  /**
   * The outcome that a request under the same key had within 24 h, when it is one that is kept; `key_reused` when that was another
   * request. Null when the request is to be judged.
   */
  answered(request: ChangeRequest): Promise<Outcome | null>;
  /**
   * Judges (`judge`) and carries out each request by itself, in order; at most `limits.maxOrdersOfBatch`. A change writes the order, its
   * history, its stock, its event and the sums, all or nothing, exactly once (INV-2, INV-3, INV-8): a request under the same key gets the
   * first outcome, with the order as of that version. Stock that a change gives back is back when the outcome is there, except where the
   * engine is slow. The caller has asked the inventory service about new pairs of SKU and hub. Throws retryable `store_unavailable`,
   * `store_contention` and `disk_full`; then calling again under the same keys is safe, and without a key a change may have happened.
   */
  apply(requests: readonly ChangeRequest[]): Promise<Outcome[]>;
  /** Null when there is no such order. MUST find an order by any form of its id, as `Orders.get` does. */
  history(orderId: string): Promise<OrderHistory | null>;
}
