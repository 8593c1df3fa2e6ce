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

/** The pages of a list, one after the other, to its end. */
export async function* pagesOf<Item>(
  list: (request: PageRequest) => Promise<Page<Item>>,
  limit: number,
): AsyncGenerator<Item[]> {
  for (let after: string | null = null; ; ) {
    const page: Page<Item> = await list({ limit, after });
    yield page.items;
    if (page.next === null) return;
    after = page.next;
  }
}
