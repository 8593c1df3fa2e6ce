/** Files: ends, retries, what is stranded, corrections. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  COMPLETED,
  chunkOf,
  claimFile,
  createFile,
  FAILED,
  LEASE_MS,
  newClaim,
  newFile,
  orderRow,
  rejection,
} from '../../support/chunks.ts';
import { claimLost, FAILED_END, onEachOrderStore } from './contract.ts';

onEachOrderStore(({ open, opened, unique, availableOf, newSku }) => {
  describe('the end of a file', () => {
    test('is recorded, and the same end again is no error', async () => {
      const claim = await newClaim(opened.first);
      await opened.first.chunks.commit(claim, chunkOf(0, [], [rejection(2)]));
      const report = { name: `${claim.fileId}-invalid.csv`, rows: 1, sizeBytes: 99, createdAtMs: Date.now() };
      const end = { status: 'completed', failure: null, report } as const;
      await opened.first.files.finish(claim, end);
      const ended = await opened.first.files.get(claim.fileId);
      await opened.second.files.finish(claim, end);
      expect(await opened.first.files.get(claim.fileId)).toEqual(ended);
      expect(ended).toMatchObject({ status: 'completed', report, waitingFor: null, cancelRequested: false });
      expect(ended!.finishedAtMs).not.toBeNull();
      await expect(opened.first.files.finish(claim, FAILED)).rejects.toEqual(claimLost);
      expect(await opened.first.files.findReport(report.name)).toEqual({ fileId: claim.fileId, report, hubs: null });
      expect(await opened.first.files.findReport('unknown.csv')).toBeNull();
    });

    test('comes immediately for a queued file that is cancelled, and never twice', async () => {
      const fileId = await createFile(opened.first);
      expect(await opened.first.files.requestCancel(fileId)).toMatchObject({
        status: 'cancelled',
        failure: { code: 'cancelled' },
      });
      expect(await opened.first.files.claim(fileId, LEASE_MS)).toEqual({ kind: 'ended' });
      const ended = expect.objectContaining({ code: 'file_ended', retryable: false });
      await expect(opened.first.files.requestCancel(fileId)).rejects.toEqual(ended);
      expect(await opened.first.files.requestCancel('f_unknown')).toBeNull();
    });

    test('a failed or cancelled file is queued again at its checkpoint, with its counts', async () => {
      const sku = await newSku(10);
      for (const end of [FAILED, { ...FAILED, status: 'cancelled' as const }]) {
        const claim = await newClaim(opened.first);
        const id = unique('O');
        await opened.first.chunks.commit(claim, chunkOf(0, [orderRow(2, id, { sku })], [rejection(3)]));
        await opened.first.files.requestCancel(claim.fileId);
        await opened.first.files.finish(claim, end);
        const queued = await opened.first.files.requeue(claim.fileId);
        expect(queued).toMatchObject({
          status: 'queued',
          failure: null,
          finishedAtMs: null,
          cancelRequested: false,
          row: 3,
          rows: 2,
          accepted: 1,
        });
        const next = await claimFile(opened.first, claim.fileId);
        await opened.first.chunks.commit(next, chunkOf(queued!.nextChunk, [], [rejection(4)]));
        await opened.first.files.finish(next, COMPLETED);
        expect(await opened.first.files.get(claim.fileId)).toMatchObject({ status: 'completed', rows: 3, invalid: 2 });
      }
    });

    test('only a failed or cancelled file can be queued again', async () => {
      const notRetryable = expect.objectContaining({ code: 'not_retryable', retryable: false });
      const fileId = await createFile(opened.first);
      await expect(opened.first.files.requeue(fileId)).rejects.toEqual(notRetryable);
      const claim = await claimFile(opened.first, fileId);
      await expect(opened.first.files.requeue(fileId)).rejects.toEqual(notRetryable);
      await opened.first.files.finish(claim, COMPLETED);
      await expect(opened.first.files.requeue(fileId)).rejects.toEqual(notRetryable);
      expect(await opened.first.files.requeue('f_unknown')).toBeNull();
    });

    test('a failed file is not queued again when its bytes are here as another file', async () => {
      const { sha256 } = newFile();
      const claim = await newClaim(opened.first, { sha256 });
      await opened.first.files.finish(claim, FAILED);
      const existing = await createFile(opened.first, { sha256 });
      await expect(opened.first.files.requeue(claim.fileId)).rejects.toMatchObject({
        code: 'duplicate_file',
        details: { existing_file_id: existing },
      });
    });
  });

  test('open files without a worker that have been quiet are stranded, until they are touched', async () => {
    const { first, close } = await open();
    const queued = await createFile(first);
    const released = await newClaim(first);
    await first.files.release(released);
    const held = await newClaim(first);
    const ended = await newClaim(first);
    await first.files.finish(ended, COMPLETED);
    await delay(20);
    expect((await first.files.stranded(10, 100)).sort()).toEqual([queued, released.fileId].sort());
    expect(await first.files.stranded(10, 1)).toHaveLength(1);
    expect(await first.files.stranded(600_000, 100)).toEqual([]);
    await first.files.touch(queued);
    expect(await first.files.stranded(600_000, 100)).toEqual([]);
    await first.files.expire(held);
    await delay(20);
    expect(await first.files.stranded(10, 100)).toContain(held.fileId);
    await close();
  });

  test('the rows that corrections fixed are counted for the file, and for each correction that has corrections itself', async () => {
    const [sku, other] = [await newSku(100), await createFile(opened.first)];
    const correct = async (parentFileId: string | null, accepted: number) => {
      const claim = await newClaim(opened.first, { parentFileId });
      const rows = Array.from({ length: accepted }, (_, i) => orderRow(i + 2, unique('O'), { sku, quantity: 1 }));
      await opened.first.chunks.commit(claim, chunkOf(0, rows, [rejection(90)]));
      await opened.first.files.finish(claim, COMPLETED);
      return claim.fileId;
    };
    const parent = await correct(null, 9);
    const child = await correct(parent, 4);
    const second = await correct(parent, 2);
    const grandchild = await correct(child, 1);
    const asked = [grandchild, second, child, parent, other];
    const fixed = await opened.second.files.fixed(asked);
    expect(asked.map((fileId) => fixed.get(fileId)?.rows ?? 0)).toEqual([0, 0, 1, 7, 0]);
    expect(fixed.get(parent)!.by).toEqual([child, second, grandchild].sort());
    expect(await opened.first.files.fixed([parent])).toEqual(new Map([[parent, fixed.get(parent)]]));
    expect(await opened.first.files.fixed([])).toEqual(new Map());
  });

  describe('closing', () => {
    test('decides the end, after which no chunk is committed and no other end is recorded', async () => {
      const sku = await newSku(10);
      const claim = await newClaim(opened.first);
      expect(await opened.first.files.close(claim, FAILED_END)).toEqual(FAILED_END);
      expect(await opened.second.files.close(claim, FAILED_END)).toEqual(FAILED_END);
      await opened.first.files.finish(claim, FAILED);
      await expect(opened.first.chunks.commit(claim, chunkOf(0, [orderRow(2, unique('O'), { sku })]))).rejects.toEqual(
        claimLost,
      );
      expect(await availableOf(sku)).toEqual([10]);
    });

    test('is refused to a claim that is not the newest', async () => {
      const fileId = await createFile(opened.first);
      const old = await claimFile(opened.first, fileId, 1);
      await claimFile(opened.second, fileId);
      await expect(opened.first.files.close(old, FAILED_END)).rejects.toEqual(claimLost);
    });
  });
});
