/** Files as their senders have them: read by a format that was saved, that the upload names or that has their header. */
import { expect, test } from 'vitest';
import { listAll, problemOf, send } from '../support/http.ts';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService, upload } from '../support/service.ts';

const acme = {
  header: { skip_rows: 2 },
  columns: {
    order_id: { from: 'Bestell-Nr' },
    customer_name: { from: ['Lieferung', 'Rechnung'] },
    customer_email: { from: 'E-Mail' },
    product_name: { from: 'Artikel' },
    sku: { from: 'SKU' },
    hub_id: { value: 'HUB-1' },
    quantity: { from: 'Menge' },
    unit_price: { from: 'Summe', divide_by: 'quantity' },
    order_date: { from: 'Datum' },
    shipping_address: { join: ['Straße', 'Ort'], with: ', ' },
  },
  numbers: { decimal: ',', group: '.', currency: 'EUR' },
  dates: ['dd.MM.yyyy'],
  time_zone: 'Europe/Berlin',
  only: { column: 'Status', in: ['bezahlt'] },
  encoding: 'windows-1252',
  delimiter: ';',
};
const HEADER = 'Bestell-Nr;Status;Lieferung;Rechnung;E-Mail;Artikel;SKU;Menge;Summe;Datum;Straße;Ort';
const line = (id: string, changes: Record<string, string> = {}) =>
  Object.values({
    ...{ id, status: 'bezahlt', to: '', name: 'Zoë Groß', mail: 'zoe@example.com', product: 'Röhre', sku: 'SKU-1' },
    ...{ quantity: '2', total: '1.999,50 €', day: '01.02.2026', street: 'Am Weg 1', city: 'Ulm', ...changes },
  }).join(';');
const latin1 = (text: string) => Buffer.from(text.replaceAll('€', '\x80'), 'latin1');
const put = (service: Service, name: string, format: object, headers: Record<string, string> = {}) =>
  send(service, 'PUT', `/formats/${name}`, format, headers);

test('a format is saved, shown, listed, changed by whoever knows its version, and deleted', async () => {
  const service = await startService();
  const made = await put(service, 'acme', acme);
  expect([made.status, made.headers.get('etag')]).toEqual([201, '"1"']);
  expect(await made.json()).toMatchObject({ name: 'acme', version: 1, preset: false, columns: acme.columns });
  expect((await put(service, 'acme', { ...acme, version: 7 })).headers.get('etag')).toBe('"1"');
  const changed = await put(service, 'acme', { ...acme, delimiter: null }, { 'if-match': '"1"' });
  expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
  await problemOf(await put(service, 'acme', acme, { 'if-match': '"1"' }), 412, 'version_mismatch');
  expect(await getJson(service, '/formats/acme')).toMatchObject({ version: 2, delimiter: null, saved_by: null });

  for (const name of ['b', 'c', 'd']) await put(service, name, acme);
  const names = (await listAll<{ name: string; preset: boolean }>(service, '/formats?limit=2')).map(({ name }) => name);
  expect(names.slice(names.indexOf('oms'))).toEqual(expect.arrayContaining(['oms', 'acme', 'b', 'c', 'd']));

  await problemOf(await put(service, 'oms', acme), 409, 'format_exists');
  await problemOf(await send(service, 'DELETE', '/formats/oms'), 409, 'format_exists');
  await problemOf(await put(service, 'acme', { ...acme, name: 'other' }), 400, 'invalid_body');
  await problemOf(await put(service, 'Not%20A%20Name', acme), 400, 'invalid_parameter');
  expect(await problemOf(await put(service, 'none', {}), 400, 'invalid_body')).toMatchObject({
    errors: [expect.objectContaining({ pointer: '/columns' })],
  });
  const large = { ...acme, header: { columns: Array.from({ length: 200 }, () => 'x'.repeat(400)) } };
  expect(await problemOf(await put(service, 'large', large), 400, 'invalid_body')).toMatchObject({
    detail: expect.stringContaining('a format may have 65536'),
  });
  const huge = { ...acme, header: { columns: ['x'.repeat(1024 * 1024)] } };
  expect(await problemOf(await put(service, 'huge', huge), 413, 'too_large')).toMatchObject({
    detail: expect.stringContaining('larger than 131072 bytes'),
  });
  for (const _ of [1, 2]) expect((await send(service, 'DELETE', '/formats/b')).status).toBe(204);
  await problemOf(await fetch(`${service.url}/formats/b`), 404, 'not_found');
  const unknown = await problemOf(await upload(service, 'x', '?format=b'), 400, 'unknown_format');
  expect(unknown.detail).toContain('there is no format "b", but');
});

