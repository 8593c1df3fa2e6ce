/** The MongoDB adapter with a stuck driver, slow calls and errors of the server. What it shares with other order stores: the contract. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, describe, expect, inject, test, vi } from 'vitest';
import { createMongoOrderStore, type MongoOrderStore } from '../../../src/adapters/order-store.mongo/order-store.ts';
import { limits } from '../../../src/limits.ts';
import { newDatabaseUrl } from '../../support/adapters/mongo.ts';
import { COMPLETED, chunkOf, chunksOf, newClaim, orderRow, readAll } from '../../support/chunks.ts';
import { type Command, type CommandFate, startMongoProxy } from '../../support/mongo-proxy.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { violationsOf } from '../../support/violations.ts';

const { mongo, why } = inject('engines');

/** A store behind a proxy, in a database of its own, and what it logs. */
async function storeBehind(fateOf: (command: Command) => CommandFate | Promise<CommandFate>) {
  const proxy = await startMongoProxy(mongo!, async (command) => fateOf(command));
  const lines: string[] = [];
  const logger = pino({}, { write: (line: string) => lines.push(line) });
  const url = proxy.url + new URL(newDatabaseUrl(mongo!)).pathname;
  const store = createMongoOrderStore({ url, trackStock: true, now: Date.now, logger });
  await store.prepare();
  return {
    store,
    logged: () => lines.map((line) => JSON.parse(line) as { level: number; msg: string }),
    async close() {
      await store.database.db.dropDatabase();
      await store.close();
      proxy.stop();
    },
  };
}
const PASSES: CommandFate = { applies: 'all', cut: null };

describe.skipIf(why.mongo !== undefined)('a check of the server by the driver', () => {
  let store: MongoOrderStore;
  afterEach(async () => {
    vi.useRealTimers();
    await store.close();
  });

  /** Lets the given time pass after a check began, as the driver reports it. No other timer is touched. */
  async function checkFor(ms: number, ends: boolean) {
    store = createMongoOrderStore({ url: newDatabaseUrl(mongo!), trackStock: true, now: Date.now });
    const { client } = store.database;
    await store.files.get('f_none');
    const check = { connectionId: 'a server' } as never;
    const closed = once(client, 'topologyClosed').then(() => true);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    client.emit('serverHeartbeatStarted', check);
    if (ends) client.emit('serverHeartbeatFailed', check);
    const before = vi.getTimerCount();
    vi.advanceTimersByTime(ms);
    vi.useRealTimers();
    return { before, closed, client };
  }

  test('that never ends is ended by a new connection, on which the store works', async () => {
    const { closed, client } = await checkFor(limits.mongoStuckMs, false);
    const opened = once(client, 'topologyOpening');
    expect(await closed).toBe(true);
    await opened;
    expect(await store.files.get('f_none')).toBeNull();
  });

  test('that ends, well or not, leaves nothing to wait for', async () => {
    const { before } = await checkFor(limits.mongoStuckMs, true);
    expect(before).toBe(0);
  });

  test('is given its time', async () => {
    const { before, closed } = await checkFor(limits.mongoStuckMs - 1, false);
    expect(before).toBe(1);
    expect(await Promise.race([closed, store.files.get('f_none')])).toBeNull();
  });
});

test.skipIf(why.mongo !== undefined)(
  'a server whose connections all end at the same moment is used again as soon as it is back',
  async () => {
    const { host, pathname } = new URL(newDatabaseUrl(mongo!));
    const proxy = await startTcpProxy(host);
    const url = `mongodb://${proxy.address}${pathname}`;
    const store = createMongoOrderStore({ url, trackStock: true, now: Date.now });
    await store.prepare();
    for (let round = 0; round < 10; round++) {
      let loads = true;
      const load = Array.from({ length: 6 }, async () => {
        while (loads) await store.files.get('f_none').catch(() => {});
      });
      await delay(100);
      await proxy.stop();
      await delay(100);
      loads = false;
      await proxy.start();
      expect(await store.files.get('f_none')).toBeNull();
      await Promise.all(load);
    }
    await store.close();
    await proxy.close();
  },
);

