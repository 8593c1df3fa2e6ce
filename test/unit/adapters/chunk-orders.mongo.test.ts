/**
 * Orders of several rows on MongoDB (INV-1, 2, 4): a worker dies at each command of a commit, before it, after it, or when a part of it
 * was applied; another one carries the plan out. What is left is what an undisturbed worker leaves, in the same words.
 */
import { describe, expect, inject, test } from 'vitest';
import { createMongoOrderStore } from '../../../src/adapters/order-store.mongo/order-store.ts';
import type { OrderRow } from '../../../src/model/order-row.ts';
import { newDatabaseUrl } from '../../support/adapters/mongo.ts';
import { COMPLETED, chunkOfOrders, claimFile, createFile, ingestChunks, orderRow } from '../../support/chunks.ts';
import { type Command, startMongoProxy } from '../../support/mongo-proxy.ts';
import { violationsOf } from '../../support/violations.ts';

const { mongo, why } = inject('engines');

const orderOf = (row: number, id: string, items: Partial<OrderRow>[]) =>
  items.map((item, n) => orderRow(row + n, id, item));

/** What each of them takes, and of what there is too little. */
const ORDERS = [
  orderOf(2, 'SHORT', [{ sku: 'A' }, { sku: 'B', quantity: 2 }]),
  orderOf(4, 'FITS', [{ sku: 'A', quantity: 2 }, { sku: 'C' }]),
  // Another file has it by the time it is inserted.
  orderOf(6, 'FOREIGN', [{ sku: 'A' }, { sku: 'C', quantity: 2 }]),
  orderOf(8, 'LATE', [{ sku: 'C', quantity: 9 }, { sku: 'A' }]),
];
const STOCK = { A: 5, B: 1, C: 4, R: 1 };

interface Death {
  /** The index of the command. */
  at: number;
  applies: 'nothing' | 'all' | number;
}

/** Returns what is left, and the commands of the commit. */
async function commitWith(death: Death | null) {
  const url = newDatabaseUrl(mongo!);
  const open = (at: string) =>
    createMongoOrderStore({ url: at + new URL(url).pathname, trackStock: true, now: Date.now });
  const store = open(mongo!);
  const commands: Command[] = [];
  let rival: Promise<unknown> | null = null;
  let begun = false;
  const proxy = await startMongoProxy(mongo!, async (command) => {
    if (!begun) return { applies: 'all', cut: null };
    if (command.name === 'insert chunks') {
      rival ??= ingestChunks(store, [chunkOfOrders(0, [orderOf(2, 'FOREIGN', [{ sku: 'R' }])])]);
      await rival;
    }
    const n = commands.push(command) - 1;
    if (death === null || n < death.at) return { applies: 'all', cut: null };
    return { applies: n === death.at ? death.applies : 'nothing', cut: () => {} };
  });
  const first = open(proxy.url);
  try {
    await store.prepare();
    await store.stock.change(
      Object.entries(STOCK).map(([sku, available]) => ({ sku, hubId: 'HUB-1', available })),
      null,
    );
    const fileId = await createFile(store);
    const claim = await claimFile(store, fileId);
    begun = true;
    const tried = first.chunks.commit(claim, chunkOfOrders(0, ORDERS));
    if (death === null) await tried;
    else {
      await expect(tried).rejects.toThrow();
      rival ??= ingestChunks(store, [chunkOfOrders(0, [orderOf(2, 'FOREIGN', [{ sku: 'R' }])])]);
      await rival;
      await store.chunks.commit(claim, chunkOfOrders(0, ORDERS));
    }
    await store.files.finish(claim, COMPLETED);
    const { items } = await store.rejections.list(fileId, {}, { limit: 100, after: null });
    const orders = await store.orders.getMany(['SHORT', 'FITS', 'FOREIGN', 'LATE']);
    const stock = await store.stock.list({ sort: 'key' }, { limit: 10, after: null });
    return {
      commands,
      left: {
        rejections: items.map(({ row, reasons }) => [row, reasons[0]!.code, reasons[0]!.reason.replace(/f_\w+/, 'f')]),
        orders: orders.map(({ order }) => [order.orderId, order.row, order.items.length]).sort(),
        stock: stock.items.map(({ sku, available }) => [sku, available]),
        violations: await violationsOf(store),
      },
    };
  } finally {
    await first.close();
    proxy.stop();
    await store.database.db.dropDatabase();
    await store.close();
  }
}

describe.skipIf(why.mongo !== undefined)('a commit of orders of several rows', () => {
  test('that breaks off anywhere is carried out by the next worker as if it had not', async () => {
    const { commands, left } = await commitWith(null);
    expect(left.rejections.map(([row, code]) => `${row} ${code}`)).toEqual([
      ...['2 order_incomplete', '3 out_of_stock', '6 order_conflict', '7 order_conflict'],
      ...['8 out_of_stock', '9 order_incomplete'],
    ]);
    expect(left.orders).toEqual([
      ['FITS', 4, 2],
      ['FOREIGN', 2, 1],
    ]);
    expect(left.stock).toEqual([
      ['A', 3],
      ['B', 1],
      ['C', 3],
      ['R', 0],
    ]);
    expect(left.violations).toEqual([]);
    expect(commands.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['insert chunks', 'update stock', 'insert orders', 'update chunks']),
    );
    const from = commands.findIndex(({ name }) => name === 'insert chunks');
    for (const [at, { parts }] of commands.entries()) {
      if (at < from) continue;
      // Without the plan the next worker makes its own, which knows of the rival.
      const fates: Death['applies'][] = at === from ? ['all'] : ['nothing', 'all', ...(parts > 1 ? [1] : [])];
      for (const applies of fates) {
        const after = await commitWith({ at, applies });
        expect(after.left, `${commands[at]!.name}, ${applies} applied`).toEqual(left);
      }
    }
  });
});
