/** Dry runs: every verdict, and no effect; then the same upload for real. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { limits } from '../../src/limits.ts';
import { listAll, problemOf, send, setSwitches, until } from '../support/http.ts';
import {
  csv,
  ended,
  type FileJson,
  getJson,
  ingest,
  orderLine,
  runOms,
  type Service,
  setStock,
  startService,
  upload,
} from '../support/service.ts';

type RejectionJson = { row: number; codes: string[]; reasons: unknown[] };

/** Without the name of the file that they speak of. */
const rejectionsOf = async (service: Service, fileId: string) => {
  const found = await listAll<RejectionJson>(service, `/files/${fileId}/rejections?limit=1000`);
  return JSON.parse(JSON.stringify(found).replaceAll(fileId, 'THE FILE')) as RejectionJson[];
};

const outcomeOf = ({ status, progress: { rows, accepted, invalid }, invalid_by_code }: FileJson) => ({
  ...{ status, rows, accepted, invalid, invalid_by_code },
});

/** Without what counts files. */
const worldOf = async (service: Service) => {
  const { files: _, ...stats } = await getJson(service, '/stats');
  const [orders, stock] = await Promise.all([listAll(service, '/orders'), listAll(service, '/inventory')]);
  return { stats: { ...stats, rows_per_second: 0 }, orders, stock };
};

const run = (service: Service, fileId: string, query = '') => send(service, 'POST', `/files/${fileId}/run${query}`);

/** Rows of two chunks: those of the second repeat ids and want the stock of the first. */
const twoChunks = (sku: string) => {
  const first = Array.from({ length: limits.firstChunkRows }, (_, i) =>
    orderLine(`C-${i}`, i % 5 === 3 ? { customer_email: 'nobody' } : {}),
  );
  const second = [
    orderLine('N-1', { sku }),
    orderLine('C-1', { sku: 'SKU-2', customer_name: 'Grace' }),
    orderLine('C-2'),
    orderLine('C-3', { sku }),
    orderLine('N-2'),
    orderLine('N-2', { sku }),
  ];
  return csv(...first, ...second);
};

test('a dry run has every verdict and no effect, and is run for real once', async () => {
  const service = await startService();
  await setStock(service, [
    ['SKU-1', 'HUB-1', 9],
    ['SKU-2', 'HUB-1', 5],
  ]);
  await ingest(service, csv(orderLine('OLD-1'), orderLine('OLD-2')));
  const before = await worldOf(service);
  const body = csv(
    orderLine('OLD-1'),
    orderLine('OLD-2', { customer_name: 'Grace' }),
    orderLine('A'),
    orderLine('A', { shipping_address: '1 Other Street' }),
    orderLine('B', { quantity: '3', total_amount: '59.97' }),
    orderLine('C', { quantity: '4', total_amount: '79.96' }),
    orderLine('D', { sku: 'NONE' }),
    orderLine('E', { customer_email: 'nobody' }),
  );
  const dry = await ingest(service, body, '?dry_run=true&name=dry.csv');
  expect(dry).toMatchObject({ dry_run: true, status: 'completed', progress: { rows: 8, accepted: 2, invalid: 6 } });
  const rejections = await rejectionsOf(service, dry.file_id);
  expect(rejections.map(({ row, codes }) => `${row} ${codes}`)).toEqual([
    ...['2 duplicate_order', '3 order_conflict', '5 order_conflict', '7 out_of_stock', '8 unknown_sku'],
    '9 invalid_email',
  ]);
  const report = await (await fetch(`${service.url}/invalid-files/${dry.invalid_file}`)).text();
  expect(report.trimEnd().split('\n')).toHaveLength(7);
  expect(await worldOf(service)).toEqual(before);
  expect(await listAll(service, `/orders?file_id=${dry.file_id}`)).toEqual([]);

  const response = await run(service, dry.file_id);
  expect(response.status).toBe(202);
  const { file_id } = (await response.json()) as FileJson;
  expect(response.headers.get('location')).toBe(`/files/${file_id}`);
  const real = await ended(service, file_id);
  expect(outcomeOf(real)).toEqual(outcomeOf(dry));
  expect(real).toMatchObject({ dry_run: false, name: 'dry.csv', sha256: dry.sha256, parent_file_id: null });
  expect(await rejectionsOf(service, file_id)).toEqual(rejections);
  expect((await listAll(service, `/orders?file_id=${file_id}`)).length).toBe(2);
  // Once: a repeat is answered with the same file.
  expect(await (await run(service, dry.file_id)).json()).toEqual(real);
  await problemOf(await run(service, file_id), 409, 'not_runnable');
  await problemOf(await run(service, 'f_none'), 404, 'not_found');
  await problemOf(await run(service, dry.file_id, '?force=perhaps'), 400, 'invalid_parameter');

  // Bytes that were taken can be tried again, but are not taken again by accident.
  await problemOf(await upload(service, body), 409, 'duplicate_file');
  const again = await ingest(service, body, '?dry_run=true');
  expect(again.progress).toMatchObject({ accepted: 0, invalid: 8 });
  await problemOf(await run(service, again.file_id), 409, 'duplicate_file');
  const forced = (await (await run(service, again.file_id, '?force=true')).json()) as FileJson;
  expect((await ended(service, forced.file_id)).progress).toMatchObject({ accepted: 0, invalid: 8 });
  await service.stop();
  const { code, stdout } = await runOms(['verify'], { OMS_DATA_DIR: service.dataDirectory });
  expect(`${code} ${stdout}`).toMatch(/^0 /);
  const db = new DatabaseSync(join(service.dataDirectory, 'oms.db'));
  const move = db.prepare(
    'update orders set file_no = (select file_no from files where file_id = ?) where order_id = ?',
  );
  move.run(dry.file_id, 'A');
  db.close();
  const found = await runOms(['verify'], { OMS_DATA_DIR: service.dataDirectory });
  expect(found.stdout).toContain('a dry run has made an order');
});

