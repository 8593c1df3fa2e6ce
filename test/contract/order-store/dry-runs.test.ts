/** Dry runs: rows are decided as a commit would decide them, and recorded without its effects. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MongoOrderStore } from '../../../src/adapters/order-store.mongo/order-store.ts';
import { createScratches } from '../../../src/adapters/scratches.sqlite.ts';
import type { OrderRow } from '../../../src/model/order-row.ts';
import type { Rejection } from '../../../src/model/rejection.ts';
import { triedOrders } from '../../../src/pipeline/dry-run/decide-chunk.ts';
import type { ChunkToCommit } from '../../../src/ports/chunks.ts';
import type { Claim } from '../../../src/ports/files.ts';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import {
  COMPLETED,
  chunkOf,
  chunkOfOrders,
  claimFile,
  createFile,
  FAILED,
  ingestChunks,
  newClaim,
  newFile,
  orderRow,
  readAll,
  rejection,
} from '../../support/chunks.ts';
import { claimLost, onEachOrderStore } from './contract.ts';

const decided = (n: number, accepted: number, rejections: Rejection[] = []) => {
  const { orders: _, ...chunk } = chunkOf(n, [orderRow(2 + n, `${n}`)]);
  return { ...chunk, accepted, orders: accepted, rejections };
};

/** Decides and records these chunks as a dry run, and returns what was rejected. */
async function tryChunks(store: OrderStore, claim: Claim, chunks: ChunkToCommit[]): Promise<Rejection[]> {
  const scratches = createScratches();
  const scratch = scratches.take(claim.fileId);
  for (const { orders, ...chunk } of chunks) {
    const { accepted, rejected } = await store.dryRuns.decide({ ...claim, hubs: null }, orders, scratch);
    const rejections = [...chunk.rejections, ...rejected].sort((a, b) => a.row - b.row);
    const counts = { accepted: orders.length - rejected.length, orders: accepted.length };
    await store.dryRuns.record(claim, { ...chunk, ...counts, rejections });
    await scratch.add(triedOrders(orders, accepted), chunk.end);
  }
  scratches.close();
  return rejectionsOf(store, claim);
}

const rejectionsOf = (store: OrderStore, { fileId }: Pick<Claim, 'fileId'>) =>
  readAll((page) => store.rejections.list(fileId, {}, page), 50);

/** Without the names of the two files. */
const inWords = (rejections: Rejection[], ...fileIds: string[]) =>
  JSON.parse(fileIds.reduce((text, fileId) => text.replaceAll(fileId, 'THE FILE'), JSON.stringify(rejections)));

