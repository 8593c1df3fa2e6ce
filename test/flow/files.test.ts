/** `/files`: the state of each upload, its progress, its rejected rows, cancel, retry, and waiting for the IMS (INV-7). */
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/limits.ts';
import { listAll, type PageJson, problemOf, readEvents, send, setSwitches, until } from '../support/http.ts';
import {
  csv,
  ended,
  type FileJson,
  getJson,
  ingest,
  orderLine,
  type Service,
  setStock,
  startService,
  upload,
} from '../support/service.ts';

const CHUNK = limits.firstChunkRows;

let service: Service;
let names = 0;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 1_000_000]]);
});

const unique = (word: string) => `${word}-${++names}`;
const lines = (count: number, values = {}) => {
  const prefix = unique('F');
  return Array.from({ length: count }, (_, i) => orderLine(`${prefix}-${i}`, values));
};
const start = async (body: string, query = '') => {
  const response = await upload(service, body, query);
  expect(response.status).toBe(202);
  return ((await response.json()) as { file_id: string }).file_id;
};
const post = (fileId: string, action: 'cancel' | 'retry') => send(service, 'POST', `/files/${fileId}/${action}`);
/** A SKU with stock that the service has not yet asked the IMS about. */
const unaskedSku = async () => {
  const sku = unique('NEW');
  await setStock(service, [[sku, 'HUB-1', 1_000_000]]);
  return sku;
};
const ordersOf = async (fileId: string) => (await listAll(service, `/orders?limit=1000&file_id=${fileId}`)).length;

