/** Files: the lists of files and of reports. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { COMPLETED, chunkOf, createFile, FAILED, newClaim, readAll, rejection } from '../../support/chunks.ts';
import { onEachOrderStore } from './contract.ts';

onEachOrderStore(({ open }) => {
  describe('a list', () => {
    test('of files is newest first, by status or parent, without gaps or repeats', async () => {
      const { first, close } = await open();
      const parentFileId = await createFile(first);
      // Many of one millisecond: the id decides among them.
      const ids = await Promise.all(Array.from({ length: 25 }, () => createFile(first, { parentFileId })));
      for (const fileId of ids.slice(0, 8)) await first.files.requestCancel(fileId);
      for (const limit of [1, 7, 25, 1_000]) {
        const all = await readAll((page) => first.files.list({}, page), limit);
        expect(all.map((file) => file.fileId).sort()).toEqual([parentFileId, ...ids].sort());
        const keys = all.map((file) => `${file.createdAtMs} ${file.fileId}`);
        expect(keys).toEqual([...keys].sort().reverse());
        const cancelled = await readAll((page) => first.files.list({ status: 'cancelled' }, page), limit);
        expect(cancelled.map((file) => file.fileId).sort()).toEqual(ids.slice(0, 8).sort());
        const children = await readAll((page) => first.files.list({ parentFileId }, page), limit);
        expect(children).toHaveLength(25);
        const both = await readAll((page) => first.files.list({ parentFileId, status: 'queued' }, page), limit);
        expect(both).toHaveLength(17);
      }
      expect(await readAll((page) => first.files.list({ status: 'failed' }, page), 5)).toEqual([]);
      await close();
    });

    test('of files continues where it was when newer ones come', async () => {
      const { first, close } = await open();
      const ids = [];
      for (let i = 0; i < 6; i++) ids.push(await createFile(first));
      const page = await first.files.list({}, { limit: 3, after: null });
      // Of one millisecond they are in the order of their ids, which are random here.
      await delay(2);
      await createFile(first);
      const rest = await readAll(({ limit, after }) => first.files.list({}, { limit, after: after ?? page.next }), 3);
      expect([...page.items, ...rest].map((file) => file.fileId).sort()).toEqual(ids.sort());
      await close();
    });

    test('of files that may need attention has those that failed, are paused, wait, or have invalid rows', async () => {
      const { first, close } = await open();
      const [paused, failed, waiting, withInvalid, goesOn, completed] = [
        await createFile(first),
        await newClaim(first),
        await newClaim(first),
        await newClaim(first),
        await newClaim(first),
        await newClaim(first),
      ];
      await createFile(first);
      await first.files.requestPause(paused);
      await first.files.finish(failed, FAILED);
      await first.files.setWaiting(waiting, { dependency: 'ims', nextTryAtMs: 0 });
      await first.chunks.commit(withInvalid, chunkOf(0, [], [rejection(2)]));
      await first.files.setWaiting(goesOn, { dependency: 'ims', nextTryAtMs: 0 });
      await first.files.setWaiting(goesOn, null);
      await first.files.finish(completed, COMPLETED);
      const needing = [paused, failed.fileId, waiting.fileId, withInvalid.fileId].sort();
      for (const limit of [1, 100]) {
        const found = await readAll((page) => first.files.list({ mayNeedAttention: true }, page), limit);
        expect(found.map(({ fileId }) => fileId).sort()).toEqual(needing);
      }
      await first.files.resume(paused);
      await first.files.finish(withInvalid, COMPLETED);
      const left = await readAll((page) => first.files.list({ mayNeedAttention: true }, page), 2);
      expect(left.map(({ fileId }) => fileId).sort()).toEqual(needing.filter((fileId) => fileId !== paused));
      await close();
    });

    test('of reports is newest first', async () => {
      const { first, close } = await open();
      const names: string[] = [];
      for (let i = 0; i < 12; i++) {
        const claim = await newClaim(first);
        if (i === 5) {
          await first.files.finish(claim, COMPLETED);
          continue;
        }
        const report = { name: `${claim.fileId}-invalid.csv`, rows: 1, sizeBytes: 9, createdAtMs: 1_000 + i };
        await first.files.finish(claim, { ...COMPLETED, report });
        names.unshift(report.name);
      }
      for (const limit of [1, 5, 100])
        expect(
          (await readAll((page) => first.files.reports({}, page), limit)).map(({ report }) => report.name),
        ).toEqual(names);
      await close();
    });
  });
});