test('a dry run that was killed in the middle goes on with the same verdicts', async () => {
  const first = await startService();
  const { dataDirectory } = first;
  const stock: Parameters<typeof setStock>[1] = [
    ['SKU-1', 'HUB-1', 2 * limits.firstChunkRows],
    ['SKU-2', 'HUB-1', 5],
    ['NEW', 'HUB-1', 2],
  ];
  await setStock(first, stock);
  await ingest(first, csv(orderLine('OLD-1')));
  await setSwitches(first, { outage: true });
  const response = await upload(first, twoChunks('NEW'), '?dry_run=true');
  const { file_id } = (await response.json()) as FileJson;
  const isHalfDone = ({ status, progress }: FileJson) => status === 'waiting' && progress.rows > 0;
  expect((await until(first, file_id, isHalfDone)).progress.rows).toBe(limits.firstChunkRows);
  await problemOf(await run(first, file_id), 409, 'not_runnable');
  await first.kill('SIGKILL');

  const second = await startService({ dataDirectory });
  const dry = await ended(second, file_id);
  const expected = { duplicate_order: 1, invalid_email: limits.firstChunkRows / 5, order_conflict: 2, out_of_stock: 1 };
  expect(dry).toMatchObject({ status: 'completed', attempts: 2, invalid_by_code: expected });
  const undisturbed = await ingest(second, twoChunks('NEW'), '?dry_run=true');
  expect(outcomeOf(undisturbed)).toEqual(outcomeOf(dry));
  expect(await rejectionsOf(second, undisturbed.file_id)).toEqual(await rejectionsOf(second, file_id));
  const real = await ingest(second, twoChunks('NEW'));
  expect(outcomeOf(real)).toEqual(outcomeOf(dry));
  expect(await rejectionsOf(second, real.file_id)).toEqual(await rejectionsOf(second, file_id));
  await second.stop();
});

test('the upload of a dry run that was run for real stays until neither file keeps it', async () => {
  const hourMs = 3_600_000;
  const first = await startService();
  const { dataDirectory } = first;
  await setStock(first, [['SKU-1', 'HUB-1', 10]]);
  const tried = await ingest(first, csv(orderLine('O-1')), '?dry_run=true');
  const dry = await ingest(first, csv(orderLine('O-2')), '?dry_run=true');
  const { file_id } = (await (await run(first, dry.file_id)).json()) as FileJson;
  await ended(first, file_id);
  await first.stop();
  const age = (...fileIds: string[]) => {
    const db = new DatabaseSync(join(dataDirectory, 'oms.db'));
    for (const fileId of fileIds)
      db.prepare('update files set finished_at = finished_at - ? where file_id = ?').run(2 * hourMs, fileId);
    db.close();
  };
  const uploads = () => readdir(join(dataDirectory, 'objects', 'uploads'));
  const deleted = async (fileId: string) => {
    const service = await startService({ dataDirectory, env: { OMS_KEEP_UPLOADS: '1h' } });
    await until(service, fileId, ({ upload_deleted_at }) => upload_deleted_at !== null);
    await problemOf(await run(service, tried.file_id), 409, 'not_runnable');
    await service.stop();
  };
  age(tried.file_id, dry.file_id);
  await deleted(dry.file_id);
  expect(await uploads()).toEqual([dry.file_id]);
  age(file_id);
  await deleted(file_id);
  expect(await uploads()).toEqual([]);
});
