/** The checks of `oms verify` on each order store: each damage is detected, by the ids that it concerns. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { reportKey, uploadKey } from '../../src/model/file.ts';
import { verify } from '../../src/pipeline/verify.ts';
import type { Violation } from '../../src/ports/verification.ts';
import { chunkOf, ingestChunks, orderRow } from '../support/chunks.ts';
import { violationsOf } from '../support/violations.ts';
import { damages } from './verification/damages.ts';
import { auditDamages } from './verification/damages-of-audit.ts';
import { desk, fill, lamp, type Opened, openMongo, openSqlite } from './verification/filled-stores.ts';

const { mongo, why } = inject('engines');

describe.each([
  { name: 'SQLite', on: 'sqlite', open: openSqlite, missing: undefined },
  { name: 'MongoDB', on: 'mongo', open: () => openMongo(mongo!), missing: why.mongo },
] as const)('what verify finds on $name', ({ on, open, missing }) => {
  let opened: Opened<never>;
  afterEach(() => opened?.close());

  describe.skipIf(missing !== undefined)('when', () => {
    test('all is well', async () => {
      opened = (await open()) as Opened<never>;
      const { objects } = await fill(opened);
      expect(await violationsOf(opened.store, objects)).toEqual([]);
    });

    test('the uploaded objects are gone, which is no violation', async () => {
      opened = (await open()) as Opened<never>;
      const { objects, fileId, other } = await fill(opened);
      for (const id of [fileId, other]) await objects.delete(uploadKey(id));
      const checking = verify(opened.store, objects, { maxInflatedBytes: 1_000_000 });
      expect(await checking.next()).toEqual({
        done: true,
        value: {
          files: 2,
          filesGone: 2,
          rows: 8,
          orders: 5,
          reports: 1,
          reportsGone: 0,
          stockRows: 3,
          auditEntries: 7,
        },
      });
    });

    test('a report was deleted, which is counted', async () => {
      opened = (await open()) as Opened<never>;
      const { objects, report } = await fill(opened);
      await objects.delete(reportKey(report));
      const checking = verify(opened.store, objects, { maxInflatedBytes: 1_000_000 });
      expect(await checking.next()).toMatchObject({ done: true, value: { reports: 1, reportsGone: 1 } });
    });

    test('files that share stock and order ids are being ingested', async () => {
      opened = (await open()) as Opened<never>;
      const { store } = opened;
      await store.stock.change(
        ['LAMP', 'DESK'].map((sku) => ({ sku, hubId: 'HUB-1', available: 400 })),
        null,
      );
      let ingesting = true;
      const files = Array.from({ length: 4 }, async (_, number) => {
        const rows = (n: number) =>
          Array.from({ length: 10 }, (_, i) =>
            orderRow(2 + 10 * n + i, `S-${(number % 2) * 5 + 10 * n + i}`, i % 2 ? lamp(1 + (i % 3)) : desk(2)),
          );
        await ingestChunks(
          store,
          Array.from({ length: 40 }, (_, n) => chunkOf(n, rows(n))),
        );
      });
      const ingested = Promise.all(files).finally(() => {
        ingesting = false;
      });
      const found: Violation[] = [];
      while (ingesting) {
        found.push(...(await violationsOf(store)));
        await delay(1);
      }
      await ingested;
      expect([...found, ...(await violationsOf(store))]).toEqual([]);
    });

    test.each([...damages, ...auditDamages].filter((damage) => damage[on] !== null))('$name', async (damage) => {
      opened = (await open()) as Opened<never>;
      const filled = await fill(opened);
      await damage[on]!(opened.hand, filled);
      await damage.both?.(filled);
      const found = await violationsOf(opened.store, filled.objects);
      for (const [check, id] of damage.expected(filled, on))
        expect(found).toContainEqual(expect.objectContaining({ check, id }));
    });
  });
});