describe('a file', () => {
  test('shows its intake, its progress and its outcome', async () => {
    const file = await ingest(
      service,
      csv(...lines(2), ...lines(1, { customer_email: 'nobody' })).replaceAll(',', ';'),
      '?name=shown.csv',
    );
    expect(file).toEqual({
      file_id: file.file_id,
      name: 'shown.csv',
      status: 'completed',
      size_bytes: file.progress.bytes_read,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      uploaded_by: null,
      parent_file_id: null,
      hubs: null,
      dry_run: false,
      format: null,
      intake: { encoding: 'utf-8', delimiter: ';', gzip: false, bom: false },
      progress: {
        rows: 3,
        accepted: 2,
        invalid: 1,
        orders: 2,
        skipped: 0,
        bytes_read: file.size_bytes,
        percent: 100,
        rows_per_second: expect.any(Number),
        eta_seconds: 0,
      },
      invalid_by_code: { invalid_email: 1 },
      invalid_file: expect.stringMatching(/\.csv$/),
      invalid_file_size_bytes: expect.any(Number),
      upload_deleted_at: null,
      report_deleted_at: null,
      failure: null,
      waiting_for: null,
      waiting_since: null,
      next_try_at: null,
      cancel_requested: false,
      pause_requested: false,
      pause: null,
      undo: null,
      stop_at_invalid: null,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      started_at: expect.stringMatching(/^\d{4}-.*Z$/),
      finished_at: expect.stringMatching(/^\d{4}-.*Z$/),
      attempts: 1,
      fixed: 0,
      fixed_by: [],
      open: 1,
      warnings: [],
      links: { self: `/files/${file.file_id}` },
    });
  });

  test('that is unknown is 404 everywhere', async () => {
    for (const path of ['', '/progress', '/rejections'])
      await problemOf(await fetch(`${service.url}/files/f_unknown${path}`), 404, 'not_found');
    await problemOf(await post('f_unknown', 'cancel'), 404, 'not_found');
    await problemOf(await post('f_unknown', 'retry'), 404, 'not_found');
  });

  test('sends its progress as events until its final state', async () => {
    const fileId = await start(csv(...lines(2 * CHUNK + 10), ...lines(1, { quantity: '0' })));
    const response = await fetch(`${service.url}/files/${fileId}/progress`);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const seen: FileJson[] = [];
    for await (const { data } of readEvents(response)) if (data) seen.push(JSON.parse(data) as FileJson);
    const rows = seen.map((file) => file.progress.rows);
    expect(rows).toEqual([...rows].sort((a, b) => a - b));
    expect(seen.at(-1)).toEqual(await getJson(service, `/files/${fileId}`));
    expect(seen.at(-1)).toMatchObject({ status: 'completed', progress: { rows: 2 * CHUNK + 11, percent: 100 } });
    const again = await (await fetch(`${service.url}/files/${fileId}/progress`)).text();
    expect(again.match(/^data: /gm)).toHaveLength(1);
  });

  test('lists its rejected rows with all reasons and original values, by code, row and page', async () => {
    const bad = [
      orderLine(unique('F'), { customer_email: ' nobody ', quantity: '1e3', sku: 'nowhere' }),
      ...lines(5, { hub_id: 'Atlantis' }),
      ...lines(1),
      ...lines(3, { order_date: '2026-02-30' }),
    ];
    const { file_id } = await ingest(service, csv(...bad));
    const path = `/files/${file_id}/rejections`;
    const all = await listAll<{ row: number; codes: string[] }>(service, `${path}?limit=1000`);
    expect(all.map(({ row }) => row)).toEqual([2, 3, 4, 5, 6, 7, 9, 10, 11]);
    expect(all[0]).toMatchObject({
      codes: ['invalid_email', 'unknown_sku', 'invalid_quantity'],
      reasons: [
        { column: 'customer_email', code: 'invalid_email', reason: expect.stringContaining('nobody') },
        { column: 'sku', code: 'unknown_sku', reason: expect.stringContaining('nowhere') },
        { column: 'quantity', code: 'invalid_quantity', reason: expect.stringContaining('1e3') },
      ],
      values: { customer_email: ' nobody ', quantity: '1e3', sku: 'nowhere', hub_id: 'HUB-1' },
    });
    for (const limit of [1, 2, 9]) {
      expect(await listAll(service, `${path}?limit=${limit}`)).toEqual(all);
      const unknownHub = await listAll<{ row: number }>(service, `${path}?code=unknown_hub&limit=${limit}`);
      expect(unknownHub.map(({ row }) => row)).toEqual([3, 4, 5, 6, 7]);
      const later = await listAll<{ row: number }>(service, `${path}?from_row=6&limit=${limit}`);
      expect(later.map(({ row }) => row)).toEqual([6, 7, 9, 10, 11]);
    }
    expect(await listAll(service, `${path}?code=out_of_stock`)).toEqual([]);
    await problemOf(await fetch(`${service.url}${path}?code=bad`), 400, 'invalid_parameter');
    await problemOf(await fetch(`${service.url}${path}?limit=0`), 400, 'invalid_parameter');
    for (const row of ['0', '-1', '1.5', 'x', '']) {
      await problemOf(await fetch(`${service.url}${path}?from_row=${row}`), 400, 'invalid_parameter');
    }
    const { next_cursor } = await getJson<PageJson<unknown>>(service, `${path}?limit=1`);
    await problemOf(await fetch(`${service.url}${path}?code=unknown_hub&cursor=${next_cursor}`), 400, 'invalid_cursor');
    await problemOf(await fetch(`${service.url}${path}?from_row=6&cursor=${next_cursor}`), 400, 'invalid_cursor');
    const { file_id: other } = await ingest(service, csv(...lines(1)));
    await problemOf(
      await fetch(`${service.url}/files/${other}/rejections?cursor=${next_cursor}`),
      400,
      'invalid_cursor',
    );
  });
});

