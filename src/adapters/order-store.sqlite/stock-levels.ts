/**
 * What is available of each SKU at each hub, as the writer thread sees it: rows that were read stay in memory, since nobody else
 * writes them, and orders of one file name the same few thousand again and again. Whoever rolls a transaction back must
 * `forget`.
 */
import { limits } from '../../limits.ts';
import type { Database } from '../sqlite/database.ts';
import { runForRows } from '../sqlite/many-rows.ts';

export interface StockLevel {
  stockNo: number;
  available: number;
}

/** A quantity of a stock row. */
export interface Taking {
  level: StockLevel;
  quantity: number;
}

export type StockLevels = ReturnType<typeof createStockLevels>;

const takeOf = (rows: number): string =>
  `update or fail stock set available = available - taking.column2 from (values ${Array(rows).fill('(?, ?)').join(', ')}) taking
    where stock_no = taking.column1`;

export function createStockLevels(db: Database) {
  const read = db.prepare('select stock_no stockNo, available from stock where sku = ? and hub_id = ?');
  const insert = db.prepare('insert into stock (sku, hub_id, available, received) values (?, ?, ?, ?)');
  const restock = db.prepare('update stock set available = available + ?, received = received + ? where stock_no = ?');
  const known = new Map<string, StockLevel>();

  return {
    /** Null when there is no such row. */
    get(sku: string, hubId: string): StockLevel | null {
      // Neither part may contain a control character, so the key is unambiguous.
      const key = `${sku}\n${hubId}`;
      const cached = known.get(key);
      if (cached) return cached;
      const row = read.get(sku, hubId) as { stockNo: number; available: number } | undefined;
      if (!row) return null;
      // Objects that SQLite gave have no common shape, so that reading their fields costs more.
      const level = { stockNo: row.stockNo, available: row.available };
      known.set(key, level);
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
    /** Takes so much of each, which must be there. */
    take(takings: readonly Taking[]): void {
      // In this order they are neighbours in the table.
      const sorted = takings.toSorted((a, b) => a.level.stockNo - b.level.stockNo);
      runForRows(db, sorted.length, 2, takeOf, (values, at, n) => {
        const { level, quantity } = sorted[n]!;
        values[at] = level.stockNo;
        values[at + 1] = quantity;
        level.available -= quantity;
      });
    },
    forget(): void {
      known.clear();
    },
  };
}
