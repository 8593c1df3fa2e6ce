/**
 * The order store of a simulation: the SQLite adapter itself, completely in this thread, on a database in memory. A request to the writer
 * is carried out immediately; nothing else differs.
 */
import type { StatementSync } from 'node:sqlite';
import { createSqliteOrderStore } from '../../src/adapters/order-store.sqlite/order-store.ts';
import type { Calls, Commits } from '../../src/adapters/sqlite/calls.ts';
import { type Database, openForWriting } from '../../src/adapters/sqlite/database.ts';
import { createOperations, type SqliteOperations } from '../../src/adapters/sqlite-operations.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';
import type { PageRequest } from '../../src/ports/page.ts';
import type { Charges } from './charges.ts';
import type { Actor, Scheduler } from './scheduler.ts';

export class Store {
  readonly db: Database;
  /** Changes with every write. */
  writes = 0;
  /** How often each file was queued again. */
  readonly requeues = new Map<string, number>();
  readonly #charges: Charges;
  readonly #direct: OrderStore;
  readonly #scheduler: Scheduler;
  readonly #countChanges: StatementSync;
  /** By statement, as of so many changes. */
  readonly #read = new Map<string, unknown[]>();
  #readAfter = 0;

  constructor(scheduler: Scheduler, charges: Charges) {
    this.#scheduler = scheduler;
    this.#charges = charges;
    this.db = openForWriting(':memory:');
    this.#countChanges = this.db.prepare('select total_changes() changes');
    const now = () => scheduler.nowMs;
    const operations = createOperations(this.db, now);
    const perform = (operation: string, argument: unknown) => {
      this.db.exec('begin immediate');
      try {
        const result = operations.perform(operation, argument, { alone: true });
        if (operation === 'requeueFile')
          this.requeues.set(argument as string, (this.requeues.get(argument as string) ?? 0) + 1);
        return result;
      } finally {
        this.writes++;
        if (this.db.isTransaction) this.db.exec('commit');
      }
    };
    const writer: Calls<SqliteOperations> & Commits = {
      // Arguments and results are copied, as between threads.
      call: async (operation, argument) => structuredClone(perform(operation, structuredClone(argument))) as never,
      nextCommit: () => new Promise(() => {}),
    };
    this.#direct = createSqliteOrderStore({ db: this.db, writer, trackStock: true, publishes: true, now });
  }

  /** As an actor has it: each call is a step. */
  portOf(actor: Actor): OrderStore {
    const { random } = this.#scheduler;
    const call = (what: string, input: unknown[], work: () => unknown) => {
      this.#charges.asked(actor, what, input);
      const applied = async () => {
        const result = await work();
        this.#charges.applied(actor, what, input, result);
        return result;
      };
      return this.#scheduler.call(actor, 'store', what, applied, { about: input });
    };
    const store = steps(this.#direct, call, '');
    // A page may be shorter than was asked for.
    const short = (page: PageRequest) => ({ ...page, limit: Math.min(page.limit, random.between(1, 4)) });
    return {
      ...store,
      files: { ...store.files, list: (filter, page) => store.files.list(filter, short(page)) },
      rejections: { list: (fileId, filter, page) => store.rejections.list(fileId, filter, short(page)) },
    };
  }

  /** Read again only after a write: most steps write nothing, and all read. */
  rows<Row>(sql: string): readonly Row[] {
    const { changes } = this.#countChanges.get() as { changes: number };
    if (changes !== this.#readAfter) this.#read.clear();
    this.#readAfter = changes;
    let rows = this.#read.get(sql);
    if (rows === undefined) {
      rows = this.db.prepare(sql).all();
      this.#read.set(sql, rows);
    }
    return rows as Row[];
  }

  close(): void {
    this.db.close();
  }
}

function steps<Port extends object>(
  port: Port,
  call: (what: string, input: unknown[], work: () => unknown) => unknown,
  path: string,
): Port {
  return Object.fromEntries(
    Object.entries(port).map(([name, member]) => [
      name,
      typeof member === 'function'
        ? (...input: unknown[]) => call(path + name, input, () => member.apply(port, input))
        : steps(member, call, `${path}${name}.`),
    ]),
  ) as Port;
}
