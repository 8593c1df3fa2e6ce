/** Records about access: each changed by whoever knows its newest version. */
import { describe, expect, test } from 'vitest';
import type { SmallRecord } from '../../../src/ports/small-records.ts';
import { readAll } from '../../support/chunks.ts';
import { invalidCursor, onEachOrderStore } from './contract.ts';

onEachOrderStore(({ opened, unique }) => {
  const record = (values: Partial<SmallRecord> = {}): SmallRecord => ({
    ...{ kind: 'key', id: unique('id'), version: 1, owner: null, expiresMs: null, data: { name: 'CI' } },
    ...values,
  });
  const access = () => opened.first.smallRecords;

  describe('a record about access', () => {
    test('is read as it was written, by every client', async () => {
      const written = record({
        owner: 'user:a@b.c',
        expiresMs: 1_234,
        data: { 'a.$b': [1, null, 'ü\u0000'], __proto__x: {} },
      });
      expect(await access().get('key', written.id)).toBeNull();
      expect(await access().put(written)).toBe(true);
      expect(await opened.second.smallRecords.get('key', written.id)).toEqual(written);
      expect(await access().get('user', written.id)).toBeNull();
    });

    test('is created once, and changed from its newest version only', async () => {
      const first = record();
      const created = await Promise.all([1, 2, 3, 4].map((n) => access().put({ ...first, data: { n } })));
      expect(created.filter(Boolean)).toHaveLength(1);
      const { data } = (await access().get('key', first.id))!;
      const changed = await Promise.all(
        [1, 2, 3, 4].map(() => opened.second.smallRecords.put({ ...first, version: 2, data, owner: 'x' })),
      );
      expect(changed.filter(Boolean)).toHaveLength(1);
      expect(await access().put({ ...first, version: 4 })).toBe(false);
      expect(await access().get('key', first.id)).toEqual({ ...first, version: 2, data, owner: 'x' });
    });

    test('is deleted once, and may be created again', async () => {
      const one = record();
      await access().put(one);
      expect(await access().delete('key', one.id)).toBe(true);
      expect(await access().delete('key', one.id)).toBe(false);
      expect(await access().put({ ...one, version: 2 })).toBe(false);
      expect(await access().put(one)).toBe(true);
    });
  });

  describe('records of an owner', () => {
    test('are in a list by their ids, and are deleted together', async () => {
      const owner = unique('user');
      const ids = [1, 2, 3, 4, 5].map((n) => `${owner}-${n}`);
      for (const id of ids.toReversed()) await access().put(record({ kind: 'session', id, owner }));
      await access().put(record({ kind: 'session', id: `${owner}-9`, owner: 'another' }));
      await access().put(record({ kind: 'token-family', id: ids[0]!, owner }));
      const listed = await readAll((page) => access().list('session', owner, page), 2);
      expect(listed.map(({ id }) => id)).toEqual(ids);
      const all = await readAll((page) => access().list('session', null, page), 2);
      expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining([...ids, `${owner}-9`]));
      expect(await access().deleteOf('session', owner)).toBe(5);
      expect(await access().deleteOf('session', owner)).toBe(0);
      expect(await access().get('session', `${owner}-9`)).not.toBeNull();
      expect(await access().get('token-family', ids[0]!)).not.toBeNull();
      await expect(access().list('key', null, { limit: 1, after: 'x' })).rejects.toThrow(invalidCursor);
    });
  });

  describe('records that expire', () => {
    test('are deleted after their time, some at once', async () => {
      const ids = [1, 2, 3].map(() => unique('failure'));
      for (const [i, id] of ids.entries()) await access().put(record({ kind: 'failures', id, expiresMs: 5_000 + i }));
      const stays = record({ kind: 'failures', expiresMs: null });
      await access().put(stays);
      expect(await access().deleteExpired(5_002, 1)).toBe(1);
      const deleteAll = async (): Promise<number> => {
        const some = await access().deleteExpired(5_002, 1);
        return some === 0 ? 0 : some + (await deleteAll());
      };
      // Records of other tests may have expired, too.
      expect(await deleteAll()).toBeGreaterThanOrEqual(1);
      const left = await Promise.all([...ids, stays.id].map((id) => access().get('failures', id)));
      expect(left.map((one) => one !== null)).toEqual([false, false, true, true]);
    });
  });
});
