/** Keeping times, on the engines in the data directory: what is not kept any longer leaves the disk. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { filesWith } from '../support/files-with.ts';
import { problemOf } from '../support/http.ts';
import { csv, type FileJson, getJson, ingest, orderLine, setStock, startService } from '../support/service.ts';

const HOUR_MS = 3_600_000;

test('an old upload and an old report are deleted with every byte of their rejected rows, and all counts stay', async () => {
  const first = await startService();
  const { dataDirectory } = first;
  await setStock(first, [['SKU-1', 'HUB-1', 10]]);
  const rejected = orderLine('R-1', { customer_email: 'grace@ rejected.example', customer_name: 'Grace Rejected' });
  const old = await ingest(first, csv(orderLine('O-1'), rejected));
  const young = await ingest(first, csv(orderLine('O-2'), orderLine('R-2', { quantity: '0' })));
  expect(old).toMatchObject({
    upload_deleted_at: null,
    report_deleted_at: null,
    invalid_file_size_bytes: expect.any(Number),
  });
  const { retention: _, projector: ___, ...sums } = await getJson(first, '/stats');
  await first.stop();
  expect((await filesWith(dataDirectory, 'Grace Rejected')).sort()).toEqual(
    ['oms.db', old.file_id, `${old.file_id}-invalid-1.csv`].sort(),
  );
  const db = new DatabaseSync(join(dataDirectory, 'oms.db'));
  db.prepare('update files set finished_at = finished_at - ? where file_id = ?').run(2 * HOUR_MS, old.file_id);
  db.close();

  const second = await startService({ dataDirectory, env: { OMS_KEEP_UPLOADS: '1h', OMS_KEEP_REPORTS: '1h' } });
  const stats = () => getJson<{ projector: object; retention: Record<string, { deleted: number }> }>(second, '/stats');
  await expect
    .poll(async () => (await stats()).retention, { timeout: 60_000 })
    .toMatchObject({ uploads: { deleted: 1 }, reports: { deleted: 1, through: expect.any(String) } });
  const file = await getJson<FileJson>(second, `/files/${old.file_id}`);
  expect(file).toMatchObject({
    ...{ status: 'completed', invalid_file: null, invalid_by_code: old.invalid_by_code, progress: old.progress },
    ...{ upload_deleted_at: expect.any(String), report_deleted_at: expect.any(String) },
  });
  await problemOf(await fetch(`${second.url}/files/${old.file_id}/rejections`), 410, 'report_deleted');
  await problemOf(await fetch(`${second.url}/invalid-files/${old.invalid_file}`), 404, 'not_found');
  expect((await fetch(`${second.url}/invalid-files/${young.invalid_file}`)).status).toBe(200);
  const { retention: __, projector: ____, ...later } = await stats();
  expect({ ...later, rows_per_second: 0 }).toEqual({ ...sums, rows_per_second: 0 });
  await second.stop();
  expect(await filesWith(dataDirectory, 'Grace Rejected')).toEqual([]);
  expect(await filesWith(dataDirectory, 'rejected.example')).toEqual([]);
});