onEachOrderStore(({ name, opened, unique, setStock, availableOf, newSku, violations }) => {
  describe('a dry run', () => {
    test('rejects the very rows that the file would, in the same words, however it is cut', async () => {
      const item = fc.record({ sku: fc.nat(3), quantity: fc.integer({ min: 1, max: 4 }) });
      const order = fc.record({
        id: fc.nat(8),
        name: fc.nat(1),
        items: fc.array(item, { minLength: 1, maxLength: 3 }),
      });
      const orders = fc.array(order, { minLength: 1, maxLength: 20 });
      await fc.assert(
        fc.asyncProperty(orders, fc.integer({ min: 1, max: 7 }), async (asked, chunkOrders) => {
          const word = unique('T');
          for (const sku of [0, 1, 2]) await setStock(`${word}-${sku}`, 3 * sku + 4);
          let row = 1;
          const file = asked.map(({ id, name, items }) =>
            items.map(({ sku, quantity }): OrderRow => {
              const customerName = name === 0 ? 'Zo\u00eb' : 'Grace';
              return orderRow(++row, `${word}-${id}`, { sku: `${word}-${sku}`, quantity, customerName });
            }),
          );
          // One order is there before.
          await ingestChunks(opened.first, [chunkOf(0, [{ ...file[0]![0]!, quantity: 1, totalMinor: 1999 }])]);
          const chunks = () =>
            Array.from({ length: Math.ceil(file.length / chunkOrders) }, (_, n) =>
              chunkOfOrders(n, file.slice(n * chunkOrders, (n + 1) * chunkOrders)),
            );
          const stock = () => Promise.all([0, 1, 2].map((sku) => availableOf(`${word}-${sku}`)));
          const before = await stock();
          const dry = await newClaim(opened.first, { dryRun: true });
          const tried = await tryChunks(opened.second, dry, chunks());
          expect(await stock()).toEqual(before);
          await opened.first.files.finish(dry, COMPLETED);

          const real = await newClaim(opened.first);
          for (const chunk of chunks()) await opened.first.chunks.commit(real, chunk);
          await opened.first.files.finish(real, COMPLETED);
          const taken = await rejectionsOf(opened.first, real);
          expect(inWords(tried, dry.fileId)).toEqual(inWords(taken, real.fileId));
          const counts = ({ rows, accepted, orders, invalid, invalidByCode }: Record<string, unknown>) => ({
            ...{ rows, accepted, orders, invalid, invalidByCode },
          });
          const [ofDry, ofReal] = await Promise.all([dry, real].map(({ fileId }) => opened.second.files.get(fileId)));
          expect(counts(ofDry as never)).toEqual(counts(ofReal as never));
        }),
        { numRuns: name === 'SQLite' ? 60 : 15 },
      );
      expect(await violations()).toEqual([]);
    });

    test('is a checkpoint, counters and rejections, and is in no sum, list of orders or event', async () => {
      const sku = await newSku(10);
      const before = await opened.second.statistics.totals();
      const claim = await newClaim(opened.first, { dryRun: true });
      const [id, other] = [unique('O'), unique('O')];
      const chunk = chunkOf(0, [orderRow(2, id, { sku }), orderRow(4, other, { sku, quantity: 20 })], [rejection(3)]);
      await tryChunks(opened.first, claim, [{ ...chunk, warnings: [{ code: 'all_prices_zero', count: 1, row: 2 }] }]);
      expect(await opened.second.files.get(claim.fileId)).toMatchObject({
        ...{ dryRun: true, nextChunk: 1, offset: chunk.end.offset, row: 4, bytesRead: chunk.bytesRead },
        ...{ rows: 3, accepted: 1, invalid: 2, invalidByCode: { invalid_email: 1, out_of_stock: 1 }, strikes: 0 },
        warnings: [{ code: 'all_prices_zero', count: 1, row: 2 }],
      });
      await opened.first.files.finish(claim, COMPLETED);
      const { files: _, ...after } = await opened.second.statistics.totals();
      expect({ ...after, files: before.files }).toEqual(before);
      expect((await opened.second.statistics.history(60_000, 0, 2 ** 45)).some(({ rows }) => rows === 3)).toBe(false);
      expect(await opened.first.orders.get(id)).toBeNull();
      const list = await opened.first.orders.list({ fileId: claim.fileId }, { limit: 10, after: null });
      expect(list.items).toEqual([]);
      expect(await availableOf(sku)).toEqual([10]);
      expect(await violations()).toEqual([]);
    });

    test('is recorded once by its claim, and not by an older one', async () => {
      const old = await newClaim(opened.first, { dryRun: true });
      await opened.first.files.expire(old);
      const claim = await claimFile(opened.first, old.fileId);
      await expect(opened.first.dryRuns.record(old, decided(0, 1))).rejects.toEqual(claimLost);
      const asked = { cancelRequested: false, pauseRequested: false };
      const result = { accepted: 1, invalid: 1, rows: 2, rejected: { rows: 1, bytes: expect.any(Number) }, ...asked };
      const chunk = decided(0, 1, [rejection(2)]);
      expect(await opened.first.dryRuns.record(claim, chunk)).toEqual(result);
      expect(await opened.second.dryRuns.record(claim, chunk)).toEqual(result);
      expect(await opened.first.files.get(claim.fileId)).toMatchObject({ nextChunk: 1, rows: 2, invalid: 1 });
      await opened.first.files.requestCancel(claim.fileId);
      expect(await opened.first.dryRuns.record(claim, decided(1, 1))).toMatchObject({ cancelRequested: true });
      await opened.first.files.finish(claim, FAILED);
      await expect(opened.first.dryRuns.record(claim, decided(2, 1))).rejects.toEqual(claimLost);
      // A retry goes on behind the number that the end may have taken.
      const again = await opened.first.files.requeue(claim.fileId);
      const next = await claimFile(opened.first, claim.fileId);
      await opened.first.dryRuns.record(next, decided(again!.nextChunk, 2));
      expect(await opened.first.files.get(claim.fileId)).toMatchObject({ rows: 5, accepted: 4 });
      await opened.first.files.finish(next, COMPLETED);
      expect(await violations()).toEqual([]);
    });

    test.skipIf(name !== 'MongoDB')('that another claim has recorded up to here goes on from there', async () => {
      const { files } = (opened.first as MongoOrderStore).database;
      const old = await newClaim(opened.first, { dryRun: true });
      const before = (await files.findOne({ _id: old.fileId }))!;
      await opened.first.dryRuns.record(old, decided(0, 3, [rejection(2)]));
      // As if the old worker had died before it moved the checkpoint.
      await files.replaceOne({ _id: old.fileId }, before);
      await opened.first.files.expire(old);
      const claim = await claimFile(opened.first, old.fileId);
      const moved = expect.objectContaining({ code: 'chunk_moved' });
      for (const _ of [1, 2]) await expect(opened.first.dryRuns.record(claim, decided(0, 4))).rejects.toEqual(moved);
      expect(await opened.first.files.get(claim.fileId)).toMatchObject({ nextChunk: 1, rows: 4, invalid: 1 });
      await opened.first.files.finish(claim, COMPLETED);
      expect(await violations()).toEqual([]);
    });

    test('never stands in the way of the same bytes, nor they in its way', async () => {
      const { sha256 } = newFile();
      const create = (values: object) => opened.first.files.create(newFile({ sha256, ...values }));
      await createFile(opened.first, { sha256, dryRun: true });
      expect(await opened.first.files.wouldRefuse(newFile({ sha256 }))).toBeNull();
      expect((await create({})).kind).toBe('created');
      expect((await create({ dryRun: true })).kind).toBe('created');
      expect((await create({})).kind).toBe('duplicate');
      const failed = await newClaim(opened.first, { sha256, dryRun: true });
      await opened.first.files.finish(failed, FAILED);
      expect((await opened.first.files.requeue(failed.fileId))?.status).toBe('queued');
      // A key that was used for a dry run is not one for the file itself.
      const idempotencyKey = unique('key');
      const dry = newFile({ dryRun: true, idempotencyKey });
      expect((await opened.first.files.create(dry)).kind).toBe('created');
      const repeated = { ...newFile({ ...dry }), fileId: newFile().fileId };
      expect(await opened.first.files.create(repeated)).toMatchObject({
        kind: 'repeated',
        file: { fileId: dry.fileId },
      });
      const real = { ...repeated, fileId: newFile().fileId, dryRun: false };
      expect(await opened.first.files.wouldRefuse(real)).toEqual({ kind: 'key_reused' });
      expect(await opened.first.files.create(real)).toEqual({ kind: 'key_reused' });
    });

    test('of a correction fixes nothing, but what corrects it does', async () => {
      const parent = await createFile(opened.first);
      const dry = await newClaim(opened.first, { parentFileId: parent, dryRun: true });
      await opened.first.dryRuns.record(dry, decided(0, 3));
      expect((await opened.first.files.fixed([parent])).get(parent)).toBeUndefined();
      await opened.first.files.finish(dry, COMPLETED);
      const real = await newClaim(opened.first, { parentFileId: dry.fileId });
      const sku = await newSku(9);
      await opened.first.chunks.commit(real, chunkOf(0, [orderRow(2, unique('O'), { sku })]));
      await opened.first.files.finish(real, COMPLETED);
      expect((await opened.first.files.fixed([parent])).get(parent)).toEqual({ rows: 1, by: [real.fileId] });
    });
  });
});
