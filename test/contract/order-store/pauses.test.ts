/** Pauses of files: by request and by the worker, what resumes, and what an old claim can still do. */
import { describe, expect, test } from 'vitest';
import {
  COMPLETED,
  chunkOf,
  claimFile,
  createFile,
  LEASE_MS,
  newClaim,
  newFile,
  orderRow,
  rejection,
} from '../../support/chunks.ts';
import { claimLost, FAILED_END, onEachOrderStore } from './contract.ts';

const RULE = { code: 'stop_at_invalid', reason: '2 of 3 rows are invalid' } as const;
const REQUESTED = { code: 'requested', reason: 'paused by request' } as const;

onEachOrderStore(({ opened, unique, newSku, availableOf, violations, rejectionsOf }) => {
  /** Claimed, with one order and one rejection. */
  async function inWork(values: Parameters<typeof newClaim>[1] = {}) {
    const sku = await newSku(10);
    const claim = await newClaim(opened.first, values);
    await opened.first.chunks.commit(claim, chunkOf(0, [orderRow(2, unique('O'), { sku })], [rejection(3)]));
    return { claim, sku };
  }
  const files = () => opened.first.files;
  const coded = (code: string) => expect.objectContaining({ code, retryable: false });

  test('a queued file is paused immediately, is not claimed, and is queued again when it is resumed; repeats change nothing', async () => {
    const fileId = await createFile(opened.first);
    const paused = await files().requestPause(fileId);
    expect(paused).toMatchObject({ status: 'paused', pauseRequested: false, pause: { code: 'requested' } });
    expect(await opened.second.files.requestPause(fileId)).toEqual(paused);
    expect(await opened.second.files.claim(fileId, LEASE_MS)).toEqual({ kind: 'paused' });
    expect((await files().list({ status: 'paused' }, { limit: 100, after: null })).items).toContainEqual(paused);
    const resumed = await files().resume(fileId);
    expect(resumed).toMatchObject({ status: 'queued', pause: null });
    expect(await opened.second.files.resume(fileId)).toEqual(resumed);
    await claimFile(opened.first, fileId);
    expect(await files().requestPause('f_unknown')).toBeNull();
    expect(await files().resume('f_unknown')).toBeNull();
  });

  test('a file in work is asked to pause, and pauses at its checkpoint: the claim ends, and is no attempt', async () => {
    const { claim, sku } = await inWork();
    const asked = await files().requestPause(claim.fileId);
    expect(asked).toMatchObject({ status: 'processing', pauseRequested: true, pause: null });
    expect(await files().renew(claim, LEASE_MS)).toEqual({ cancelRequested: false, pauseRequested: true });
    const result = await opened.first.chunks.commit(claim, chunkOf(1, [orderRow(4, unique('O'), { sku })]));
    expect(result).toMatchObject({ rows: 3, rejected: { rows: 1 }, pauseRequested: true, cancelRequested: false });
    expect(await files().pause(claim, REQUESTED)).toBe(true);
    const paused = await files().get(claim.fileId);
    expect(paused).toMatchObject({ status: 'paused', rows: 3, accepted: 2, attempts: 0, strikes: 0, pause: REQUESTED });
    expect(paused!.pause!.atMs).toBeGreaterThanOrEqual(paused!.startedAtMs!);
    // The answer was lost.
    expect(await opened.second.files.pause(claim, REQUESTED)).toBe(true);
    expect(await files().get(claim.fileId)).toEqual(paused);
    expect(await files().renew(claim, LEASE_MS)).toBeNull();
    expect((await rejectionsOf(claim.fileId)).map(({ row }) => row)).toEqual([3]);
  });

  test('while a file is paused its old claim commits nothing, and ends nothing', async () => {
    const { claim, sku } = await inWork();
    expect(await files().pause(claim, RULE)).toBe(true);
    const paused = await files().get(claim.fileId);
    const late = chunkOf(1, [orderRow(4, unique('O'), { sku })]);
    await expect(opened.second.chunks.commit(claim, late)).rejects.toEqual(claimLost);
    await expect(opened.second.files.close(claim, FAILED_END)).rejects.toEqual(claimLost);
    await opened.second.files.release(claim);
    await opened.second.files.expire(claim);
    expect({ ...(await files().get(claim.fileId)) }).toEqual(paused);
    expect(await availableOf(sku)).toEqual([9]);
    expect(await violations()).toEqual([]);
  });

  test('a paused file resumes at its checkpoint, with its counts, and without the rule that has paused it', async () => {
    const { claim, sku } = await inWork({ stopAtInvalid: '1' });
    expect(await files().get(claim.fileId)).toMatchObject({ stopAtInvalid: '1', stopRuleDropped: false });
    await files().pause(claim, RULE);
    expect(await files().resume(claim.fileId)).toMatchObject({
      status: 'queued',
      stopAtInvalid: '1',
      stopRuleDropped: true,
    });
    const next = await claimFile(opened.second, claim.fileId);
    const { nextChunk, row, rows } = (await files().get(claim.fileId))!;
    expect({ row, rows }).toEqual({ row: 3, rows: 2 });
    await opened.second.chunks.commit(next, chunkOf(nextChunk, [orderRow(4, unique('O'), { sku })], [rejection(5)]));
    await opened.second.files.finish(next, COMPLETED);
    expect(await files().get(claim.fileId)).toMatchObject({ status: 'completed', rows: 4, accepted: 2, invalid: 2 });
    expect((await rejectionsOf(claim.fileId)).map((rejected) => rejected.row)).toEqual([3, 5]);
    expect(await violations()).toEqual([]);
  });

  test('a pause by request keeps the stop rule', async () => {
    const { claim } = await inWork({ stopAtInvalid: '5%' });
    await files().requestPause(claim.fileId);
    await files().pause(claim, REQUESTED);
    expect(await files().resume(claim.fileId)).toMatchObject({ stopAtInvalid: '5%', stopRuleDropped: false });
  });

  test('a pause that was withdrawn, or that a cancel has overtaken, is not carried out', async () => {
    const { claim } = await inWork();
    await files().requestPause(claim.fileId);
    expect(await files().resume(claim.fileId)).toMatchObject({ status: 'processing', pauseRequested: false });
    expect(await opened.second.files.pause(claim, REQUESTED)).toBe(false);
    await files().requestCancel(claim.fileId);
    expect(await opened.second.files.pause(claim, RULE)).toBe(false);
    await expect(files().requestPause(claim.fileId)).rejects.toEqual(coded('not_pausable'));
    expect(await files().get(claim.fileId)).toMatchObject({ status: 'processing', cancelRequested: true, pause: null });
  });

  test('is refused to a claim that is not the newest', async () => {
    const fileId = await createFile(opened.first);
    const old = await claimFile(opened.first, fileId, 1);
    const newest = await claimFile(opened.second, fileId);
    await expect(files().pause(old, RULE)).rejects.toEqual(claimLost);
    await files().pause(newest, RULE);
    await expect(files().pause(old, RULE)).rejects.toEqual(claimLost);
  });

  describe('a cancel of a paused file', () => {
    test('ends it at once when no rejection waits for its report', async () => {
      const fileId = await createFile(opened.first);
      await files().requestPause(fileId);
      expect(await files().requestCancel(fileId)).toMatchObject({
        status: 'cancelled',
        pause: null,
        cancelRequested: false,
      });
    });

    test('else queues it for its report, and is not forgotten', async () => {
      const { claim } = await inWork();
      await files().pause(claim, RULE);
      expect(await files().requestCancel(claim.fileId)).toMatchObject({
        status: 'queued',
        pause: null,
        cancelRequested: true,
      });
      expect(await files().requestCancel(claim.fileId)).toMatchObject({ status: 'queued', cancelRequested: true });
      await expect(files().requestPause(claim.fileId)).rejects.toEqual(coded('not_pausable'));
      const claimed = await opened.second.files.claim(claim.fileId, LEASE_MS);
      expect(claimed).toMatchObject({ kind: 'claimed', file: { cancelRequested: true } });
    });
  });

  test('only an open file can be paused, and only one that was paused can be resumed', async () => {
    const { claim } = await inWork();
    await expect(files().resume(claim.fileId)).rejects.toEqual(coded('not_paused'));
    await files().finish(claim, COMPLETED);
    await expect(files().requestPause(claim.fileId)).rejects.toEqual(coded('not_pausable'));
    await expect(files().resume(claim.fileId)).rejects.toEqual(coded('not_paused'));
  });

  test('a paused file is not stranded, is counted, and its bytes are here', async () => {
    const { sha256 } = newFile();
    const before = (await opened.first.statistics.totals()).files.paused;
    const fileId = await createFile(opened.first, { sha256 });
    await files().requestPause(fileId);
    expect((await opened.first.statistics.totals()).files.paused).toBe(before + 1);
    expect(await files().stranded(-1_000, 100)).not.toContain(fileId);
    expect(await files().create(newFile({ sha256 }))).toEqual({ kind: 'duplicate', existingFileId: fileId });
    await expect(files().requeue(fileId)).rejects.toEqual(coded('not_retryable'));
  });
});
