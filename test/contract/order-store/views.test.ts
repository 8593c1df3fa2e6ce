/** What those see and may change who are limited to hubs, or are customers: lists, changes, and rows of their files. */
import { describe, expect, test } from 'vitest';
import type { FileRecord } from '../../../src/model/file.ts';
import type { OrderView } from '../../../src/model/views.ts';
import type { FileFilter } from '../../../src/ports/files.ts';
import {
  applyOne,
  changed,
  isRefused,
  item,
  keyOf,
  newOrder,
  toCreate,
  toDelete,
  toEdit,
  toMove,
} from '../../support/changes.ts';
import {
  COMPLETED,
  chunkOf,
  claimFile,
  createFile,
  newClaim,
  newFile,
  orderRow,
  readAll,
} from '../../support/chunks.ts';
import { onEachOrderStore } from './contract.ts';

const H1 = { within: ['HUB-1'] };

onEachOrderStore(({ open, opened, unique, setStock, newSku, availableOf, violations }) => {
  describe('a view', () => {
    test('of hubs, and of a customer, shows a part of the orders', async () => {
      const { first, second, close } = await open();
      const levels = ['HUB-1', 'HUB-2', 'HUB-3'].map((hubId) => ({ sku: 'S', hubId, available: 1_000 }));
      await first.stock.change(levels, null);
      const at = (hubId: string) => item('S', 1, { hubId });
      const rows = ['HUB-1', 'HUB-2', 'HUB-3'].map((hubId, i) => orderRow(i + 2, `R-${hubId}`, { sku: 'S', hubId }));
      const claim = await newClaim(first);
      await first.chunks.commit(claim, chunkOf(0, rows));
      await first.changes.apply([
        toCreate('A-12', newOrder([at('HUB-1'), at('HUB-2')], { customerEmail: 'Bob@Example.com' })),
        toCreate('A-23', newOrder([at('HUB-2'), at('HUB-3')], { customerEmail: 'bob@example.com' })),
        toCreate('A-31', newOrder([at('HUB-3'), at('HUB-1')], { customerEmail: 'bob@example.community' })),
        toCreate('GONE', newOrder([at('HUB-1')], { customerEmail: 'bob@example.com' })),
        toDelete('GONE'),
      ]);
      const seen = async (seenBy: OrderView, filter = {}) =>
        (await readAll((page) => second.orders.list({ ...filter, seenBy }, page), 2))
          .map(({ orderId }) => orderId)
          .toSorted();
      const hubs = (...list: string[]): OrderView => ({ hubs: list, email: null });
      const bob: OrderView = { hubs: null, email: 'bob@example.com' };
      expect(await seen(hubs('HUB-1'))).toEqual(['A-12', 'A-31', 'R-HUB-1']);
      expect(await seen(hubs('HUB-1', 'HUB-2'))).toEqual(['A-12', 'A-23', 'A-31', 'R-HUB-1', 'R-HUB-2']);
      expect(await seen(hubs('HUB', 'hub-1'))).toEqual([]);
      expect(await seen(hubs())).toEqual([]);
      expect(await seen(bob)).toEqual(['A-12', 'A-23']);
      expect(await seen({ hubs: null, email: 'b.b@example.com' })).toEqual([]);
      expect(await seen({ hubs: null, email: '' })).toEqual([]);
      expect(await seen({ hubs: ['HUB-1'], email: 'bob@example.com' })).toEqual(['A-12']);
      // The item that a filter asks about need not be the one that is seen.
      expect(await seen(hubs('HUB-1'), { hubId: 'HUB-2' })).toEqual(['A-12']);
      expect(await seen(hubs('HUB-1'), { fileId: claim.fileId })).toEqual(['R-HUB-1']);
      expect(await seen(hubs('HUB-1'), { q: 'A-23' })).toEqual([]);
      expect(await seen(hubs('HUB-1'), { q: 'A-12' })).toEqual(['A-12']);
      expect(await seen(bob, { customerEmail: 'bob@example.com' })).toEqual(['A-23']);
      await first.changes.apply([toEdit('A-12', { items: [at('HUB-3')] })]);
      expect(await seen(hubs('HUB-1'))).toEqual(['A-31', 'R-HUB-1']);
      const many = await second.orders.getMany(['GONE', 'A-23', 'NOT-THERE', 'R-HUB-2']);
      expect(many.map(({ order, deleted }) => `${order.orderId} ${deleted}`).toSorted()).toEqual([
        ...['A-23 false', 'GONE true', 'R-HUB-2 false'],
      ]);
      await close();
    });

    test('of hubs shows the stock of these alone', async () => {
      const [sku, one, two] = [unique('SKU'), unique('HUB'), unique('HUB')];
      for (const hubId of [one, two]) await setStock(sku, 3, hubId);
      const seen = async (...seenBy: string[]) =>
        (await readAll((page) => opened.second.stock.list({ sku, seenBy, sort: 'available' }, page), 1)).map(
          ({ hubId }) => hubId,
        );
      expect(await seen(two)).toEqual([two]);
      expect((await seen(one, two)).toSorted()).toEqual([one, two].toSorted());
      expect(await seen()).toEqual([]);
    });

    test('of hubs shows the files that are for no others, and their reports', async () => {
      const { first, second, close } = await open();
      const limits = { one: ['H1'], both: ['H1', 'H2'], other: ['H3'], none: [], all: null };
      const names = new Map<string, string>();
      for (const [name, hubs] of Object.entries(limits)) {
        const claim = await newClaim(first, { hubs });
        names.set(claim.fileId, name);
        const report = { name: `${claim.fileId}-invalid.csv`, rows: 1, sizeBytes: 9, createdAtMs: 1_000 };
        await first.files.finish(claim, { ...COMPLETED, report });
        expect(await second.files.get(claim.fileId)).toMatchObject({ hubs });
        expect(await second.files.findReport(report.name)).toEqual({ fileId: claim.fileId, report, hubs });
      }
      const namesOf = (files: { fileId: string }[]) => files.map(({ fileId }) => names.get(fileId)).toSorted();
      const list = async (filter: FileFilter) =>
        namesOf(await readAll<FileRecord>((page) => second.files.list(filter, page), 1));
      const reports = async (filter: FileFilter) =>
        namesOf(await readAll((page) => second.files.reports(filter, page), 2));
      for (const read of [list, reports]) {
        expect(await read({ seenBy: ['H1'] })).toEqual(['one']);
        expect(await read({ seenBy: ['H2', 'H1'] })).toEqual(['both', 'one']);
        expect(await read({ seenBy: [] })).toEqual([]);
        expect(await read({})).toEqual(['all', 'both', 'none', 'one', 'other']);
      }
      expect(await list({ seenBy: ['H1'], status: 'completed' })).toEqual(['one']);
      expect(await list({ seenBy: ['H1'], status: 'failed' })).toEqual([]);
      await close();
    });
  });

  describe('a change within hubs', () => {
    test('of an order that has an item elsewhere finds no order, as of an unknown id', async () => {
      const sku = await newSku(100);
      await setStock(sku, 100, 'HUB-2');
      const both = unique('BOTH');
      const here = unique('HERE');
      await opened.first.changes.apply([
        toCreate(both, newOrder([item(sku), item(sku, 1, { hubId: 'HUB-2' })])),
        toCreate(here, newOrder([item(sku)])),
      ]);
      const unknown = unique('UNKNOWN');
      const answersOf = async (id: string, terms = {}) =>
        JSON.stringify(
          await opened.second.changes.apply([
            toMove(id, 'confirmed', { ...H1, ...terms }),
            toMove(id, 'on_hold', { ...H1, ...terms }),
            toEdit(id, { customerName: 'Grace' }, { ...H1, ...terms }),
            toDelete(id, { ...H1, ...terms }),
          ]),
        ).replaceAll(id, 'ID');
      expect(await answersOf(both)).toBe(await answersOf(unknown));
      expect(await answersOf(both, { ifMatch: [7] })).toBe(await answersOf(unknown, { ifMatch: [7] }));
      expect((await opened.first.orders.get(both))!.order.version).toBe(1);
      expect(changed(await applyOne(opened.second, toMove(here, 'confirmed', H1))).version).toBe(2);
      expect((await applyOne(opened.second, toDelete(here, H1))).outcome).toBe('deleted');
      // What it was about is gone.
      expect(await answersOf(here)).toBe(await answersOf(unknown));
      expect(await availableOf(sku)).toEqual([99, 99]);
      expect(await violations()).toEqual([]);
    });

    test('of an id that is taken elsewhere says so, and nothing else', async () => {
      const sku = await newSku(100);
      await setStock(sku, 100, 'HUB-2');
      const [there, both, gone] = [unique('THERE'), unique('BOTH'), unique('GONE')];
      const content = newOrder([item(sku)]);
      await opened.first.changes.apply([
        toCreate(there, newOrder([item(sku, 1, { hubId: 'HUB-2' })])),
        toCreate(both, newOrder([item(sku), item(sku, 1, { hubId: 'HUB-2' })])),
        toCreate(gone, content),
        toDelete(gone),
      ]);
      const create = (id: string, terms = {}) => applyOne(opened.second, toCreate(id, content, { ...H1, ...terms }));
      const taken = (id: string) => ({
        outcome: 'refused',
        refusal: {
          code: 'order_conflict',
          detail: `the order id "${id}" is taken: use another one`,
          members: { fields: [] },
        },
      });
      expect(await create(there)).toEqual(taken(there));
      expect(await create(gone)).toEqual(taken(gone));
      const key = keyOf(unique('K'));
      expect(await create(there, key)).toEqual(taken(there));
      expect(await create(there, key)).toEqual(taken(there));
      expect(await create(both)).toMatchObject(isRefused('order_conflict', { fields: ['items', 'total_amount'] }));
      expect(await availableOf(sku)).toEqual([99, 98]);
    });

    test('beside an edit that moves the order to another hub comes before it, or not at all', async () => {
      const sku = await newSku(10_000);
      await setStock(sku, 10_000, 'HUB-2');
      for (let round = 0; round < 20; round++) {
        const id = unique('RACE');
        await applyOne(opened.first, toCreate(id, newOrder([item(sku)])));
        await Promise.all([
          applyOne(opened.first, toEdit(id, { items: [item(sku, 1, { hubId: 'HUB-2' })] }, { actor: 'mover' })),
          applyOne(opened.second, toMove(id, 'confirmed', { ...H1, actor: 'limited' })),
        ]);
        const { changes } = (await opened.first.changes.history(id))!;
        const actors = changes.slice(1).map(({ actor }) => actor);
        expect([['mover'], ['limited', 'mover']]).toContainEqual(actors);
      }
    });
  });

  describe('a file for hubs', () => {
    test('is compared with files for the same hubs alone', async () => {
      const { sha256 } = newFile();
      const of = (hubs: string[] | null) => newFile({ sha256, hubs });
      const create = async (hubs: string[] | null) => (await opened.first.files.create(of(hubs))).kind;
      const one = await createFile(opened.first, of(['H1']));
      const duplicate = { kind: 'duplicate', existingFileId: one };
      expect(await opened.second.files.wouldRefuse(of(['H1']))).toEqual(duplicate);
      expect(await opened.second.files.create(of(['H1']))).toEqual(duplicate);
      for (const others of [null, ['H1', 'H2'], ['H2']]) {
        expect(await opened.second.files.wouldRefuse(of(others))).toBeNull();
        expect([await create(others), await create(others)]).toEqual(['created', 'duplicate']);
      }
      await opened.first.files.requestCancel(one);
      expect((await opened.first.files.requeue(one))?.hubs).toEqual(['H1']);
      await opened.first.files.requestCancel(one);
      await createFile(opened.first, of(['H1']));
      await expect(opened.first.files.requeue(one)).rejects.toThrow('the same bytes are here as file');
    });

    test('is not told of orders of others, but that their ids are taken', async () => {
      const sku = await newSku(100);
      await setStock(sku, 100, 'HUB-2');
      const [there, both, gone] = [unique('THERE'), unique('BOTH'), unique('GONE')];
      await opened.first.changes.apply([
        toCreate(there, newOrder([item(sku, 1, { hubId: 'HUB-2' })])),
        toCreate(both, newOrder([item(sku), item(sku, 1, { hubId: 'HUB-2' })])),
        toCreate(gone, newOrder([item(sku)])),
        toDelete(gone),
      ]);
      const claim = await claimFile(opened.first, await createFile(opened.first, { hubs: ['HUB-1'] }));
      const rows = [there, both, gone].map((id, i) => orderRow(i + 2, id, { sku }));
      await opened.first.chunks.commit(claim, chunkOf(0, [...rows, orderRow(9, unique('NEW'), { sku })]));
      const list = await readAll((page) => opened.second.rejections.list(claim.fileId, {}, page), 10);
      expect(list.map(({ reasons: [one] }) => [one!.code, one!.reason])).toEqual([
        ['order_conflict', `order_id "${there}" is taken: use another one`],
        [
          'order_conflict',
          `order_id "${both}" is already stored with another items, total_amount, made through the API`,
        ],
        ['order_conflict', `order_id "${gone}" is taken: use another one`],
      ]);
      expect(await violations()).toEqual([]);
    });
  });
});
