/** Rejections: their list. */
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { packRejections } from '../../../src/model/packed-rejections.ts';
import type { ReasonCode, Rejection } from '../../../src/model/rejection.ts';
import { chunkOf, newClaim, readAll, rejection } from '../../support/chunks.ts';
import { onEachOrderStore } from './contract.ts';

onEachOrderStore(({ opened }) => {
  describe('a list', () => {
    test('of rejections is in row order, all or of one code, from a row on', async () => {
      const claim = await newClaim(opened.first);
      const codes = ['invalid_email', 'invalid_date', 'unknown_sku'] as const;
      const rejections = Array.from({ length: 30 }, (_, i) => rejection(i + 2, codes[i % 3]!));
      rejections[3]!.reasons.push({ column: 'quantity', code: 'invalid_quantity', reason: 'no number' });
      rejections[4]!.record = 'all, that, the row had';
      await opened.first.chunks.commit(claim, chunkOf(0, [], rejections.slice(0, 20)));
      await opened.first.chunks.commit(claim, chunkOf(1, [], rejections.slice(20)));
      for (const limit of [1, 4, 30, 1_000]) {
        expect(await readAll((page) => opened.first.rejections.list(claim.fileId, {}, page), limit)).toEqual(
          rejections,
        );
        const ofCode = await readAll(
          (page) => opened.first.rejections.list(claim.fileId, { code: 'invalid_date' }, page),
          limit,
        );
        expect(ofCode.map(({ row }) => row)).toEqual([3, 6, 9, 12, 15, 18, 21, 24, 27, 30]);
        for (const fromRow of [1, 2, 20, 22, 31, 32]) {
          const rows = await readAll((page) => opened.first.rejections.list(claim.fileId, { fromRow }, page), limit);
          expect(rows).toEqual(rejections.filter(({ row }) => row >= fromRow));
        }
        const filter = { code: 'invalid_date', fromRow: 21 } as const;
        const later = await readAll((page) => opened.first.rejections.list(claim.fileId, filter, page), limit);
        expect(later.map(({ row }) => row)).toEqual([21, 24, 27, 30]);
      }
      const list = (code: 'invalid_quantity' | 'total_mismatch') =>
        readAll((page) => opened.first.rejections.list(claim.fileId, { code }, page), 5);
      expect((await list('invalid_quantity')).map(({ row }) => row)).toEqual([5]);
      expect(await list('total_mismatch')).toEqual([]);
      expect((await opened.first.files.get(claim.fileId))!.invalidByCode).toMatchObject({ invalid_quantity: 1 });
    });

    test('of rejections that are alike is exact, and each counts with what it takes in a report, the same on all stores', async () => {
      const claim = await newClaim(opened.first);
      const alike = (row: number): Rejection => ({
        ...rejection(2),
        row,
        values: ['x'.repeat(1_000)],
        record: 'x,y',
      });
      const rejections = Array.from({ length: 3_000 }, (_, i) => (i % 1_000 === 7 ? rejection(i + 2) : alike(i + 2)));
      const commit = (n: number) =>
        opened.first.chunks.commit(claim, chunkOf(n, [], rejections.slice(1_500 * n, 1_500 * (n + 1))));
      const first = await commit(0);
      expect(first.rejected.rows).toBe(1_500);
      expect(first.rejected.bytes).toBeGreaterThan(1_498 * 1_000);
      expect(first.rejected.bytes).toBeLessThan(1_500 * 1_300);
      expect(await commit(0)).toEqual(first);
      const second = await commit(1);
      expect(second.rejected.rows).toBe(3_000);
      expect(await opened.first.files.get(claim.fileId)).toMatchObject({
        invalid: 3_000,
        rejectedBytes: second.rejected.bytes,
      });
      expect(packRejections(rejections.slice(0, 1_500)).bytes).toBe(first.rejected.bytes);
      const list = (filter: { code?: ReasonCode; fromRow?: number }) =>
        readAll((page) => opened.first.rejections.list(claim.fileId, filter, page), 700);
      expect(await list({})).toEqual(rejections);
      expect(await list({ fromRow: 2_990 })).toEqual(rejections.slice(2_988));
      expect((await list({ code: rejections[7]!.reasons[0]!.code })).length).toBeGreaterThanOrEqual(3);
    });

    test('of rejections with long values is short, and says that there are more', async () => {
      const claim = await newClaim(opened.first);
      const long = 'x'.repeat(limits.maxRecordBytes);
      const rejections = Array.from({ length: 12 }, (_, i) => ({ ...rejection(i + 2), values: [long] }));
      for (let n = 0; n < 4; n++)
        await opened.first.chunks.commit(claim, chunkOf(n, [], rejections.slice(3 * n, 3 * n + 3)));
      for (const filter of [{}, { code: 'invalid_email' } as const]) {
        const page = await opened.first.rejections.list(claim.fileId, filter, { limit: 1_000, after: null });
        expect(page.items).toHaveLength(limits.rejectionPageChars / limits.maxRecordBytes);
        const all = await readAll((page) => opened.first.rejections.list(claim.fileId, filter, page), 1_000);
        expect(all.map(({ row }) => row)).toEqual(rejections.map(({ row }) => row));
      }
    });
  });
});
