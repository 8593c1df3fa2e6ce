/** Changes of orders on MongoDB that meet errors, lost answers and processes that died. What all order stores share: the contract. */
import { describe, expect, inject, test } from 'vitest';
import { createMongoOrderStore } from '../../../src/adapters/order-store.mongo/order-store.ts';
import { limits } from '../../../src/limits.ts';
import { newDatabaseUrl } from '../../support/adapters/mongo.ts';
import { applyOne, changed, isRefused, item, keyOf, newOrder, toCreate, toMove } from '../../support/changes.ts';
import { chunkOf, ingestChunks, orderRow } from '../../support/chunks.ts';
import { type Command, type CommandFate, startMongoProxy } from '../../support/mongo-proxy.ts';
import { violationsOf } from '../../support/violations.ts';

const { mongo, why } = inject('engines');
const PASSES: CommandFate = { applies: 'all', cut: null };
const ANSWER_LOST: CommandFate = { applies: 'all', cut: () => {} };
const NEVER_SENT: CommandFate = { applies: 'nothing', cut: () => {} };
const KEY = '["SKU-1","HUB-1"]';

/** A store behind a proxy with 10 of a SKU, whose clock the test moves. */
async function openStore(fateOf: (command: Command) => CommandFate = () => PASSES) {
  const proxy = await startMongoProxy(mongo!, async (command) => fateOf(command));
  const url = new URL(newDatabaseUrl(mongo!));
  let nowMs = Date.now();
  const open = (at: string) => createMongoOrderStore({ url: at + url.pathname, trackStock: true, now: () => nowMs });
  const [store, direct] = [open(proxy.url), open(mongo!)];
  await direct.prepare();
  await direct.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', available: 10 }], null);
  return {
    ...{ store, direct },
    available: async () => (await direct.stock.levels([{ sku: 'SKU-1', hubId: 'HUB-1' }]))[0],
    row: async () => (await direct.database.stock.findOne({ _id: KEY }))!,
    sweepLater: async () => {
      nowMs += limits.mongoTicketMs + 1_000;
      await direct.prune();
    },
    async close() {
      await direct.database.db.dropDatabase();
      await store.close();
      await direct.close();
      proxy.stop();
    },
  };
}

/** The fate of the first command with this name, which may be told apart by its body. */
function first(name: string, fate: CommandFate, isIt: (command: Command) => boolean = () => true) {
  let met = false;
  return (command: Command): CommandFate => {
    if (met || command.name !== name || !isIt(command)) return PASSES;
    met = true;
    return fate;
  };
}

const create = (id = 'P-1', quantity = 3) => toCreate(id, newOrder([item('SKU-1', quantity)]));

