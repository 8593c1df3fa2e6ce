/**
 * The two order stores of the fault matrix, which turn the work of a process into steps. SQLite runs in this thread: each call is a step,
 * and so is each write within the transaction of a chunk. On MongoDB each command is a step, intercepted on its way.
 */
import { createMongoOrderStore, type MongoOrderStore } from '../../src/adapters/order-store.mongo/order-store.ts';
import { createSqliteOrderStore } from '../../src/adapters/order-store.sqlite/order-store.ts';
import type { Calls, Commits } from '../../src/adapters/sqlite/calls.ts';
import { type Database, openForWriting } from '../../src/adapters/sqlite/database.ts';
import { toOmsError } from '../../src/adapters/sqlite/errors.ts';
import { createOperations, type SqliteOperations } from '../../src/adapters/sqlite-operations.ts';
import { OmsError } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';
import { newDatabaseUrl } from '../support/adapters/mongo.ts';
import { type Command, startMongoProxy } from '../support/mongo-proxy.ts';
import type { Actor, World } from './world.ts';

export interface StoreUnderTest {
  /** Without faults: for the work of others, and to read the final state. */
  direct: OrderStore;
  portOf(actor: Actor): Promise<OrderStore>;
  /** What must not be left after pruning. */
  leftovers(): Promise<string[]>;
  close(): Promise<void>;
}

/** The work of others between the steps of a commit, where it matters. */
export interface Others {
  beforeTake(): Promise<void>;
  beforeInsert(): Promise<void>;
}

export type StoreName = 'SQLite' | 'MongoDB';

export const unavailable = (code: string) => () =>
  new OmsError(code, 'it failed, as the test wants', { retryable: true });

/** Thrown where a process dies within a transaction. */
class Killed extends Error {}

/** Operations whose statements are steps. */
const OBSERVED: Record<string, string | undefined> = {
  commitChunk: 'chunks.commit',
  changeOrders: 'changes.apply',
  changeStock: 'stock.change',
};

/** A database in memory with its writer, in this thread. A process that dies within an operation leaves no trace of it. */
export class LocalDatabase {
  readonly db: Database = openForWriting(':memory:');
  readonly #world: World;
  readonly #operations: ReturnType<typeof createOperations>;
  #performing: { actor: Actor; call: string } | null = null;

  constructor(world: World) {
    this.#world = world;
    const db = new Proxy(this.db, {
      get: (target, name) => {
        if (name === 'prepare') return (sql: string) => this.#observed(sql);
        const member = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    this.#operations = createOperations(db, () => world.nowMs);
  }

  #observed(sql: string) {
    const statement = this.db.prepare(sql);
    const [, verb, table] = /^\s*(insert|update|delete)(?: or \w+)?(?: into| from)?\s+(\w+)/.exec(sql) ?? [];
    if (!verb) return statement;
    const run = statement.run.bind(statement);
    const observedRun = (...values: Parameters<typeof run>) => {
      const { actor, call } = this.#performing ?? {};
      const fault = actor && this.#world.arrive(actor, `${call} > ${verb} ${table}`, 'statement');
      if (fault === 'error before')
        throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 });
      if (fault === 'killed before') throw new Killed();
      const result = run(...values);
      if (fault === 'killed after') throw new Killed();
      return result;
    };
    return Object.assign(statement, { run: observedRun });
  }

  writerOf(actor: Actor | null): Calls<SqliteOperations> & Commits {
    return {
      // Arguments and answers are copied on the way between threads.
      call: async (operation, argument) =>
        structuredClone(this.#perform(actor, operation, structuredClone(argument))) as never,
      nextCommit: () => new Promise(() => {}),
    };
  }

  #perform(actor: Actor | null, operation: string, argument: unknown): unknown {
    const call = OBSERVED[operation];
    this.#performing = actor && call ? { actor, call } : null;
    this.db.exec('begin immediate');
    try {
      const result = this.#operations.perform(operation, argument, { alone: true });
      this.db.exec('commit');
      return result;
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('rollback');
      this.#operations.forget();
      if (error instanceof Killed) this.#world.kill(actor!);
      throw toOmsError(error);
    } finally {
      this.#performing = null;
    }
  }
}

