/** The outbox, leases, and what the store itself answers. */

import { expect, test } from 'vitest';
import { orderCreated } from '../../../src/model/event.ts';
import { COMPLETED, chunkOf, ingestChunks, LEASE_MS, newClaim, orderRow, rejection } from '../../support/chunks.ts';
import { onEachOrderStore } from './contract.ts';

onEachOrderStore(({ open, opened, unique, availableOf, newSku, violations }) => {
  test('pruning what was kept while files were open changes nothing that is seen', async () => {
    const sku = await newSku(10);
    const fileId = await ingestChunks(opened.first, [chunkOf(0, [orderRow(2, unique('O'), { sku, quantity: 4 })])]);
    const open = await newClaim(opened.first);
    await opened.first.chunks.commit(open, chunkOf(0, [orderRow(2, unique('O'), { sku, quantity: 2 })]));
    await opened.first.prune();
    await opened.second.prune();
    await opened.first.chunks.commit(open, chunkOf(1, [orderRow(3, unique('O'), { sku, quantity: 3 })]));
    await opened.first.files.finish(open, COMPLETED);
    await opened.first.prune();
    expect(await availableOf(sku)).toEqual([1]);
    expect(await opened.first.files.get(fileId)).toMatchObject({ status: 'completed', accepted: 1 });
    expect(await violations()).toEqual([]);
  });

  test('the outbox has what is to be published, batch by batch, until it is marked', async () => {
    const { first, second, close } = await open();
    await first.stock.change([{ sku: 'S', hubId: 'H', available: 100 }], null);
    const rows = (ids: string[]) => ids.map((id, i) => orderRow(i + 2, id, { sku: 'S', hubId: 'H' }));
    await ingestChunks(first, [chunkOf(0, rows(['A', 'B'])), chunkOf(1, [], [rejection(9)])]);
    await ingestChunks(first, [chunkOf(0, [...rows(['C', 'A']), orderRow(9, 'D', { sku: 'none' })])]);
    const published: string[] = [];
    for (let batch = await first.outbox.pending(); batch; batch = await second.outbox.pending()) {
      expect(await second.outbox.pending()).toEqual(batch);
      for (const event of batch.events) {
        expect(event).toMatchObject(orderCreated((await first.orders.get(event.orderId))!.order));
        published.push(event.orderId);
      }
      await first.outbox.markPublished(batch.id);
      await first.outbox.markPublished(batch.id);
    }
    expect(published.sort()).toEqual(['A', 'B', 'C']);
    await close();
  });

  test('a lease can be taken again by its holder, and by another once it was released', async () => {
    expect(await opened.first.leases.take('sweeper', 'one', LEASE_MS)).toBe(true);
    expect(await opened.first.leases.take('sweeper', 'one', LEASE_MS)).toBe(true);
    await opened.second.leases.release('sweeper', 'one');
    expect(await opened.second.leases.take('sweeper', 'another', LEASE_MS)).toBe(true);
    await opened.first.leases.release('sweeper', 'another');
  });

  test('reports what it is, and misses nothing', async () => {
    expect(await opened.first.inspect()).toMatchObject({ engine: expect.stringMatching(/\d/), missing: [] });
  });
});