describe('the list of files', () => {
  test('is newest first, without gaps or repeats, and can be filtered by status', async () => {
    const failed = await ingest(service, `order_id\n${unique('x')}\n`);
    const all = await listAll<FileJson>(service, '/files?limit=1000');
    const keys = all.map((file) => `${file.created_at} ${file.file_id}`);
    expect(keys).toEqual([...keys].sort().reverse());
    for (const limit of [1, 3]) expect(await listAll(service, `/files?limit=${limit}`)).toEqual(all);
    const ofStatus = await listAll<FileJson>(service, '/files?status=failed&limit=1');
    expect(ofStatus[0]).toEqual(failed);
    expect(ofStatus).toEqual(all.filter((file) => file.status === 'failed'));
  });

  test('selects those that need attention: not a file whose rows were all fixed by later ones', async () => {
    const failed = await ingest(service, `order_id\n${unique('x')}\n`);
    const good = await ingest(service, csv(...lines(1)));
    const parent = await ingest(service, csv(...lines(2, { quantity: '0' })));
    const listed = async () =>
      (await listAll<FileJson>(service, '/files?needs_attention=true&limit=2')).map(({ file_id }) => file_id);
    expect(await listed()).toEqual(expect.arrayContaining([failed.file_id, parent.file_id]));
    expect(await listed()).not.toContain(good.file_id);
    const children: string[] = [];
    for (let i = 0; i < 2; i++) {
      const query = `?parent_file_id=${children[0] ?? parent.file_id}`;
      children.push((await ingest(service, csv(...lines(1)), query)).file_id);
    }
    expect(await listed()).not.toContain(parent.file_id);
    expect(await getJson(service, `/files/${parent.file_id}`)).toMatchObject({
      fixed: 2,
      fixed_by: [...children].sort(),
      open: 0,
    });
  });

  test('refuses a bad value of any parameter and a cursor of other filters', async () => {
    for (const query of [
      'status=lost',
      'status=',
      'limit=0',
      'limit=1001',
      'limit=x',
      'parent_file_id=',
      'needs_attention=no',
    ])
      await problemOf(await fetch(`${service.url}/files?${query}`), 400, 'invalid_parameter');
    const { next_cursor } = await getJson<PageJson<unknown>>(service, '/files?limit=1');
    for (const query of [`status=completed&cursor=${next_cursor}`, 'cursor=nonsense'])
      await problemOf(await fetch(`${service.url}/files?${query}`), 400, 'invalid_cursor');
  });
});

describe('cancel', () => {
  test('ends a file in work at a chunk border and keeps what was committed; a retry resumes there', async () => {
    const total = 2 * CHUNK + 500;
    const sku = await unaskedSku();
    const body = csv(...lines(CHUNK), ...lines(CHUNK, { sku }), ...lines(499), ...lines(1, { quantity: '0' }));
    await ingest(service, csv(...lines(1)));
    // The IMS responds late about a SKU of the second chunk; the first chunk is committed meanwhile.
    await setSwitches(service, { latency_ms: 2_000 });
    const fileId = await start(body);
    const working = await until(service, fileId, (file) => file.progress.rows > 0);
    expect(working.status).toBe('processing');
    await problemOf(await post(fileId, 'retry'), 409, 'not_retryable');
    const response = await post(fileId, 'cancel');
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ file_id: fileId, cancel_requested: true });
    const cancelled = await ended(service, fileId);
    await setSwitches(service, { latency_ms: 0 });
    expect(cancelled).toMatchObject({
      status: 'cancelled',
      failure: { code: 'cancelled' },
      progress: { invalid: 0 },
    });
    const { rows } = cancelled.progress;
    expect(rows).toBeGreaterThan(0);
    expect(rows).toBeLessThan(total);
    expect(await ordersOf(fileId)).toBe(rows);
    await problemOf(await post(fileId, 'cancel'), 409, 'file_ended');

    const retried = await post(fileId, 'retry');
    expect(retried.status).toBe(202);
    expect(await retried.json()).toMatchObject({ file_id: fileId, status: 'queued', progress: { rows } });
    const completed = await ended(service, fileId);
    expect(completed).toMatchObject({
      status: 'completed',
      progress: { rows: total, accepted: total - 1, invalid: 1 },
      invalid_by_code: { invalid_quantity: 1 },
    });
    expect(await ordersOf(fileId)).toBe(total - 1);
    await problemOf(await post(fileId, 'cancel'), 409, 'file_ended');
    await problemOf(await post(fileId, 'retry'), 409, 'not_retryable');
  });

  test('ends a queued file immediately', async () => {
    const sku = await unaskedSku();
    await setSwitches(service, { latency_ms: 2_000 });
    const working: string[] = [];
    for (let i = 0; i < limits.workerSlots; i++) working.push(await start(csv(...lines(1, { sku }))));
    for (const fileId of working) await until(service, fileId, (file) => file.status !== 'queued');
    const body = csv(...lines(1));
    const [retried, sentAgain] = [await start(csv(...lines(1))), await start(body)];
    await problemOf(await post(retried, 'retry'), 409, 'not_retryable');
    for (const fileId of [retried, sentAgain]) {
      const response = await post(fileId, 'cancel');
      expect(response.status).toBe(202);
      expect(await response.json()).toMatchObject({
        status: 'cancelled',
        started_at: null,
        failure: { code: 'cancelled' },
        progress: { rows: 0 },
      });
    }
    await setSwitches(service, { latency_ms: 0 });
    for (const fileId of working) expect((await ended(service, fileId)).status).toBe('completed');
    expect((await post(retried, 'retry')).status).toBe(202);
    expect(await ended(service, retried)).toMatchObject({ status: 'completed', progress: { accepted: 1 } });

    const newer = await ingest(service, body);
    const refused = await problemOf(await post(sentAgain, 'retry'), 409, 'duplicate_file');
    expect(refused.existing_file_id).toBe(newer.file_id);
  });
});