const INSERT_DOCUMENTS = 100;
/** More than the parallel inserts have, so that some are built while others are under way. */
const ROWS = (limits.mongoConcurrentInserts + 1) * INSERT_DOCUMENTS;
/** Row 1 of a file is its header. */
const FIRST_ROW = 2;
const idOf = (i: number) => `ORD-${String(i).padStart(6, '0')}`;
const rowsOf = (n: number) =>
  Array.from({ length: ROWS }, (_, i) => orderRow(FIRST_ROW + n * ROWS + i, idOf(n * ROWS + i)));

// Most of the time they wait.
describe.skipIf(why.mongo !== undefined)('a commit that is abandoned while it is held', { concurrent: true }, () => {
  test.each(['find orders', 'insert chunks', 'update stock', 'insert orders', 'update chunks'])(
    'at "%s" does nothing when it wakes after its retry and two more chunks',
    async (heldCommand) => {
      const held = Promise.withResolvers<void>();
      const wakes = Promise.withResolvers<void>();
      const proxy = await startMongoProxy(mongo!, async ({ name }) => {
        if (name === heldCommand) {
          held.resolve();
          await wakes.promise;
        }
        return { applies: 'all', cut: null };
      });
      const url = newDatabaseUrl(mongo!);
      const open = (at: string, mongoOperationMs: number) =>
        createMongoOrderStore(
          { url: at + new URL(url).pathname, trackStock: true, now: Date.now },
          { mongoOperationMs, mongoInsertDocuments: INSERT_DOCUMENTS },
        );
      const store = open(mongo!, limits.mongoOperationMs);
      const impatient = open(proxy.url, 3_000);
      try {
        await store.prepare();
        await store.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', available: 3 * ROWS - 5 }], null);
        const claim = await newClaim(store);
        const chunks = chunksOf(3, rowsOf);
        const first = chunks.next().value!;
        const abandoned = impatient.chunks.commit(claim, first);
        await expect(abandoned).rejects.toMatchObject({ code: 'store_unavailable', retryable: true });
        await held.promise;
        await store.chunks.commit(claim, first);
        for (const chunk of chunks) await store.chunks.commit(claim, chunk);
        wakes.resolve();
        // A commit that were not stopped would do its work in this time.
        await delay(1_000);
        await store.files.finish(claim, COMPLETED);
        const orders = await readAll((page) => store.orders.list({}, page), limits.maxPageItems);
        expect(orders.map(({ orderId }) => orderId).sort()).toEqual(
          Array.from({ length: 3 * ROWS - 5 }, (_, i) => idOf(i)),
        );
        expect(await violationsOf(store)).toEqual([]);
      } finally {
        wakes.resolve();
        await impatient.close();
        proxy.stop();
        await store.database.db.dropDatabase();
        await store.close();
      }
    },
  );
});

test.skipIf(why.mongo !== undefined)('abandoned calls free their connections', async () => {
  let holds = limits.mongoConnections;
  const end = Promise.withResolvers<void>();
  const proxy = await startMongoProxy(mongo!, async ({ name }) => {
    if (name === 'find files' && holds-- > 0) await end.promise;
    return { applies: 'all', cut: null };
  });
  const url = proxy.url + new URL(newDatabaseUrl(mongo!)).pathname;
  const store = createMongoOrderStore({ url, trackStock: true, now: Date.now }, { ...limits, mongoOperationMs: 2_000 });
  try {
    const calls = Array.from({ length: limits.mongoConnections }, () => store.files.get('f_none'));
    for (const call of await Promise.allSettled(calls)) expect(call).toMatchObject({ status: 'rejected' });
    expect(await store.files.get('f_none')).toBeNull();
  } finally {
    end.resolve();
    await store.close();
    proxy.stop();
  }
});

