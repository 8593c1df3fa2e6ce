/** `kill -9` in the middle of the erasure of a person: it goes on after the start, and leaves nothing (INV-1, INV-3, INV-8). */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ErasureResponse } from '../../src/http/responses.ts';
import { limits } from '../../src/limits.ts';
import { filesWith } from '../support/files-with.ts';
import { send } from '../support/http.ts';
import { csv, getJson, ingest, orderLine, runOms, setStock, startService } from '../support/service.ts';

test('an erasure that was killed twice is carried out to its end', async () => {
  let service = await startService();
  const { dataDirectory } = service;
  const count = 3 * limits.maxScanOrders;
  await setStock(service, [['SKU-1', 'HUB-1', count]]);
  const lines = Array.from({ length: count }, (_, n) => orderLine(`A-${n}`, { customer_email: 'ada@geheim.example' }));
  await ingest(service, csv(...lines));
  const { id } = (await (await send(service, 'DELETE', '/customers/ada%40geheim.example')).json()) as ErasureResponse;
  const state = () => getJson<ErasureResponse>(service, `/erasures/${id}`);
  for (const erased of [0, limits.maxScanOrders]) {
    for (let now = await state(); now.orders <= erased; now = await state()) {
      expect(now.state).toBe('pending');
      await delay(5);
    }
    expect((await state()).state).toBe('pending');
    await service.kill('SIGKILL');
    service = await startService({ dataDirectory });
  }
  await expect.poll(async () => (await state()).state, { timeout: 60_000 }).toBe('done');
  expect((await state()).orders).toBeGreaterThan(limits.maxScanOrders);
  await service.stop();
  expect(await filesWith(dataDirectory, 'geheim')).toEqual([]);
  expect((await runOms(['verify'], { OMS_DATA_DIR: dataDirectory })).code).toBe(0);
});
