/** The undo of files, and orders that are taken again, on each order store with its events. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import type { ChangeRequest } from '../../../src/model/change-request.ts';
import { EVENT_TYPES } from '../../../src/model/event.ts';
import { changeJson } from '../../../src/model/order-change.ts';
import type { OrderRow } from '../../../src/model/order-row.ts';
import type { Claim, NewFile } from '../../../src/ports/files.ts';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import { GUARD_MS, type Opened, outboxes, type Publishing } from '../../support/adapters.ts';
import { changed, item, keyOf, newOrder, toCreate, toDelete, toEdit, toMove } from '../../support/changes.ts';
import {
  COMPLETED,
  chunkOf,
  chunkOfOrders,
  createFile,
  FAILED,
  ingestChunks,
  newClaim,
  newFile,
  orderRow,
  readAll,
  rejection,
} from '../../support/chunks.ts';
import { publishPending } from '../../support/publish.ts';
import { violationsOf } from '../../support/violations.ts';

const ALL = new Set(EVENT_TYPES);
const coded = (code: string) => expect.objectContaining({ name: 'OmsError', code, retryable: false });

for (const { name, open, missing } of outboxes)
  describe.skipIf(missing !== null)(`the undo of files on ${name}`, () => {
    let opened: Opened<Publishing>;
    let store: OrderStore;
    beforeEach(async () => {
      opened = await open();
      store = opened.first.store;
      await setStock('S', 100);
      await setStock('T', 100);
    });
    afterEach(() => opened.close());

    const setStock = (sku: string, available: number) => store.stock.change([{ sku, hubId: 'HUB-1', available }], null);
    const availableOf = async (sku: string) =>
      (await store.stock.list({ sku, sort: 'key' }, { limit: 10, after: null })).items[0]!.available;
    const ingest = (...chunks: OrderRow[][]) =>
      ingestChunks(
        store,
        chunks.map((rows, n) => chunkOf(n, rows)),
      );
    const apply = (...asks: ChangeRequest[]) => store.changes.apply(asks);
    const orderOf = async (id: string) => (await store.orders.get(id))!.order;
    const historyOf = async (id: string) => (await store.changes.history(id))!.changes.map(changeJson);
    const undoOf = async (fileId: string) => (await store.files.get(fileId))!.undo;
    const rejectionsOf = async (fileId: string) =>
      (await readAll((page) => store.rejections.list(fileId, {}, page), 10)).map(({ row, reasons }) => [
        row,
        ...reasons.map(({ code }) => code),
      ]);
    const listed = async (fileId: string) =>
      (await readAll((page) => store.orders.list({ fileId }, page), 3)).map(({ orderId }) => orderId);
    const keptOf = (fileId: string) => readAll((page) => store.undo.kept(fileId, page), 2);
    async function undo(fileId: string, actor: string | null = 'olga') {
      await store.undo.request(fileId, actor);
      while (await opened.second.store.undo.step(fileId));
      return undoOf(fileId);
    }
    async function events(count: number) {
      await publishPending(opened.first);
      const seen: { id: string; type: string; data: Record<string, unknown>; sequence?: string }[] = [];
      const { events: stream } = opened.second;
      for await (const batch of stream.subscribe(stream.beginning, AbortSignal.timeout(GUARD_MS), ALL)) {
        seen.push(...batch.events.map(({ json }) => JSON.parse(json)));
        if (seen.length >= count) break;
      }
      expect(seen).toHaveLength(count);
      return seen;
    }
    async function isConsistent() {
      await publishPending(opened.first);
      expect(await violationsOf(store)).toEqual([]);
    }

    test('moves orders that nobody has changed to the undo state, gives their stock back, and keeps and lists the others', async () => {
      const fileId = await ingest(
        [
          orderRow(2, 'A-1', { sku: 'S', quantity: 3 }),
          orderRow(3, 'A-2', { sku: 'S' }),
          orderRow(4, 'A-3', { sku: 'T' }),
        ],
        [orderRow(5, 'A-4', { sku: 'S' }), orderRow(6, 'A-5', { sku: 'T' })],
      );
      await apply(toMove('A-2', 'confirmed'), toEdit('A-4', { customerName: 'Grace' }), toDelete('A-5'));
      expect(await undoOf(fileId)).toBeNull();
      expect(await store.undo.request(fileId, 'olga')).toMatchObject({
        undo: { state: 'running', undone: 0, kept: 0 },
      });
      expect(await store.undo.pending()).toEqual([fileId]);
      expect(await undo(fileId)).toEqual({ state: 'done', undone: 2, kept: 3 });
      expect(await store.undo.pending()).toEqual([]);
      expect(await keptOf(fileId)).toEqual(['A-2', 'A-4', 'A-5']);
      expect([await availableOf('S'), await availableOf('T')]).toEqual([98, 100]);
      const undone = await store.orders.get('A-1');
      expect(undone).toMatchObject({
        order: { status: 'cancelled', version: 2, actor: 'olga', fileId, row: 2 },
        ...{ holdsStock: false, deleted: false, untouched: false, undone: true },
      });
      expect(await historyOf('A-1')).toMatchObject([
        { version: 1, action: 'created' },
        {
          ...{ version: 2, action: 'undone', from: 'on_hold', to: 'cancelled', actor: 'olga', changes: [] },
          reason: `file ${fileId} was undone`,
        },
      ]);
      expect((await orderOf('A-2')).status).toBe('confirmed');
      const { orders } = await store.statistics.totals();
      expect(orders.byStatus).toEqual({ cancelled: 2, confirmed: 1, on_hold: 1 });
      const ofOrder = (await events(10)).filter(({ id }) => id.startsWith('A-1:'));
      expect(ofOrder).toMatchObject([
        { id: 'A-1:created', type: 'order.created' },
        {
          ...{ id: 'A-1:2', type: 'order.status_changed', sequence: '2' },
          data: { status: 'cancelled', previous_status: 'on_hold', actor: 'olga' },
        },
      ]);
      await isConsistent();
    });

    test('goes on in bounded steps; a repeat changes nothing', async () => {
      const count = 2 * limits.undoneAtOnce + 7;
      await setStock('S', count);
      const ids = Array.from({ length: count }, (_, n) => `B-${String(n).padStart(4, '0')}`);
      const fileId = await ingest(
        ids.slice(0, 250).map((id, n) => orderRow(n + 2, id, { sku: 'S' })),
        ids.slice(250).map((id, n) => orderRow(n + 252, id, { sku: 'S' })),
      );
      await apply(toMove(ids[0]!, 'confirmed'), toMove(ids[count - 1]!, 'confirmed'));
      await store.undo.request(fileId, null);
      expect(await store.undo.step(fileId)).toBe(true);
      expect(await undoOf(fileId)).toEqual({ state: 'running', undone: limits.undoneAtOnce - 1, kept: 1 });
      expect(await store.undo.request(fileId, 'bob')).toMatchObject({ undo: { state: 'running', kept: 1 } });
      // Two processes at once.
      await Promise.all([store.undo.step(fileId), opened.second.store.undo.step(fileId)]);
      while (await store.undo.step(fileId));
      const done = { state: 'done', undone: count - 2, kept: 2 };
      expect(await undoOf(fileId)).toEqual(done);
      expect(await store.undo.step(fileId)).toBe(false);
      expect(await store.undo.request(fileId, null)).toMatchObject({ undo: done });
      expect(await undoOf(fileId)).toEqual(done);
      expect(await availableOf('S')).toBe(count - 2);
      expect((await orderOf(ids[5]!)).version).toBe(2);
      await isConsistent();
    });

    test('only an ended file that was no dry run; an undone one is not queued again', async () => {
      const open = await createFile(store);
      await expect(store.undo.request(open, null)).rejects.toEqual(coded('not_undoable'));
      const tried = await newClaim(store, { dryRun: true });
      await store.files.finish(tried, COMPLETED);
      await expect(store.undo.request(tried.fileId, null)).rejects.toEqual(coded('not_undoable'));
      expect(await store.undo.request('f_unknown', null)).toBeNull();
      const failed = await newClaim(store);
      await store.chunks.commit(failed, chunkOf(0, [orderRow(2, 'C-1', { sku: 'S' })], [rejection(3)]));
      await store.files.finish(failed, FAILED);
      await store.undo.request(failed.fileId, null);
      await expect(store.files.requeue(failed.fileId)).rejects.toEqual(coded('not_retryable'));
      expect(await undo(failed.fileId)).toEqual({ state: 'done', undone: 1, kept: 0 });
      await expect(store.files.requeue(failed.fileId)).rejects.toEqual(coded('not_retryable'));
      await isConsistent();
    });

    test('the same bytes can come again once a file is undone, not before, and one of two wins', async () => {
      const bytes: Partial<NewFile> = { sha256: 'e'.repeat(64) };
      const claim: Claim = await newClaim(store, bytes);
      await store.chunks.commit(claim, chunkOf(0, [orderRow(2, 'D-1', { sku: 'S' })]));
      await store.files.finish(claim, COMPLETED);
      await store.undo.request(claim.fileId, null);
      const again = () => newFile(bytes);
      expect(await store.files.create(again())).toMatchObject({ kind: 'duplicate', existingFileId: claim.fileId });
      await undo(claim.fileId);
      expect(await store.files.wouldRefuse(again())).toBeNull();
      const results = await Promise.all([store.files.create(again()), opened.second.store.files.create(again())]);
      expect(results.map(({ kind }) => kind).sort()).toEqual(['created', 'duplicate']);
    });

    test('a row takes an undone order again, as its next version, and is a duplicate of any other', async () => {
      const first = await ingest([
        orderRow(2, 'E-1', { sku: 'S', quantity: 2 }),
        orderRow(3, 'E-2', { sku: 'S' }),
        orderRow(4, 'E-3', { sku: 'S' }),
      ]);
      await apply(toMove('E-2', 'confirmed'));
      await undo(first);
      await apply(toDelete('E-3'));
      const before = await orderOf('E-1');
      const second = await ingest([
        orderRow(2, 'E-0', { sku: 'T' }),
        orderRow(3, 'E-1', { sku: 'T', quantity: 4, customerName: 'Grace Hopper' }),
        orderRow(4, 'E-2', { sku: 'S' }),
        orderRow(5, 'E-3', { sku: 'S' }),
        orderRow(6, 'E-1', { sku: 'S' }),
      ]);
      expect(await store.files.get(second)).toMatchObject({ accepted: 2, invalid: 3, orders: 2 });
      expect(await rejectionsOf(second)).toEqual([
        [4, 'duplicate_order'],
        [5, 'order_conflict'],
        [6, 'order_conflict'],
      ]);
      const order = await orderOf('E-1');
      expect(order).toEqual({
        ...before,
        ...{ status: 'on_hold', version: 3, actor: null, fileId: second, row: 3, customerName: 'Grace Hopper' },
        ...{ items: order.items, totalMinor: 4 * 1999, updatedAtMs: order.updatedAtMs },
      });
      expect(order.items).toMatchObject([{ sku: 'T', quantity: 4 }]);
      expect(await store.orders.get('E-1')).toMatchObject({ holdsStock: true, untouched: true, undone: false });
      expect([await availableOf('S'), await availableOf('T')]).toEqual([99, 95]);
      expect(await listed(first)).toEqual(['E-2']);
      expect(await listed(second)).toEqual(['E-0', 'E-1']);
      expect(await historyOf('E-1')).toMatchObject([
        { version: 1, action: 'created', to: 'on_hold' },
        { version: 2, action: 'undone' },
        {
          ...{ version: 3, action: 'created', from: 'cancelled', to: 'on_hold', reason: null },
          changes: [
            { field: 'customer_name', from: 'Ada Lovelace', to: 'Grace Hopper' },
            { field: 'items' },
            { field: 'total_amount' },
          ],
        },
      ]);
      const { orders } = await store.statistics.totals();
      expect(orders).toMatchObject({ total: 3, byStatus: { confirmed: 1, on_hold: 2 }, byHub: { 'HUB-1': 3 } });
      expect(orders.amountMinor).toBe(6n * 1999n);
      const ofOrder = (await events(9)).filter(({ id }) => id.startsWith('E-1:'));
      expect(ofOrder.map(({ id, type }) => [id, type])).toEqual([
        ['E-1:created', 'order.created'],
        ['E-1:2', 'order.status_changed'],
        ['E-1:3', 'order.created'],
      ]);
      expect(ofOrder[0]!.data).toMatchObject({
        ...{ status: 'on_hold', source: { file_id: first, row: 2 }, customer: { name: 'Ada Lovelace' } },
        items: [{ sku: 'S', quantity: 2 }],
      });
      expect(ofOrder[0]!.data).not.toHaveProperty('version');
      expect(ofOrder[2]).toMatchObject({
        sequence: '3',
        data: {
          ...{ order_id: 'E-1', version: 3, status: 'on_hold', source: { file_id: second, row: 3 } },
          ...{ customer: { name: 'Grace Hopper' }, items: [{ sku: 'T', quantity: 4 }] },
          created_at: new Date(before.createdAtMs).toISOString(),
        },
      });
      await isConsistent();
    });

    test('an order of several items takes the place of one with another number of items', async () => {
      const first = await ingestChunks(store, [
        chunkOfOrders(0, [
          [orderRow(2, 'F-1', { sku: 'S' }), orderRow(3, 'F-1', { sku: 'T' })],
          [orderRow(4, 'F-2', { sku: 'S' })],
        ]),
      ]);
      await undo(first);
      const second = await ingestChunks(store, [
        chunkOfOrders(0, [
          [orderRow(2, 'F-1', { sku: 'S' })],
          [orderRow(3, 'F-2', { sku: 'S' }), orderRow(4, 'F-2', { sku: 'T' }), orderRow(5, 'F-2', { sku: 'T' })],
        ]),
      ]);
      expect(await store.files.get(second)).toMatchObject({ accepted: 4, orders: 2 });
      expect((await orderOf('F-1')).items).toHaveLength(1);
      expect((await orderOf('F-2')).items).toHaveLength(3);
      expect([await availableOf('S'), await availableOf('T')]).toEqual([98, 98]);
      await isConsistent();
    });

    test('a request takes an undone order again; then it is a duplicate, and not of the file any more', async () => {
      const first = await ingest([orderRow(2, 'G-1', { sku: 'S' }), orderRow(3, 'G-2', { sku: 'S' })]);
      await undo(first);
      const anew = toCreate('G-1', newOrder([item('T', 2)], { customerName: 'Grace' }), {
        actor: 'rita',
        ...keyOf('K'),
      });
      const [outcome] = await apply(anew);
      const order = changed(outcome);
      expect(outcome!.outcome).toBe('created');
      expect(order).toMatchObject({ version: 3, status: 'on_hold', fileId: null, row: null, actor: 'rita' });
      expect(await opened.second.store.changes.apply([anew])).toEqual([outcome]);
      expect(await store.orders.get('G-1')).toMatchObject({ order, holdsStock: true, untouched: true, undone: false });
      expect(await apply({ ...anew, key: null })).toEqual([{ outcome: 'unchanged', order }]);
      expect([await availableOf('S'), await availableOf('T')]).toEqual([100, 98]);
      const second = await ingest([orderRow(2, 'G-1', { sku: 'S' }), orderRow(3, 'G-2', { sku: 'S' })]);
      expect(await rejectionsOf(second)).toEqual([[2, 'order_conflict']]);
      expect(await listed(first)).toEqual([]);
      expect((await events(6)).map(({ id }) => id).filter((id) => id.startsWith('G-1'))).toEqual([
        'G-1:created',
        'G-1:2',
        'G-1:3',
      ]);
      await isConsistent();
    });

    test('an order that the API made and a file took again is undone with that file, and taken again and again', async () => {
      await apply(toCreate('H-1', newOrder([item('S')])));
      let fileId = await ingest([orderRow(2, 'H-2', { sku: 'S' }), orderRow(3, 'H-1', { sku: 'S' })]);
      expect(await rejectionsOf(fileId)).toEqual([[3, 'duplicate_order']]);
      for (let round = 0; round < 3; round++) {
        expect(await undo(fileId)).toMatchObject({ undone: 1 });
        if (round === 1) {
          await apply(toCreate('H-2', newOrder([item('T')])));
          await apply(toMove('H-2', 'cancelled'));
          const refused = await ingest([orderRow(2, 'H-2', { sku: 'S' })]);
          expect(await rejectionsOf(refused)).toEqual([[2, 'order_conflict']]);
          break;
        }
        fileId = await ingest([orderRow(2 + round, 'H-2', { sku: 'S', quantity: round + 2 })]);
        expect(await listed(fileId)).toEqual(['H-2']);
      }
      expect((await historyOf('H-2')).map(({ action }) => action)).toEqual([
        'created',
        'undone',
        'created',
        'undone',
        'created',
        'status_changed',
      ]);
      expect([await availableOf('S'), await availableOf('T')]).toEqual([99, 100]);
      await isConsistent();
    });

    test('a dry run says that an undone order would come again', async () => {
      const fileId = await ingest([orderRow(2, 'M-1', { sku: 'S' }), orderRow(3, 'M-2', { sku: 'S' })]);
      await apply(toMove('M-2', 'confirmed'));
      await undo(fileId);
      const { orders } = chunkOf(0, [orderRow(2, 'M-1', { sku: 'S' }), orderRow(3, 'M-2', { sku: 'S' })]);
      const earlier = { find: () => new Map(), taken: () => 0 };
      const decided = await store.dryRuns.decide({ fileId: 'f_tried', hubs: null }, orders, earlier);
      expect([...decided.accepted]).toEqual([0]);
      expect(decided.rejected).toMatchObject([{ row: 3, reasons: [{ code: 'duplicate_order' }] }]);
    });

    test('what a file fixed is open again once it is undone', async () => {
      const wrong = await newClaim(store);
      await store.chunks.commit(wrong, chunkOf(0, [], [rejection(2)]));
      await store.files.finish(wrong, COMPLETED);
      const fix = await newClaim(store, { parentFileId: wrong.fileId });
      await store.chunks.commit(fix, chunkOf(0, [orderRow(2, 'N-1', { sku: 'S' })]));
      await store.files.finish(fix, COMPLETED);
      expect(await store.files.fixed([wrong.fileId])).toEqual(new Map([[wrong.fileId, { rows: 1, by: [fix.fileId] }]]));
      await undo(fix.fileId);
      expect(await store.files.fixed([wrong.fileId])).toEqual(new Map());
    });

    test('where the stock does not suffice an undone order stays undone', async () => {
      const first = await ingest([orderRow(2, 'I-1', { sku: 'S', quantity: 60 })]);
      await undo(first);
      const second = await ingest([orderRow(2, 'I-1', { sku: 'S', quantity: 101 })]);
      expect(await rejectionsOf(second)).toEqual([[2, 'out_of_stock']]);
      expect(await apply(toCreate('I-1', newOrder([item('S', 101)])))).toMatchObject([{ outcome: 'refused' }]);
      expect(await store.orders.get('I-1')).toMatchObject({ order: { version: 2, fileId: first }, undone: true });
      const third = await ingest([orderRow(2, 'I-1', { sku: 'S', quantity: 100 })]);
      expect(await rejectionsOf(third)).toEqual([]);
      await isConsistent();
    });

    test('a file of others does not learn of an undone order, and does not take it', async () => {
      const first = await ingest([orderRow(2, 'J-1', { sku: 'S' })]);
      await undo(first);
      const claim = await newClaim(store, { hubs: ['HUB-2'] });
      await store.stock.change([{ sku: 'S', hubId: 'HUB-2', available: 5 }], null);
      await store.chunks.commit(claim, chunkOf(0, [orderRow(2, 'J-1', { sku: 'S', hubId: 'HUB-2' })]));
      await store.files.finish(claim, COMPLETED);
      expect(await rejectionsOf(claim.fileId)).toEqual([[2, 'order_conflict']]);
      const anew = toCreate('J-1', newOrder([item('S', 1, { hubId: 'HUB-2' })]), { within: ['HUB-2'] });
      expect(await apply(anew)).toMatchObject([{ outcome: 'refused', refusal: { code: 'order_conflict' } }]);
      await isConsistent();
    });

    test('an erased or deleted order loses its person in all its files, and only there', async () => {
      const first = await ingest([orderRow(2, 'L-1', { sku: 'S' }), orderRow(3, 'L-2', { sku: 'S' })]);
      await undo(first);
      const GRACE = { customerName: 'Grace', customerEmail: 'grace@example.com', shippingAddress: 'Navy Yard' };
      const second = await ingest([
        orderRow(2, 'L-0', { sku: 'S' }),
        orderRow(3, 'L-1', { sku: 'S', ...GRACE }),
        orderRow(4, 'L-2', { sku: 'S', ...GRACE }),
      ]);
      await publishPending(opened.first);
      const of = { email: 'ada@example.com' };
      const { found } = await store.erasure.find(of, null);
      expect(found.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))).toEqual([
        { orderId: 'L-0', fileIds: [second] },
        { orderId: 'L-1', fileIds: expect.arrayContaining([first, second]) },
        { orderId: 'L-2', fileIds: expect.arrayContaining([first, second]) },
      ]);
      expect(await store.erasure.erase(of, ['L-0', 'L-1', 'L-2'])).toBe(3);
      await apply(toDelete('L-2'));
      await store.prune();
      expect(await orderOf('L-1')).toMatchObject(GRACE);
      const seen = await events(8);
      expect(JSON.stringify(seen)).not.toContain('ada@');
      expect(seen.filter(({ id }) => id.startsWith('L-1')).map(({ data }) => data)).toMatchObject([
        { erased: true, version: 1 },
        { status: 'cancelled' },
        { customer: { name: 'Grace' } },
      ]);
      expect(JSON.stringify(seen.filter(({ id }) => id.startsWith('L-2')))).not.toContain('Grace');
      await isConsistent();
    });
  });
