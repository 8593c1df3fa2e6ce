/**
 * Performs the operations on `oms.db` by name. The caller holds a transaction; operations that share it run in a savepoint each, so that
 * one that fails does not undo the others.
 */
import type { Database } from './database.ts';
import { probe } from './health.ts';

export type Table = Record<string, (argument: never) => unknown>;

/** Performs operations by name. What the operations keep in memory must be forgotten after a rollback. */
export interface Performer {
  /**
   * Throws the error of the operation, which then has changed nothing, or there is no transaction left. An operation that is `alone` in its
   * transaction runs without a savepoint, for which SQLite would copy each page before it changes.
   */
  perform(operation: string, argument: unknown, options?: { alone?: boolean }): unknown;
  /** The caller MUST call this when it has rolled a transaction back. */
  forget(): void;
}

export function performerOf(db: Database, table: Table, forget: () => void): Performer {
  const operations: Table = { ...table, probe: () => probe(db) };
  return {
    perform(operation, argument, { alone = false } = {}) {
      if (!alone) db.exec('savepoint operation');
      try {
        const result = operations[operation]!(argument as never);
        if (!alone) db.exec('release operation');
        return result;
      } catch (error) {
        forget();
        // A full disk rolls back the whole transaction, with all its operations.
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
    forget,
  };
}
