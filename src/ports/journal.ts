/** The orders in the order in which they were created and changed: what read models are made from. */
import type { StoredOrder } from '../model/order.ts';

export interface JournalOrder extends StoredOrder {
  /** Of its creation; it stays. */
  number: number;
}

export interface JournalPage {
  /** Each once, and as it is now, so perhaps newer than the changes up to the position. */
  orders: JournalOrder[];
  /** Behind what was read. */
  position: string;
}

export interface Journal {
  /**
   * The orders that were created or changed behind the position; null: all, from the first one on. A bounded number: a page without orders
   * says that there are no more. Whoever reads to that end MUST have met each order as it is, also one whose person was erased.
   */
  read(position: string | null): Promise<JournalPage>;
  /** Of what `behind` counts, orders whose person was erased. */
  erasuresBehind(position: string | null): Promise<number>;
  /** How many creations and changes are behind the position; negative for a position of a later state of the store. */
  behind(position: string | null): Promise<number>;
}
