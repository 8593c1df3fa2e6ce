/** What the MongoDB adapter makes of a driver that is stuck. What every order store keeps is in the contract. */
import { once } from 'node:events';
import { afterEach, describe, expect, inject, test, vi } from 'vitest';
import { createMongoOrderStore, type MongoOrderStore } from '../../../src/adapters/order-store.mongo/order-store.ts';
import { limits } from '../../../src/limits.ts';
import { newDatabaseUrl } from '../../support/adapters/mongo.ts';

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
