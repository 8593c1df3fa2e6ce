/** A preview says by which format an upload would read a file, and which one fits a file that none is saved for. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ORDER_COLUMNS } from '../../src/model/columns.ts';
import { namesOf } from '../../src/model/format.ts';
import { SHOPIFY } from '../../src/model/presets/shopify.ts';
import { problemOf, send } from '../support/http.ts';
import { ADMIN_KEY, bearer, newKey, startClosedService } from '../support/keys.ts';
import { csv, orderLine, runOms, type Service } from '../support/service.ts';

const HEADER = 'Vorgang;Wer;Post;Was;Nr;Menge;Summe;Tag;Wohin';
const acme = {
  header: { skip_rows: 2 },
  columns: {
    order_id: { from: 'Vorgang' },
    customer_name: { from: 'Wer' },
    customer_email: { from: 'Post' },
    product_name: { from: 'Was' },
    sku: { from: 'Nr' },
    hub_id: { value: 'HUB-1' },
    quantity: { from: 'Menge' },
    unit_price: { from: 'Summe', divide_by: 'quantity' },
    order_date: { from: 'Tag' },
    shipping_address: { from: 'Wohin' },
  },
  numbers: { decimal: ',', group: '.', currency: null },
  dates: ['dd.MM.yyyy'],
  encoding: 'iso-8859-15',
};
// The sign of the euro is detected as that of any currency: only the format knows it.
const line = 'V-1;Zoë Groß;zoe@example.com;Röhre zu 5 \xa4;55120;2;8,40;21.11.2026;Weg 3, Ulm';
const acmeFile = Buffer.from(`Liste;;\n\n${HEADER}\n${line}\n`, 'latin1');
const excel = `\ufeffBestell-Nr.;Kunde;E-Mail;Artikel;Art.-Nr.;Lager;Menge;Einzelpreis;Bestelldatum;Adresse\r
B-1;Zoë Groß;zoe@example.com;Röhre;55120;HUB-1;2;1.004,20;21.11.2026;Weg 3, Ulm\r
`;

const SHOPIFY_NAMES = [...Object.values(SHOPIFY.columns).flatMap(namesOf), SHOPIFY.only!.column];

let service: Service & { env: Record<string, string> };
let ofHub1: ReturnType<typeof bearer>;
let ofHub2: ReturnType<typeof bearer>;
const admin = bearer(ADMIN_KEY);

beforeAll(async () => {
  service = await startClosedService();
  const key = async (hub: string) =>
    bearer((await newKey(service, { role: 'operator', scopes: ['files:read', 'files:write'], hubs: [hub] })).key);
  [ofHub1, ofHub2] = await Promise.all([key('HUB-1'), key('HUB-2')]);
  const saved = await send(service, 'PUT', '/formats/acme', acme, ofHub1);
  expect(saved.status).toBe(201);
});

const post = (body: string | Buffer, query = '', by = admin) =>
  fetch(`${service.url}/preview${query}`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv', ...by },
    body: body as string,
  });

async function previewed(body: string | Buffer, query = '', by = admin) {
  const response = await post(body, query, by);
  expect(response.status).toBe(200);
  return (await response.json()) as {
    fit: string;
    format: Record<string, unknown>;
    missing: string[];
    rows: { row: number; values: Record<string, string>; reasons: unknown[]; skipped: boolean }[];
    failure: { code: string; message: string } | null;
  };
}

test('a standard file needs no format, even where a saved one has its header', async () => {
  const columns = Object.fromEntries(ORDER_COLUMNS.map((column) => [column, { from: column }]));
  expect((await send(service, 'PUT', '/formats/standard', { columns, dates: ['dd.MM.yyyy'] }, admin)).status).toBe(201);
  expect(await previewed(csv(orderLine('A-1')))).toMatchObject({
    ...{ fit: 'standard', missing: [], failure: null },
    rows: [{ row: 2, values: { order_id: 'A-1', order_date: '2026-11-20' }, reasons: [] }],
  });
});

describe('a saved format', () => {
  const asRead = {
    ...{ missing: [], failure: null },
    format: { name: 'acme', encoding: 'iso-8859-15', header: { skip_rows: 2 } },
    rows: [{ row: 4, values: { product_name: 'Röhre zu 5 €', unit_price: '4.20', total_amount: '8.40' }, reasons: [] }],
  };

  test('is found by the header, in the row that it says, and reads the file', async () => {
    expect(await previewed(acmeFile, '', ofHub1)).toMatchObject({ fit: 'saved', ...asRead });
    const cut = acmeFile.subarray(8);
    const wider = acmeFile.toString('latin1').replace(';Wohin', ';Wohin;Mehr');
    for (const other of [cut, wider]) expect((await previewed(other, '', ofHub1)).fit).toBe('suggested');
    // Who is limited to hubs does not decide how the files of others are read.
    expect((await previewed(acmeFile)).fit).toBe('suggested');
  });

  test('is read by when it is asked for', async () => {
    expect(await previewed(acmeFile, '?format=acme')).toMatchObject({ fit: 'asked', ...asRead });
  });

  test('is not known to those who do not see it', async () => {
    const found = await previewed(acmeFile, '', ofHub2);
    expect([found.fit, found.format.name]).toEqual(['suggested', undefined]);
    const { detail } = await problemOf(await post(acmeFile, '?format=acme', ofHub2), 400, 'unknown_format');
    expect(detail).toMatch(/^there is no format "acme", but .*shopify, woocommerce$/);
  });

  test('is not chosen among several with one header', async () => {
    const two = { ...acme, header: { skip_rows: 0 }, columns: { ...acme.columns, shipping_address: { from: 'Ort' } } };
    for (const name of ['one', 'two']) await send(service, 'PUT', `/formats/${name}`, two, admin);
    const { fit, failure } = await previewed(`${HEADER.replace('Wohin', 'Ort')}\n${line}\n`);
    expect([fit, failure?.code]).toEqual(['suggested', 'missing_column']);
    expect(failure?.message).toContain('the formats one, two: upload the file with ?format=');
  });
});

test('a preset is found by the columns that it reads', async () => {
  const names = [...SHOPIFY_NAMES, 'Notes'];
  const row = names.map(
    (name) => ({ Name: '#1001', 'Financial Status': 'paid', 'Lineitem quantity': '2' })[name] ?? 'x',
  );
  const file = `${names.join()}\n${row.join()}\n`;
  expect(await previewed(file)).toMatchObject({
    fit: 'preset',
    format: { name: 'shopify' },
    rows: [{ skipped: false }],
  });
  expect(await previewed(file, '?format=shopify')).toMatchObject({ fit: 'asked', format: { name: 'shopify' } });
});

test('a format is suggested for a list of a German spreadsheet', async () => {
  expect(await previewed(excel)).toMatchObject({
    ...{ fit: 'suggested', missing: [] },
    format: { columns: { sku: { from: 'Art.-Nr.' } }, numbers: { decimal: ',', group: '.' }, dates: ['d.M.yyyy'] },
    rows: [
      { row: 2, values: { customer_name: 'Zoë Groß', unit_price: '1004.20', order_date: '2026-11-21' }, reasons: [] },
    ],
  });
});

test('a format that nobody saved, and a body without bytes, are refused', async () => {
  await problemOf(await post(excel, '?format=none'), 400, 'unknown_format');
  await problemOf(await post(''), 400, 'empty_upload');
});

test('oms preview asks the service that holds the formats', async () => {
  const path = join(service.dataDirectory, 'acme.csv');
  await writeFile(path, acmeFile);
  expect((await send(service, 'PUT', '/formats/acme-of-all', acme, admin)).status).toBe(201);
  const { code, stdout } = await runOms(['preview', path], { OMS_DATA_DIR: service.dataDirectory });
  expect([code, stdout]).toEqual([0, expect.stringContaining('read by the saved format for such files: acme-of-all')]);
});
