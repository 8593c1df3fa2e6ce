/**
 * The words of orders, by which these are searched: of id, customer, products and address, without case and accents. The index has no texts,
 * so an order is taken out by its number; what it had is in the file until its part of the index is merged.
 * Source: https://www.sqlite.org/fts5.html, sections 4.4.3 (contentless-delete tables) and 6.5 ("optimize")
 */
import type { DatabaseSync } from 'node:sqlite';
import { limits } from '../../limits.ts';
import type { Order } from '../../model/order.ts';

export const WORDS_TABLE = `
  create virtual table order_words using fts5(
    words, content='', contentless_delete=1, detail=none, tokenize="unicode61 remove_diacritics 2"
  );
`;

/** Numbers of orders, the newest first. */
export const FIND_BY_WORDS = `
  select order_id from (select rowid number from order_words where order_words match ? order by rowid desc limit ?)
  join folded using (number) order by number desc`;

export class OrderWords {
  readonly #insert;
  readonly #remove;
  readonly #optimize;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('insert into order_words (rowid, words) values (?, ?)');
    this.#remove = db.prepare('delete from order_words where rowid = ?');
    this.#optimize = db.prepare("insert into order_words (order_words) values ('optimize')");
  }

  insert(number: number, { orderId, customerName, customerEmail, shippingAddress, items }: Order): void {
    const products = items.map(({ productName, sku }) => `${productName} ${sku}`).join(' ');
    this.#insert.run(number, `${orderId} ${customerName} ${customerEmail} ${products} ${shippingAddress}`);
  }

  remove(number: number): void {
    this.#remove.run(number);
  }

  /** Merges the whole index, so that nothing is left of orders that were taken out. Takes seconds for millions of orders. */
  purge(): void {
    this.#optimize.run();
  }
}

/** A query for orders in which each of these words begins a word; null when there is none to look for. */
export function wordsQuery(q: string): string | null {
  const words = q
    .normalize('NFC')
    .split(/[^\p{L}\p{N}\p{Co}]+/u)
    .filter((word) => word !== '');
  const some = [...new Set(words)].slice(0, limits.searchWords);
  return some.length === 0 ? null : some.map((word) => `"${word}"*`).join(' ');
}
