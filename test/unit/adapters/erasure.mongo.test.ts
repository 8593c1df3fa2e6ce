/** The erasure of people on MongoDB: beside others at work, and after crashes between its writes. What all order stores share: the contract. */
import { inflateRawSync } from 'node:zlib';
import { Binary, BSON, type Document } from 'mongodb';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { createMongoOrderStore, type MongoOrderStore } from '../../../src/adapters/order-store.mongo/order-store.ts';
import { limits } from '../../../src/limits.ts';
import type { ErasureOf } from '../../../src/model/erasure.ts';
import { newDatabaseUrl } from '../../support/adapters/mongo.ts';
import { applyOne, item, keyOf, newOrder, toCreate, toDelete, toEdit, toMove } from '../../support/changes.ts';
import { chunkOf, ingestChunks, orderRow, rejection } from '../../support/chunks.ts';
import { type Command, type CommandFate, startMongoProxy } from '../../support/mongo-proxy.ts';
import { violationsOf } from '../../support/violations.ts';

const { mongo, why } = inject('engines');
const PASSES: CommandFate = { applies: 'all', cut: null };
const ANSWER_LOST: CommandFate = { applies: 'all', cut: () => {} };
const NEVER_SENT: CommandFate = { applies: 'nothing', cut: () => {} };
const ADA = { email: 'ada@example.com' };
const GRACE = { customerName: 'Grace Hopper', customerEmail: 'grace@example.com', shippingAddress: '1 Navy Yard' };
const OF_ADA = /ada@example|lovelace|st james|ada has/i;
const OF_GRACE = /grace|hopper|navy yard/i;

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

/** Two stores of one database, one of them behind a proxy. */
async function openStores(fateOf: (command: Command) => CommandFate | Promise<CommandFate> = () => PASSES) {
  const proxy = await startMongoProxy(mongo!, async (command) => fateOf(command));
  const url = new URL(newDatabaseUrl(mongo!));
  const open = (at: string) => createMongoOrderStore({ url: at + url.pathname, trackStock: true, now: Date.now });
  const [store, direct] = [open(proxy.url), open(mongo!)];
  opened.push(async () => {
    await direct.database.db.dropDatabase();
    await store.close();
    await direct.close();
    proxy.stop();
  });
  await direct.prepare();
  await direct.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', available: 100 }], null);
  return { store, direct };
}

/** Calls `does` at the nth command that is one of these, and says what becomes of it. */
function at(names: string[], nth: number, does: () => CommandFate | Promise<CommandFate>) {
  let met = 0;
  return ({ name }: Command) => (names.includes(name) && ++met === nth ? does() : PASSES);
}

async function found({ erasure }: MongoOrderStore, of: ErasureOf): Promise<string[]> {
  const ids: string[] = [];
  for (let position: string | null = null, end = false; !end; ) {
    const page = await erasure.find(of, position);
    ids.push(...page.found.map(({ orderId }) => orderId));
    ({ position, end } = page);
  }
  return ids;
}

async function erase(store: MongoOrderStore, of: ErasureOf = ADA): Promise<number> {
  return store.erasure.erase(of, await found(store, of));
}

/** Where these words are in the database: in any document, also in what is compressed in it. */
async function placesOf({ database }: MongoOrderStore, words: RegExp): Promise<string[]> {
  const places: string[] = [];
  for (const { collectionName } of await database.db.collections())
    for await (const document of database.db.collection(collectionName).find())
      if (textsOf(document).some((text) => words.test(text))) places.push(`${collectionName} ${document._id}`);
  return places;
}

function textsOf(document: Document): string[] {
  const packed = Object.values(document).filter((value) => value instanceof Binary);
  const bytes = [BSON.serialize(document), ...packed.map(({ buffer }) => inflateRawSync(buffer))];
  return bytes.map((text) => Buffer.from(text).toString('latin1'));
}

const eventsOf = async ({ outbox }: MongoOrderStore) => [...(await outbox.pending())!.events].map(({ json }) => json);
const ofGrace = (row: number, id: string) => orderRow(row, id, GRACE);

