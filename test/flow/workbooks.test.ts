/** Workbooks (.xlsx) as files of orders: uploaded, previewed, tried, erased, and refused. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectSound, rejectionsOf, reportOf, stockUp } from '../support/bad-input.ts';
import { filesWith } from '../support/files-with.ts';
import { problemOf, send } from '../support/http.ts';
import {
  ended,
  getJson,
  ingest,
  ORDER_HEADER,
  runOms,
  type Service,
  setStock,
  startService,
  temporaryDirectory,
  upload,
} from '../support/service.ts';
import { type CellOf, rowsOf, sheetOf, type WorkbookOf, workbookOf } from '../support/workbook.ts';

const DAY = { xml: '<c s="1"><v>46346</v></c>' };
const FORMATS = { formats: ['dd.mm.yyyy'] };
const header = ORDER_HEADER.split(',');
const order = (id: CellOf, changes: Record<string, CellOf> = {}): CellOf[] =>
  Object.values({
    ...{ id, name: 'Zoë Groß', mail: 'zoe@example.com', product: 'Mug', sku: '007', hub: 'HUB-1', quantity: 2 },
    ...{ price: 19.99, total: 39.98, day: DAY, address: 'Am Weg 1, Ulm', ...changes },
  });
const orders = (rows: CellOf[][], others: WorkbookOf = {}) => sheetOf([header, ...rows], { ...FORMATS, ...others });

let service: Service;
beforeAll(async () => {
  service = await startService();
  await stockUp(service);
  await setStock(service, [['007', 'HUB-1', 1000]]);
});

describe('a workbook is read as its sheet means it', () => {
  test('texts with leading zeros, numbers, days; each row has its number in the sheet', async () => {
    const file = await ingest(service, orders([order('W-1'), [], order(1001), order('W-2', { quantity: 'two' })]));
    expect(file).toMatchObject({
      status: 'completed',
      progress: { rows: 3, accepted: 2, invalid: 1 },
      intake: { encoding: 'utf-8', delimiter: ',', gzip: false, bom: true, sheet: 'Orders' },
      invalid_by_code: { invalid_quantity: 1 },
    });
    expect(file.progress.bytes_read).toBeLessThanOrEqual(file.size_bytes);
    expect(await getJson(service, '/orders/W-1')).toMatchObject({
      customer: { name: 'Zoë Groß' },
      items: [{ sku: '007', quantity: 2, unit_price: '19.99' }],
      total_amount: '39.98',
      order_date: '2026-11-20T00:00:00.000Z',
    });
    expect(await getJson(service, '/orders/1001')).toMatchObject({ total_amount: '39.98' });
    expect(await rejectionsOf(service, file)).toMatchObject([{ row: 5 }]);
    await expectSound(service);
  });

  test('a formula that ended in an error fails its cell, also in the report of it', async () => {
    const error = { xml: '<c t="e"><f>VLOOKUP(1,2,3)</f><v>#N/A</v></c>' };
    const file = await ingest(service, orders([order('E-1', { name: error })]));
    expect(await rejectionsOf(service, file)).toMatchObject([
      {
        reasons: [
          { column: 'customer_name', code: 'invalid_utf8', reason: expect.stringContaining('the error of a formula') },
        ],
      },
    ]);
    const again = await ingest(service, await reportOf(service, file));
    expect(again).toMatchObject({ parent_file_id: file.file_id, progress: { accepted: 0, invalid: 1 } });
  });

  test('of several sheets the named one; a name that is not there fails with those that are', async () => {
    const sheet = (name: string, id: string) => ({ name, rows: rowsOf([header, order(id)]) });
    const bytes = workbookOf({ ...FORMATS, sheets: [sheet('Januar', 'S-1'), sheet('März 2026', 'S-2')] });
    expect(await ingest(service, bytes, `?sheet=${encodeURIComponent('März 2026')}`)).toMatchObject({
      progress: { accepted: 1 },
      intake: { sheet: 'März 2026' },
    });
    expect((await fetch(`${service.url}/orders/S-2`)).status).toBe(200);
    expect((await fetch(`${service.url}/orders/S-1`)).status).toBe(404);
    expect(await ingest(service, bytes, '?sheet=April&force=true')).toMatchObject({
      status: 'failed',
      failure: { code: 'unknown_sheet', message: expect.stringContaining('it has "Januar", "März 2026"') },
    });
    expect(await ingest(service, `${ORDER_HEADER}\n`, '?sheet=April')).toMatchObject({
      failure: { code: 'unknown_sheet' },
    });
  });

  test('a dry run of a sheet is taken for real with that sheet', async () => {
    const sheets = ['A', 'B'].map((name) => ({ name, rows: rowsOf([header, order(`D-${name}`)]) }));
    const tried = await ingest(service, workbookOf({ ...FORMATS, sheets }), '?dry_run=true&sheet=B');
    expect(tried).toMatchObject({ dry_run: true, progress: { accepted: 1 } });
    const run = await send(service, 'POST', `/files/${tried.file_id}/run`);
    const { file_id } = (await run.json()) as { file_id: string };
    expect(await ended(service, file_id)).toMatchObject({ intake: { sheet: 'B' }, progress: { accepted: 1 } });
    expect((await fetch(`${service.url}/orders/D-B`)).status).toBe(200);
  });
});

describe('a format with decimal commas and its own dates', () => {
  const german = {
    header: { columns: ['Nr', 'Name', 'Mail', 'Artikel', 'SKU', 'Menge', 'Preis', 'Datum', 'Ort'] },
    columns: {
      ...{ order_id: { from: 'Nr' }, customer_name: { from: 'Name' }, customer_email: { from: 'Mail' } },
      ...{ product_name: { from: 'Artikel' }, sku: { from: 'SKU' }, hub_id: { value: 'HUB-1' } },
      ...{ quantity: { from: 'Menge' }, unit_price: { from: 'Preis' }, order_date: { from: 'Datum' } },
      shipping_address: { from: 'Ort' },
    },
    numbers: { decimal: ',', group: '.', currency: 'EUR' },
    dates: ['dd.MM.yyyy'],
    ...{ encoding: 'windows-1252', delimiter: ';' },
  };
  const line = (id: string, price: CellOf, day: CellOf): CellOf[] => [
    ...[id, 'Zoë', 'zoe@example.com', 'Tasse', '007', 1, price, day, 'Ulm'],
  ];

  test('reads the numbers and days of cells exactly, beside texts of its form, named or found by the header', async () => {
    expect((await send(service, 'PUT', '/formats/german', german)).status).toBe(201);
    const rows = (name: string) => [
      german.header.columns,
      line(`${name}-1`, 1.5, DAY),
      line(`${name}-2`, '1.234,50 €', '20.11.2026'),
      // As a text, this would be 1500.
      line(`${name}-3`, 1.505, DAY),
      line(`${name}-4`, '1.505', DAY),
    ];
    for (const [name, query] of [
      ['G', ''],
      ['H', '?format=german'],
    ] as const) {
      const file = await ingest(service, sheetOf(rows(name), FORMATS), query);
      expect(file).toMatchObject({ format: { name: 'german' }, progress: { accepted: 3, invalid: 1 } });
      expect(await rejectionsOf(service, file)).toMatchObject([
        { row: 4, values: { Preis: '1,505', Datum: '20.11.2026' }, reasons: [{ code: 'invalid_price' }] },
      ]);
      const totals = await Promise.all(
        [1, 2, 4].map(async (n) => (await getJson(service, `/orders/${name}-${n}`)).total_amount),
      );
      expect(totals).toEqual(['1.50', '1234.50', '1505.00']);
      // The report is CSV, and read by the same format.
      const fixed = (await reportOf(service, file)).replace('"1,505"', '"1,50"');
      expect(await ingest(service, fixed)).toMatchObject({
        progress: { accepted: 1, invalid: 0 },
        parent_file_id: file.file_id,
      });
    }
    await expectSound(service);
  });

  test('is suggested by a preview, and shows the rows as an upload reads them', async () => {
    const bytes = sheetOf([['Bericht'], [], header, order('P-1')], FORMATS);
    const preview = await (await fetch(`${service.url}/preview`, { method: 'POST', body: bytes })).json();
    expect(preview).toMatchObject({
      sheet: { name: 'Orders', names: ['Orders'] },
      header: { row: 3, titles: ['Bericht'] },
      rows: [{ row: 4, values: { order_id: 'P-1', unit_price: '19.99', order_date: '2026-11-20' }, reasons: [] }],
    });
    const saved = sheetOf([german.header.columns, line('P-2', 2.5, DAY)], FORMATS);
    expect(await (await fetch(`${service.url}/preview`, { method: 'POST', body: saved })).json()).toMatchObject({
      fit: 'saved',
      rows: [{ values: { order_id: 'P-2', unit_price: '2.5', order_date: '2026-11-20' }, reasons: [] }],
    });
    const other = await fetch(`${service.url}/preview?sheet=Other`, { method: 'POST', body: bytes });
    await problemOf(other, 400, 'unknown_sheet');
    await problemOf(await fetch(`${service.url}/preview?part=true`, { method: 'POST', body: bytes }), 413, 'too_large');
  });
});

describe('what is no workbook of orders', () => {
  test('is refused at the upload where its first bytes tell', async () => {
    const zip = Buffer.from('PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0a\0\0\0orders.csv', 'latin1');
    expect((await problemOf(await upload(service, zip), 415, 'not_csv')).detail).toContain('a ZIP archive');
    const old = Buffer.from('d0cf11e0a1b11ae1', 'hex');
    expect((await problemOf(await upload(service, old), 415, 'not_csv')).detail).toContain('with a password');
  });

  test('fails as a file where only its end tells', async () => {
    const macros = orders([order('M-1')], { parts: [{ name: 'xl/vbaProject.bin', bytes: 'x' }] });
    expect(await ingest(service, macros)).toMatchObject({
      failure: { code: 'not_csv', message: expect.stringContaining('with macros (.xlsm)') },
    });
    expect(await ingest(service, orders([order('M-2')]).subarray(0, -30))).toMatchObject({
      failure: { code: 'corrupt_workbook' },
    });
  });
});

test('a person is erased from workbooks: those that hold the e-mail anywhere are deleted', async () => {
  const dataDirectory = await temporaryDirectory();
  const own = await startService({ dataDirectory });
  const rich = { xml: '<c t="inlineStr"><is><r><t>grace@</t></r><r><t>example.com</t></r></is></c>' };
  const notes = { name: 'xl/comments1.xml', bytes: '<comments><t>ask grace@example.com</t></comments>' };
  const macros = { name: 'xl/vbaProject.bin', bytes: 'grace@example.com' };
  const files = [
    await ingest(own, orders([order('X-1', { mail: 'grace@example.com' })])),
    await ingest(own, orders([order('X-2', { mail: rich })])),
    await ingest(own, orders([order('X-3')], { parts: [notes] })),
    await ingest(own, orders([order('X-4')], { parts: [macros] })),
    await ingest(own, orders([order('X-5', { mail: 'grace@example.org' })])),
  ];
  expect((await filesWith(dataDirectory, 'PK\x03\x04')).length).toBe(5);
  const erase = ['erase', '--email', 'grace@example.com', '--yes'];
  expect(await runOms(erase, { OMS_DATA_DIR: dataDirectory })).toMatchObject({ code: 0 });
  const deleted = await Promise.all(
    files.map(async ({ file_id }) => (await getJson(own, `/files/${file_id}`)).upload_deleted_at),
  );
  expect(deleted.map((at) => at !== null)).toEqual([true, true, true, true, false]);
  expect((await filesWith(dataDirectory, 'PK\x03\x04')).length).toBe(1);
});

test('oms ingest, its dry run and oms preview take workbooks', async () => {
  const directory = await temporaryDirectory();
  const path = join(directory, 'orders.xlsx');
  const sheets = ['Notes', 'Orders'].map((name) => ({ name, rows: rowsOf([header, order(`C-${name}`)]) }));
  await writeFile(path, workbookOf({ ...FORMATS, sheets }));
  const environment = { OMS_DATA_DIR: join(directory, 'data'), OMS_IMS_PORT: '0' };
  const oms = (...args: string[]) => runOms(args, environment);
  expect((await oms('ingest', path, '--dry-run', '--sheet', 'Orders')).stdout).toContain('1 rows');
  expect((await oms('preview', path, '--sheet', 'orders')).stdout).toContain('sheet "Orders" of 2, header in row 1');
  expect((await oms('ingest', path, '--sheet', 'None')).stdout).toContain('unknown_sheet');
});

test('a report is downloaded as a workbook, fixed there, and comes back', async () => {
  const rows = [order('=1+1', { quantity: '1e3' }), order("'R-2", { sku: '0070' }), order('R-3', { hub: '' })];
  const file = await ingest(service, orders(rows));
  const url = `${service.url}/invalid-files/${file.invalid_file}?as=xlsx`;
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe(
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  );
  expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${file.file_id}-invalid.xlsx"`);
  const etag = response.headers.get('etag')!;
  const bytes = Buffer.from(await response.arrayBuffer());
  expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304);
  const head = await fetch(url, { method: 'HEAD' });
  expect([head.status, head.headers.get('etag')]).toEqual([200, etag]);

  const unfixed = await ingest(service, bytes);
  expect(unfixed).toMatchObject({
    parent_file_id: file.file_id,
    progress: { accepted: 0, invalid: 3 },
    invalid_by_code: file.invalid_by_code,
  });
  const all = (rejected: Awaited<ReturnType<typeof rejectionsOf>>) =>
    rejected.map(({ values, reasons }) => ({ values, reasons }));
  expect(all(await rejectionsOf(service, unfixed))).toEqual(all(await rejectionsOf(service, file)));

  const csv = (await reportOf(service, file)).split('\n').filter((line) => line !== '');
  const cells = csv.map((line) => line.replace('\ufeff', '').split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/));
  const texts = cells.map((row) => row.map((cell) => cell.replace(/^"|"$/g, '').replaceAll('""', '"')));
  texts[1]![6] = '2';
  texts[2]![4] = '007';
  texts[3]![5] = 'HUB-1';
  // As a person leaves it: what was typed is a number where the cell is no text.
  const fixed = await ingest(
    service,
    sheetOf([texts[0]!, [...texts[1]!.slice(0, 6), 2, ...texts[1]!.slice(7)], texts[2]!, texts[3]!]),
  );
  expect(fixed).toMatchObject({ parent_file_id: file.file_id, progress: { accepted: 3, invalid: 0 } });
  expect(await getJson(service, `/orders/${encodeURIComponent("'R-2")}`)).toMatchObject({ items: [{ sku: '007' }] });
  await problemOf(await fetch(`${url.replace('xlsx', 'pdf')}`), 400, 'invalid_parameter');
});
