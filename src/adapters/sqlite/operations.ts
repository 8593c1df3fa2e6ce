/**
 * Performs the operations on `oms.db` by name. The caller holds a transaction; an operation that shares it is a savepoint in it, so that
 * one that fails does not undo the others.
 */
import type { Database } from './database.ts';
import { probe } from './health.ts';

export type Table = Record<string, (argument: never) => unknown>;

/** Performs operations by name; what a client of the database keeps in memory must be forgotten after a rollback. */
export interface Performer {
  /**
   * Throws what the operation throws; then it has changed nothing, or there is no transaction left. One that is `alone` in its
   * transaction needs no savepoint, for which SQLite would write down each page before it changes.
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
    forget,
  };
}
