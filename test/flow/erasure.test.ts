/** The erasure of people over HTTP and by the command line, on the engines in the data directory. */

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { ErasureResponse } from '../../src/http/responses.ts';
import { filesWith } from '../support/files-with.ts';
import { problemOf, send } from '../support/http.ts';
import { ADMIN_KEY, bearer, newKey, startClosedService } from '../support/keys.ts';
import { csv, getJson, ingest, orderLine, runOms, type Service, setStock, startService } from '../support/service.ts';

const ADA = { customer_name: 'Ada Geheim', customer_email: 'Ada@Geheim.example', shipping_address: '1 Geheimweg' };
const GRACE = { customer_name: 'Grace', customer_email: 'grace@example.com', shipping_address: '1 Navy Yard' };
const ERASE = '/customers/ada%40geheim.EXAMPLE';

async function done({ url }: Pick<Service, 'url'>, id: string, headers = {}): Promise<ErasureResponse> {
  const read = async () => (await (await fetch(`${url}/erasures/${id}`, { headers })).json()) as ErasureResponse;
  await expect.poll(async () => (await read()).state, { timeout: 60_000 }).toBe('done');
  return read();
}

describe('the erasure of a person', () => {
  test('leaves no byte of the person in the data directory, nor in log and audit, and the rest as it was', async () => {
    const service = await startClosedService();
    const { url, dataDirectory } = service;
    const admin = bearer(ADMIN_KEY);
    const ask = async <Body>(method: string, path: string, body?: unknown): Promise<Body> =>
      (await (await send(service, method, path, body, admin)).json()) as Body;
    await ask('PUT', '/inventory', { items: [{ sku: 'SKU-1', hub_id: 'HUB-1', available: 10 }] });
    const upload = async (...lines: string[]) => {
      const headers = { ...admin, 'content-type': 'text/csv' };
      const response = await fetch(`${url}/upload`, { method: 'POST', headers, body: csv(...lines) });
      const { file_id } = (await response.json()) as { file_id: string };
      await expect
        .poll(async () => (await ask<{ status: string }>('GET', `/files/${file_id}`)).status, { timeout: 60_000 })
        .toBe('completed');
      return file_id;
    };
    const theirs = await upload(orderLine('A-1', ADA), orderLine('A-2', GRACE));
    const rejected = await upload(orderLine('A-3', { ...ADA, quantity: '0' }));
    const others = await upload(orderLine('A-4', { ...GRACE, quantity: '0' }));
    const customer = { name: ADA.customer_name, email: ADA.customer_email };
    const items = [{ sku: 'SKU-1', hub_id: 'HUB-1', product_name: 'Lamp', quantity: 1, unit_price: '2.50' }];
    await ask('POST', '/orders', { order_id: 'P-1', customer, items, shipping_address: ADA.shipping_address });
    await ask('PATCH', '/orders/P-1', { shipping_address: '2 Geheimweg', reason: 'Ada Geheim has moved' });
    const heirs = { name: 'Grace', email: GRACE.customer_email };
    await ask('PATCH', '/orders/P-1', { customer: heirs, shipping_address: GRACE.shipping_address });
    const before = await ask<Record<string, object>>('GET', '/stats');

    for (const body of [{ role: 'operator' }, { role: 'admin', hubs: ['HUB-1'] }]) {
      const { key } = await newKey(service, body);
      for (const [method, path] of [
        ['DELETE', ERASE],
        ['GET', '/erasures'],
        ['GET', '/erasures/x'],
      ] as const)
        await problemOf(await send(service, method, path, undefined, bearer(key)), 403, 'forbidden');
    }
    await problemOf(await send(service, 'DELETE', '/customers/nobody', undefined, admin), 404, 'not_found');
    await problemOf(await send(service, 'GET', '/erasures/unknown', undefined, admin), 404, 'not_found');
    const response = await send(service, 'DELETE', ERASE, undefined, admin);
    const asked = (await response.json()) as ErasureResponse;
    expect([response.status, asked]).toMatchObject([202, { state: 'pending', waiting_for: null, orders: 0, files: 0 }]);
    expect(await ask('DELETE', ERASE)).toMatchObject({ id: asked.id });
    expect(await done(service, asked.id, admin)).toMatchObject({ orders: 2, files: 2, done_at: expect.any(String) });
    expect(await ask('GET', '/erasures')).toMatchObject({
      items: [{ id: asked.id, state: 'done' }],
      next_cursor: null,
    });

    expect(await ask('GET', '/orders/A-1')).toMatchObject({
      ...{ customer: { name: null, email: null }, shipping_address: null, total_amount: expect.any(String) },
    });
    expect(await ask('GET', '/orders/P-1')).toMatchObject({ customer: { email: GRACE.customer_email }, version: 3 });
    const { items: events } = await ask<{ items: object[] }>('GET', '/orders/P-1/events');
    expect(events).toMatchObject([
      { id: 'P-1:created', data: { order_id: 'P-1', version: 1, status: 'on_hold', erased: true } },
      { id: 'P-1:2', data: { version: 2, erased: true } },
      { id: 'P-1:3', data: { version: 3, erased: true } },
    ]);
    const refused = await send(service, 'PATCH', '/orders/A-1', { shipping_address: '3 Geheimweg' }, admin);
    expect(await problemOf(refused, 409, 'not_editable')).toMatchObject({ order_status: 'on_hold' });
    for (const [fileId, deleted] of [
      [theirs, true],
      [rejected, true],
      [others, false],
    ] as const)
      expect((await ask<{ upload_deleted_at: unknown }>('GET', `/files/${fileId}`)).upload_deleted_at !== null).toBe(
        deleted,
      );
    const { rows, orders, files, invalid_by_code } = await ask<Record<string, object>>('GET', '/stats');
    expect({ rows, orders, files, invalid_by_code }).toEqual({
      ...{ rows: before.rows, orders: before.orders, files: before.files, invalid_by_code: before.invalid_by_code },
    });
    const audit = JSON.stringify(await ask('GET', '/audit?limit=100'));
    expect(audit).toContain(`"target":"erasure ${asked.id}"`);
    await service.stop();
    expect(audit + JSON.stringify(service.log)).not.toMatch(/geheim/i);
    expect(await filesWith(dataDirectory, 'geheim')).toEqual([]);
    expect((await filesWith(dataDirectory, 'grace@')).length).toBeGreaterThan(1);
    const verified = await runOms(['verify'], { OMS_DATA_DIR: dataDirectory });
    expect([verified.code, verified.stdout]).toEqual([0, expect.not.stringContaining('VIOLATED')]);
  });

  test('is asked for by oms erase, at a running service and without one, and only with --yes', async () => {
    const service = await startService();
    const { dataDirectory } = service;
    await setStock(service, [['SKU-1', 'HUB-1', 10]]);
    await ingest(service, csv(orderLine('A-1', ADA), orderLine('A-2', GRACE)));
    const oms = (...args: string[]) => runOms(['erase', ...args], { OMS_DATA_DIR: dataDirectory });
    for (const [args, words] of [
      [[], 'usage: oms erase'],
      [['--email', 'nobody', '--yes'], 'not an e-mail address'],
      [['--email', 'ada@geheim.example'], 'repeat it with --yes'],
    ] as const)
      expect(await oms(...args)).toMatchObject({ code: 1, stderr: expect.stringContaining(words) });
    const said = 'erased from 1 orders; uploads and reports of 1 files were deleted\n';
    expect(await oms('--email', 'ADA@geheim.example', '--yes')).toMatchObject({ code: 0, stdout: said });
    await ingest(service, csv(orderLine('A-3', { ...GRACE, customer_email: 'grace@geheim.example' })));
    await service.stop();
    const alone = await oms('--email', 'grace@geheim.example', '--yes', '--json');
    expect([alone.code, JSON.parse(alone.stdout)]).toMatchObject([0, { state: 'done', orders: 1, files: 1 }]);
    expect(await filesWith(dataDirectory, 'geheim')).toEqual([]);
  });

  test('happens by itself to orders that have rested for as long as they are kept', async () => {
    const first = await startService();
    const { dataDirectory } = first;
    await setStock(first, [['SKU-1', 'HUB-1', 10]]);
    await ingest(first, csv(orderLine('A-1', ADA), orderLine('A-2', GRACE)));
    for (const id of ['A-1', 'A-2']) await send(first, 'PUT', `/orders/${id}/status`, { status: 'cancelled' });
    await first.stop();
    const db = new DatabaseSync(join(dataDirectory, 'oms.db'));
    db.exec('update orders set created_at = created_at - 7200000');
    const own = "(select seq from orders where order_id = 'A-1')";
    db.exec(`update orders set updated_at = updated_at - 7200000 where seq = ${own}`);
    db.exec(`update order_changes set at = at - 7200000 where order_no = ${own}`);
    db.close();
    const second = await startService({ dataDirectory, env: { OMS_KEEP_ORDERS: '1h' } });
    const stats = () => getJson<{ retention: { orders: object } }>(second, '/stats');
    await expect
      .poll(async () => (await stats()).retention.orders, { timeout: 60_000 })
      .toEqual({ erased: 1, through: expect.any(String) });
    expect(await getJson(second, '/orders/A-1')).toMatchObject({ customer: { email: null }, status: 'cancelled' });
    expect(await getJson(second, '/orders/A-2')).toMatchObject({ customer: { email: GRACE.customer_email } });
    await second.stop();
  });
});
