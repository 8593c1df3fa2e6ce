/** The contract of the ObjectStore port, run on each adapter. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { type Opened, objectStores } from '../support/adapters.ts';

for (const { name, open, missing } of objectStores)
  describe.skipIf(missing !== null)(`ObjectStore on ${name}`, () => {
    let opened: Opened<ObjectStore>;
    let objects: ObjectStore;
    let lastKey = 0;
    beforeAll(async () => {
      opened = await open();
      objects = opened.first;
    });
    afterAll(() => opened.close());

    const newKey = () => `uploads/object-${++lastKey}`;
    const put = async (key: string, ...blocks: (string | Buffer)[]) => {
      const staged = await objects.stage(key);
      for (const block of blocks) await staged.write(Buffer.from(block));
      return staged.commit();
    };
    const read = async (key: string, options?: { offset?: number; length?: number; version?: string }) => {
      const blocks: Buffer[] = [];
      for await (const block of await objects.open(key, options)) blocks.push(block);
      return Buffer.concat(blocks).toString();
    };
    const keys = async (prefix: string) => {
      const found: string[] = [];
      for await (const { key } of objects.list(prefix)) found.push(key);
      return found;
    };

    test('an object has the bytes that were written, in order, and its size', async () => {
      const key = newKey();
      const stored = await put(key, 'order_id', ',', 'sku\n');
      expect(stored.sizeBytes).toBe(13);
      expect(await read(key)).toBe('order_id,sku\n');
      expect(await objects.stat(key)).toMatchObject(stored);
    });

    test('an object without bytes is an object', async () => {
      const key = newKey();
      expect((await put(key)).sizeBytes).toBe(0);
      expect(await read(key)).toBe('');
    });

    test('a reader may leave before the end', async () => {
      const key = newKey();
      await put(key, Buffer.alloc(3_000_000, 'a'));
      const bytes = await objects.open(key);
      for await (const _ of bytes) break;
      expect(bytes.destroyed).toBe(true);
      expect((await read(key)).length).toBe(3_000_000);
    });

    test('an object of many megabytes in large and small blocks comes back whole', async () => {
      const key = newKey();
      const blocks = [1, 5_000_000, 70_000, 9_000_000, 3].map((size, i) => Buffer.alloc(size, 'a'.charCodeAt(0) + i));
      await put(key, ...blocks);
      expect((await read(key)) === Buffer.concat(blocks).toString()).toBe(true);
    });

    test('no reader sees an object before its commit', async () => {
      const key = newKey();
      const staged = await objects.stage(key);
      await staged.write(Buffer.from('half'));
      const missing = expect.objectContaining({ code: 'object_missing', retryable: false });
      await expect(opened.second.stat(key)).rejects.toEqual(missing);
      await expect(opened.second.open(key)).rejects.toEqual(missing);
      expect(await keys('uploads/')).not.toContain(key);
      await staged.commit();
      expect((await opened.second.stat(key)).sizeBytes).toBe(4);
    });

    test('an aborted object leaves nothing, and an older object as it was', async () => {
      const fresh = newKey();
      const staged = await objects.stage(fresh);
      await staged.write(Buffer.from('half'));
      await staged.abort();
      await expect(objects.stat(fresh)).rejects.toMatchObject({ code: 'object_missing' });

      const older = newKey();
      const version = await put(older, 'older');
      const replacing = await objects.stage(older);
      await replacing.write(Buffer.from('newer'));
      await replacing.abort();
      expect(await read(older, version)).toBe('older');
    });

    test('of two objects staged under one key at a time the one committed last stays, whole', async () => {
      const key = newKey();
      const [one, two] = await Promise.all([objects.stage(key), opened.second.stage(key)]);
      await Promise.all([one.write(Buffer.from('one')), two.write(Buffer.from('two two'))]);
      await one.commit();
      const last = await two.commit();
      expect(await read(key)).toBe('two two');
      expect(await objects.stat(key)).toMatchObject(last);
    });

    test('is read from any byte on, the end included, and no further than asked', async () => {
      const key = newKey();
      const { version } = await put(key, '0123456789');
      expect(await read(key, { offset: 0 })).toBe('0123456789');
      expect(await read(key, { offset: 7, version })).toBe('789');
      expect(await read(key, { offset: 10, version })).toBe('');
      expect(await read(key, { offset: 3, length: 4, version })).toBe('3456');
      expect(await read(key, { length: 1 })).toBe('0');
      expect(await read(key, { offset: 8, length: 100 })).toBe('89');
    });

    test('is refused as changed when it is no longer the version that was asked for', async () => {
      const key = newKey();
      const before = await put(key, 'before');
      const after = await put(key, 'and after');
      expect(after.version).not.toBe(before.version);
      await expect(objects.open(key, { version: before.version })).rejects.toMatchObject({
        code: 'object_changed',
        retryable: false,
      });
      expect(await read(key, { version: after.version, offset: 4 })).toBe('after');
    });

    test('is gone once deleted, and deleting it again is no error', async () => {
      const key = newKey();
      await put(key, 'bytes');
      await objects.delete(key);
      await objects.delete(key);
      await expect(objects.stat(key)).rejects.toMatchObject({ code: 'object_missing' });
      await expect(objects.open(key)).rejects.toMatchObject({ code: 'object_missing' });
      expect(await keys('uploads/')).not.toContain(key);
    });

    test('is listed once under its prefix, with the time of its commit', async () => {
      const [upload, report] = [newKey(), 'reports/listed.csv'];
      const from = Date.now() - 60_000;
      await put(upload, 'a');
      await put(upload, 'ab');
      await put(report, 'b');
      expect((await keys('uploads/')).filter((key) => key === upload)).toHaveLength(1);
      expect(await keys('reports/')).toEqual([report]);
      for await (const { committedAtMs } of objects.list('reports/')) {
        expect(committedAtMs).toBeGreaterThan(from);
        expect(committedAtMs).toBeLessThan(Date.now() + 60_000);
      }
    });

    test('a key that no server makes is neither written nor deleted', async () => {
      for (const key of [
        '../outside',
        'uploads/../../outside',
        '/etc/passwd',
        'uploads/',
        'uploads/a/b',
        'incoming/a',
        '',
      ]) {
        await expect(objects.stage(key)).rejects.toMatchObject({ code: 'invalid_key', retryable: false });
        await expect(objects.delete(key)).rejects.toMatchObject({ code: 'invalid_key', retryable: false });
      }
    });

    test('says what it is and where, and that nothing is missing', async () => {
      expect(await objects.inspect()).toMatchObject({
        engine: expect.stringMatching(/./),
        address: expect.stringMatching(/./),
        missing: [],
      });
    });
  });