/** How servers report that they aborted one of two concurrent writes. */
const CONFLICTS = {
  'a write conflict': { code: 112, codeName: 'WriteConflict', errmsg: 'write conflict' },
  'a transaction that is gone': { code: 251, codeName: 'NoSuchTransaction', errmsg: 'transaction was aborted' },
  'a transient error': { code: 1, errmsg: 'aborted', errorLabels: ['TransientTransactionError'] },
  'a deadlock of PostgreSQL': { code: 1, codeName: 'InternalError', errmsg: 'deadlock detected' },
  'its SQL state': { code: 1, codeName: 'InternalError', errmsg: 'ERROR: canceled (SQLSTATE 40P01)' },
};

describe.skipIf(why.mongo !== undefined)('a write that the server aborts in favour of a concurrent one', () => {
  test.each(Object.entries(CONFLICTS))('by %s, is repeated immediately, with a warning', async (_, refusal) => {
    const refused = new Map<string, number>();
    const { store, logged, close } = await storeBehind(({ name }) => {
      if (!/^(insert|update|findAndModify) (chunks|orders|stock|files)$/.test(name)) return PASSES;
      const times = (refused.get(name) ?? 0) + 1;
      refused.set(name, times);
      return times <= 2 ? { ...PASSES, refusal } : PASSES;
    });
    try {
      await store.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', available: 10 }], null);
      const claim = await newClaim(store);
      expect(await store.chunks.commit(claim, chunkOf(0, [orderRow(2, 'A'), orderRow(3, 'B')]))).toMatchObject({
        accepted: 2,
      });
      await store.files.finish(claim, COMPLETED);
      expect([...refused.keys()].sort()).toEqual([
        'findAndModify files',
        'insert chunks',
        'insert files',
        'insert orders',
        'insert stock',
        'update chunks',
        'update files',
        'update stock',
      ]);
      expect(await store.files.get(claim.fileId)).toMatchObject({ status: 'completed', attempts: 1, accepted: 2 });
      expect(await violationsOf(store)).toEqual([]);
      // One line for each write, however often it was aborted.
      expect(logged().map(({ level }) => level)).toEqual(Array(refused.size).fill(40));
    } finally {
      await close();
    }
  });

  test('again and again, is an outage', async () => {
    const { store, close } = await storeBehind(({ name }) =>
      name === 'insert files' ? { ...PASSES, refusal: CONFLICTS['a deadlock of PostgreSQL'] } : PASSES,
    );
    try {
      await expect(newClaim(store)).rejects.toMatchObject({ code: 'store_unavailable', retryable: true, details: {} });
    } finally {
      await close();
    }
  });
});

test.skipIf(why.mongo !== undefined)('a plan that lacks a row of its chunk is not committed (INV-1)', async () => {
  let refusal: object | undefined = { code: 2, codeName: 'BadValue', errmsg: 'refused' };
  const { store, close } = await storeBehind(({ name }) =>
    name === 'update stock' && refusal ? { ...PASSES, refusal } : PASSES,
  );
  try {
    await store.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', available: 10 }], null);
    const claim = await newClaim(store);
    const chunk = chunkOf(0, [orderRow(2, 'A'), orderRow(3, 'B')]);
    await expect(store.chunks.commit(claim, chunk)).rejects.toThrow('refused');
    refusal = undefined;
    await store.database.chunks.updateOne({ file: claim.fileId }, { $inc: { rows: 1 } });
    await expect(store.chunks.commit(claim, chunk)).rejects.toMatchObject({
      code: 'assertion_failed',
      retryable: false,
    });
    expect(await store.database.chunks.findOne({ file: claim.fileId })).toMatchObject({ state: 'planned' });
    expect(await store.files.get(claim.fileId)).toMatchObject({ nextChunk: 0, rows: 0 });
  } finally {
    await close();
  }
});

