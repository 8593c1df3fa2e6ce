/**
 * The order store of a simulation: the SQLite adapter itself, completely in this thread, on a database in memory. A request to the writer
 * is carried out immediately; nothing else differs.
 */
import type { StatementSync } from 'node:sqlite';
import { createSqliteOrderStore } from '../../src/adapters/order-store.sqlite/order-store.ts';
import type { Calls, Commits } from '../../src/adapters/sqlite/calls.ts';
import { type Database, openForWriting } from '../../src/adapters/sqlite/database.ts';
import { createOperations, type SqliteOperations } from '../../src/adapters/sqlite-operations.ts';
import type { FileRecord } from '../../src/model/file.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';
import type { PageRequest } from '../../src/ports/page.ts';
import type { Charges } from './charges.ts';
import type { Actor, Scheduler } from './scheduler.ts';
import { WORKFLOW } from './workflow.ts';

/** What users ask for, after which a file may be queued again. */
const QUEUES: ReadonlySet<string> = new Set(['requeueFile', 'resumeFile', 'cancelFile']);

interface Read {
  statement: StatementSync;
  tables: readonly string[];
  rows: unknown[];
  /** So many writes to the tables. */
  after: number;
}

export class Store {
  readonly db: Database;
  /** Changes with every write. */
  writes = 0;
  /** How often each file was queued again. */
  readonly requeues = new Map<string, number>();
  readonly #charges: Charges;
  /** Orders that an erasure was about: their events may change. */
  readonly erased = new Set<string>();
  /** By e-mail in lower case: when it was asked last to erase the person. */
  readonly requested = new Map<string, number>();
  /** Without steps and faults. */
  readonly direct: OrderStore;
  /** Of a process that takes orders without looking at stock. */
  readonly #untracked: OrderStore;
  readonly #scheduler: Scheduler;
  readonly #read = new Map<string, Read>();
  /** By table: how many rows were written, in all and of each file. */
  readonly #written = new Map<string, { all: number; ofFile: Map<number, number> }>();

  constructor(scheduler: Scheduler, charges: Charges, report: (what: string) => void) {
    this.#scheduler = scheduler;
    this.#charges = charges;
    this.db = openForWriting(':memory:');
    this.#countWrites();
    const now = () => scheduler.nowMs;
    const operations = createOperations(this.db, now);
    const perform = (operation: string, argument: unknown) => {
      this.db.exec('begin immediate');
      try {
        const result = operations.perform(operation, argument, { alone: true });
        if (QUEUES.has(operation) && (result as FileRecord | null)?.status === 'queued')
          this.requeues.set(argument as string, (this.requeues.get(argument as string) ?? 0) + 1);
        if (operation === 'erasePeople')
          for (const orderId of (argument as { orderIds: string[] }).orderIds) this.erased.add(orderId);
        return result;
      } catch (error) {
        // Clients may never see it: the adapter carries out in parts what fails as a whole.
        if (operation === 'changeOrders') report(`changes of orders failed: ${(error as Error).stack ?? error}`);
        throw error;
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
    const options = { db: this.db, writer, workflow: WORKFLOW, publishes: true, now };
    this.direct = createSqliteOrderStore({ ...options, trackStock: true });
    this.#untracked = createSqliteOrderStore({ ...options, trackStock: false });
  }

  /** As an actor has it: each call is a step. */
  portOf(actor: Actor, trackStock = true): OrderStore {
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
    const store = steps(trackStock ? this.direct : this.#untracked, call, '');
    // A page may be shorter than was asked for.
    const short = (page: PageRequest) => ({ ...page, limit: Math.min(page.limit, random.between(1, 4)) });
    return {
      ...store,
      files: { ...store.files, list: (filter, page) => store.files.list(filter, short(page)) },
      rejections: {
        ...store.rejections,
        list: (fileId, filter, page) => store.rejections.list(fileId, filter, short(page)),
      },
    };
  }

  /** By triggers, so that no write escapes, whoever makes it. */
  #countWrites(): void {
    this.db.function('wrote', (table, fileNo) => {
      const written = this.#written.get(table as string)!;
      written.all++;
      if (fileNo !== null) written.ofFile.set(fileNo as number, (written.ofFile.get(fileNo as number) ?? 0) + 1);
      return null;
    });
    const isOfFiles = this.db.prepare("select 1 from pragma_table_info(?) where name = 'file_no'");
    for (const { name: table } of this.#schema('table')) {
      this.#written.set(table, { all: 0, ofFile: new Map() });
      const ofFiles = isOfFiles.get(table) !== undefined;
      for (const [write, rows] of Object.entries({ insert: ['new'], update: ['old', 'new'], delete: ['old'] })) {
        const counted = rows.map((row) => `select wrote('${table}', ${ofFiles ? `${row}.file_no` : 'null'});`);
        this.db.exec(
          `create temp trigger ${table}_${write} after ${write} on main.${table} begin ${counted.join(' ')} end`,
        );
      }
    }
  }

  #schema(type: 'table' | 'view'): { name: string; sql: string }[] {
    return this.db
      .prepare("select name, sql from sqlite_schema where type = ? and name not like 'sqlite_%'")
      .all(type) as unknown as { name: string; sql: string }[];
  }

  /** Those that it reads, also through views. */
  #tablesOf(sql: string): string[] {
    return [...sql.matchAll(/\b(?:from|join) (\w+)/g)].flatMap(([, name]) => {
      const view = this.#schema('view').find((other) => other.name === name);
      return view ? this.#tablesOf(view.sql) : [name!];
    });
  }

  #all(table: string): number {
    return this.#written.get(table)!.all;
  }

  /** Changes when orders or rejections of the file do. */
  writesOf(fileNo: number): number {
    const own = (table: string) => this.#written.get(table)!.ofFile.get(fileNo) ?? 0;
    return own('orders') + own('rejected_rows') + this.#all('rejection_reasons') + this.#all('rejection_cells');
  }

  /** The same rows, the same array, until one of their tables is written to: most steps write nothing, and all read. */
  rows<Row>(sql: string): readonly Row[] {
    let read = this.#read.get(sql);
    if (read === undefined) {
      const tables = this.#tablesOf(sql);
      read = { statement: this.db.prepare(sql), tables, rows: [], after: -1 };
      this.#read.set(sql, read);
    }
    const written = read.tables.reduce((sum, table) => sum + this.#all(table), 0);
    if (written !== read.after) Object.assign(read, { rows: read.statement.all(), after: written });
    return read.rows as Row[];
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