describe.skipIf(why.mongo !== undefined)('a change on MongoDB', () => {
  test.each([
    ['the answer to the reservation is lost', 'update stock', ANSWER_LOST],
    ['the reservation is never sent', 'update stock', NEVER_SENT],
    ['the answer to the insert is lost', 'insert orders', ANSWER_LOST],
    ['the insert is never sent', 'insert orders', NEVER_SENT],
  ])('happens once when %s', async (_, name, fate) => {
    const { store, direct, available, row, sweepLater, close } = await openStore(first(name, fate));
    expect(changed(await applyOne(store, create()))).toMatchObject({ version: 1 });
    await sweepLater();
    expect(await available()).toBe(7);
    expect(await row()).toMatchObject({ tickets: {} });
    expect(await row()).not.toHaveProperty('busy_since');
    expect(await violationsOf(direct)).toEqual([]);
    await close();
  });

  test('gives back once when the answers to that are lost, and the sweeper does it, too', async () => {
    const isRelease = ({ body }: Command) => body.updates?.some((one: { u: object }) => '$unset' in one.u);
    const fateOf = (command: Command) => (command.name === 'update stock' && isRelease(command) ? ANSWER_LOST : PASSES);
    const { store, direct, available, sweepLater, close } = await openStore(fateOf);
    await applyOne(direct, create());
    expect(changed(await applyOne(store, toMove('P-1', 'cancelled'))).status).toBe('cancelled');
    await sweepLater();
    expect(await available()).toBe(10);
    expect(await violationsOf(direct)).toEqual([]);
    await close();
  });

  test('that died with its ticket can never be made after the sweep', async () => {
    const { direct, available, row, sweepLater, close } = await openStore();
    const { stock, orders } = direct.database;
    await ingestChunks(direct, [chunkOf(0, [orderRow(2, 'R-1')])]);
    const at = new Date(Date.now() - limits.mongoTicketMs / 2);
    const left = (o: string, r: number, q: number) => ({ o, r, q, at });
    const tickets = { 'tickets.new': left('P-1', 0, 4), 'tickets.old': left('R-1', 1, 2) };
    await stock.updateOne({ _id: KEY }, {
      $set: { ...tickets, busy_since: at },
      $inc: { available: -6 },
    } as never);
    await direct.prune();
    expect(await available()).toBe(3);
    await sweepLater();
    expect(await available()).toBe(9);
    expect(await row()).toMatchObject({ tickets: {} });
    // Both are fenced.
    expect(await orders.findOne({ _id: 'P-1' })).toMatchObject({ status: 'void', rev: 1 });
    expect(await orders.findOne({ _id: 'R-1' })).toMatchObject({ rev: 2, version: 1 });
    expect(await direct.orders.get('P-1')).toBeNull();
    expect((await applyOne(direct, create())).outcome).toBe('created');
    await close();
  });

  test('leaves so many tickets that the next sweep goes on with them, which no younger one hides', async () => {
    const { direct, available, row, sweepLater, close } = await openStore();
    await ingestChunks(direct, [chunkOf(0, [orderRow(2, 'R-1')])]);
    const { stock, orders } = direct.database;
    await orders.updateOne({ _id: 'R-1' }, { $set: { rev: 2 } });
    const left = { o: 'R-1', r: 1, q: 1, at: new Date(0) };
    const names = Array.from({ length: limits.mongoSweepTickets + 3 }, (_, n) => `t${n}`);
    const tickets = Object.fromEntries(names.map((name) => [`tickets.${name}`, left]));
    const young = { ...left, at: new Date() };
    await stock.updateOne({ _id: KEY }, {
      $set: { ...tickets, 'tickets.young': young, busy_since: left.at, available: 9 - 4 },
    } as never);
    await direct.prune();
    expect(Object.keys((await row()).tickets!)).toHaveLength(4);
    await direct.prune();
    expect((await row()).tickets).toEqual({ young });
    await sweepLater();
    await sweepLater();
    expect(await row()).toMatchObject({ available: 9 + limits.mongoSweepTickets, tickets: {} });
    expect(await available()).toBe(9 + limits.mongoSweepTickets);
    await close();
  });

  test('of many clients on one row shares its writes', async () => {
    let writes = 0;
    const { store, direct, available, close } = await openStore(({ name }) => {
      if (name === 'update stock') writes++;
      return PASSES;
    });
    await direct.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', delta: 90 }], null);
    const outcomes = await Promise.all(Array.from({ length: 40 }, (_, n) => applyOne(store, create(`P-${n}`, 2))));
    for (const { outcome } of outcomes) expect(outcome).toBe('created');
    expect(await available()).toBe(20);
    // Each reserves and settles.
    expect(writes).toBeLessThan(2 * outcomes.length);
    await close();
  });

  test('that was refused under a key leaves its id free, also for a row', async () => {
    const { store, direct, available, close } = await openStore();
    const request = { ...create('P-1', 11), ...keyOf('K') };
    expect(await applyOne(store, request)).toMatchObject(isRefused('out_of_stock'));
    await ingestChunks(direct, [chunkOf(0, [orderRow(2, 'P-1')])]);
    expect((await direct.orders.get('P-1'))?.order).toMatchObject({ row: 2, version: 1 });
    expect(await applyOne(store, request)).toMatchObject(isRefused('out_of_stock'));
    expect(await available()).toBe(9);
    expect(await violationsOf(direct)).toEqual([]);
    await close();
  });

  test('waits until the upgrade of a store of an earlier release is finished', async () => {
    const { direct, close } = await openStore();
    await direct.database.schema.updateOne({ _id: 'schema' }, { $set: { least_writer: 1 } });
    await expect(applyOne(direct, create())).rejects.toMatchObject({ code: 'upgrade_unfinished', retryable: true });
    await ingestChunks(direct, [chunkOf(0, [orderRow(2, 'R-1')])]);
    expect(await direct.finishUpgrade()).toBe(true);
    expect(await direct.finishUpgrade()).toBe(false);
    expect((await applyOne(direct, create())).outcome).toBe('created');
    await close();
  });
});
