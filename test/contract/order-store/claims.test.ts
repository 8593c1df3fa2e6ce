/** Files: claims and their leases. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import type { Wait } from '../../../src/ports/files.ts';
import {
  COMPLETED,
  chunkOf,
  claimFile,
  createFile,
  FAILED,
  LEASE_MS,
  newClaim,
  orderRow,
  readAll,
  rejection,
  WAIT,
} from '../../support/chunks.ts';
import { claimLost, NOTHING_ASKED, onEachOrderStore } from './contract.ts';

const RECORD = { columns: ['a'], parentFileId: null, format: null };

onEachOrderStore(({ opened, unique, availableOf, newSku }) => {
  describe('a claim', () => {
    test('is given to one of several parallel callers, the others learn until when', async () => {
      const fileId = await createFile(opened.first);
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, i) => (i % 2 ? opened.first : opened.second).files.claim(fileId, LEASE_MS)),
      );
      const claimed = answers.filter((answer) => answer.kind === 'claimed');
      expect(claimed).toHaveLength(1);
      expect(claimed[0]!.file).toMatchObject({ status: 'processing', attempts: 1 });
      expect(claimed[0]!.file.startedAtMs).not.toBeNull();
      for (const answer of answers.filter((other) => other.kind !== 'claimed')) {
        if (answer.kind !== 'busy') throw new Error(`answered ${answer.kind}`);
        expect(answer.untilMs).toBeGreaterThan(Date.now());
      }
    });

    test('is refused for what is unknown or has ended', async () => {
      expect(await opened.first.files.claim('f_unknown', LEASE_MS)).toEqual({ kind: 'unknown' });
      const claim = await newClaim(opened.first);
      await opened.first.files.finish(claim, COMPLETED);
      expect(await opened.first.files.claim(claim.fileId, LEASE_MS)).toEqual({ kind: 'ended' });
    });

    test('is fenced off from everything by the next one, once its lease has ended', async () => {
      const sku = await newSku(10);
      const fileId = await createFile(opened.first);
      const old = await claimFile(opened.first, fileId, 1);
      const now = await claimFile(opened.second, fileId);
      expect(now.epoch).toBeGreaterThan(old.epoch);

      const chunk = chunkOf(0, [orderRow(2, unique('O'), { sku })]);
      await expect(opened.first.chunks.commit(old, chunk)).rejects.toEqual(claimLost);
      await expect(opened.first.files.finish(old, COMPLETED)).rejects.toEqual(claimLost);
      const intake = { encoding: 'utf-8', delimiter: ',', gzip: false, bom: false } as const;
      await expect(opened.first.files.recordIntake(old, { ...RECORD, intake })).rejects.toEqual(claimLost);
      expect(await opened.first.files.renew(old, LEASE_MS)).toBeNull();
      await opened.first.files.setWaiting(old, WAIT);
      await opened.first.files.release(old);
      await opened.first.files.expire(old);
      expect((await opened.first.files.claim(fileId, LEASE_MS)).kind).toBe('busy');
      expect(await opened.first.files.get(fileId)).toMatchObject({
        status: 'processing',
        rows: 0,
        intake: null,
        attempts: 2,
      });
      expect(await availableOf(sku)).toEqual([10]);

      expect(await opened.second.chunks.commit(now, chunk)).toMatchObject({ accepted: 1 });
      // What was committed under the newer claim is not confirmed to the older one.
      await expect(opened.first.chunks.commit(old, chunk)).rejects.toEqual(claimLost);
    });

    test('holds for as long as it is renewed', async () => {
      const fileId = await createFile(opened.first);
      const claim = await claimFile(opened.first, fileId, 1);
      expect(await opened.first.files.renew(claim, LEASE_MS)).toEqual(NOTHING_ASKED);
      expect((await opened.second.files.claim(fileId, LEASE_MS)).kind).toBe('busy');
    });

    test('may be renewed late, as long as no other worker claimed the file meanwhile', async () => {
      const fileId = await createFile(opened.first);
      const claim = await claimFile(opened.first, fileId, 1);
      await delay(5);
      expect(await opened.first.files.renew(claim, LEASE_MS)).toEqual(NOTHING_ASKED);
      expect((await opened.first.files.claim(fileId, LEASE_MS)).kind).toBe('busy');
    });

    test('that is released is no attempt; one that expires is', async () => {
      const fileId = await createFile(opened.first);
      for (let i = 0; i < limits.maxStrikes + 2; i++)
        await opened.first.files.release(await claimFile(opened.first, fileId));
      expect(await opened.first.files.get(fileId)).toMatchObject({ status: 'processing', attempts: 0 });
      await opened.first.files.expire(await claimFile(opened.first, fileId));
      expect(await opened.first.files.get(fileId)).toMatchObject({ status: 'processing', attempts: 1 });
      expect((await opened.first.files.claim(fileId, LEASE_MS)).kind).toBe('claimed');
    });

    test('says exhausted after too many without a committed chunk, and can then fail the file', async () => {
      const fileId = await createFile(opened.first);
      for (let i = 0; i < limits.maxStrikes; i++)
        await opened.first.files.expire(await claimFile(opened.first, fileId));
      const exhausted = await opened.first.files.claim(fileId, LEASE_MS);
      if (exhausted.kind !== 'exhausted') throw new Error(`answered ${exhausted.kind}`);
      await opened.first.files.finish(exhausted.claim, FAILED);
      expect(await opened.first.files.get(fileId)).toMatchObject({ status: 'failed', failure: FAILED.failure });

      expect((await opened.first.files.requeue(fileId))?.status).toBe('queued');
      expect((await opened.first.files.claim(fileId, LEASE_MS)).kind).toBe('claimed');
    });

    test('counts failures from the last committed chunk on', async () => {
      const fileId = await createFile(opened.first);
      const fail = async () => opened.first.files.expire(await claimFile(opened.first, fileId));
      for (let i = 0; i < limits.maxStrikes - 1; i++) await fail();
      const claim = await claimFile(opened.first, fileId);
      await opened.first.chunks.commit(claim, chunkOf(0, [], [rejection(2)]));
      await opened.first.files.expire(claim);
      for (let i = 0; i < limits.maxStrikes; i++) await fail();
      expect((await opened.first.files.claim(fileId, LEASE_MS)).kind).toBe('exhausted');
    });

    test('starts again without what the one before waited for', async () => {
      const fileId = await createFile(opened.first);
      const claim = await claimFile(opened.first, fileId);
      await opened.first.files.setWaiting(claim, WAIT);
      await opened.first.files.expire(claim);
      await claimFile(opened.first, fileId);
      expect(await opened.first.files.get(fileId)).toMatchObject({ status: 'processing', waitingFor: null });
    });

    test('shows what the file waits for', async () => {
      const claim = await newClaim(opened.first);
      await opened.first.files.setWaiting(claim, WAIT);
      expect(await opened.first.files.get(claim.fileId)).toMatchObject({
        status: 'waiting',
        waitingFor: 'ims',
        waitingSinceMs: expect.any(Number),
        nextTryAtMs: WAIT.nextTryAtMs,
      });
      const waiting = await readAll((page) => opened.first.files.list({ status: 'waiting' }, page), 50);
      expect(waiting.map((file) => file.fileId)).toContain(claim.fileId);
      await opened.first.files.setWaiting(claim, null);
      expect(await opened.first.files.get(claim.fileId)).toMatchObject({
        status: 'processing',
        waitingFor: null,
        waitingSinceMs: null,
        nextTryAtMs: null,
      });
    });

    test('keeps since when a file waits for an engine, through all tries', async () => {
      const claim = await newClaim(opened.first);
      const wait = async (step: Wait | null) => {
        await delay(5);
        await opened.first.files.setWaiting(claim, step);
        const { waitingSinceMs, nextTryAtMs } = (await opened.first.files.get(claim.fileId))!;
        expect(nextTryAtMs).toBe(step?.nextTryAtMs ?? null);
        return waitingSinceMs;
      };
      const since = await wait(WAIT);
      expect(await wait({ ...WAIT, nextTryAtMs: WAIT.nextTryAtMs + 500 })).toBe(since);
      expect(await wait({ ...WAIT, nextTryAtMs: WAIT.nextTryAtMs + 1_500 })).toBe(since);
      const sinceStore = await wait({ ...WAIT, dependency: 'store' });
      expect(sinceStore).toBeGreaterThan(since!);
      expect(await wait(null)).toBeNull();
      expect(await wait({ ...WAIT, dependency: 'store' })).toBeGreaterThan(sinceStore!);
    });

    test('records how the file is read, and its parent where that is another file', async () => {
      const parent = await createFile(opened.first);
      const intake = { encoding: 'windows-1252', delimiter: ';', gzip: true, bom: false } as const;
      const format = { name: 'acme', version: 3, id: 'x' };
      const claim = await newClaim(opened.first);
      await opened.first.files.recordIntake(claim, {
        ...{ intake, columns: ['order_id', '_file'], parentFileId: parent, format },
      });
      expect(await opened.second.files.get(claim.fileId)).toMatchObject({
        intake,
        columns: ['order_id', '_file'],
        parentFileId: parent,
        format,
      });
      const children = await opened.first.files.list({ parentFileId: parent }, { limit: 10, after: null });
      expect(children.items.map((file) => file.fileId)).toEqual([claim.fileId]);

      for (const noParent of ['f_unknown', 'itself']) {
        const orphan = await newClaim(opened.first);
        const parentFileId = noParent === 'itself' ? orphan.fileId : noParent;
        await opened.first.files.recordIntake(orphan, { ...RECORD, intake, parentFileId });
        expect((await opened.first.files.get(orphan.fileId))!.parentFileId).toBeNull();
      }
    });
  });
});