export function openSqlite(world: World, database: LocalDatabase): StoreUnderTest {
  const { db } = database;
  const open = (actor: Actor | null) =>
    createSqliteOrderStore({
      ...{ db, writer: database.writerOf(actor), now: () => world.nowMs },
      ...{ trackStock: true, publishes: true },
    });
  return {
    direct: open(null),
    portOf: async (actor) =>
      eachCall(open(actor), (what, work) => world.call(actor, what, work, { error: unavailable('store_unavailable') })),
    leftovers: async () => [],
    async close() {},
  };
}

export function openMongo(server: string, world: World, others: Others): StoreUnderTest {
  const url = newDatabaseUrl(server);
  const path = new URL(url).pathname;
  const now = () => world.nowMs;
  const open = (at: string) => createMongoOrderStore({ url: at + path, trackStock: true, now });
  const healthy = open(server);
  const closing: (() => unknown)[] = [];

  async function throughProxy(actor: Actor): Promise<OrderStore> {
    /** The call that is under way, with the commands that it has sent. */
    let call = { what: '', sent: new Set<string>() };
    const proxy = await startMongoProxy(server, async (command) => {
      const name = nameOf(command);
      const again = call.sent.has(name);
      call.sent.add(name);
      if (name === 'update stock') await others.beforeTake();
      if (name === 'insert orders') await others.beforeInsert();
      const what = `${call.what} > ${name}${again ? ' again' : ''}`;
      const { applies, comes } = await world.meet(actor, what, 'command', command.parts);
      const die = () => world.kill(actor);
      return { applies, cut: comes === 'death' ? die : comes === 'error' ? () => {} : null };
    });
    actor.onDeath = () => proxy.stop();
    const store = open(proxy.url);
    closing.push(
      () => store.close(),
      () => proxy.stop(),
    );
    return eachCall(store, (what, work) => {
      call = { what, sent: new Set() };
      return world.under(actor, work);
    });
  }

  return {
    direct: healthy,
    // Clients cost most of the time of a run: processes without a fault share one.
    portOf: async (actor) =>
      world.cell === null || actor.kind === 'worker' || actor.kind === world.cell.step.kind
        ? throughProxy(actor)
        : eachCall<OrderStore>(healthy, (_, work) => world.under(actor, work)),
    async leftovers() {
      const { stock, files } = healthy.database;
      const left: string[] = [];
      for (const { _id, holds } of await stock.find().toArray())
        for (const file of Object.keys(holds)) left.push(`the stock ${_id} has a hold of ${file}`);
      const creating = {
        status: 'creating',
        created_at: { $lt: new Date(world.nowMs - limits.mongoCreatingMs) },
      } as const;
      if (await files.findOne(creating)) left.push('a file is still being created');
      return left;
    },
    async close() {
      await (healthy as MongoOrderStore).database.db.dropDatabase();
      await healthy.close();
      for (const close of closing) await close();
    },
  };
}

function nameOf({ name, body }: Command): string {
  const [update] = body.updates ?? [];
  const fields = Object.keys(update?.u.$set ?? {});
  return name === 'update stock' && fields.some((field) => field.endsWith('.back')) ? 'give back stock' : name;
}

/** The same port where each call is carried out by `carryOut`. */
export function eachCall<Port extends object>(
  port: Port,
  carryOut: (what: string, work: () => Promise<unknown>) => Promise<unknown>,
  path = '',
): Port {
  return Object.fromEntries(
    Object.entries(port).map(([name, member]) => [
      name,
      typeof member === 'function'
        ? (...input: unknown[]) => carryOut(path + name, async () => member.apply(port, input))
        : typeof member === 'object' && member !== null && name !== 'database'
          ? eachCall(member as object, carryOut, `${path}${name}.`)
          : member,
    ]),
  ) as Port;
}