describe('retry', () => {
  test('of a file that fails again at the same place doubles nothing and writes the same report', async () => {
    const body = `${csv(...lines(1, { quantity: '0' }), ...lines(CHUNK + 5))}"never closed`;
    const failed = await ingest(service, body);
    expect(failed).toMatchObject({ status: 'failed', failure: { code: 'unclosed_quote', row: CHUNK + 8 } });
    expect(failed.progress.rows).toBeGreaterThanOrEqual(CHUNK);
    const report = async () => (await fetch(`${service.url}/invalid-files/${failed.invalid_file}`)).text();
    const firstReport = await report();
    expect((await post(failed.file_id, 'retry')).status).toBe(202);
    const again = await ended(service, failed.file_id);
    expect(again).toMatchObject({ status: 'failed', failure: failed.failure, invalid_file: failed.invalid_file });
    const { rows, accepted, invalid } = again.progress;
    expect(accepted + invalid).toBe(rows);
    expect(await ordersOf(failed.file_id)).toBe(accepted);
    expect(again.progress).toMatchObject({ rows: failed.progress.rows, accepted: failed.progress.accepted });
    expect(await report()).toBe(firstReport);
  });
});

describe('the IMS', () => {
  test('that is slow or sometimes fails causes no rejections of its own', async () => {
    const skus = await Promise.all(Array.from({ length: 30 }, unaskedSku));
    await setSwitches(service, { latency_ms: 100, error_rate: 0.4 });
    const files = await Promise.all(
      [0, 10, 20].map((from) =>
        ingest(
          service,
          csv(...skus.slice(from, from + 10).flatMap((sku) => lines(2, { sku })), ...lines(1, { sku: 'nowhere' })),
        ),
      ),
    );
    await setSwitches(service, { latency_ms: 0, error_rate: 0 });
    for (const file of files)
      expect(file).toMatchObject({
        status: 'completed',
        progress: { rows: 21, accepted: 20 },
        invalid_by_code: { unknown_sku: 1 },
      });
  });

  test('that is down makes large files wait, a small one that does not need it overtakes them, and all resume by themselves', async () => {
    const sku = await unaskedSku();
    const known = await ingest(service, csv(...lines(1)));
    expect(known.progress.accepted).toBe(1);
    await setSwitches(service, { outage: true });
    expect((await fetch(`${service.url}/readyz`)).status).toBe(503);
    const large: string[] = [];
    for (let i = 0; i < limits.workerSlots + 2; i++)
      large.push(await start(csv(...lines(CHUNK), ...lines(10, { sku }))));
    for (const fileId of large.slice(0, limits.workerSlots)) {
      const waiting = await until(service, fileId, (file) => file.status === 'waiting' && file.progress.rows > 0);
      expect(waiting).toMatchObject({ waiting_for: 'ims', progress: { rows: CHUNK, accepted: CHUNK, invalid: 0 } });
    }
    expect(await listAll(service, '/files?status=waiting&limit=1')).not.toEqual([]);

    const small = await ingest(service, csv(...lines(1)));
    expect(small).toMatchObject({ status: 'completed', progress: { accepted: 1 } });
    for (const fileId of large) expect((await getJson<FileJson>(service, `/files/${fileId}`)).finished_at).toBeNull();

    await setSwitches(service, { outage: false });
    for (const fileId of large)
      expect(await ended(service, fileId)).toMatchObject({
        status: 'completed',
        waiting_for: null,
        progress: { rows: CHUNK + 10, accepted: CHUNK + 10, invalid: 0 },
      });
  });
});