describe.skipIf(why.mongo !== undefined)('the erasure of people on MongoDB', () => {
  test('leaves nothing of a person in any document, and all of others', async () => {
    const { direct } = await openStores();
    await ingestChunks(direct, [
      chunkOf(0, [orderRow(2, 'R-1'), ofGrace(3, 'R-2')], [rejection(4)]),
      chunkOf(1, [orderRow(5, 'R-3')]),
      chunkOf(2, [orderRow(6, 'R-4')]),
    ]);
    await applyOne(direct, toCreate('P-1', newOrder([item('SKU-1')]), keyOf('K-1')));
    await applyOne(direct, toEdit('P-1', { shippingAddress: '2 St James Square' }, { reason: 'Ada has moved' }));
    await applyOne(direct, toMove('P-1', 'confirmed', { reason: 'Ada has paid' }));
    await applyOne(direct, toEdit('R-1', GRACE));
    await applyOne(direct, toDelete('R-4'));
    const answer = 'Ada has not paid yet';
    for (const orderId of ['P-1', 'R-2'])
      await direct.finalizing.keep({ orderId, dueMs: 1, asks: 1, failures: 0, answer });
    await applyOne(direct, toEdit('R-3', { shippingAddress: '3 St James Square' }, { reason: 'Ada has moved' }));
    expect((await found(direct, ADA)).sort()).toEqual(['P-1', 'R-1', 'R-3']);
    expect(await erase(direct)).toBe(3);
    expect((await placesOf(direct, OF_ADA)).sort()).toEqual([
      expect.stringMatching(/^chunks .*:2$/),
      'finalizer_orders R-2',
    ]);
    await direct.prune();
    expect(await placesOf(direct, OF_ADA)).toEqual(['finalizer_orders R-2']);
    expect((await placesOf(direct, OF_GRACE)).sort()).toEqual([
      expect.stringMatching(/^chunks .*:0$/),
      'orders R-1',
      'orders R-2',
    ]);
    expect(await direct.database.orders.countDocuments({ erased_from: { $exists: true } })).toBe(0);
    expect(await violationsOf(direct)).toEqual([]);
  });

  const writes = [
    ['of answers of the finalizer', 'update finalizer_orders', 1],
    ['of the order', 'update orders', 1],
    ['of the plan', 'update chunks', 1],
    ['that the plan is done', 'update orders', 2],
  ] as const;
  test.each(
    writes.flatMap(([what, name, nth]) =>
      (['is never sent', 'is made, and its answer is lost'] as const).map((how) => ({ what, name, nth, how })),
    ),
  )('ends after a crash when the write $what $how', async ({ name, nth, how }) => {
    let isDead = false;
    const { store, direct } = await openStores(({ name: command }) => {
      isDead ||= command === name && --left === 0;
      if (!isDead) return PASSES;
      const isFirst = !hasDied;
      hasDied = true;
      return isFirst && how !== 'is never sent' ? ANSWER_LOST : NEVER_SENT;
    });
    let left: number = nth;
    let hasDied = false;
    await ingestChunks(direct, [chunkOf(0, [orderRow(2, 'R-1'), ofGrace(3, 'R-2')])]);
    await expect(store.erasure.erase(ADA, ['R-1'])).rejects.toMatchObject({ retryable: true });
    const erased = (await direct.orders.get('R-1'))!.order.customerEmail === '';
    expect((await eventsOf(direct)).map((json) => OF_ADA.test(json))).toEqual([!erased, false]);
    expect(await violationsOf(direct)).toEqual([]);
    await direct.prune();
    await erase(direct);
    expect(await placesOf(direct, OF_ADA)).toEqual([]);
    expect(await direct.database.orders.countDocuments({ erased_from: { $exists: true } })).toBe(0);
    expect((await eventsOf(direct)).map((json) => JSON.parse(json).data.erased)).toEqual([true, undefined]);
    expect(await violationsOf(direct)).toEqual([]);
  });

  test('lets no change that has read an order before bring its person back', async () => {
    const { store, direct } = await openStores(
      at(['update orders'], 1, async () => {
        await erase(direct);
        return PASSES;
      }),
    );
    await applyOne(direct, toCreate('P-1', newOrder([item('SKU-1', 4)])));
    const edited = await applyOne(store, toEdit('P-1', { items: [item('SKU-1', 3)] }));
    expect(edited).toMatchObject({ outcome: 'changed', order: { version: 2, customerEmail: '' } });
    expect(await placesOf(direct, OF_ADA)).toEqual([]);
    expect(await direct.stock.levels([{ sku: 'SKU-1', hubId: 'HUB-1' }])).toEqual([97]);
    expect(await violationsOf(direct)).toEqual([]);
  });

  test('is made again for an order that was changed meanwhile', async () => {
    const { store, direct } = await openStores(
      at(['update orders'], 1, async () => {
        await applyOne(direct, toEdit('P-1', { shippingAddress: '2 St James Square' }));
        return PASSES;
      }),
    );
    for (const id of ['P-1', 'P-2']) await applyOne(direct, toCreate(id, newOrder([item('SKU-1')])));
    expect(await store.erasure.erase(ADA, ['P-1', 'P-2'])).toBe(2);
    expect(await placesOf(direct, OF_ADA)).toEqual([]);
    expect(await violationsOf(direct)).toEqual([]);
  });

  test('is not undone in the plan of a chunk by another erasure, nor by the deletion of rejected rows', async () => {
    const others: ((store: MongoOrderStore, fileId: string) => Promise<unknown>)[] = [
      (store) => erase(store, { email: GRACE.customerEmail }),
      (store, fileId) => store.rejections.delete(fileId, 1),
    ];
    for (const other of others) {
      let fileId = '';
      const { store, direct } = await openStores(
        at(['update chunks'], 1, async () => {
          await erase(direct);
          return PASSES;
        }),
      );
      fileId = await ingestChunks(direct, [chunkOf(0, [orderRow(2, 'R-1'), ofGrace(3, 'R-2')], [rejection(4)])]);
      await direct.files.markDeleted(fileId, 'report');
      await other(store, fileId);
      expect(await placesOf(direct, OF_ADA)).toEqual([]);
      while (await direct.rejections.delete(fileId, 1));
      expect(await placesOf(direct, OF_ADA)).toEqual([]);
      expect(await placesOf(direct, /of row 4/)).toEqual([]);
      expect(await violationsOf(direct)).toEqual([]);
    }
  });

  test('is seen by who reads the events of a chunk meanwhile', async () => {
    // Which chunk and which changes wait, then the erased orders of the chunk, then its plan.
    const meanwhile = at(['find orders', 'find chunks'], 4, async () => {
      await erase(direct);
      return PASSES;
    });
    const { store, direct } = await openStores(meanwhile);
    await ingestChunks(direct, [chunkOf(0, [orderRow(2, 'R-1')])]);
    expect((await eventsOf(store)).join()).not.toMatch(OF_ADA);
    expect(await placesOf(direct, OF_ADA)).toEqual([]);
  });

  test('reaches orders that an earlier release has stored', async () => {
    const { direct } = await openStores();
    await ingestChunks(direct, [chunkOf(0, [orderRow(2, 'R-1'), orderRow(3, 'R-2')])]);
    const former = { rev: '', version: '', published: '', chunk: '' } as const;
    await direct.database.orders.updateMany({}, { $unset: former });
    expect(await erase(direct)).toBe(2);
    expect(await placesOf(direct, OF_ADA)).toEqual([]);
    expect(await applyOne(direct, toMove('R-1', 'cancelled'))).toMatchObject({ order: { version: 2 } });
    expect(await violationsOf(direct)).toEqual([]);
  });

  test('finds all orders in windows, also where many were created or changed at the same time', async () => {
    const { direct } = await openStores();
    const { orders } = direct.database;
    await ingestChunks(direct, [chunkOf(0, [orderRow(2, 'R-1')])]);
    const [one] = await orders.find().toArray();
    const count = limits.maxScanOrders + 7;
    const at = new Date(1_000);
    const ids = Array.from({ length: count }, (_, n) => `S-${String(n).padStart(5, '0')}`);
    await orders.insertMany(
      ids.map((_id, n) => ({
        ...one!,
        ...{ _id, created_at: at, updated_at: at, status: 'cancelled' },
        ...(n % 2 === 1 && { version: 2, changed_at: at }),
      })),
    );
    expect((await found(direct, ADA)).sort()).toEqual(['R-1', ...ids]);
    expect((await found(direct, { unchangedSinceMs: 2_000, states: ['cancelled'] })).sort()).toEqual(ids);
    expect(await found(direct, { unchangedSinceMs: 1_000, states: ['cancelled'] })).toEqual([]);
  });
});

test.skipIf(why.mongo !== undefined)(
  'a deletion leaves published what was published since it read the order',
  async () => {
    const { store, direct } = await openStores(
      at(['update orders'], 1, async () => {
        for (let batch = await direct.outbox.pending(); batch; batch = await direct.outbox.pending())
          await direct.outbox.markPublished(batch.id);
        return PASSES;
      }),
    );
    await applyOne(direct, toCreate('P-1', newOrder([item('SKU-1')])));
    await applyOne(direct, toMove('P-1', 'confirmed'));
    expect(await applyOne(store, toDelete('P-1'))).toEqual({ outcome: 'deleted' });
    const batch = (await direct.outbox.pending())!;
    expect([...batch.events].map(({ type }) => type)).toEqual(['order.deleted']);
    await direct.outbox.markPublished(batch.id);
    expect(await violationsOf(direct)).toEqual([]);
  },
);
