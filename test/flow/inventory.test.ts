/** `/inventory`: lists of stock, setting and adjusting it with JSON or CSV, idempotency keys. */
import { beforeAll, describe, expect, test } from 'vitest';
import { listAll, type PageJson, problemOf, send } from '../support/http.ts';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';

interface Level {
  sku: string;
  hub_id: string;
  available: number;
}

let service: Service;
let skus = 0;
beforeAll(async () => {
  service = await startService();
});

const newSku = () => `INV-${++skus}`;
const put = (items: unknown) => send(service, 'PUT', '/inventory', { items });
const adjust = (items: unknown, headers = {}) => send(service, 'POST', '/inventory/adjust', { items }, headers);
const resultsOf = async (response: Response) => {
  expect(response.status).toBe(200);
  return ((await response.json()) as { results: unknown[] }).results;
};
const levels = async (query: string) => (await getJson<PageJson<Level>>(service, `/inventory?${query}`)).items;
const sendCsv = (method: string, path: string, body: string | Buffer) =>
  fetch(`${service.url}${path}`, { method, headers: { 'content-type': 'text/csv' }, body: body as string });

describe('stock', () => {
  test('is set and adjusted with one result for each item; below zero is refused', async () => {
    const [a, b] = [newSku(), newSku()];
    expect(
      await resultsOf(
        await put([
          { sku: a, hub_id: 'H', available: 5 },
          { sku: ` ${b} `, hub_id: 'H', available: 0 },
        ]),
      ),
    ).toEqual([
      { sku: a, hub_id: 'H', available: 5, status: 'ok' },
      { sku: b, hub_id: 'H', available: 0, status: 'ok' },
    ]);
    const changes = [
      { sku: a, hub_id: 'H', delta: -6 },
      { sku: a, hub_id: 'H', delta: -5 },
      { sku: b, hub_id: 'H', delta: 7 },
      { sku: b, hub_id: 'other', delta: -1 },
    ];
    expect(await resultsOf(await adjust(changes))).toEqual([
      { sku: a, hub_id: 'H', available: 5, status: 'refused', code: 'below_zero' },
      { sku: a, hub_id: 'H', available: 0, status: 'ok' },
      { sku: b, hub_id: 'H', available: 7, status: 'ok' },
      { sku: b, hub_id: 'other', available: 0, status: 'refused', code: 'below_zero' },
    ]);
    expect(await levels(`sku=${b}`)).toEqual([{ sku: b, hub_id: 'H', available: 7 }]);
  });

  test('is set by CSV with every content type that clients send for it, and by JSON with content types that do not name it', async () => {
    const send = (body: string, type: string) =>
      fetch(`${service.url}/inventory`, { method: 'PUT', headers: { 'content-type': type }, body: Buffer.from(body) });
    const types = [
      'text/csv;charset=utf-8',
      'TEXT/CSV',
      'text/x-csv',
      'application/csv',
      'application/x-csv',
      'text/plain',
    ];
    types.push('text/comma-separated-values', 'text/x-comma-separated-values', 'text/tab-separated-values');
    types.push('application/vnd.ms-excel', 'application/octet-stream', 'application/x-www-form-urlencoded');
    for (const [available, type] of types.entries()) {
      const sku = newSku();
      const stored = [{ sku, hub_id: 'H', available }];
      await resultsOf(await send(`sku,hub_id,available\n${sku},H,${available}\n`, type));
      expect([type, await levels(`sku=${sku}`)]).toEqual([type, stored]);
    }
    for (const type of [
      'application/json; charset=utf-8',
      'application/octet-stream',
      'application/x-www-form-urlencoded',
    ]) {
      const sku = newSku();
      await resultsOf(await send(` {"items":[{"sku":"${sku}","hub_id":"H","available":1}]}`, type));
      expect(await levels(`sku=${sku}`)).toHaveLength(1);
    }
  });

  test('is set and adjusted by CSV, with any order of columns and a byte order mark', async () => {
    const [a, b] = [newSku(), newSku()];
    await resultsOf(await sendCsv('PUT', '/inventory', `\ufeffHub_ID;available;SKU\r\nH;3;${a}\r\n\r\nH;4;"${b}"\r\n`));
    await resultsOf(await sendCsv('POST', '/inventory/adjust', `sku,hub_id,delta,comment\n${a},H,-1,x\n${b},H,2,y\n`));
    expect(await levels(`sku=${a}`)).toEqual([{ sku: a, hub_id: 'H', available: 2 }]);
    expect(await levels(`sku=${b}`)).toEqual([{ sku: b, hub_id: 'H', available: 6 }]);
  });

  test('is unchanged by a dry run, which reports the values before and after', async () => {
    const [a, b] = [newSku(), newSku()];
    await setStock(service, [[a, 'H', 5]]);
    const set = `sku,hub_id,available\n${a},H,7\n${b},H,2\n${b},H,3\n${a},H,7\n`;
    expect(await resultsOf(await sendCsv('PUT', '/inventory?dry_run=true', set))).toEqual([
      { sku: a, hub_id: 'H', available: 7, status: 'ok', from: 5 },
      { sku: b, hub_id: 'H', available: 2, status: 'ok', from: null },
      { sku: b, hub_id: 'H', available: 3, status: 'ok', from: 2 },
      { sku: a, hub_id: 'H', available: 7, status: 'ok', from: 7 },
    ]);
    const adjusted = `sku,hub_id,delta\n${a},H,-4\n${a},H,-4\n${b},H,-1\n`;
    expect(await resultsOf(await sendCsv('POST', '/inventory/adjust?dry_run=true', adjusted))).toEqual([
      { sku: a, hub_id: 'H', available: 1, status: 'ok', from: 5 },
      { sku: a, hub_id: 'H', available: 1, status: 'refused', code: 'below_zero', from: 1 },
      { sku: b, hub_id: 'H', available: 0, status: 'refused', code: 'below_zero', from: null },
    ]);
    expect(await levels(`sku=${a}`)).toEqual([{ sku: a, hub_id: 'H', available: 5 }]);
    expect(await levels(`sku=${b}`)).toEqual([]);
  });

  test('has in a dry run the results of the change itself, for very many rows', async () => {
    const sku = newSku();
    await setStock(service, [[sku, 'H-7', 1]]);
    const lines = Array.from({ length: 12_345 }, (_, i) => `${sku},H-${i % 9_000},${i}`);
    const body = `sku,hub_id,available\n${lines.join('\n')}\n`;
    const previewed = await resultsOf(await sendCsv('PUT', '/inventory?dry_run=true', body));
    expect(previewed).toHaveLength(lines.length);
    expect(previewed.slice(7, 9)).toMatchObject([{ from: 1 }, { from: null }]);
    expect(await resultsOf(await sendCsv('PUT', '/inventory?from=true', body))).toEqual(previewed);
  });

  test('in a bad CSV is refused with each mistake and its line, up to a hundred', async () => {
    const sku = newSku();
    const bad = ['many', '-1', '1.5', ''].map((available) => `${sku},H,${available}`);
    const body = ['sku,hub_id,available', `${sku},H,1`, ...bad, `,,${2}`, `${sku},H`, `${sku},H,1,surplus`].join('\n');
    const { errors, error_count, detail } = await problemOf(
      await sendCsv('PUT', '/inventory', body),
      400,
      'invalid_body',
    );
    expect(errors).toEqual([
      { line: 3, column: 'available', detail: 'available is not a whole number' },
      { line: 4, column: 'available', detail: 'available is less than 0' },
      { line: 5, column: 'available', detail: 'available is not a whole number' },
      { line: 6, column: 'available', detail: 'available is not a whole number' },
      { line: 7, column: 'sku', detail: 'sku is empty' },
      { line: 7, column: 'hub_id', detail: 'hub_id is empty' },
      { line: 8, column: null, detail: 'it has more or fewer cells than the header' },
      { line: 9, column: null, detail: 'it has more or fewer cells than the header' },
    ]);
    expect(error_count).toBe(8);
    expect(detail).toMatch(/^line 3 of the stock CSV: .*; line 4 .*; line 5 .*; and 5 more errors$/);
    const many = `sku,hub_id,available\n${`${sku},H,x\n`.repeat(30_000)}`;
    const problem = await problemOf(await sendCsv('PUT', '/inventory?dry_run=true', many), 400, 'invalid_body');
    expect(problem.errors).toHaveLength(100);
    expect(problem.error_count).toBe(30_000);
    expect(await levels(`sku=${sku}`)).toEqual([]);
  });

  test('adjusted again with the same Idempotency-Key is adjusted once', async () => {
    const sku = newSku();
    const key = { 'idempotency-key': `adjust-${sku}` };
    const items = [{ sku, hub_id: 'H', delta: 3 }];
    const results = await Promise.all(Array.from({ length: 5 }, async () => resultsOf(await adjust(items, key))));
    expect(results).toEqual(Array(5).fill([{ sku, hub_id: 'H', available: 3, status: 'ok' }]));
    await problemOf(await adjust([{ sku, hub_id: 'H', delta: 4 }], key), 422, 'key_reused');
    expect(await levels(`sku=${sku}`)).toEqual([{ sku, hub_id: 'H', available: 3 }]);
  });

  test('decreases by what orders take, and may be increased while they arrive', async () => {
    const sku = newSku();
    await setStock(service, [[sku, 'HUB-1', 10]]);
    const lines = Array.from({ length: 10 }, (_, i) => orderLine(`${sku}-${i}`, { sku }));
    const [file] = await Promise.all([
      ingest(service, csv(...lines)),
      ...Array.from({ length: 5 }, async () => resultsOf(await adjust([{ sku, hub_id: 'HUB-1', delta: 1 }]))),
    ]);
    expect(await levels(`sku=${sku}`)).toEqual([{ sku, hub_id: 'HUB-1', available: 15 - 2 * file.progress.accepted }]);
  });

  test('that is not well-formed is refused as a whole, with the place of the mistake', async () => {
    const sku = newSku();
    for (const item of [
      { sku, hub_id: 'H' },
      { sku, hub_id: 'H', available: -1 },
      { sku, hub_id: 'H', available: 1.5 },
      { sku, hub_id: 'H', available: '7' },
      { sku, hub_id: 'H', available: 1e15 },
      { sku: '', hub_id: 'H', available: 1 },
      { sku: ' ', hub_id: 'H', available: 1 },
      { sku: 'a\nb', hub_id: 'H', available: 1 },
      { sku: 'x'.repeat(501), hub_id: 'H', available: 1 },
      { sku, hub_id: 7, available: 1 },
      null,
    ]) {
      const { detail } = await problemOf(await put([{ sku, hub_id: 'H', available: 1 }, item]), 400, 'invalid_body');
      expect(detail).toContain('items.1');
    }
    expect(await levels(`sku=${sku}`)).toEqual([]);
    for (const body of [undefined, null, [], {}, { items: 7 }])
      await problemOf(await send(service, 'PUT', '/inventory', body), 400, 'invalid_body');
    for (const text of [
      '',
      'sku,available\na,1\n',
      `sku,hub_id,available\n${sku},H,many\n`,
      'sku,hub_id,available\na,H\n',
    ])
      await problemOf(await sendCsv('PUT', '/inventory', text), 400, 'invalid_body');
    expect(
      (
        await problemOf(
          await sendCsv('PUT', '/inventory', `sku,hub_id,available\n${sku},H,1\n${sku},H,-1\n`),
          400,
          'invalid_body',
        )
      ).detail,
    ).toContain('line 3');
    expect(await levels(`sku=${sku}`)).toEqual([]);
  });

  test('of very many items in one request is refused', async () => {
    await problemOf(await sendCsv('PUT', '/inventory', Buffer.alloc(17 * 1024 * 1024, 'x')), 413, 'too_large');
  });
});

