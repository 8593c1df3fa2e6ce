/** `kill -9` in the middle of the undo of a file, and of the file that comes after it (INV-1 to INV-4, INV-8). */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { FileResponse } from '../../src/http/responses.ts';
import { limits } from '../../src/limits.ts';
import { send } from '../support/http.ts';
import { csv, getJson, ingest, orderLine, runOms, setStock, startService, upload } from '../support/service.ts';

test('an undo that was killed twice goes on to its end, and then the same file is taken again, killed as well', async () => {
  let service = await startService();
  const { dataDirectory } = service;
  const count = 30 * limits.undoneAtOnce;
  await setStock(service, [['SKU-1', 'HUB-1', 2 * count]]);
  const body = csv(...Array.from({ length: count }, (_, n) => orderLine(`A-${n}`)));
  const { file_id: first } = await ingest(service, body);
  await send(service, 'PUT', '/orders/A-7/status', { status: 'confirmed' });
  const file = (id: string) => getJson<FileResponse>(service, `/files/${id}`);
  const restart = async () => {
    await service.kill('SIGKILL');
    service = await startService({ dataDirectory });
  };

  expect((await send(service, 'POST', `/files/${first}/undo`)).status).toBe(202);
  for (const least of [0, 5 * limits.undoneAtOnce]) {
    while ((await file(first)).undo!.undone <= least) await delay(5);
    expect((await file(first)).undo!.state).toBe('running');
    await restart();
  }
  await expect.poll(async () => (await file(first)).undo!.state, { timeout: 60_000 }).toBe('done');
  expect((await file(first)).undo).toEqual({ state: 'done', undone: count - 1, kept: 1 });
  expect(await getJson(service, '/inventory')).toMatchObject({ items: [{ available: 2 * count - 2 }] });

  const response = await upload(service, body);
  expect(response.status).toBe(202);
  const { file_id: second } = (await response.json()) as { file_id: string };
  while ((await file(second)).progress.rows === 0) await delay(5);
  await restart();
  await expect.poll(async () => (await file(second)).status, { timeout: 60_000 }).toBe('completed');
  expect((await file(second)).progress).toMatchObject({ accepted: count - 1, invalid: 1 });
  expect(await getJson(service, '/inventory')).toMatchObject({ items: [{ available: 0 }] });
  expect(await getJson(service, '/stats')).toMatchObject({
    orders: { total: count, by_status: { on_hold: count - 1, confirmed: 1 } },
    events: { published: 3 * count - 1 },
  });
  await service.stop();
  expect((await runOms(['verify'], { OMS_DATA_DIR: dataDirectory })).code).toBe(0);
});
