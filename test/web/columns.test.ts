/** `/columns`: a file with the columns of a shop is confirmed on one screen, uploaded, and remembered. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { FileResponse, FormatResponse, OrderResponse } from '../../src/http/responses.ts';
import { listAll } from '../support/http.ts';
import { csv, getJson, orderLine, type Service, setStock, startService } from '../support/service.ts';
import { sheetOf } from '../support/workbook.ts';
import { accessibilityProblems, expectComplaints, LOOKS, openPage } from './support/browser.ts';
import { choose, row, uploadOf } from './support/files-page.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [
    ['55120', 'HUB-1', 100],
    ['55120', 'HUB-2', 100],
    ['SKU-1', 'HUB-1', 100],
  ]);
});

/** A list as a German shop keeps it: titles above the header, commas in amounts, days before months, and no hub. */
const list = (name: string, ids: string[], column = 'Bestell-Nr.') => {
  const lines = ids.map((id) => `${id};Zoë Baker;zoe@example.com;Notizbuch;55120;2;4,20;21.11.2026;Weg 3;89073 Ulm`);
  const header = `${column};Kunde;E-Mail;Artikel;Art.-Nr.;Menge;Einzelpreis;Bestelldatum;Straße;Ort`;
  return { name, buffer: Buffer.from(['Bestellungen November;;;;;;;;;', header, ...lines, ''].join('\r\n')) };
};

const heading = (page: Page, name: string) =>
  page.getByRole('heading', { level: 1, name: `What are the columns of ${name}?` });
const save = (page: Page, button = 'Save and upload') => page.getByRole('button', { name: button, exact: true });
const hub = (page: Page) => page.getByLabel('Hub of every row');

test('a list of a shop is confirmed on one screen, uploaded, and the next one is known', async () => {
  const page = await openPage(service.url);
  await choose(page, list('november.csv', ['B-1', 'B-2']));
  await heading(page, 'november.csv').waitFor();
  await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('main');
  expect(await listAll(service, '/files?limit=10')).toEqual([]);

  await page.getByText('The header is row 2. Above it stands: Bestellungen November.').waitFor();
  expect(await page.getByLabel('Delimiter').inputValue()).toBe(';');
  await page.getByText('row 3, Einzelpreis: 4,20').waitFor();
  await page.getByText('row 3, Bestelldatum: 21.11.2026').waitFor();
  expect(await page.getByLabel('Decimals').inputValue()).toBe(',');
  await page.getByLabel('Order id order_id').selectOption({ label: 'Kunde' });
  await page.getByRole('cell', { name: 'Zoë Baker' }).nth(3).waitFor();
  await page.getByLabel('Order id order_id').selectOption({ label: 'Bestell-Nr.' });
  await page.getByRole('cell', { name: 'Weg 3, 89073 Ulm' }).first().waitFor();

  await save(page).click();
  await page.getByRole('alert').getByText('Still to be said: Hub.').waitFor();
  expect(await listAll(service, '/files?limit=10')).toEqual([]);
  await hub(page).fill('HUB-2');
  await page.getByRole('cell', { name: 'HUB-2' }).first().waitFor();
  await page.getByText('2 rows can be read.').waitFor();
  await page.getByLabel('Save as').fill('Haus');
  await page.getByText('Write a name of 1 to 64 small letters').waitFor();
  await page.getByLabel('Save as').fill('haus');
  await save(page).click();
  await row(page, 'november.csv').getByText('Completed').waitFor();

  await choose(page, list('december.csv', ['B-3']));
  await row(page, 'december.csv').getByText('Completed').waitFor();
  const files = await listAll<FileResponse>(service, '/files?limit=10');
  expect(files.map(({ name, format }) => [name, format])).toEqual([
    ['december.csv', { name: 'haus', version: 1 }],
    ['november.csv', { name: 'haus', version: 1 }],
  ]);
  const orders = await listAll<OrderResponse>(service, '/orders');
  expect(orders.map(({ order_id, items }) => [order_id, items[0]!.hub_id]).sort()).toEqual([
    ['B-1', 'HUB-2'],
    ['B-2', 'HUB-2'],
    ['B-3', 'HUB-2'],
  ]);
  expect(orders[0]).toMatchObject({ items: [{ unit_price: '4.20' }], shipping_address: 'Weg 3, 89073 Ulm' });
});

test('of several files the first that needs it asks, those with its header follow, and a standard file does not wait', async () => {
  const page = await openPage(service.url);
  await choose(
    page,
    list('north.csv', ['N-1'], 'Auftragsnummer'),
    list('south.csv', ['S-1'], 'Auftragsnummer'),
    list('other.csv', ['O-1'], 'Bestellung'),
    { name: 'standard.csv', buffer: Buffer.from(csv(orderLine('STD-1'))) },
  );
  await heading(page, 'north.csv').waitFor();
  await page.getByText('1 file with the same header will follow.').waitFor();
  await hub(page).fill('HUB-1');
  await save(page, 'Save and upload 2 files').click();
  await heading(page, 'other.csv').waitFor();
  // Who goes back finds the question in the list.
  await page.goBack();
  for (const name of ['north.csv', 'south.csv', 'standard.csv']) await row(page, name).getByText('Completed').waitFor();
  await uploadOf(page, 'other.csv').getByText('Its columns have other names').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await uploadOf(page, 'other.csv').getByRole('link', { name: 'Tell what the columns are' }).click();
  await page.getByRole('button', { name: 'Do not upload it' }).click();
  await row(page, 'north.csv').waitFor();
  await expect.poll(() => page.getByText('other.csv').count()).toBe(0);
});