describe('the list of stock', () => {
  test('is ordered by key or availability, filtered by SKU or hub, without gaps or repeats', async () => {
    const hub = newSku();
    const names = Array.from({ length: 9 }, (_, i) => `L${i}`);
    await setStock(
      service,
      names.map((sku, i) => [sku, hub, (i * 7) % 4]),
    );
    const all = await listAll<Level>(service, `/inventory?hub_id=${hub}`);
    expect(all.map(({ sku }) => sku)).toEqual(names);
    const byLevel = [...all].sort((a, b) => a.available - b.available || (a.sku < b.sku ? -1 : 1));
    for (const limit of [1, 4, 9]) {
      expect(await listAll(service, `/inventory?hub_id=${hub}&limit=${limit}`)).toEqual(all);
      expect(await listAll(service, `/inventory?hub_id=${hub}&sort=available&limit=${limit}`)).toEqual(byLevel);
    }
    const whole = await listAll<Level>(service, '/inventory?limit=999');
    const keys = whole.map(({ sku, hub_id }) => `${sku}\n${hub_id}`);
    expect(keys).toEqual([...new Set(keys)].sort());
    expect(await levels('sku=none')).toEqual([]);
  });

  test('refuses a bad value of any parameter and a cursor of another list', async () => {
    for (const query of ['limit=0', 'limit=1001', 'sort=sku', 'sort=', 'sku=', 'hub_id=', 'cursor=x&cursor=y'])
      await problemOf(await fetch(`${service.url}/inventory?${query}`), 400, 'invalid_parameter');
    const { next_cursor } = await getJson<PageJson<Level>>(service, '/inventory?limit=1');
    for (const query of [`sort=available&cursor=${next_cursor}`, `sku=a&cursor=${next_cursor}`, 'cursor=nonsense'])
      await problemOf(await fetch(`${service.url}/inventory?${query}`), 400, 'invalid_cursor');
  });
});
