/** What the MongoDB adapter makes of a driver that is stuck, and of calls that take too long. What each order store keeps: the contract. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, inject, test, vi } from 'vitest';
import { createMongoOrderStore, type MongoOrderStore } from '../../../src/adapters/order-store.mongo/order-store.ts';
import { limits } from '../../../src/limits.ts';
import { newDatabaseUrl } from '../../support/adapters/mongo.ts';
import { COMPLETED, chunksOf, newClaim, orderRow, readAll } from '../../support/chunks.ts';
import { startMongoProxy } from '../../support/mongo-proxy.ts';
import { violationsOf } from '../../support/violations.ts';

const { mongo, why } = inject('engines');

describe.skipIf(why.mongo !== undefined)('a look of the driver at its server', () => {
  let store: MongoOrderStore;
  afterEach(async () => {
    vi.useRealTimers();
    await store.close();
  });

  /** Until the given time has passed since a look began, as the driver tells it. No other timer is touched. */
  async function lookFor(ms: number, ends: boolean) {
    store = createMongoOrderStore({ url: newDatabaseUrl(mongo!), trackStock: true, now: Date.now });
    const { client } = store.database;
    await store.files.get('f_none');
    const look = { connectionId: 'a server' } as never;
    const closed = once(client, 'topologyClosed').then(() => true);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    client.emit('serverHeartbeatStarted', look);
    if (ends) client.emit('serverHeartbeatFailed', look);
    const before = vi.getTimerCount();
    vi.advanceTimersByTime(ms);
    vi.useRealTimers();
    return { before, closed, client };
  }

  test('that never ends is ended by a new connection, on which the store works', async () => {
    const { closed, client } = await lookFor(limits.mongoStuckMs, false);
    const opened = once(client, 'topologyOpening');
    expect(await closed).toBe(true);
    await opened;
    expect(await store.files.get('f_none')).toBeNull();
  });

  test('that ends, well or not, leaves nothing to wait for', async () => {
    const { before } = await lookFor(limits.mongoStuckMs, true);
    expect(before).toBe(0);
  });

  test('is given its time', async () => {
    const { before, closed } = await lookFor(limits.mongoStuckMs - 1, false);
    expect(before).toBe(1);
    expect(await Promise.race([closed, store.files.get('f_none')])).toBeNull();
  });
});

/** More than are inserted at once, so that some are made while others are under way. */
const ROWS = (limits.mongoConcurrentInserts + 1) * limits.mongoInsertDocuments;
/** Row 1 of a file is its header. */
const FIRST_ROW = 2;
const idOf = (i: number) => `ORD-${String(i).padStart(6, '0')}`;
const rowsOf = (n: number) =>
  Array.from({ length: ROWS }, (_, i) => orderRow(FIRST_ROW + n * ROWS + i, idOf(n * ROWS + i)));

describe.skipIf(why.mongo !== undefined)('a commit that is given up while it is held', () => {
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
          { mongoOperationMs },
        );
      const store = open(mongo!, limits.mongoOperationMs);
      const impatient = open(proxy.url, 3_000);
      try {
        await store.prepare();
        await store.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', available: 3 * ROWS - 5 }], null);
        const claim = await newClaim(store);
        const chunks = chunksOf(3, rowsOf);
        const first = chunks.next().value!;
        const given = impatient.chunks.commit(claim, first);
        await expect(given).rejects.toMatchObject({ code: 'store_unavailable', retryable: true });
        await held.promise;
        await store.chunks.commit(claim, first);
        for (const chunk of chunks) await store.chunks.commit(claim, chunk);
        wakes.resolve();
        // What wakes does its work in this time; where it is told to stop there is nothing to wait for.
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

test.skipIf(why.mongo !== undefined)('calls that are given up leave their connections to others', async () => {
  let holds = limits.mongoConnections;
  const end = Promise.withResolvers<void>();
  const proxy = await startMongoProxy(mongo!, async ({ name }) => {
    if (name === 'find files' && holds-- > 0) await end.promise;
    return { applies: 'all', cut: null };
  });
  const url = proxy.url + new URL(newDatabaseUrl(mongo!)).pathname;
  const store = createMongoOrderStore({ url, trackStock: true, now: Date.now }, { mongoOperationMs: 4_000 });
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
