/**
 * What is available of each SKU at each hub, as the writer thread sees it: rows that were read stay in memory, since nobody else
 * writes them, and orders of one file name the same few thousand again and again. Whoever rolls a transaction back must
 * `forget`.
 */
import { limits } from '../../limits.ts';
import type { Database } from '../sqlite/database.ts';

export interface StockLevel {
  stockNo: number;
  available: number;
}

export type StockLevels = ReturnType<typeof createStockLevels>;

export function createStockLevels(db: Database) {
  const read = db.prepare('select stock_no stockNo, available from stock where sku = ? and hub_id = ?');
  const insert = db.prepare('insert into stock (sku, hub_id, available, received) values (?, ?, ?, ?)');
  const take = db.prepare('update stock set available = available - ? where stock_no = ?');
  const restock = db.prepare('update stock set available = available + ?, received = received + ? where stock_no = ?');
  const known = new Map<string, StockLevel>();

  return {
    /** Null when there is no such row. */
    get(sku: string, hubId: string): StockLevel | null {
      // Neither part may contain a control character, so the key is unambiguous.
      const key = `${sku}\n${hubId}`;
      const cached = known.get(key);
      if (cached) return cached;
      const level = (read.get(sku, hubId) as StockLevel | undefined) ?? null;
      if (level) known.set(key, level);
      return level;
    },
    /** Between two operations: a level must stay the same object while one of them counts with it. */
    trim(): void {
      if (known.size > limits.stockLevelsKept) known.clear();
    },
    create(sku: string, hubId: string, available: number): void {
      insert.run(sku, hubId, available, available);
    },
    /** Moves available and received, so that received - available stays what orders took (INV-2). */
    restock(level: StockLevel, quantity: number): void {
      restock.run(quantity, quantity, level.stockNo);
      level.available += quantity;
    },
    take(level: StockLevel, quantity: number): void {
      take.run(quantity, level.stockNo);
      level.available -= quantity;
    },
    forget(): void {
      known.clear();
    },
  };
}
