/** Pages of the lists of an order store. */

export interface PageRequest {
  limit: number;
  /** The `next` of the page before; null for the first. Throws `invalid_cursor` when it is not one of this list's. */
  after: string | null;
}

/** A page may be short, even empty, without being the last: only `next: null` ends. */
export interface Page<Item> {
  items: Item[];
  next: string | null;
}
