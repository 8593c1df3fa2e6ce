/**
 * All that is ever done to `oms.db`, by name. Whoever calls holds a transaction; an operation that shares it is a savepoint in it, so
 * that one that fails takes nothing with it.
 */
import { queueOperations } from '../job-queue.sqlite.ts';
import { chunkOperations } from '../order-store.sqlite/commit-chunk.ts';
import { fileOperations } from '../order-store.sqlite/files.ts';
import { outboxOperations } from '../order-store.sqlite/outbox.ts';
import { stockOperations } from '../order-store.sqlite/stock.ts';
import { createStockLevels, type StockLevels } from '../order-store.sqlite/stock-levels.ts';
import { type Database, probe } from './database.ts';

export type Operations = ReturnType<typeof operationsOn>;

function operationsOn(db: Database, levels: StockLevels, now: () => number) {
  return {
    ...fileOperations(db, now),
    ...chunkOperations(db, levels, now),
    ...stockOperations(db, levels, now),
    ...outboxOperations(db),
    ...queueOperations(db, now),
    probe: (_: null): void => probe(db),
  };
}

export function createOperations(db: Database, now: () => number) {
  const levels = createStockLevels(db);
  const operations = operationsOn(db, levels, now) as Record<string, (argument: never) => unknown>;
  return {
    /**
     * Throws what the operation throws; then it has changed nothing, or there is no transaction left. One that is `alone` in its
     * transaction needs no savepoint, for which SQLite would write down each page before it changes.
     */
    perform(operation: string, argument: unknown, { alone = false } = {}): unknown {
      if (!alone) db.exec('savepoint operation');
      try {
        const result = operations[operation]!(argument as never);
        if (!alone) db.exec('release operation');
        return result;
      } catch (error) {
        levels.forget();
        // A full disk ends the whole transaction: then no operation of it has happened.
        if (db.isTransaction) {
          if (alone) db.exec('rollback');
          else {
            db.exec('rollback to operation');
            db.exec('release operation');
          }
        }
        throw error;
      }
    },
    /** To be called when a transaction was rolled back. */
    forget: () => levels.forget(),
  };
}
