/**
 * `kill -9` in the middle of the deletion of uploads and reports that are not kept any longer, on both order stores: what a file says of its
 * upload and its report is whole, and the next process ends what was begun (INV-1).
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { describe, expect, inject, test } from 'vitest';
import { newDatabaseUrl } from '../support/adapters/mongo.ts';
import {
  csv,
  type FileJson,
  getJson,
  ingest,
  orderLine,
  runOms,
  type Service,
  setStock,
  startService,
  temporaryDirectory,
} from '../support/service.ts';
import { storedObjects } from '../support/stored-objects.ts';

const { mongo, why } = inject('engines');
const FILES = 40;
const LONG_AGO_MS = Date.UTC(2026, 0, 1);
const KEPT = { OMS_KEEP_UPLOADS: '1h', OMS_KEEP_REPORTS: '1h' };
type Part = 'uploads' | 'reports';

interface Store {
  name: string;
  missing: string | undefined;
  /** Settings, and what makes all files end long ago. */
  open(dataDirectory: string): { env: Record<string, string>; age(): Promise<void> };
}

const stores: Store[] = [
  {
    name: 'SQLite',
    missing: undefined,
    open: (dataDirectory) => ({
      env: {},
      async age() {
        const db = new DatabaseSync(join(dataDirectory, 'oms.db'));
        db.prepare('update files set finished_at = ?').run(LONG_AGO_MS);
        db.close();
      },
    }),
  },
  {
    name: 'MongoDB',
    missing: why.mongo,
    open: () => {
      const url = newDatabaseUrl(mongo!);
      return {
        env: { OMS_ORDER_STORE: url },
        async age() {
          const client = await MongoClient.connect(url);
          await client
            .db()
            .collection('files')
            .updateMany({}, { $set: { finished_at: new Date(LONG_AGO_MS) } });
          await client.close();
        },
      };
    },
  },
];

/** Kills the process that deletes, at the latest after its start, as soon as so few objects are left. */
async function killWhileDeleting(
  settings: { dataDirectory: string; env: Record<string, string> },
  part: Part,
  rest: number,
): Promise<void> {
  const spawned = Promise.withResolvers<ChildProcess>();
  const started = startService({ ...settings, onSpawn: spawned.resolve }).catch(() => null);
  const child = await spawned.promise;
  const gone = once(child, 'exit');
  while (child.exitCode === null && (await storedObjects(settings, part)).length > rest) await delay(1);
  child.kill('SIGKILL');
  await Promise.all([gone, started]);
}

/** What each file says of its parts is true, but for the one at which the process died: a part is told to be gone before it is deleted. */
async function expectTold(service: Service, files: readonly FileJson[]): Promise<void> {
  const [uploads, reports] = await Promise.all([storedObjects(service, 'uploads'), storedObjects(service, 'reports')]);
  let begun = 0;
  for (const { file_id, invalid_file, invalid_by_code, progress } of files) {
    const file = await getJson<FileJson>(service, `/files/${file_id}`);
    expect(file).toMatchObject({ status: 'completed', invalid_by_code, progress });
    if (file.upload_deleted_at === null) expect(uploads).toContain(file_id);
    else if (uploads.includes(file_id)) begun++;
    const rejected = await fetch(`${service.url}/files/${file_id}/rejections`);
    const report = await fetch(`${service.url}/invalid-files/${invalid_file}`);
    if (file.report_deleted_at === null) {
      expect(((await rejected.json()) as { items: unknown[] }).items).toHaveLength(1);
      expect((await report.text()).trim().split('\n')).toHaveLength(2);
      expect(file.invalid_file).toBe(invalid_file);
    } else {
      expect([rejected.status, report.status, file.invalid_file]).toEqual([410, 404, null]);
      if (reports.some((name) => name.startsWith(file_id))) begun++;
    }
  }
  expect(begun).toBeLessThanOrEqual(1);
}

describe.each(stores)('on $name', ({ missing, open }) => {
  test.skipIf(missing !== undefined)(
    'a deletion that a kill broke off is told as far as it went, and goes on',
    async () => {
      const dataDirectory = await temporaryDirectory();
      const { env, age } = open(dataDirectory);
      const first = await startService({ dataDirectory, env });
      await setStock(first, [['SKU-1', 'HUB-1', 2 * FILES]]);
      const files: FileJson[] = [];
      for (let n = 0; n < FILES; n++)
        files.push(await ingest(first, csv(orderLine(`O-${n}`), orderLine(`R-${n}`, { quantity: '0' }))));
      const { retention: _, ...sums } = await getJson(first, '/stats');
      await first.stop();
      await age();

      for (const part of ['uploads', 'reports'] as const) {
        await killWhileDeleting({ dataDirectory, env: { ...env, ...KEPT } }, part, FILES - 5);
        const reader = await startService({ dataDirectory, env });
        await expectTold(reader, files);
        await reader.stop();
      }

      const last = await startService({ dataDirectory, env: { ...env, ...KEPT } });
      const stats = () => getJson<{ retention: object }>(last, '/stats');
      await expect
        .poll(async () => (await stats()).retention)
        .toMatchObject({ uploads: { deleted: FILES }, reports: { deleted: FILES } });
      await expectTold(last, files);
      expect([await storedObjects(last, 'uploads'), await storedObjects(last, 'reports')]).toEqual([[], []]);
      const { retention: __, ...later } = await stats();
      expect({ ...later, rows_per_second: 0 }).toEqual({ ...sums, rows_per_second: 0 });
      await last.stop();
      expect(await runOms(['verify'], { OMS_DATA_DIR: dataDirectory, ...env })).toMatchObject({ code: 0 });
    },
  );
});