describe.skipIf(why.mongo !== undefined)('an error of the server', () => {
  const errorFor = async (refusal: object) => {
    const { store, close } = await storeBehind(({ name }) => (name === 'find files' ? { ...PASSES, refusal } : PASSES));
    try {
      return await store.files.get('f_none').catch((error) => error);
    } finally {
      await close();
    }
  };

  test.each([
    { code: 1, codeName: 'InternalError', errmsg: 'the backend is gone' },
    { code: 8, codeName: 'UnknownError', errmsg: 'nobody knows' },
    { code: 987_654, errmsg: 'of a code that is new' },
    { errmsg: 'of no code' },
  ])('that is not about the request is an outage, marked as unknown: $errmsg', async (refusal) => {
    expect(await errorFor(refusal)).toMatchObject({
      code: 'store_unavailable',
      retryable: true,
      message: expect.stringContaining(refusal.errmsg),
      details: { unknown_error: refusal.codeName ?? refusal.code ?? 'without a code' },
    });
  });

  test.each([
    { code: 2, codeName: 'BadValue', errmsg: 'unknown operator' },
    { code: 9, codeName: 'FailedToParse', errmsg: 'no such field' },
    { code: 10_334, codeName: 'BSONObjectTooLarge', errmsg: 'too large' },
  ])('about the request is no outage: $codeName', async (refusal) => {
    expect(await errorFor(refusal)).not.toMatchObject({ retryable: true });
  });

  test.each([
    { code: 13, codeName: 'Unauthorized', errmsg: 'not allowed' },
    { code: 50, codeName: 'MaxTimeMSExpired', errmsg: 'too slow' },
    { code: 11_600, codeName: 'InterruptedAtShutdown', errmsg: 'going down' },
    { code: 11_602, codeName: 'InterruptedDueToReplStateChange', errmsg: 'stepping down' },
  ])('that passes, or that an operator fixes, is a known outage: $codeName', async (refusal) => {
    expect(await errorFor(refusal)).toMatchObject({ code: 'store_unavailable', retryable: true, details: {} });
  });
});

test.skipIf(why.mongo !== undefined)(
  'writes of many documents have one order, and none of them is without effect',
  async () => {
    const commands: Command[] = [];
    const { store, close } = await storeBehind((command) => {
      commands.push(command);
      return PASSES;
    });
    const names = ['m', 'z', 'B', 'é', 'a', 'A', '1'];
    const rows = (from: number, prefix: string) =>
      names.map((name, i) => orderRow(from + i, `${prefix}${name}`, { sku: `SKU-${name}` }));
    try {
      await store.stock.change(
        names.map((name) => ({ sku: `SKU-${name}`, hubId: 'HUB-1', available: name === 'm' ? 0 : 10 })),
        null,
      );
      await store.stock.change([{ sku: 'SKU-z', hubId: 'HUB-1', delta: 5 }], null);
      const claim = await newClaim(store);
      await store.chunks.commit(claim, chunkOf(0, rows(2, 'X-')));
      await store.files.finish(claim, COMPLETED);
      await store.prune();
      const idsOf = ({ body }: Command): string[] =>
        (body.documents ?? body.updates).map((one: { _id?: string; q?: { _id: string } }) => one._id ?? one.q!._id);
      const many = commands.filter(({ name, parts }) => /^(insert|update) (orders|stock)$/.test(name) && parts > 1);
      expect(many.map(({ name }) => name)).toEqual(['update stock', 'insert orders', 'update stock']);
      for (const command of many) expect(idsOf(command)).toEqual([...idsOf(command)].sort());
      const updates = commands.filter(({ name }) => name === 'update stock').flatMap(({ body }) => body.updates);
      expect(updates.filter(({ u }) => u.$push?.operations.$each.length === 0 || u.$inc?.available === 0)).toEqual([]);
      expect(await violationsOf(store)).toEqual([]);
    } finally {
      await close();
    }
  },
);
