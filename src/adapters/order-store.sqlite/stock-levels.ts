/**
 * The stock rows in the writer thread: those that were read stay in memory, as no other thread writes them, and the orders of a file name
 * the same few thousand again and again. After a rollback the caller MUST call `forget`.
 */
import { limits } from '../../limits.ts';
import type { Database } from '../sqlite/database.ts';
import { runForRows } from '../sqlite/many-rows.ts';

export interface StockLevel {
  stockNo: number;
  available: number;
}

/** A quantity to take from a stock row. */
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
      // Row objects of SQLite share no hidden class, so reading their fields is slower.
      const level = { stockNo: row.stockNo, available: row.available };
      known.set(key, level);
      return level;
    },
    /** Only between two operations: a level must stay the same object during an operation. */
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
    /** Takes quantities, which must be available. */
    take(takings: readonly Taking[]): void {
      // The order of the table.
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
