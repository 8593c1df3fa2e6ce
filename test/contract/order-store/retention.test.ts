/** Uploads and reports that are not kept any longer, on each order store with the objects of a directory. */
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { reportKey, reportName, uploadKey } from '../../../src/model/file.ts';
import { writeReport } from '../../../src/pipeline/report.ts';
import { deletedSoFar, deleteOldParts } from '../../../src/pipeline/retention.ts';
import { systemClock } from '../../../src/ports/clock.ts';
import type { ObjectStore } from '../../../src/ports/object-store.ts';
import { objectStores } from '../../support/adapters.ts';
import {
  COMPLETED,
  chunkOf,
  createFile,
  FAILED,
  newClaim,
  newFile,
  orderRow,
  rejection,
} from '../../support/chunks.ts';
import { violationsOf } from '../../support/violations.ts';
import { onEachOrderStore } from './contract.ts';

const gone = expect.objectContaining({ code: 'object_missing' });
const running = new AbortController().signal;

onEachOrderStore(({ opened, unique, newSku, rejectionsOf, setStock }) => {
  let objects: ObjectStore;
  const ports = () => ({ store: opened.first, objects, clock: systemClock });
  beforeAll(async () => {
    objects = (await objectStores[0]!.open()).first;
  });

  async function put(key: string, text: string): Promise<void> {
    const staged = await objects.stage(key);
    await staged.write(Buffer.from(text));
    await staged.commit();
  }

  /** An ended file with an order, a row without stock and a row that was rejected before. */
  async function endedFile(end: typeof COMPLETED | typeof FAILED = COMPLETED) {
    const sku = await newSku(1);
    const empty = unique('SKU');
    await setStock(empty, 0);
    const file = newFile();
    await put(file.objectKey, 'its bytes');
    const claim = await newClaim(opened.first, file);
    const { fileId } = claim;
    await opened.first.files.recordIntake(claim, {
      intake: { encoding: 'utf-8', delimiter: ',', gzip: false, bom: false } as never,
      ...{ columns: ['order_id'], parentFileId: null, format: null },
    });
    const rows = [orderRow(2, unique('O'), { sku }), orderRow(3, unique('O'), { sku: empty })];
    await opened.first.chunks.commit(claim, chunkOf(0, rows, [rejection(4)]));
    await opened.first.chunks.commit(claim, chunkOf(1, [], [rejection(5), rejection(6)]));
    const report = await writeReport(ports(), fileId, () => {});
    await opened.first.files.finish(claim, { ...end, report });
    return { fileId, orderId: rows[0]!.orderId };
  }

  describe('an upload that is not kept any longer', () => {
    test('is deleted, its file says so and cannot be queued again, and the rest of it stays', async () => {
      const failed = await endedFile(FAILED);
      const open = await createFile(opened.first);
      await put(uploadKey(open), 'still needed');
      const before = await deletedSoFar(opened.first, 'upload');
      await deleteOldParts(ports(), 'upload', Date.now() - 60_000, running);
      expect((await opened.first.files.get(failed.fileId))!.uploadDeletedAtMs).toBeNull();
      await deleteOldParts(ports(), 'upload', Date.now() + 1, running);
      await expect(objects.stat(uploadKey(failed.fileId))).rejects.toEqual(gone);
      const file = await opened.first.files.get(failed.fileId);
      expect(file).toMatchObject({ uploadDeletedAtMs: expect.any(Number), reportDeletedAtMs: null, invalid: 4 });
      const refused = expect.objectContaining({ code: 'not_retryable', message: expect.stringContaining('upload') });
      await expect(opened.first.files.requeue(failed.fileId)).rejects.toEqual(refused);
      expect(await rejectionsOf(failed.fileId)).toHaveLength(4);
      expect((await objects.stat(reportKey(file!.report!))).sizeBytes).toBe(file!.report!.sizeBytes);
      await objects.stat(uploadKey(open));
      const after = await deletedSoFar(opened.first, 'upload');
      expect(after).toEqual({ deleted: before.deleted + 1, throughMs: file!.finishedAtMs });
      await deleteOldParts(ports(), 'upload', Date.now() + 1, running);
      expect(await deletedSoFar(opened.first, 'upload')).toEqual(after);
    });

    test('stays where its file is open when it is to be deleted', async () => {
      const fileId = await createFile(opened.first);
      expect(await opened.first.files.markDeleted(fileId, 'upload')).toBe(false);
      expect((await opened.first.files.get(fileId))!.uploadDeletedAtMs).toBeNull();
    });
  });

  describe('a report that is not kept any longer', () => {
    test('is deleted with its rejected rows and those of former ends, and the counts stay', async () => {
      const { fileId, orderId } = await endedFile();
      const name = reportName(fileId);
      await put(reportKey({ name, rows: 1 }), 'of an earlier end');
      const file = (await opened.first.files.get(fileId))!;
      const order = await opened.first.orders.get(orderId);
      const before = await deletedSoFar(opened.first, 'report');
      await deleteOldParts(ports(), 'report', Date.now() + 1, running);
      for (const rows of [1, 4]) await expect(objects.stat(reportKey({ name, rows }))).rejects.toEqual(gone);
      expect(await rejectionsOf(fileId)).toEqual([]);
      expect(await opened.first.files.findReport(name)).toBeNull();
      expect((await opened.first.files.reports({}, { limit: 100, after: null })).items).toEqual([]);
      const { report: _, reportDeletedAtMs, ...left } = (await opened.first.files.get(fileId))!;
      expect({ ...left, report: file.report, reportDeletedAtMs: null }).toEqual(file);
      expect(reportDeletedAtMs).not.toBeNull();
      expect(await opened.first.orders.get(orderId)).toEqual(order);
      expect((await deletedSoFar(opened.first, 'report')).deleted).toBeGreaterThan(before.deleted);
      expect(await violationsOf(opened.first)).toEqual([]);
    });

    test('is deleted in steps, from where a step has ended', async () => {
      const { fileId } = await endedFile(FAILED);
      expect(await opened.first.rejections.delete(fileId, 1)).toBe(false);
      expect(await rejectionsOf(fileId)).toHaveLength(4);
      await opened.first.files.markDeleted(fileId, 'report');
      let steps = 1;
      while (await opened.second.rejections.delete(fileId, 2)) steps++;
      expect(steps).toBeGreaterThan(1);
      expect(await rejectionsOf(fileId)).toEqual([]);
      expect(await violationsOf(opened.first)).toEqual([]);
      const refused = expect.objectContaining({ code: 'not_retryable', message: expect.stringContaining('report') });
      await expect(opened.first.files.requeue(fileId)).rejects.toEqual(refused);
    });
  });

  test('files are found by their ends, each once', async () => {
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push((await endedFile()).fileId);
    const found: string[] = [];
    for (let after = null; ; ) {
      const part = await opened.first.files.endedBefore(Date.now() + 1, after, 1);
      if (part.length === 0) break;
      found.push(part[0]!.file.fileId);
      after = part[0]!.at as never;
    }
    expect(found.slice(-3).sort()).toEqual(ids.sort());
    expect(new Set(found).size).toBe(found.length);
    expect(await opened.first.files.endedBefore(0, null, limits.filesNotKeptAtOnce)).toEqual([]);
  });
});
