/** The undo of files over HTTP and on the command line, and what comes again after it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type FileResponse, orderEventsResponse } from '../../src/http/responses.ts';
import { limits } from '../../src/limits.ts';
import { listAll, problemOf, send } from '../support/http.ts';
import { ADMIN_KEY, bearer, newKey, startClosedService } from '../support/keys.ts';
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
  temporaryDirectory,
  upload,
} from '../support/service.ts';

const undo = (service: Service, fileId: string) => send(service, 'POST', `/files/${fileId}/undo`);
const undoOf = async (service: Service, fileId: string) =>
  (await getJson<FileResponse>(service, `/files/${fileId}`)).undo;
const isDone = (service: Service, fileId: string) =>
  expect.poll(async () => (await undoOf(service, fileId))?.state, { timeout: 30_000 }).toBe('done');
const keptOf = (service: Service, fileId: string) => listAll<{ order_id: string }>(service, `/files/${fileId}/kept`);
const stockOf = async (service: Service) =>
  (await listAll<{ available: number }>(service, '/inventory')).map(({ available }) => available);
const confirm = (service: Service, id: string) => send(service, 'PUT', `/orders/${id}/status`, { status: 'confirmed' });

test('a file is undone, and corrected; its orders come again, and those that were moved on stay', async () => {
  const service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 100]]);
  const wrong = csv(orderLine('A-1'), orderLine('A-2'), orderLine('A-3', { customer_email: 'nobody' }));
  const first = await ingest(service, wrong);
  await confirm(service, 'A-2');
  expect(first).toMatchObject({ undo: null, progress: { accepted: 2 } });

  const answer = await undo(service, first.file_id);
  expect(answer.status).toBe(202);
  expect(await answer.json()).toMatchObject({ file_id: first.file_id, undo: { state: 'running', undone: 0, kept: 0 } });
  await isDone(service, first.file_id);
  const done = { state: 'done', undone: 1, kept: 1 };
  expect(await undoOf(service, first.file_id)).toEqual(done);
  expect(await (await undo(service, first.file_id)).json()).toMatchObject({ undo: done });
  expect(await keptOf(service, first.file_id)).toEqual([
    expect.objectContaining({ order_id: 'A-2', status: 'confirmed' }),
  ]);
  expect(await stockOf(service)).toEqual([98]);
  expect(await getJson(service, '/files?needs_attention=true')).toMatchObject({ items: [] });
  await problemOf(await send(service, 'POST', `/files/${first.file_id}/retry`), 409, 'not_retryable');

  const made = await send(service, 'POST', '/orders', {
    ...{ order_id: 'A-1', customer: { name: 'Grace', email: 'grace@example.com' }, shipping_address: '1 Navy Yard' },
    items: [{ sku: 'SKU-1', hub_id: 'HUB-1', product_name: 'Lamp', quantity: 3, unit_price: '2.00' }],
  });
  expect(made.status).toBe(201);
  expect(made.headers.get('etag')).toBe('"3"');
  expect(await made.json()).toMatchObject({ order_id: 'A-1', version: 3, source: { file_id: null, row: null } });
  // The same bytes.
  const again = await ingest(service, wrong);
  expect(again).toMatchObject({
    ...{ status: 'completed', parent_file_id: null, progress: { accepted: 0, invalid: 3 } },
    invalid_by_code: { duplicate_order: 1, order_conflict: 1, invalid_email: 1 },
  });
  const { items } = await getJson<{ items: { action: string; version: number }[] }>(service, '/orders/A-1/history');
  expect(items.map(({ version, action }) => [version, action])).toEqual([
    [1, 'created'],
    [2, 'undone'],
    [3, 'created'],
  ]);
  expect(orderEventsResponse.safeParse(await getJson(service, '/orders/A-1/events')).success).toBe(true);
  await service.stop();
  expect((await runOms(['verify'], { OMS_DATA_DIR: service.dataDirectory })).code).toBe(0);
});

test('what cannot be undone is refused, and the progress of an undo is streamed to its end', async () => {
  const service = await startService();
  const count = 3 * limits.undoneAtOnce;
  await setStock(service, [['SKU-1', 'HUB-1', 2 * count]]);
  await problemOf(await undo(service, 'f_unknown'), 404, 'not_found');
  const response = await upload(service, csv(orderLine('D-1')), '?dry_run=true');
  const { file_id: tried } = (await response.json()) as FileJson;
  await ended(service, tried);
  await problemOf(await undo(service, tried), 409, 'not_undoable');

  const lines = Array.from({ length: count }, (_, n) => orderLine(`B-${n}`));
  const { file_id: fileId } = await ingest(service, csv(...lines));
  expect((await undo(service, fileId)).status).toBe(202);
  const stream = await (await fetch(`${service.url}/files/${fileId}/progress`)).text();
  const states = stream
    .split('\n')
    .flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6)).undo] : []));
  expect(states[0].state).toBe('running');
  expect(states.at(-1)).toEqual({ state: 'done', undone: count, kept: 0 });
  expect(await stockOf(service)).toEqual([2 * count]);
  expect(await keptOf(service, fileId)).toEqual([]);
  expect(await keptOf(service, tried)).toEqual([]);
});

test('oms files undo asks for it, and says how far it is', async () => {
  const service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 10]]);
  const { file_id: fileId } = await ingest(service, csv(orderLine('C-1'), orderLine('C-2')));
  const ask = (...args: string[]) => runOms(['files', 'undo', ...args, '--url', service.url]);
  const begun = await ask(fileId);
  expect(begun).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`${fileId}: completed, being undone: 0 orders`),
  });
  await isDone(service, fileId);
  expect((await ask(fileId)).stdout).toContain('completed, undone: 2 orders, 0 stay, 2 rows so far');
  expect(await ask('f_unknown')).toMatchObject({ code: 2, stderr: expect.stringContaining('not_found') });
});

test('where the workflow has no state for it nothing can be undone', async () => {
  const path = join(await temporaryDirectory(), 'workflow.json');
  const workflow = {
    initial: 'new',
    states: {
      new: { to: ['void_of_stock'], editable: true, stock: 'held' },
      void_of_stock: { to: [], editable: false, stock: 'returned' },
    },
    ...{ finalize: null, undo: null },
  };
  await writeFile(path, JSON.stringify(workflow));
  const service = await startService({ env: { OMS_WORKFLOW: path } });
  await setStock(service, [['SKU-1', 'HUB-1', 10]]);
  const { file_id: fileId } = await ingest(service, csv(orderLine('E-1')));
  const problem = await problemOf(await undo(service, fileId), 409, 'not_undoable');
  expect(problem.detail).toContain('name one as its "undo"');
});

test('an operator undoes the files of the hubs that are theirs, under their name; a viewer none', async () => {
  const service = await startClosedService();
  const [admin, viewer, operator, elsewhere] = [
    bearer(ADMIN_KEY),
    bearer((await newKey(service, { role: 'viewer' })).key),
    await newKey(service, { role: 'operator' }),
    bearer((await newKey(service, { role: 'operator', hubs: ['HUB-2'] })).key),
  ];
  const by = bearer(operator.key);
  const ask = (method: string, path: string, headers: Record<string, string>, body?: unknown) =>
    send(service, method, path, body, headers);
  await ask('PUT', '/inventory', admin, { items: [{ sku: 'SKU-1', hub_id: 'HUB-1', available: 10 }] });
  const uploaded = await fetch(`${service.url}/upload?name=a.csv`, {
    ...{ method: 'POST', body: csv(orderLine('F-1'), orderLine('F-2')) },
    headers: { ...by, 'content-type': 'text/csv' },
  });
  const { file_id: fileId } = (await uploaded.json()) as FileJson;
  const fileOf = async () => (await (await ask('GET', `/files/${fileId}`, by)).json()) as FileResponse;
  await expect.poll(async () => (await fileOf()).status, { timeout: 30_000 }).toBe('completed');
  await ask('PUT', '/orders/F-2/status', by, { status: 'confirmed' });

  const path = `/files/${fileId}/undo`;
  expect(await problemOf(await ask('POST', path, viewer), 403, 'forbidden')).toMatchObject({ needs: 'files:write' });
  await problemOf(await ask('POST', path, elsewhere), 404, 'not_found');
  await problemOf(await ask('GET', `/files/${fileId}/kept`, elsewhere), 404, 'not_found');
  expect((await ask('POST', path, by)).status).toBe(202);
  await expect.poll(async () => (await fileOf()).undo?.state, { timeout: 30_000 }).toBe('done');
  const history = await (await ask('GET', '/orders/F-1/history', by)).json();
  expect(history).toMatchObject({ items: [{}, { action: 'undone', actor: `key:${operator.id}` }] });
  const kept = await (await ask('GET', `/files/${fileId}/kept`, viewer)).json();
  expect(kept).toMatchObject({ items: [{ order_id: 'F-2', customer: { name: null, email: null } }] });
  const audit = await (await ask('GET', '/audit?action=undoFile', admin)).json();
  expect(audit).toMatchObject({
    items: expect.arrayContaining([
      expect.objectContaining({ principal: `key:${operator.id}`, target: `file ${fileId}`, status: 202 }),
    ]),
  });
});