test('a file is read by the format that has its header, skipped rows are counted, and its report is read as the file was', async () => {
  const service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 100]]);
  await put(service, 'acme', acme);
  const rows = [line('Z-1'), line('Z-2', { status: 'offen' }), line('Z-3', { quantity: '2,5', day: '2026-02-01' })];
  const text = ['Bestellungen;;', '', HEADER, ...rows, line('Z-4', { sku: 'NO', total: '10,00' })].join('\n');
  const file = await ingest(service, latin1(text));
  expect(file).toMatchObject({
    format: { name: 'acme', version: 1 },
    intake: { encoding: 'windows-1252', delimiter: ';' },
    progress: { rows: 4, accepted: 1, invalid: 2, skipped: 1 },
    invalid_by_code: { invalid_quantity: 1, invalid_date: 1, unknown_sku: 1 },
  });
  expect(await getJson(service, '/orders/Z-1')).toMatchObject({
    customer: { name: 'Zoë Groß', email: 'zoe@example.com' },
    items: [
      {
        sku: 'SKU-1',
        hub_id: 'HUB-1',
        product_name: 'Röhre',
        quantity: 2,
        unit_price: '999.75',
        line_total: '1999.50',
      },
    ],
    total_amount: '1999.50',
    order_date: '2026-01-31T23:00:00.000Z',
    shipping_address: 'Am Weg 1, Ulm',
    source: { file_id: file.file_id, row: 4 },
  });
  expect(await getJson(service, '/stats')).toMatchObject({ rows: { total: 4, accepted: 1, invalid: 2, skipped: 1 } });

  const report = await (await fetch(`${service.url}/invalid-files/${file.invalid_file}`)).text();
  const [header, first, second] = report.trimEnd().split('\n') as [string, string, string];
  expect(header).toBe(`${HEADER};_row;_column;_code;_reason;_file`);
  expect(first).toContain(';6;Menge | Datum;invalid_quantity | invalid_date;');
  expect(first).toContain('""Menge"" ""2,5"" is not a whole number');
  expect(second).toContain(';7;sku;unknown_sku;');

  await send(service, 'DELETE', '/formats/acme');
  const fixed = report.replace('2,5', '2').replace('2026-02-01', '02.02.2026');
  expect(await ingest(service, fixed)).toMatchObject({
    format: { name: 'acme', version: 1 },
    parent_file_id: file.file_id,
    intake: { encoding: 'utf-8', delimiter: ';' },
    progress: { rows: 2, accepted: 1, invalid: 1, skipped: 0 },
  });
  expect(await getJson(service, `/files/${file.file_id}`)).toMatchObject({ fixed: 1, open: 1 });
});

test('a header that no format has, or several have, is refused, and an upload may name the format', async () => {
  const service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 100]]);
  const plain = { ...acme, header: {}, only: null, encoding: null };
  const text = `${HEADER.replace('Status;', '')}\n${line('Z-1').replace('bezahlt;', '')}\n`;
  expect(await ingest(service, text)).toMatchObject({ status: 'failed', failure: { code: 'missing_column' } });
  await put(service, 'one', plain);
  await put(service, 'two', { ...plain, dates: ['MM.dd.yyyy'] });
  const several = await ingest(service, text);
  expect(several.failure).toMatchObject({
    code: 'missing_column',
    message: expect.stringContaining('formats one, two:'),
  });
  expect(await ingest(service, text, '?format=two')).toMatchObject({
    format: { name: 'two', version: 1 },
    status: 'completed',
  });
  expect(await getJson(service, '/orders/Z-1')).toMatchObject({ order_date: '2026-01-01T23:00:00.000Z' });
  expect(await ingest(service, csv(orderLine('N-1')))).toMatchObject({
    format: null,
    progress: { accepted: 1, skipped: 0 },
  });
});

test('a template is a file that its format reads', async () => {
  const service = await startService();
  await setStock(service, [
    ['SKU-1', 'HUB-1', 100],
    ['SKU-2', 'HUB-1', 100],
  ]);
  await put(service, 'acme', acme);
  for (const name of ['', '?format=acme']) {
    const response = await fetch(`${service.url}/template.csv${name}`);
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="(acme|orders)\.csv"$/);
    const file = await ingest(
      service,
      Buffer.from(await response.arrayBuffer()),
      `${name === '' ? '?' : `${name}&`}name=t.csv`,
    );
    expect(file.progress).toMatchObject({ rows: 2, invalid: name === '' ? 0 : 2, skipped: 0 });
    expect(file.invalid_by_code).toEqual(name === '' ? {} : { order_conflict: 2 });
  }
});