test('files with a standard header, and reports, are uploaded without a question to the service', async () => {
  const page = await openPage(service.url);
  await choose(page, { name: 'bad.csv', buffer: Buffer.from(csv(orderLine('P-1', { quantity: 'two' }))) });
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    row(page, 'bad.csv').getByRole('link', { name: 'Report of' }).click(),
  ]);
  await page.getByLabel('CSV files to upload').setInputFiles(await download.path());
  await row(page, 'bad.csv').getByText('Fixed by').waitFor();
  const asked = await page.evaluate(() =>
    performance.getEntriesByType('resource').filter(({ name }) => name.includes('/preview')),
  );
  expect(asked).toEqual([]);
});

test('a file of a known shop needs no more than its hub', async () => {
  const page = await openPage(service.url);
  const template = await (await fetch(`${service.url}/template.csv?format=shopify`)).text();
  // A name is the same in another case.
  const shop = template.replace('Lineitem sku', 'LINEITEM SKU');
  await choose(page, { name: 'orders_export.csv', buffer: Buffer.from(shop) });
  await page.getByText('It looks like a file of shopify.').waitFor();
  expect(await page.getByLabel('Save as').inputValue()).toBe('my-shopify');
  expect(await page.getByLabel('SKU sku').inputValue()).toBe('column Lineitem sku');
  await page.getByLabel('Save as').fill('shopify');
  await page.getByText('A format that comes with the service has this name').waitFor();
  await page.getByLabel('Save as').fill('my-shopify');
  await hub(page).fill('HUB-2');
  await save(page).click();
  await row(page, 'orders_export.csv').getByText('Completed').waitFor();
  const saved = await getJson<FormatResponse>(service, '/formats/my-shopify');
  expect(saved.columns.hub_id).toEqual({ value: 'HUB-2' });
});

test('a workbook is asked about as a CSV is; its report as a workbook needs no question', async () => {
  const page = await openPage(service.url);
  const header = ['Belegnummer', 'Kunde', 'E-Mail', 'Artikel', 'Art.-Nr.', 'Menge', 'Einzelpreis', 'Datum', 'Adresse'];
  const order = (id: string, email: string) => [
    id,
    'Zoë Baker',
    email,
    'Notizbuch',
    '55120',
    2,
    4.2,
    '2026-11-21',
    'Ulm',
  ];
  const buffer = sheetOf([header, order('W-1', 'zoe@example.com'), order('W-2', 'zoe')]);
  await choose(page, { name: 'belege.xlsx', buffer });
  await page.getByText('It is a workbook, of which the sheet “Orders” is read.').waitFor();
  await page.getByLabel('Order id order_id').selectOption({ label: 'Belegnummer' });
  await hub(page).fill('HUB-1');
  await page.getByText('1 row can be read, 1 row has problems.').waitFor();
  expect(await page.getByLabel('Save as').inputValue()).toBe('belege');
  await save(page).click();
  await row(page, 'belege.xlsx').getByText('Completed, 1 to fix').waitFor();
  await row(page, 'belege.xlsx').getByRole('link', { name: 'belege.xlsx', exact: true }).click();
  const [report] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'as an Excel workbook' }).click(),
  ]);
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose the file…' }).click();
  await (await choosing).setFiles(await report.path());
  await page.getByText('0 accepted, 1 invalid').waitFor();
});

test('a file that failed for its columns offers the question, and its successor names it', async () => {
  const body = list('failed.csv', ['F-1'], 'Vorgang').buffer;
  const sent = await fetch(`${service.url}/upload?name=failed.csv`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body,
  });
  const { file_id } = (await sent.json()) as FileResponse;
  const page = await openPage(service.url, `/files/${file_id}`);
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Tell what the columns are' }).click();
  await (await choosing).setFiles([{ name: 'failed.csv', mimeType: 'text/csv', buffer: body }]);
  await heading(page, 'failed.csv').waitFor();
  await page.getByLabel('Order id order_id').selectOption({ label: 'Vorgang' });
  await hub(page).fill('HUB-1');
  await page.getByLabel('Save as').fill('vorgang');
  await save(page).click();
  await page.getByRole('heading', { level: 3, name: 'Fixed files of this import' }).waitFor();
  await page.getByText('1 accepted, 0 invalid').waitFor();
});

test('other bytes, other columns: what is said of delimiter and header is read anew', async () => {
  const page = await openPage(service.url);
  await choose(page, list('anew.csv', ['A-1'], 'Rechnung'));
  await heading(page, 'anew.csv').waitFor();
  await page.getByLabel('Rows above the header').fill('0');
  await page.getByText('The header is row 1.').waitFor();
  await page.getByLabel('Rows above the header').fill('1');
  await page.getByText('The header is row 2.').waitFor();
  await expect.poll(() => page.getByLabel('Customer e-mail customer_email').inputValue()).toBe('column E-Mail');
});

describe.each(LOOKS)('in the %s theme', (colorScheme, width) => {
  test(`the screen fits ${width} pixels, and axe finds nothing`, async () => {
    const page = await openPage(service.url, '/', { colorScheme, viewport: { width, height: 740 } });
    expectComplaints(page, /status of 400/);
    await choose(page, list(`${'a-long-name-'.repeat(12)}.csv`, ['L-1'], `${'Eine lange Spalte '.repeat(9)}Nr.`));
    await hub(page).fill('HUB-1');
    await page.getByRole('cell', { name: 'HUB-1' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    expect(await accessibilityProblems(page)).toEqual([]);
  });
});
