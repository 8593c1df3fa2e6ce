/** The contract of the OrderStore port, run on each adapter: INV-1 and INV-2, and the store's part of INV-4 and INV-5. */
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/limits.ts';
import type { OrderRow } from '../../src/model/order-row.ts';
import { packRejections } from '../../src/model/packed-rejections.ts';
import type { ReasonCode, Rejection } from '../../src/model/rejection.ts';
import type { ChunkToCommit } from '../../src/ports/chunks.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';
import { type Opened, orderStores } from '../support/adapters.ts';
import {
  COMPLETED,
  chunkOf,
  claimFile,
  createFile,
  FAILED,
  ingestChunks,
  LEASE_MS,
  newClaim,
  newFile,
  orderRow,
  readAll,
  rejection,
} from '../support/chunks.ts';
import { violationsOf } from '../support/violations.ts';

const { report: _, ...FAILED_END } = FAILED;
const claimLost = expect.objectContaining({ name: 'OmsError', code: 'claim_lost', retryable: false });
const invalidCursor = expect.objectContaining({ name: 'OmsError', code: 'invalid_cursor', retryable: false });

for (const { name, open, missing } of orderStores)
  describe.skipIf(missing !== null)(`OrderStore on ${name}`, () => {
    let opened: Opened<OrderStore>;
    let store: OrderStore;
    let names = 0;
    beforeAll(async () => {
      opened = await open();
      store = opened.first;
    });
    afterAll(() => opened.close());

    /** A word that no other test uses: of an order, a SKU, a hub. */
    const unique = (word: string) => `${word}-${++names}`;
    const setStock = (sku: string, available: number, hubId = 'HUB-1') =>
      store.stock.change([{ sku, hubId, available }], null);
    const availableOf = async (sku: string) =>
      (await readAll((page) => store.stock.list({ sku, sort: 'key' }, page), 10)).map((level) => level.available);
    const newSku = async (available: number) => {
      const sku = unique('SKU');
      await setStock(sku, available);
      return sku;
    };
    const rejectionsOf = async (fileId: string) =>
      (await readAll((page) => store.rejections.list(fileId, {}, page), 7)).map(({ row, reasons }) => ({
        row,
        codes: reasons.map((reason) => reason.code),
      }));
    const violations = (of = store) => violationsOf(of);

    describe('the creation of a file', () => {
      test('records what was uploaded, queued', async () => {
        const file = newFile({ name: 'März.csv', encodingOverride: 'utf-16le', parentFileId: 'f_parent' });
        const created = await store.files.create(file);
        expect(created).toMatchObject({
          kind: 'created',
          file: {
            fileId: file.fileId,
            name: 'März.csv',
            status: 'queued',
            sha256: file.sha256,
            sizeBytes: 1_000,
            objectVersion: '1',
            encodingOverride: 'utf-16le',
            parentFileId: 'f_parent',
            attempts: 0,
            nextChunk: 0,
            rows: 0,
            report: null,
            failure: null,
            startedAtMs: null,
          },
        });
        expect(created).toEqual({ kind: 'created', file: await opened.second.files.get(file.fileId) });
        expect(await store.files.get('f_unknown')).toBeNull();
      });

      test('of the same bytes at one moment makes one file', async () => {
        const { sha256 } = newFile();
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, i) => (i % 2 ? store : opened.second).files.create(newFile({ sha256 }))),
        );
        const created = answers.filter((answer) => answer.kind === 'created');
        expect(created).toHaveLength(1);
        const existingFileId = created[0]!.file.fileId;
        expect(answers.filter((answer) => answer.kind !== 'created')).toEqual(
          Array(19).fill({ kind: 'duplicate', existingFileId }),
        );
      });

      test('is refused while the same bytes are queued, processing, waiting or completed, unless it is forced', async () => {
        const { sha256 } = newFile();
        const fileId = await createFile(store, { sha256 });
        const duplicate = { kind: 'duplicate', existingFileId: fileId };
        const refuse = async () => {
          expect(await store.files.wouldRefuse(newFile({ sha256 }))).toEqual(duplicate);
          expect(await store.files.create(newFile({ sha256 }))).toEqual(duplicate);
        };
        await refuse();
        const claim = await claimFile(store, fileId);
        await refuse();
        await store.files.setWaiting(claim, 'ims');
        await refuse();
        await store.files.finish(claim, COMPLETED);
        await refuse();
        expect(await store.files.wouldRefuse(newFile({ sha256, force: true }))).toBeNull();
        expect((await store.files.create(newFile({ sha256, force: true }))).kind).toBe('created');
        expect((await store.files.create(newFile({ sha256, force: true }))).kind).toBe('created');
      });

      test('goes on after the same bytes failed or were cancelled', async () => {
        const { sha256 } = newFile();
        await store.files.finish(await newClaim(store, { sha256 }), FAILED);
        expect(await store.files.wouldRefuse(newFile({ sha256 }))).toBeNull();
        await store.files.requestCancel(await createFile(store, { sha256 }));
        await createFile(store, { sha256 });
      });

      test('is repeated under its idempotency key, and refused for other bytes', async () => {
        const file = newFile({ idempotencyKey: unique('key') });
        await store.files.create(file);
        const again = newFile({ idempotencyKey: file.idempotencyKey, sha256: file.sha256 });
        expect(await store.files.wouldRefuse(again)).toMatchObject({ kind: 'repeated', file: { fileId: file.fileId } });
        expect(await store.files.create(again)).toMatchObject({ kind: 'repeated', file: { fileId: file.fileId } });
        expect(await store.files.create({ ...again, force: true })).toMatchObject({ kind: 'repeated' });
        const other = newFile({ idempotencyKey: file.idempotencyKey });
        expect(await store.files.wouldRefuse(other)).toEqual({ kind: 'key_reused' });
        expect(await store.files.create(other)).toEqual({ kind: 'key_reused' });
        expect(await store.files.get(other.fileId)).toBeNull();
      });

      test('a key is found, not its bytes alone, by who asks while its file is being created', async () => {
        for (let round = 0; round < 50; round++) {
          const file = newFile({ idempotencyKey: unique('key') });
          const creation = store.files.create(file);
          const again = { ...file, fileId: newFile().fileId };
          let refused = await store.files.wouldRefuse(again);
          while (!refused) refused = await store.files.wouldRefuse(again);
          expect(refused).toMatchObject({ kind: 'repeated', file: { fileId: file.fileId } });
          await creation;
        }
      });

      test('with one idempotency key at one moment makes one file, which all are told', async () => {
        const { sha256 } = newFile();
        const idempotencyKey = unique('key');
        const answers = await Promise.all(
          Array.from({ length: 10 }, () => opened.second.files.create(newFile({ sha256, idempotencyKey }))),
        );
        const ids = answers.map((answer) => ('file' in answer ? answer.file.fileId : null));
        expect(new Set(ids).size).toBe(1);
        expect(answers.filter((answer) => answer.kind === 'created')).toHaveLength(1);
      });

      test('a refused creation does not spend its idempotency key', async () => {
        const { sha256 } = newFile();
        await createFile(store, { sha256 });
        const idempotencyKey = unique('key');
        expect((await store.files.create(newFile({ sha256, idempotencyKey }))).kind).toBe('duplicate');
        expect((await store.files.create(newFile({ idempotencyKey }))).kind).toBe('created');
      });

      test('of a file that is there already is no second one', async () => {
        const file = newFile();
        await store.files.create(file);
        expect(await opened.second.files.create(file)).toMatchObject({
          kind: 'repeated',
          file: { fileId: file.fileId },
        });
        const claim = await claimFile(store, file.fileId);
        await store.files.finish(claim, COMPLETED);
        expect(await store.files.create(file)).toMatchObject({ kind: 'repeated', file: { status: 'completed' } });
      });

      test('with a failure records a file that has ended, beside one with the same bytes', async () => {
        const { sha256 } = newFile();
        const existing = await createFile(store, { sha256 });
        const failure = { code: 'duplicate_file', message: 'known bytes', row: null } as const;
        const refused = newFile({ sha256, failure });
        expect(await store.files.create(refused)).toMatchObject({
          kind: 'created',
          file: { status: 'failed', failure },
        });
        expect((await store.files.get(refused.fileId))!.finishedAtMs).not.toBeNull();
        expect(await store.files.claim(refused.fileId, LEASE_MS)).toEqual({ kind: 'ended' });
        await expect(store.files.requeue(refused.fileId)).rejects.toMatchObject({
          code: 'duplicate_file',
          details: { existing_file_id: existing },
        });
      });

      test('that is withdrawn is told when it had come about, and never does when not', async () => {
        const file = newFile();
        expect(await store.files.withdraw(file.fileId)).toBeNull();
        await store.files.create(file);
        expect(await opened.second.files.withdraw(file.fileId)).toMatchObject({
          fileId: file.fileId,
          status: 'queued',
        });
        expect(await store.files.get(file.fileId)).not.toBeNull();
      });

      test('of bytes that failed, at the moment of their retry, leaves one live file', async () => {
        const { sha256 } = newFile();
        const claim = await newClaim(store, { sha256 });
        await store.files.finish(claim, FAILED);
        const outcomes = await Promise.allSettled([
          store.files.requeue(claim.fileId),
          ...Array.from({ length: 6 }, () => opened.second.files.create(newFile({ sha256 }))),
        ]);
        const live = outcomes.filter(
          (outcome) =>
            outcome.status === 'fulfilled' &&
            outcome.value &&
            (!('kind' in outcome.value) || outcome.value.kind === 'created'),
        );
        expect(live).toHaveLength(1);
      });
    });

    describe('a claim', () => {
      test('is given to one of those who ask at once, the others are told until when', async () => {
        const fileId = await createFile(store);
        const answers = await Promise.all(
          Array.from({ length: 10 }, (_, i) => (i % 2 ? store : opened.second).files.claim(fileId, LEASE_MS)),
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
        expect(await store.files.claim('f_unknown', LEASE_MS)).toEqual({ kind: 'unknown' });
        const claim = await newClaim(store);
        await store.files.finish(claim, COMPLETED);
        expect(await store.files.claim(claim.fileId, LEASE_MS)).toEqual({ kind: 'ended' });
      });

      test('is fenced off from everything by the next one, once its lease has ended', async () => {
        const sku = await newSku(10);
        const fileId = await createFile(store);
        const old = await claimFile(store, fileId, 1);
        const now = await claimFile(opened.second, fileId);
        expect(now.epoch).toBeGreaterThan(old.epoch);

        const chunk = chunkOf(0, [orderRow(2, unique('O'), { sku })]);
        await expect(store.chunks.commit(old, chunk)).rejects.toEqual(claimLost);
        await expect(store.files.finish(old, COMPLETED)).rejects.toEqual(claimLost);
        const intake = { encoding: 'utf-8', delimiter: ',', gzip: false, bom: false } as const;
        await expect(store.files.recordIntake(old, intake, ['a'], null)).rejects.toEqual(claimLost);
        expect(await store.files.renew(old, LEASE_MS)).toBeNull();
        await store.files.setWaiting(old, 'ims');
        await store.files.release(old);
        await store.files.expire(old);
        expect((await store.files.claim(fileId, LEASE_MS)).kind).toBe('busy');
        expect(await store.files.get(fileId)).toMatchObject({
          status: 'processing',
          rows: 0,
          intake: null,
          attempts: 2,
        });
        expect(await availableOf(sku)).toEqual([10]);

        expect(await opened.second.chunks.commit(now, chunk)).toMatchObject({ accepted: 1 });
        // What was committed under the newer claim is not confirmed to the older one.
        await expect(store.chunks.commit(old, chunk)).rejects.toEqual(claimLost);
      });

      test('holds for as long as it is renewed', async () => {
        const fileId = await createFile(store);
        const claim = await claimFile(store, fileId, 1);
        expect(await store.files.renew(claim, LEASE_MS)).toEqual({ cancelRequested: false });
        expect((await opened.second.files.claim(fileId, LEASE_MS)).kind).toBe('busy');
      });

      test('may be renewed late, as long as nobody claimed the file meanwhile', async () => {
        const fileId = await createFile(store);
        const claim = await claimFile(store, fileId, 1);
        await delay(5);
        expect(await store.files.renew(claim, LEASE_MS)).toEqual({ cancelRequested: false });
        expect((await store.files.claim(fileId, LEASE_MS)).kind).toBe('busy');
      });

      test('that is released is no attempt; one that expires is', async () => {
        const fileId = await createFile(store);
        for (let i = 0; i < limits.maxStrikes + 2; i++) await store.files.release(await claimFile(store, fileId));
        expect(await store.files.get(fileId)).toMatchObject({ status: 'processing', attempts: 0 });
        await store.files.expire(await claimFile(store, fileId));
        expect(await store.files.get(fileId)).toMatchObject({ status: 'processing', attempts: 1 });
        expect((await store.files.claim(fileId, LEASE_MS)).kind).toBe('claimed');
      });

      test('says exhausted after too many without a committed chunk, and can then fail the file', async () => {
        const fileId = await createFile(store);
        for (let i = 0; i < limits.maxStrikes; i++) await store.files.expire(await claimFile(store, fileId));
        const exhausted = await store.files.claim(fileId, LEASE_MS);
        if (exhausted.kind !== 'exhausted') throw new Error(`answered ${exhausted.kind}`);
        await store.files.finish(exhausted.claim, FAILED);
        expect(await store.files.get(fileId)).toMatchObject({ status: 'failed', failure: FAILED.failure });

        expect((await store.files.requeue(fileId))?.status).toBe('queued');
        expect((await store.files.claim(fileId, LEASE_MS)).kind).toBe('claimed');
      });

      test('counts failures from the last committed chunk on', async () => {
        const fileId = await createFile(store);
        const fail = async () => store.files.expire(await claimFile(store, fileId));
        for (let i = 0; i < limits.maxStrikes - 1; i++) await fail();
        const claim = await claimFile(store, fileId);
        await store.chunks.commit(claim, chunkOf(0, [], [rejection(2)]));
        await store.files.expire(claim);
        for (let i = 0; i < limits.maxStrikes; i++) await fail();
        expect((await store.files.claim(fileId, LEASE_MS)).kind).toBe('exhausted');
      });

      test('starts again without what the one before waited for', async () => {
        const fileId = await createFile(store);
        const claim = await claimFile(store, fileId);
        await store.files.setWaiting(claim, 'ims');
        await store.files.expire(claim);
        await claimFile(store, fileId);
        expect(await store.files.get(fileId)).toMatchObject({ status: 'processing', waitingFor: null });
      });

      test('shows what the file waits for', async () => {
        const claim = await newClaim(store);
        await store.files.setWaiting(claim, 'ims');
        expect(await store.files.get(claim.fileId)).toMatchObject({
          status: 'waiting',
          waitingFor: 'ims',
          waitingSinceMs: expect.any(Number),
        });
        const waiting = await readAll((page) => store.files.list({ status: 'waiting' }, page), 50);
        expect(waiting.map((file) => file.fileId)).toContain(claim.fileId);
        await store.files.setWaiting(claim, null);
        expect(await store.files.get(claim.fileId)).toMatchObject({ status: 'processing', waitingFor: null });
      });

      test('records how the file is read, and its parent where that is another file', async () => {
        const parent = await createFile(store);
        const intake = { encoding: 'windows-1252', delimiter: ';', gzip: true, bom: false } as const;
        const claim = await newClaim(store);
        await store.files.recordIntake(claim, intake, ['order_id', '_file'], parent);
        expect(await opened.second.files.get(claim.fileId)).toMatchObject({
          intake,
          columns: ['order_id', '_file'],
          parentFileId: parent,
        });
        const children = await store.files.list({ parentFileId: parent }, { limit: 10, after: null });
        expect(children.items.map((file) => file.fileId)).toEqual([claim.fileId]);

        for (const noParent of ['f_unknown', 'itself']) {
          const orphan = await newClaim(store);
          await store.files.recordIntake(orphan, intake, ['a'], noParent === 'itself' ? orphan.fileId : noParent);
          expect((await store.files.get(orphan.fileId))!.parentFileId).toBeNull();
        }
      });
    });

    describe('a chunk', () => {
      test('becomes orders, stock taken, rejections and a checkpoint', async () => {
        const sku = await newSku(10);
        const [id, refused] = [unique('O'), unique('O')];
        const claim = await newClaim(store);
        const row = orderRow(2, id, { sku, quantity: 4 });
        const chunk = chunkOf(0, [row, orderRow(5, refused, { sku, quantity: 7 })], [rejection(3, 'invalid_email')]);
        expect(await store.chunks.commit(claim, chunk)).toMatchObject({
          accepted: 1,
          invalid: 2,
          cancelRequested: false,
        });

        expect(await opened.second.orders.get(id)).toMatchObject({
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
        expect(await store.orders.get(refused)).toBeNull();
        expect(await availableOf(sku)).toEqual([6]);
        expect(await rejectionsOf(claim.fileId)).toEqual([
          { row: 3, codes: ['invalid_email'] },
          { row: 5, codes: ['out_of_stock'] },
        ]);
        expect(await store.files.get(claim.fileId)).toMatchObject({
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

      test('keeps the values of its rows exactly, whatever they hold', async () => {
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
        const claim = await newClaim(store);
        expect(await store.chunks.commit(claim, chunkOf(0, [row], [refused]))).toMatchObject({ accepted: 1 });
        expect(await store.orders.get(id)).toMatchObject({
          orderId: id,
          customerName: text,
          shippingAddress: text,
          items: [{ sku, hubId: '__proto__', productName: text, quantity: 1_000_000, unitPriceMinor: 999_999_999 }],
          totalMinor: 999_999_999_000_000,
          orderDateMs: -1,
        });
        expect((await store.rejections.list(claim.fileId, {}, { limit: 5, after: null })).items).toEqual([refused]);
      });

      test('committed again by the same claim changes nothing and is answered the same', async () => {
        const sku = await newSku(10);
        const claim = await newClaim(store);
        const chunk = chunkOf(
          0,
          [orderRow(2, unique('O'), { sku, quantity: 6 }), orderRow(3, unique('O'), { sku, quantity: 6 })],
          [rejection(4)],
        );
        const first = await store.chunks.commit(claim, chunk);
        const [again, atOnce] = await Promise.all([
          store.chunks.commit(claim, chunk),
          opened.second.chunks.commit(claim, chunk),
        ]);
        expect([again, atOnce]).toEqual([first, first]);
        expect(await availableOf(sku)).toEqual([4]);
        expect(await store.files.get(claim.fileId)).toMatchObject({ rows: 3, accepted: 1, invalid: 2, nextChunk: 1 });
      });

      test('sent twice at one moment is committed once', async () => {
        const sku = await newSku(10);
        const claim = await newClaim(store);
        const chunk = chunkOf(0, [orderRow(2, unique('O'), { sku, quantity: 3 })]);
        const answers = await Promise.all([
          store.chunks.commit(claim, chunk),
          opened.second.chunks.commit(claim, chunk),
        ]);
        expect(answers).toEqual(
          Array(2).fill({ accepted: 1, invalid: 0, rejected: { rows: 0, bytes: 0 }, cancelRequested: false }),
        );
        expect(await availableOf(sku)).toEqual([7]);
      });

      test('out of turn is refused', async () => {
        const claim = await newClaim(store);
        await expect(store.chunks.commit(claim, chunkOf(1, [], [rejection(2)]))).rejects.toEqual(claimLost);
        await store.chunks.commit(claim, chunkOf(0, [], [rejection(2)]));
        await store.chunks.commit(claim, chunkOf(1, [], [rejection(3)]));
        await expect(store.chunks.commit(claim, chunkOf(0, [], [rejection(2)]))).rejects.toEqual(claimLost);
        expect(await store.files.get(claim.fileId)).toMatchObject({ rows: 2, nextChunk: 2 });
      });

      test('is refused once the file has ended, also after a retry', async () => {
        const claim = await newClaim(store);
        await store.files.finish(claim, FAILED);
        const chunk = chunkOf(0, [], [rejection(2)]);
        await expect(store.chunks.commit(claim, chunk)).rejects.toEqual(claimLost);
        await store.files.requeue(claim.fileId);
        await expect(store.chunks.commit(claim, chunk)).rejects.toEqual(claimLost);
        await expect(store.files.finish(claim, FAILED)).rejects.toEqual(claimLost);
      });

      test('without rows moves the checkpoint', async () => {
        const claim = await newClaim(store);
        const chunk = { ...chunkOf(0, []), end: { offset: 5_000, row: 70 }, bytesRead: 5_000 };
        expect(await store.chunks.commit(claim, chunk)).toMatchObject({
          accepted: 0,
          invalid: 0,
          cancelRequested: false,
        });
        expect(await store.files.get(claim.fileId)).toMatchObject({ nextChunk: 1, offset: 5_000, row: 70, rows: 0 });
      });

      test('tells that a cancel was asked for', async () => {
        const claim = await newClaim(store);
        expect(await store.files.requestCancel(claim.fileId)).toMatchObject({
          status: 'processing',
          cancelRequested: true,
        });
        expect(await store.files.renew(claim, LEASE_MS)).toEqual({ cancelRequested: true });
        const answer = { accepted: 0, invalid: 1, cancelRequested: true };
        expect(await store.chunks.commit(claim, chunkOf(0, [], [rejection(2)]))).toMatchObject(answer);
        expect(await store.chunks.commit(claim, chunkOf(0, [], [rejection(2)]))).toMatchObject(answer);
      });

      test('accepts rows in file order as far as the stock goes; a smaller row may still fit', async () => {
        const sku = await newSku(10);
        const ids = [6, 5, 3, 2, 1].map((quantity) => ({ quantity, id: unique('O') }));
        // The ids run against the file order, so that an order of ids would show.
        const rows = ids.map(({ quantity, id }, i) => orderRow(i + 2, `${9 - i}-${id}`, { sku, quantity }));
        const fileId = await ingestChunks(store, [chunkOf(0, rows)]);
        expect(await rejectionsOf(fileId)).toEqual([
          { row: 3, codes: ['out_of_stock'] },
          { row: 5, codes: ['out_of_stock'] },
        ]);
        expect(await availableOf(sku)).toEqual([0]);
      });

      test('takes nothing of what has no stock row, or another hub has', async () => {
        const sku = await newSku(10);
        const rows = [
          orderRow(2, unique('O'), { sku, hubId: 'HUB-2' }),
          orderRow(3, unique('O'), { sku: unique('SKU') }),
        ];
        const fileId = await ingestChunks(store, [chunkOf(0, rows)]);
        expect((await rejectionsOf(fileId)).map(({ codes }) => codes)).toEqual([['out_of_stock'], ['out_of_stock']]);
        expect(await availableOf(sku)).toEqual([10]);
      });

      test('a repeat of an order is told apart by its payload, and takes no stock', async () => {
        const sku = await newSku(10);
        const id = unique('O');
        const row = orderRow(2, id, { sku, quantity: 2 });
        const first = await ingestChunks(store, [
          chunkOf(0, [row, { ...row, row: 3 }]),
          chunkOf(1, [{ ...row, row: 4, shippingAddress: 'elsewhere', orderDateMs: 5 }]),
        ]);
        expect(await rejectionsOf(first)).toEqual([
          { row: 3, codes: ['duplicate_order'] },
          { row: 4, codes: ['order_conflict'] },
        ]);
        const { items } = await store.rejections.list(first, { code: 'order_conflict' }, { limit: 5, after: null });
        expect(items[0]!.reasons[0]!.reason).toContain('order_date, shipping_address');
        const later = await ingestChunks(opened.second, [chunkOf(0, [{ ...row, row: 9, quantity: 9 }])]);
        expect(await rejectionsOf(later)).toEqual([{ row: 9, codes: ['order_conflict'] }]);
        expect(await availableOf(sku)).toEqual([8]);
        expect(await store.orders.get(id)).toMatchObject({ fileId: first, row: 2 });
      });

      test('a repeat is found whatever characters its id has, and wherever that sorts', async () => {
        await store.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', available: 100 }], null);
        const ids = ['a', 'z', 'é', 'z\uff5e', 'z\u{1f600}', 'z\ue000', '\u{10ffff}', '\ud7ff'].map(unique);
        for (const [i, orderId] of ids.entries()) {
          const rows = [...ids.slice(0, i + 1), orderId].map((id, at) => orderRow(at + 2, id));
          const fileId = await ingestChunks(store, [chunkOf(0, rows)]);
          expect(await store.files.get(fileId)).toMatchObject({ accepted: 1, invalid: i + 1 });
        }
      });

      test('names each field in which an order differs', async () => {
        const sku = await newSku(100);
        const other = await newSku(100);
        const id = unique('O');
        const row = orderRow(2, id, { sku });
        await ingestChunks(store, [chunkOf(0, [row])]);
        const changes: [string, Partial<OrderRow>][] = [
          ['customer_name', { customerName: 'Other' }],
          ['customer_email', { customerEmail: 'other@example.com' }],
          ['product_name', { productName: 'Other' }],
          ['sku', { sku: other }],
          ['hub_id', { hubId: 'HUB-2' }],
          ['quantity', { quantity: 2, totalMinor: row.totalMinor }],
          ['unit_price', { unitPriceMinor: 5, totalMinor: row.totalMinor }],
          ['total_amount', { totalMinor: 5 }],
          ['order_date', { orderDateMs: 5 }],
          ['shipping_address', { shippingAddress: 'Other' }],
        ];
        const rows = changes.map(([, change], i) => ({ ...row, row: i + 2, ...change }));
        const fileId = await ingestChunks(store, [chunkOf(0, rows)]);
        const { items } = await store.rejections.list(fileId, {}, { limit: 20, after: null });
        expect(items.map(({ reasons }) => [reasons.length, reasons[0]!.code])).toEqual(
          changes.map(() => [1, 'order_conflict']),
        );
        for (const [i, [column]] of changes.entries())
          expect(items[i]!.reasons[0]!.reason).toContain(`with another ${column},`);
      });

      test('chunks of several files that want the same stock at once take no more than there is', async () => {
        const sku = await newSku(100);
        const claims = await Promise.all(Array.from({ length: 10 }, () => newClaim(store)));
        const results = await Promise.all(
          claims.map((claim, i) => {
            const rows = Array.from({ length: 30 }, (_, row) => orderRow(row + 2, unique('O'), { sku }));
            return (i % 2 ? store : opened.second).chunks.commit(claim, chunkOf(0, rows));
          }),
        );
        expect(results.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(100);
        expect(results.reduce((sum, { invalid }) => sum + invalid, 0)).toBe(200);
        expect(await availableOf(sku)).toEqual([0]);
      });

      test('one order that several files bring at once is accepted once', async () => {
        const sku = await newSku(100);
        const id = unique('O');
        const claims = await Promise.all(Array.from({ length: 8 }, () => newClaim(store)));
        const results = await Promise.all(
          claims.map((claim, i) =>
            (i % 2 ? store : opened.second).chunks.commit(claim, chunkOf(0, [orderRow(2, id, { sku, quantity: 5 })])),
          ),
        );
        expect(results.map(({ accepted }) => accepted).sort()).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
        expect(await availableOf(sku)).toEqual([95]);
      });

      test('any cut of rows into chunks accepts the same, and stock is never negative (INV-2)', async () => {
        const rowsAndCuts = fc.record({
          stock: fc.array(fc.nat(20), { minLength: 3, maxLength: 3 }),
          rows: fc.array(fc.record({ key: fc.nat(3), quantity: fc.integer({ min: 1, max: 9 }) }), { minLength: 1 }),
          cuts: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 }),
        });
        await fc.assert(
          fc.asyncProperty(rowsAndCuts, async ({ stock, rows, cuts }) => {
            const outcome = async (sizes: number[]) => {
              // The last key has no stock row.
              const skus = [unique('SKU'), unique('SKU'), unique('SKU'), unique('SKU')];
              await Promise.all(stock.map((available, key) => setStock(skus[key]!, available)));
              const orders = rows.map(({ key, quantity }, i) =>
                orderRow(i + 2, unique('O'), { sku: skus[key]!, quantity }),
              );
              const chunks: ChunkToCommit[] = [];
              for (let at = 0; at < orders.length; ) {
                const size = sizes[chunks.length % sizes.length]!;
                chunks.push(chunkOf(chunks.length, orders.slice(at, at + size)));
                at += size;
              }
              const fileId = await ingestChunks(store, chunks);
              const left = (await Promise.all(skus.map(availableOf))).flat();
              expect(Math.min(...left)).toBeGreaterThanOrEqual(0);
              const file = (await store.files.get(fileId))!;
              expect(file.accepted + file.invalid).toBe(rows.length);
              return { left, rejected: await rejectionsOf(fileId) };
            };
            expect(await outcome(cuts)).toEqual(await outcome([rows.length]));
          }),
          { numRuns: 25 },
        );
        expect(await violations()).toEqual([]);
      });
    });

    test('warnings of a chunk are counted once, however often it is committed, with the first row of all', async () => {
      const sku = await newSku(10);
      const warned = (n: number, row: number, count: number): ChunkToCommit => ({
        ...chunkOf(n, [orderRow(row, unique('O'), { sku })]),
        warnings: [{ code: 'shortened_number', count, row }],
      });
      const claim = await newClaim(store);
      const first = warned(0, 5, 2);
      await store.chunks.commit(claim, first);
      await store.chunks.commit(claim, first);
      await store.chunks.commit(claim, chunkOf(1, [orderRow(6, unique('O'), { sku })]));
      await store.chunks.commit(claim, {
        ...warned(2, 9, 3),
        warnings: [
          { code: 'shortened_number', count: 3, row: 8 },
          { code: 'wrongly_decoded_text', count: 1, row: 9 },
        ],
      });
      await store.files.finish(claim, COMPLETED);
      expect((await store.files.get(claim.fileId))?.warnings).toEqual([
        { code: 'shortened_number', count: 5, row: 5 },
        { code: 'wrongly_decoded_text', count: 1, row: 9 },
      ]);
      expect(await violations()).toEqual([]);
    });

    describe('an order id with accents', () => {
      const NFC = (word: string) => `${word}-Z\u00e9ro-\ud55c`.normalize('NFC');

      test('is one id in NFC and NFD, also that of an order of before', async () => {
        const id = NFC(unique('O'));
        const former = id.normalize('NFD');
        const sku = await newSku(10);
        const fileId = await ingestChunks(store, [chunkOf(0, [orderRow(2, former, { sku })])]);
        const stored = await store.orders.get(former);
        expect(stored?.orderId).toBe(former);
        expect(await store.orders.get(id)).toEqual(stored);
        expect(await store.orders.get(`\u200b${id}\u00a0`)).toEqual(stored);
        const again = await ingestChunks(store, [
          chunkOf(0, [
            orderRow(2, id, { sku }),
            orderRow(3, `${id}-2`, { sku, customerName: 'Z\u00e9' }),
            orderRow(4, `${id}-3`, { sku }),
          ]),
        ]);
        expect(await rejectionsOf(again)).toEqual([{ row: 2, codes: ['duplicate_order'] }]);
        const third = await ingestChunks(store, [
          chunkOf(0, [
            orderRow(2, id, { sku, quantity: 2 }),
            orderRow(3, `${id}-2`, { sku, customerName: 'Ze\u0301' }),
          ]),
        ]);
        expect(await rejectionsOf(third)).toEqual([
          { row: 2, codes: ['order_conflict'] },
          { row: 3, codes: ['duplicate_order'] },
        ]);
        expect((await store.orders.get(id))?.fileId).toBe(fileId);
        expect(await availableOf(sku)).toEqual([7]);
        expect(await violations()).toEqual([]);
      });
    });

    describe('the end of a file', () => {
      test('is recorded, and the same end again is no error', async () => {
        const claim = await newClaim(store);
        await store.chunks.commit(claim, chunkOf(0, [], [rejection(2)]));
        const report = { name: `${claim.fileId}-invalid.csv`, rows: 1, sizeBytes: 99, createdAtMs: Date.now() };
        const end = { status: 'completed', failure: null, report } as const;
        await store.files.finish(claim, end);
        const ended = await store.files.get(claim.fileId);
        await opened.second.files.finish(claim, end);
        expect(await store.files.get(claim.fileId)).toEqual(ended);
        expect(ended).toMatchObject({ status: 'completed', report, waitingFor: null, cancelRequested: false });
        expect(ended!.finishedAtMs).not.toBeNull();
        await expect(store.files.finish(claim, FAILED)).rejects.toEqual(claimLost);
        expect(await store.files.findReport(report.name)).toEqual({ fileId: claim.fileId, report });
        expect(await store.files.findReport('unknown.csv')).toBeNull();
      });

      test('comes at once for a queued file that is cancelled, and never twice', async () => {
        const fileId = await createFile(store);
        expect(await store.files.requestCancel(fileId)).toMatchObject({
          status: 'cancelled',
          failure: { code: 'cancelled' },
        });
        expect(await store.files.claim(fileId, LEASE_MS)).toEqual({ kind: 'ended' });
        const ended = expect.objectContaining({ code: 'file_ended', retryable: false });
        await expect(store.files.requestCancel(fileId)).rejects.toEqual(ended);
        expect(await store.files.requestCancel('f_unknown')).toBeNull();
      });

      test('a failed or cancelled file is queued again at its checkpoint, with its counts', async () => {
        const sku = await newSku(10);
        for (const end of [FAILED, { ...FAILED, status: 'cancelled' as const }]) {
          const claim = await newClaim(store);
          const id = unique('O');
          await store.chunks.commit(claim, chunkOf(0, [orderRow(2, id, { sku })], [rejection(3)]));
          await store.files.requestCancel(claim.fileId);
          await store.files.finish(claim, end);
          const queued = await store.files.requeue(claim.fileId);
          expect(queued).toMatchObject({
            status: 'queued',
            failure: null,
            finishedAtMs: null,
            cancelRequested: false,
            row: 3,
            rows: 2,
            accepted: 1,
          });
          const next = await claimFile(store, claim.fileId);
          await store.chunks.commit(next, chunkOf(queued!.nextChunk, [], [rejection(4)]));
          await store.files.finish(next, COMPLETED);
          expect(await store.files.get(claim.fileId)).toMatchObject({ status: 'completed', rows: 3, invalid: 2 });
        }
      });

      test('only a failed or cancelled file can be queued again', async () => {
        const notRetryable = expect.objectContaining({ code: 'not_retryable', retryable: false });
        const fileId = await createFile(store);
        await expect(store.files.requeue(fileId)).rejects.toEqual(notRetryable);
        const claim = await claimFile(store, fileId);
        await expect(store.files.requeue(fileId)).rejects.toEqual(notRetryable);
        await store.files.finish(claim, COMPLETED);
        await expect(store.files.requeue(fileId)).rejects.toEqual(notRetryable);
        expect(await store.files.requeue('f_unknown')).toBeNull();
      });

      test('a failed file is not queued again when its bytes are here as another file', async () => {
        const { sha256 } = newFile();
        const claim = await newClaim(store, { sha256 });
        await store.files.finish(claim, FAILED);
        const existing = await createFile(store, { sha256 });
        await expect(store.files.requeue(claim.fileId)).rejects.toMatchObject({
          code: 'duplicate_file',
          details: { existing_file_id: existing },
        });
      });
    });

    test('open files that nobody holds and that have been quiet are stranded, until they are touched', async () => {
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

    test('what corrections of a file made orders of is told of it, of each of them, and of no other', async () => {
      const [sku, other] = [await newSku(100), await createFile(store)];
      const correct = async (parentFileId: string | null, accepted: number) => {
        const claim = await newClaim(store, { parentFileId });
        const rows = Array.from({ length: accepted }, (_, i) => orderRow(i + 2, unique('O'), { sku, quantity: 1 }));
        await store.chunks.commit(claim, chunkOf(0, rows, [rejection(90)]));
        await store.files.finish(claim, COMPLETED);
        return claim.fileId;
      };
      const parent = await correct(null, 9);
      const child = await correct(parent, 4);
      const second = await correct(parent, 2);
      const grandchild = await correct(child, 1);
      const asked = [grandchild, second, child, parent, other];
      const fixed = await opened.second.files.fixed(asked);
      expect(asked.map((fileId) => fixed.get(fileId) ?? 0)).toEqual([0, 0, 1, 7, 0]);
      expect(await store.files.fixed([parent])).toEqual(new Map([[parent, 7]]));
      expect(await store.files.fixed([])).toEqual(new Map());
    });

    describe('stock', () => {
      test('is set and adjusted, each change by itself', async () => {
        const [a, b] = [unique('SKU'), unique('SKU')];
        const hubId = 'HUB-1';
        expect(
          await store.stock.change(
            [
              { sku: a, hubId, available: 5 },
              { sku: a, hubId, delta: -3 },
              { sku: a, hubId, delta: -3 },
              { sku: b, hubId, delta: -1 },
              { sku: b, hubId, delta: 4 },
              { sku: a, hubId, available: 0 },
              { sku: b, hubId, delta: limits.maxStock },
            ],
            null,
          ),
        ).toEqual([
          { sku: a, hubId, available: 5, before: null },
          { sku: a, hubId, available: 2, before: 5 },
          { sku: a, hubId, error: 'below_zero', available: 2, before: 2 },
          { sku: b, hubId, error: 'below_zero', available: 0, before: null },
          { sku: b, hubId, available: 4, before: null },
          { sku: a, hubId, available: 0, before: 2 },
          { sku: b, hubId, error: 'too_much', available: 4, before: 4 },
        ]);
        expect(await availableOf(a)).toEqual([0]);
        expect(await availableOf(b)).toEqual([4]);
      });

      test('is changed once under an idempotency key, which other changes may not use', async () => {
        const sku = await newSku(1);
        const key = unique('key');
        const changes = [{ sku, hubId: 'HUB-1', delta: 5 }];
        const answers = await Promise.all(
          Array.from({ length: 6 }, (_, i) => (i % 2 ? store : opened.second).stock.change(changes, key)),
        );
        expect(answers).toEqual(Array(6).fill([{ sku, hubId: 'HUB-1', available: 6, before: 1 }]));
        await expect(store.stock.change([{ sku, hubId: 'HUB-1', delta: 6 }], key)).rejects.toMatchObject({
          code: 'key_reused',
        });
        expect(await availableOf(sku)).toEqual([6]);
      });

      test('is changed once under a key, also where very many of its changes are of one row', async () => {
        const sku = await newSku(0);
        const key = unique('key');
        const changes = Array.from({ length: 500 }, () => ({ sku, hubId: 'HUB-1', delta: 1 }));
        const answers = await Promise.all([store.stock.change(changes, key), opened.second.stock.change(changes, key)]);
        expect(await opened.second.stock.change(changes, key)).toEqual(answers[0]);
        expect(answers[1]).toEqual(answers[0]);
        expect(answers[0]!.at(-1)).toEqual({ sku, hubId: 'HUB-1', available: 500, before: 499 });
        expect(await availableOf(sku)).toEqual([500]);
      });

      test('adjusted by many at once loses nothing', async () => {
        const sku = await newSku(0);
        await Promise.all(
          Array.from({ length: 50 }, (_, i) =>
            (i % 2 ? store : opened.second).stock.change([{ sku, hubId: 'HUB-1', delta: 2 }], null),
          ),
        );
        expect(await availableOf(sku)).toEqual([100]);
      });

      test('set while orders hold some keeps the books in balance (INV-2)', async () => {
        const sku = await newSku(10);
        await ingestChunks(store, [chunkOf(0, [orderRow(2, unique('O'), { sku, quantity: 4 })])]);
        await setStock(sku, 1);
        await store.stock.change([{ sku, hubId: 'HUB-1', delta: 7 }], null);
        expect(await availableOf(sku)).toEqual([8]);
        expect(await violations()).toEqual([]);
      });

      test('that a change with a key makes anew is told to have been so when it is sent again', async () => {
        const sku = unique('SKU');
        const key = unique('key');
        const change = [{ sku, hubId: 'HUB-1', available: 3 }];
        const expected = [{ sku, hubId: 'HUB-1', available: 3, before: null }];
        expect(await store.stock.change(change, key)).toEqual(expected);
        expect(await opened.second.stock.change(change, key)).toEqual(expected);
      });

      test('is looked up pair by pair, in the order asked for', async () => {
        const [a, b] = [await newSku(3), await newSku(0)];
        const none = { sku: unique('SKU'), hubId: 'HUB-1' };
        const pairs = [{ sku: b, hubId: 'HUB-1' }, none, { sku: a, hubId: 'HUB-1' }, { sku: a, hubId: 'HUB-9' }];
        expect(await store.stock.levels(pairs)).toEqual([0, null, 3, null]);
        expect(await store.stock.levels([])).toEqual([]);
      });

      test('knows which SKUs and hubs it has, exactly as they are written', async () => {
        const [sku, hubId] = [unique('Sku'), unique('Hub')];
        await setStock(sku, 0, hubId);
        expect(await store.stock.named({ skus: [sku], hubIds: [] })).toEqual({ skus: [sku], hubIds: [] });
        expect(await store.stock.named({ skus: [], hubIds: [hubId] })).toEqual({ skus: [], hubIds: [hubId] });
        const others = { skus: [sku.toUpperCase(), hubId, 'Ø"\'[1]'], hubIds: [hubId.toUpperCase(), sku, ''] };
        expect(await store.stock.named(others)).toEqual({ skus: [], hubIds: [] });
        const both = { skus: [...others.skus, sku], hubIds: [hubId, ...others.hubIds] };
        expect(await store.stock.named(both)).toEqual({ skus: [sku], hubIds: [hubId] });
      });
    });

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

      test('of files goes on where it was when newer ones come', async () => {
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
          expect((await readAll((page) => first.files.reports(page), limit)).map(({ report }) => report.name)).toEqual(
            names,
          );
        await close();
      });

      test('of rejections is in row order, all or of one code, from a row on', async () => {
        const claim = await newClaim(store);
        const codes = ['invalid_email', 'invalid_date', 'unknown_sku'] as const;
        const rejections = Array.from({ length: 30 }, (_, i) => rejection(i + 2, codes[i % 3]!));
        rejections[3]!.reasons.push({ column: 'quantity', code: 'invalid_quantity', reason: 'no number' });
        rejections[4]!.record = 'all, that, the row had';
        await store.chunks.commit(claim, chunkOf(0, [], rejections.slice(0, 20)));
        await store.chunks.commit(claim, chunkOf(1, [], rejections.slice(20)));
        for (const limit of [1, 4, 30, 1_000]) {
          expect(await readAll((page) => store.rejections.list(claim.fileId, {}, page), limit)).toEqual(rejections);
          const ofCode = await readAll(
            (page) => store.rejections.list(claim.fileId, { code: 'invalid_date' }, page),
            limit,
          );
          expect(ofCode.map(({ row }) => row)).toEqual([3, 6, 9, 12, 15, 18, 21, 24, 27, 30]);
          for (const fromRow of [1, 2, 20, 22, 31, 32]) {
            const rows = await readAll((page) => store.rejections.list(claim.fileId, { fromRow }, page), limit);
            expect(rows).toEqual(rejections.filter(({ row }) => row >= fromRow));
          }
          const filter = { code: 'invalid_date', fromRow: 21 } as const;
          const later = await readAll((page) => store.rejections.list(claim.fileId, filter, page), limit);
          expect(later.map(({ row }) => row)).toEqual([21, 24, 27, 30]);
        }
        const list = (code: 'invalid_quantity' | 'total_mismatch') =>
          readAll((page) => store.rejections.list(claim.fileId, { code }, page), 5);
        expect((await list('invalid_quantity')).map(({ row }) => row)).toEqual([5]);
        expect(await list('total_mismatch')).toEqual([]);
        expect((await store.files.get(claim.fileId))!.invalidByCode).toMatchObject({ invalid_quantity: 1 });
      });

      test('of rejections that are alike is exact, and each of them costs next to nothing, the same on all stores', async () => {
        const claim = await newClaim(store);
        const alike = (row: number): Rejection => ({
          ...rejection(2),
          row,
          values: ['x'.repeat(1_000)],
          record: 'x,y',
        });
        const rejections = Array.from({ length: 3_000 }, (_, i) => (i % 1_000 === 7 ? rejection(i + 2) : alike(i + 2)));
        const commit = (n: number) =>
          store.chunks.commit(claim, chunkOf(n, [], rejections.slice(1_500 * n, 1_500 * (n + 1))));
        const first = await commit(0);
        expect(first.rejected.rows).toBe(1_500);
        // Each row has its 16 bytes; the texts of a chunk come once.
        expect(first.rejected.bytes - 16 * 1_500).toBeLessThan(2_500);
        expect(await commit(0)).toEqual(first);
        const second = await commit(1);
        expect(second.rejected.rows).toBe(3_000);
        expect(await store.files.get(claim.fileId)).toMatchObject({
          invalid: 3_000,
          rejectedBytes: second.rejected.bytes,
        });
        expect(packRejections(rejections.slice(0, 1_500)).bytes).toBe(first.rejected.bytes);
        const list = (filter: { code?: ReasonCode; fromRow?: number }) =>
          readAll((page) => store.rejections.list(claim.fileId, filter, page), 700);
        expect(await list({})).toEqual(rejections);
        expect(await list({ fromRow: 2_990 })).toEqual(rejections.slice(2_988));
        expect((await list({ code: rejections[7]!.reasons[0]!.code })).length).toBeGreaterThanOrEqual(3);
      });

      test('of rejections with long values is short, and says that there are more', async () => {
        const claim = await newClaim(store);
        const long = 'x'.repeat(limits.maxRecordBytes);
        const rejections = Array.from({ length: 12 }, (_, i) => ({ ...rejection(i + 2), values: [long] }));
        for (let n = 0; n < 4; n++)
          await store.chunks.commit(claim, chunkOf(n, [], rejections.slice(3 * n, 3 * n + 3)));
        for (const filter of [{}, { code: 'invalid_email' } as const]) {
          const page = await store.rejections.list(claim.fileId, filter, { limit: 1_000, after: null });
          expect(page.items).toHaveLength(limits.rejectionPageChars / limits.maxRecordBytes);
          const all = await readAll((page) => store.rejections.list(claim.fileId, filter, page), 1_000);
          expect(all.map(({ row }) => row)).toEqual(rejections.map(({ row }) => row));
        }
      });

      test('of stock is by key or by what is available, all or of one SKU or hub', async () => {
        const { first, close } = await open();
        const keys = ['a', 'b', 'B', 'ä', '10', '9', '😀'].flatMap((sku) =>
          ['H1', 'H2'].map((hubId) => ({ sku, hubId })),
        );
        await first.stock.change(
          keys.map((key, i) => ({ ...key, available: i % 3 })),
          null,
        );
        for (const limit of [1, 4, 100]) {
          const byKey = await readAll((page) => first.stock.list({ sort: 'key' }, page), limit);
          expect(byKey).toHaveLength(keys.length);
          expect(new Set(byKey.map(({ sku, hubId }) => `${sku} ${hubId}`)).size).toBe(keys.length);
          const all = await readAll((page) => first.stock.list({ sort: 'available' }, page), limit);
          expect(all.map(({ available }) => available)).toEqual(all.map(({ available }) => available).sort());
          expect(new Set(all.map(({ sku, hubId }) => `${sku} ${hubId}`)).size).toBe(keys.length);
          const ofHub = await readAll((page) => first.stock.list({ sort: 'key', hubId: 'H2' }, page), limit);
          expect(ofHub.map(({ hubId }) => hubId)).toEqual(Array(7).fill('H2'));
          const ofSku = await readAll((page) => first.stock.list({ sort: 'available', sku: 'b' }, page), limit);
          expect(ofSku.map(({ sku, hubId }) => `${sku} ${hubId}`).sort()).toEqual(['b H1', 'b H2']);
        }
        await close();
      });

      test('of orders is newest first and filtered, without gaps or repeats', async () => {
        const { first, close } = await open();
        const day = Date.UTC(2026, 0, 1);
        const levels = ['A', 'B'].flatMap((sku) => ['H1', 'H2'].map((hubId) => ({ sku, hubId, available: 1_000 })));
        await first.stock.change(levels, null);
        const row = (i: number) =>
          orderRow(i + 2, `ID_${i}%`, {
            sku: i % 2 ? 'A' : 'B',
            hubId: i % 3 ? 'H1' : 'H2',
            customerName: i % 5 ? 'Ada' : 'Grace_Hopper',
            customerEmail: `c${i % 4}@example.com`,
            orderDateMs: day + i * 1_000,
          });
        const rows = Array.from({ length: 60 }, (_, i) => row(i));
        const one = await ingestChunks(first, [chunkOf(0, rows.slice(0, 20)), chunkOf(1, rows.slice(20, 40))]);
        const two = await ingestChunks(first, [chunkOf(0, rows.slice(40))]);

        for (const limit of [1, 7, 60, 1_000]) {
          const list = async (filter: Parameters<OrderStore['orders']['list']>[0]) =>
            (await readAll((page) => first.orders.list(filter, page), limit)).map(({ orderId }) => orderId).sort();
          const those = (keep: (order: OrderRow, i: number) => boolean) =>
            rows
              .filter(keep)
              .map(({ orderId }) => orderId)
              .sort();
          const all = await readAll((page) => first.orders.list({}, page), limit);
          const keys = all.map(({ createdAtMs, orderId }) => `${createdAtMs} ${orderId}`);
          expect(keys).toEqual([...keys].sort().reverse());
          expect(await list({})).toEqual(those(() => true));
          expect(await list({ status: 'on_hold' })).toEqual(those(() => true));
          expect(await list({ sku: 'A' })).toEqual(those((order) => order.sku === 'A'));
          expect(await list({ hubId: 'H2', sku: 'B' })).toEqual(
            those(({ sku, hubId }) => hubId === 'H2' && sku === 'B'),
          );
          expect(await list({ fileId: one })).toEqual(those((_, i) => i < 40));
          expect(await list({ fileId: two, hubId: 'H2' })).toEqual(those(({ hubId }, i) => i >= 40 && hubId === 'H2'));
          expect(await list({ fileId: 'f_unknown' })).toEqual([]);
          expect(await list({ customerEmail: 'c1@example.com' })).toEqual(those((_, i) => i % 4 === 1));
          expect(await list({ fromMs: day + 10_000, toMs: day + 12_000 })).toEqual(['ID_10%', 'ID_11%']);
          expect(await list({ q: 'ID_1' })).toEqual(those(({ orderId }) => orderId.startsWith('ID_1')));
          expect(await list({ q: 'Grace_' })).toEqual(those((_, i) => i % 5 === 0));
          expect(await list({ q: 'c2@' })).toEqual(those((_, i) => i % 4 === 2));
          expect(await list({ q: '%' })).toEqual([]);
          expect(await list({ q: 'D_1' })).toEqual([]);
        }
        await close();
      });

      test('of orders finds a name by the start of any of its words, whatever case and accents', async () => {
        const { first, close } = await open();
        const names = [
          'Anna Smith',
          'SMITHERS, Bob',
          'Jörg Müller-Lüdenscheidt',
          "Sean O'Brien",
          'Zoë Ångström',
          'Blacksmith',
        ];
        names.push(
          'Nguyễn Văn An',
          'A*b [c] ^d ?e',
          'Łukasz',
          'И. Иванов',
          '100% Cotton_Ltd (West)',
          '山田 太郎',
          'x\\y',
        );
        await first.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', available: 1_000 }], null);
        const rows = names.map((customerName, i) =>
          orderRow(i + 2, `N-${i}`, { customerName, customerEmail: `m${i}@x.example` }),
        );
        await ingestChunks(first, [chunkOf(0, rows)]);
        const find = async (q: string) =>
          (await readAll((page) => first.orders.list({ q }, page), 3)).map((order) => order.customerName).sort();
        for (const [q, ...expected] of [
          ['smith', 'Anna Smith', 'SMITHERS, Bob'],
          ['SMITH', 'Anna Smith', 'SMITHERS, Bob'],
          ['Anna S', 'Anna Smith'],
          ['smith anna', 'Anna Smith'],
          ['bob', 'SMITHERS, Bob'],
          ['muller', 'Jörg Müller-Lüdenscheidt'],
          ['MÜLLER-l', 'Jörg Müller-Lüdenscheidt'],
          ['lud', 'Jörg Müller-Lüdenscheidt'],
          ['brien', "Sean O'Brien"],
          ['o’b', "Sean O'Brien"],
          ['angstrom', 'Zoë Ångström'],
          ['zoe', 'Zoë Ångström'],
          ['zoe angst', 'Zoë Ångström'],
          ['nguyen', 'Nguyễn Văn An'],
          ['an', 'Anna Smith', 'Nguyễn Văn An', 'Zoë Ångström'],
          ['lukasz', 'Łukasz'],
          ['иван', 'И. Иванов'],
          ['a*', 'A*b [c] ^d ?e'],
          ['[c]', 'A*b [c] ^d ?e'],
          ['^d', 'A*b [c] ^d ?e'],
          ['?e', 'A*b [c] ^d ?e'],
          ['100%', '100% Cotton_Ltd (West)'],
          ['ltd', '100% Cotton_Ltd (West)'],
          ['west', '100% Cotton_Ltd (West)'],
          ['太郎', '山田 太郎'],
          ['x\\', 'x\\y'],
          ['mith'],
          ['smith zoe'],
          ['*'],
          ['?', 'A*b [c] ^d ?e'],
          ['[a-z]'],
          ['.*'],
          [' '],
          ['a'.repeat(500)],
          ['ễ'.repeat(500)],
          [Array.from({ length: 100 }, (_, i) => `w${i}`).join(' ')],
        ] as [string, ...string[]][])
          expect([q, ...(await find(q))]).toEqual([q, ...expected.sort()]);
        await close();
      });

      test('of orders has the one whose whole id is asked for first, however old it is, and once', async () => {
        const { first, close } = await open();
        await first.stock.change([{ sku: 'SKU-1', hubId: 'HUB-1', available: 1_000_000 }], null);
        const claim = await newClaim(first);
        await first.chunks.commit(claim, chunkOf(0, [orderRow(2, 'A-1'), orderRow(3, 'A-1x'), orderRow(4, 'B')]));
        const many = Array.from({ length: limits.maxScanOrders }, (_, i) => orderRow(i + 5, `Z-${i}`));
        await first.chunks.commit(claim, chunkOf(1, many));
        await first.chunks.commit(claim, chunkOf(2, [orderRow(100_000, 'A-1y')]));

        const page = await first.orders.list({ q: 'A-1' }, { limit: 5, after: null });
        expect(page.items.map(({ orderId }) => orderId)).toEqual(['A-1', 'A-1y']);
        expect(page.next).not.toBeNull();
        expect(page.reachedMs).toBeGreaterThan(page.items[0]!.createdAtMs);
        for (const limit of [1, 2, 3, 5]) {
          const all = await readAll((request) => first.orders.list({ q: 'A-1' }, request), limit);
          expect(all.map(({ orderId }) => orderId)).toEqual(['A-1', 'A-1y', 'A-1x']);
          const filtered = { q: 'A-1', sku: 'SKU-1', hubId: 'HUB-1', fileId: claim.fileId, status: 'on_hold' as const };
          expect(await readAll((request) => first.orders.list(filtered, request), limit)).toEqual(all);
        }
        for (const other of [
          { sku: 'S' },
          { hubId: 'H' },
          { fileId: 'f_x' },
          { customerEmail: 'x@y.z' },
          { fromMs: Date.UTC(2030, 1) },
          { toMs: 0 },
        ])
          expect(await readAll((request) => first.orders.list({ q: 'A-1', ...other }, request), 5)).toEqual([]);
        expect(await readAll((request) => first.orders.list({ q: 'a-1' }, request), 2)).toHaveLength(3);
        expect(await readAll((request) => first.orders.list({ q: 'A-1\0' }, request), 2)).toEqual([]);
        await close();
      });

      test('that looks at very many items finds the few that match, by short pages if need be', async () => {
        const { first, close } = await open();
        await first.stock.change(
          ['RARE', 'MANY'].map((sku) => ({ sku, hubId: 'HUB-1', available: 1_000_000 })),
          null,
        );
        const claim = await newClaim(first);
        const chunks = Math.ceil(limits.maxScanOrders / 5_000) + 1;
        for (let n = 0; n < chunks; n++) {
          const from = n * 10_000 + 2;
          const orders = Array.from({ length: 5_000 }, (_, i) =>
            orderRow(from + i, `O-${n}-${i}`, { sku: n === 0 && i < 3 ? 'RARE' : 'MANY' }),
          );
          const rejections = Array.from({ length: 2_500 }, (_, i) =>
            rejection(from + 5_000 + i, n === chunks - 1 && i > 2_497 ? 'malformed_quote' : 'invalid_date'),
          );
          await first.chunks.commit(claim, chunkOf(n, orders, rejections));
        }
        const rare = await readAll((page) => first.orders.list({ sku: 'RARE' }, page), 2);
        expect(rare.map(({ orderId }) => orderId).sort()).toEqual(['O-0-0', 'O-0-1', 'O-0-2']);
        const ofFile = await readAll((page) => first.orders.list({ sku: 'RARE', fileId: claim.fileId }, page), 2);
        expect(ofFile).toEqual(rare);
        const quotes = await readAll(
          (page) => first.rejections.list(claim.fileId, { code: 'malformed_quote' }, page),
          1,
        );
        expect(quotes.map(({ row }) => row)).toEqual([(chunks - 1) * 10_000 + 7_500, (chunks - 1) * 10_000 + 7_501]);
        await close();
      });

      test('refuses a cursor that is none of its own', async () => {
        const lists = {
          files: (after: string) => store.files.list({}, { limit: 5, after }),
          reports: (after: string) => store.files.reports({ limit: 5, after }),
          rejections: (after: string) => store.rejections.list('f_unknown', {}, { limit: 5, after }),
          orders: (after: string) => store.orders.list({}, { limit: 5, after }),
          stock: (after: string) => store.stock.list({ sort: 'key' }, { limit: 5, after }),
        };
        for (const list of Object.values(lists))
          for (const cursor of [
            '',
            'nonsense',
            '[]',
            '{}',
            'null',
            '[null]',
            '["a"]',
            '[1e999]',
            '[0.5]',
            '[1,2,3,4,5]',
          ])
            await expect(list(cursor)).rejects.toEqual(invalidCursor);
      });
    });

    test('sums are those of all files, moved with each chunk', async () => {
      const { first, second, close } = await open();
      const empty = await first.statistics.totals();
      expect(empty.files).toEqual({ queued: 0, processing: 0, waiting: 0, completed: 0, failed: 0, cancelled: 0 });
      expect(empty.orders).toEqual({ total: 0, byStatus: {}, byHub: {}, amountMinor: 0n });

      const hubs = ['H1', '__proto__'];
      await first.stock.change(
        hubs.map((hubId) => ({ sku: 'S', hubId, available: 2_000_000_000 })),
        null,
      );
      const from = Date.now() - 60_000;
      const row = (n: number, hubId: string) =>
        orderRow(n, `O-${n}`, { sku: 'S', hubId, quantity: 1_000_000, unitPriceMinor: 999_999_999 });
      const claim = await newClaim(first);
      await first.chunks.commit(claim, chunkOf(0, [row(2, 'H1'), row(3, 'H1'), row(4, '__proto__')], [rejection(5)]));
      await first.chunks.commit(claim, chunkOf(1, [row(6, 'H1'), { ...row(2, 'H1'), row: 7 }]));
      await createFile(first);
      const waiting = await newClaim(first);
      await first.files.setWaiting(waiting, 'ims');
      await first.files.finish(await newClaim(first), COMPLETED);
      await first.files.finish(await newClaim(first), FAILED);
      await first.files.requestCancel(await createFile(first));

      const totals = await second.statistics.totals();
      expect(totals.files).toEqual({ queued: 1, processing: 1, waiting: 1, completed: 1, failed: 1, cancelled: 1 });
      expect(totals.rows).toEqual({ total: 6, accepted: 4, invalid: 2 });
      // Four times the largest total is past what a double holds exactly.
      const { byHub, ...orders } = totals.orders;
      expect(orders).toEqual({ total: 4, byStatus: { on_hold: 4 }, amountMinor: 4n * 999_999_999_000_000n });
      expect(Object.entries(byHub).sort()).toEqual([
        ['H1', 3],
        ['__proto__', 1],
      ]);
      expect(totals.invalidByCode).toEqual({ invalid_email: 1, duplicate_order: 1 });
      expect(totals.events.published + totals.events.pending).toBe(4);

      for (const bucketMs of [60_000, 3_600_000, 86_400_000]) {
        const history = await first.statistics.history(bucketMs, from, Date.now() + 60_000);
        // The test may run across the border of two buckets.
        expect(history.length).toBeLessThanOrEqual(2);
        for (const { atMs } of history) expect(atMs % bucketMs).toBe(0);
        const sum = (of: 'rows' | 'accepted' | 'invalid') => history.reduce((total, bucket) => total + bucket[of], 0);
        expect([sum('rows'), sum('accepted'), sum('invalid')]).toEqual([6, 4, 2]);
      }
      expect(await first.statistics.history(60_000, 0, 60_000)).toEqual([]);
      expect(await violations(first)).toEqual([]);
      await close();
    });

    test('orders taken while stock is untracked take none, and the books stay in balance', async () => {
      const { first, close } = await open({ trackStock: false });
      await first.stock.change([{ sku: 'S', hubId: 'H', available: 1 }], null);
      const fileId = await ingestChunks(first, [
        chunkOf(0, [orderRow(2, 'O-1', { sku: 'S', hubId: 'H', quantity: 5 }), orderRow(3, 'O-2', { sku: 'none' })]),
      ]);
      expect(await first.files.get(fileId)).toMatchObject({ accepted: 2, invalid: 0 });
      const { items } = await first.stock.list({ sort: 'key' }, { limit: 10, after: null });
      expect(items).toEqual([{ sku: 'S', hubId: 'H', available: 1 }]);
      expect(await violations(first)).toEqual([]);
      await close();
    });

    describe('closing', () => {
      test('decides the end, after which no chunk is committed and no other end is recorded', async () => {
        const sku = await newSku(10);
        const claim = await newClaim(store);
        expect(await store.files.close(claim, FAILED_END)).toEqual(FAILED_END);
        expect(await opened.second.files.close(claim, FAILED_END)).toEqual(FAILED_END);
        await store.files.finish(claim, FAILED);
        await expect(store.chunks.commit(claim, chunkOf(0, [orderRow(2, unique('O'), { sku })]))).rejects.toEqual(
          claimLost,
        );
        expect(await availableOf(sku)).toEqual([10]);
      });

      test('is refused to a claim that is not the newest', async () => {
        const fileId = await createFile(store);
        const old = await claimFile(store, fileId, 1);
        await claimFile(opened.second, fileId);
        await expect(store.files.close(old, FAILED_END)).rejects.toEqual(claimLost);
      });
    });

    test('forgetting what was kept while files were open changes nothing that is seen', async () => {
      const sku = await newSku(10);
      const fileId = await ingestChunks(store, [chunkOf(0, [orderRow(2, unique('O'), { sku, quantity: 4 })])]);
      const open = await newClaim(store);
      await store.chunks.commit(open, chunkOf(0, [orderRow(2, unique('O'), { sku, quantity: 2 })]));
      await store.prune();
      await opened.second.prune();
      await store.chunks.commit(open, chunkOf(1, [orderRow(3, unique('O'), { sku, quantity: 3 })]));
      await store.files.finish(open, COMPLETED);
      await store.prune();
      expect(await availableOf(sku)).toEqual([1]);
      expect(await store.files.get(fileId)).toMatchObject({ status: 'completed', accepted: 1 });
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
        for (const order of batch.orders) {
          expect(order).toEqual(await first.orders.get(order.orderId));
          published.push(order.orderId);
        }
        await first.outbox.markPublished(batch.id);
        await first.outbox.markPublished(batch.id);
      }
      expect(published.sort()).toEqual(['A', 'B', 'C']);
      await close();
    });

    test('a lease on some work is had again by its holder, and by another once it was released', async () => {
      expect(await store.leases.take('sweeper', 'one', LEASE_MS)).toBe(true);
      expect(await store.leases.take('sweeper', 'one', LEASE_MS)).toBe(true);
      await opened.second.leases.release('sweeper', 'one');
      expect(await opened.second.leases.take('sweeper', 'another', LEASE_MS)).toBe(true);
      await store.leases.release('sweeper', 'another');
    });

    test('tells what it is, and misses nothing', async () => {
      expect(await store.inspect()).toMatchObject({ engine: expect.stringMatching(/\d/), missing: [] });
    });
  });
