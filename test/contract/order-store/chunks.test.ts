/** Chunks: what a commit records, once. */
import { describe, expect, test } from 'vitest';
import type { ChunkToCommit } from '../../../src/ports/chunks.ts';
import { COMPLETED, chunkOf, FAILED, LEASE_MS, newClaim, orderRow, rejection } from '../../support/chunks.ts';
import { claimLost, NOTHING_ASKED, onEachOrderStore } from './contract.ts';

onEachOrderStore(({ opened, unique, setStock, availableOf, newSku, rejectionsOf, violations }) => {
  describe('a chunk', () => {
    test('becomes orders, stock taken, rejections and a checkpoint', async () => {
      const sku = await newSku(10);
      const [id, refused] = [unique('O'), unique('O')];
      const claim = await newClaim(opened.first);
      const row = orderRow(2, id, { sku, quantity: 4 });
      const chunk = chunkOf(0, [row, orderRow(5, refused, { sku, quantity: 7 })], [rejection(3, 'invalid_email')]);
      expect(await opened.first.chunks.commit(claim, chunk)).toMatchObject({
        accepted: 1,
        invalid: 2,
        cancelRequested: false,
      });

      expect((await opened.second.orders.get(id))?.order).toMatchObject({
        orderId: id,
        status: 'on_hold',
        customerName: row.customerName,
        customerEmail: row.customerEmail,
        items: [{ sku, hubId: 'HUB-1', productName: row.productName, quantity: 4, unitPriceMinor: 1999 }],
        totalMinor: 7996,
        orderDateMs: row.orderDateMs,
        shippingAddress: row.shippingAddress,
        fileId: claim.fileId,
        row: 2,
      });
      expect(await opened.first.orders.get(refused)).toBeNull();
      expect(await availableOf(sku)).toEqual([6]);
      expect(await rejectionsOf(claim.fileId)).toEqual([
        { row: 3, codes: ['invalid_email'] },
        { row: 5, codes: ['out_of_stock'] },
      ]);
      expect(await opened.first.files.get(claim.fileId)).toMatchObject({
        nextChunk: 1,
        offset: chunk.end.offset,
        row: 5,
        bytesRead: chunk.bytesRead,
        rows: 3,
        accepted: 1,
        invalid: 2,
        invalidByCode: { invalid_email: 1, out_of_stock: 1 },
      });
    });

    test('keeps the values of its rows exactly, with any characters', async () => {
      const text = `=HYPERLINK("x"), 'é' 😀 \u00a0 \\n {"a":[1]} % _ '' ;--\nsecond line`;
      const values = { customerName: text, productName: text, shippingAddress: text, quantity: 1_000_000 };
      const sku = unique('S\'"\\,;|%_ü😀');
      await setStock(sku, 1_000_000, '__proto__');
      const id = unique('O/1?%_[]"\'😀');
      const row = orderRow(2, id, {
        ...values,
        sku,
        hubId: '__proto__',
        unitPriceMinor: 999_999_999,
        orderDateMs: -1,
      });
      const refused = { ...rejection(3), values: Array.from({ length: 11 }, () => `${text}\u0000`) };
      const claim = await newClaim(opened.first);
      expect(await opened.first.chunks.commit(claim, chunkOf(0, [row], [refused]))).toMatchObject({ accepted: 1 });
      expect((await opened.first.orders.get(id))?.order).toMatchObject({
        orderId: id,
        customerName: text,
        shippingAddress: text,
        items: [{ sku, hubId: '__proto__', productName: text, quantity: 1_000_000, unitPriceMinor: 999_999_999 }],
        totalMinor: 999_999_999_000_000,
        orderDateMs: -1,
      });
      expect((await opened.first.rejections.list(claim.fileId, {}, { limit: 5, after: null })).items).toEqual([
        refused,
      ]);
    });

    test('committed again by the same claim changes nothing and returns the same', async () => {
      const sku = await newSku(10);
      const claim = await newClaim(opened.first);
      const chunk = chunkOf(
        0,
        [orderRow(2, unique('O'), { sku, quantity: 6 }), orderRow(3, unique('O'), { sku, quantity: 6 })],
        [rejection(4)],
      );
      const first = await opened.first.chunks.commit(claim, chunk);
      const [again, atOnce] = await Promise.all([
        opened.first.chunks.commit(claim, chunk),
        opened.second.chunks.commit(claim, chunk),
      ]);
      expect([again, atOnce]).toEqual([first, first]);
      expect(await availableOf(sku)).toEqual([4]);
      expect(await opened.first.files.get(claim.fileId)).toMatchObject({
        rows: 3,
        accepted: 1,
        invalid: 2,
        nextChunk: 1,
      });
    });

    test('sent twice in parallel is committed once', async () => {
      const sku = await newSku(10);
      const claim = await newClaim(opened.first);
      const chunk = chunkOf(0, [orderRow(2, unique('O'), { sku, quantity: 3 })]);
      const answers = await Promise.all([
        opened.first.chunks.commit(claim, chunk),
        opened.second.chunks.commit(claim, chunk),
      ]);
      expect(answers).toEqual(
        Array(2).fill({ accepted: 1, invalid: 0, rows: 1, rejected: { rows: 0, bytes: 0 }, ...NOTHING_ASKED }),
      );
      expect(await availableOf(sku)).toEqual([7]);
    });

    test('out of turn is refused', async () => {
      const claim = await newClaim(opened.first);
      await expect(opened.first.chunks.commit(claim, chunkOf(1, [], [rejection(2)]))).rejects.toEqual(claimLost);
      await opened.first.chunks.commit(claim, chunkOf(0, [], [rejection(2)]));
      await opened.first.chunks.commit(claim, chunkOf(1, [], [rejection(3)]));
      await expect(opened.first.chunks.commit(claim, chunkOf(0, [], [rejection(2)]))).rejects.toEqual(claimLost);
      expect(await opened.first.files.get(claim.fileId)).toMatchObject({ rows: 2, nextChunk: 2 });
    });

    test('that ends before the checkpoint is refused as a mistake, and changes nothing', async () => {
      const sku = await newSku(10);
      const claim = await newClaim(opened.first);
      await opened.first.chunks.commit(claim, chunkOf(0, [orderRow(5, unique('O'), { sku })]));
      const id = unique('O');
      const back = chunkOf(1, [orderRow(4, id, { sku })]);
      await expect(opened.first.chunks.commit(claim, back)).rejects.toMatchObject({
        code: 'assertion_failed',
        retryable: false,
      });
      expect(await opened.first.orders.get(id)).toBeNull();
      expect(await availableOf(sku)).toEqual([9]);
      expect(await opened.first.files.get(claim.fileId)).toMatchObject({ nextChunk: 1, row: 5 });
      expect(await violations()).toEqual([]);
    });

    test('is refused once the file has ended, also after a retry', async () => {
      const claim = await newClaim(opened.first);
      await opened.first.files.finish(claim, FAILED);
      const chunk = chunkOf(0, [], [rejection(2)]);
      await expect(opened.first.chunks.commit(claim, chunk)).rejects.toEqual(claimLost);
      await opened.first.files.requeue(claim.fileId);
      await expect(opened.first.chunks.commit(claim, chunk)).rejects.toEqual(claimLost);
      await expect(opened.first.files.finish(claim, FAILED)).rejects.toEqual(claimLost);
    });

    test('without rows moves the checkpoint', async () => {
      const claim = await newClaim(opened.first);
      const chunk = { ...chunkOf(0, []), end: { offset: 5_000, row: 70 }, bytesRead: 5_000 };
      expect(await opened.first.chunks.commit(claim, chunk)).toMatchObject({
        accepted: 0,
        invalid: 0,
        cancelRequested: false,
      });
      expect(await opened.first.files.get(claim.fileId)).toMatchObject({
        nextChunk: 1,
        offset: 5_000,
        row: 70,
        rows: 0,
      });
    });

    test('reports that a cancel was requested', async () => {
      const claim = await newClaim(opened.first);
      expect(await opened.first.files.requestCancel(claim.fileId)).toMatchObject({
        status: 'processing',
        cancelRequested: true,
      });
      expect(await opened.first.files.renew(claim, LEASE_MS)).toEqual({ ...NOTHING_ASKED, cancelRequested: true });
      const answer = { accepted: 0, invalid: 1, cancelRequested: true };
      expect(await opened.first.chunks.commit(claim, chunkOf(0, [], [rejection(2)]))).toMatchObject(answer);
      expect(await opened.first.chunks.commit(claim, chunkOf(0, [], [rejection(2)]))).toMatchObject(answer);
    });
  });

  test('warnings of a chunk are counted once, however often it is committed, with the first row of all', async () => {
    const sku = await newSku(10);
    const warned = (n: number, row: number, count: number): ChunkToCommit => ({
      ...chunkOf(n, [orderRow(row, unique('O'), { sku })]),
      warnings: [{ code: 'shortened_number', count, row }],
    });
    const claim = await newClaim(opened.first);
    const first = warned(0, 5, 2);
    await opened.first.chunks.commit(claim, first);
    await opened.first.chunks.commit(claim, first);
    await opened.first.chunks.commit(claim, chunkOf(1, [orderRow(6, unique('O'), { sku })]));
    await opened.first.chunks.commit(claim, {
      ...warned(2, 9, 3),
      warnings: [
        { code: 'shortened_number', count: 3, row: 8 },
        { code: 'wrongly_decoded_text', count: 1, row: 9 },
      ],
    });
    await opened.first.files.finish(claim, COMPLETED);
    expect((await opened.first.files.get(claim.fileId))?.warnings).toEqual([
      { code: 'shortened_number', count: 5, row: 5 },
      { code: 'wrongly_decoded_text', count: 1, row: 9 },
    ]);
    expect(await violations()).toEqual([]);
  });
});
