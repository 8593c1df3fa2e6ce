/** `/formats`: formats are listed, copied from a preset, tried on a file, changed, and deleted after a question. */
import { beforeAll, expect, test } from 'vitest';
import type { FormatResponse } from '../../src/http/responses.ts';
import { getJson, type Service, setStock, startService } from '../support/service.ts';
import { accessibilityProblems, expectComplaints, LOOKS, openPage } from './support/browser.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [['SKU-1', 'HUB-7', 100]]);
});

const saved = (name: string) => getJson<FormatResponse>(service, `/formats/${name}`);

const put = async (name: string, from: string): Promise<FormatResponse> => {
  const body = JSON.stringify({ ...(await saved(from)), name });
  const headers = { 'content-type': 'application/json' };
  return (await (
    await fetch(`${service.url}/formats/${name}`, { method: 'PUT', headers, body })
  ).json()) as FormatResponse;
};

const named = (name: string) => ({ name, exact: true });

test('a preset is copied with a hub of its own, tried on a file, and saved', async () => {
  const page = await openPage(service.url, '/formats');
  await page.getByRole('link', named('Copy shopify')).click();
  await page.getByRole('heading', { level: 1, name: 'A copy of shopify' }).waitFor();
  await page.getByLabel('Hub of every row').fill('HUB-7');
  const template = await (await fetch(`${service.url}/template.csv?format=shopify`)).arrayBuffer();
  await page
    .getByLabel('File to try the format on')
    .setInputFiles({ name: 'export.csv', mimeType: 'text/csv', buffer: Buffer.from(template) });
  await page.getByText('Below are the first rows of export.csv.').waitFor();
  await page.getByRole('cell', { name: 'HUB-7' }).first().waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.getByLabel('Save as').fill('shop');
  await page.getByRole('button', named('Save')).click();
  await page.getByRole('link', named('shop')).waitFor();
  const { columns, lines, header } = await saved('shop');
  expect({ hub: columns.hub_id, lines }).toEqual({ hub: { value: 'HUB-7' }, lines: 'adjacent' });
  expect(header.columns).toContain('Lineitem sku');
});

test('a format is changed by its fields, unless somebody has changed it meanwhile', async () => {
  await put('fields', 'etsy');
  const page = await openPage(service.url, '/formats/fields');
  expectComplaints(page, /status of 412/);
  await page.getByRole('heading', { level: 1, name: 'Format fields' }).waitFor();
  await page.getByLabel('Currency').fill('eur');
  await page.getByLabel('Rows above the header').fill('2');
  await page.getByRole('button', named('Save')).click();
  await page.getByText('version 2').waitFor();
  expect(await saved('fields')).toMatchObject({ numbers: { currency: 'EUR' }, header: { skip_rows: 2 } });

  await page.getByRole('link', named('fields')).click();
  await page.getByRole('heading', { level: 1, name: 'Format fields' }).waitFor();
  await put('fields', 'amazon');
  await page.getByLabel('Currency').fill('USD');
  await page.getByRole('button', named('Save')).click();
  await page.getByRole('alert').filter({ hasText: 'version' }).waitFor();
  expect((await saved('fields')).numbers.currency).not.toBe('USD');
});

test('a format is deleted after a question, a preset is not', async () => {
  await put('old', 'etsy');
  const page = await openPage(service.url, '/formats');
  await page.getByRole('button', { name: 'Delete old' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Delete the format old?' });
  await dialog.getByText('Files that were read by it stay as they are').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Delete the format' }).click();
  await expect.poll(() => page.getByRole('link', named('old')).count()).toBe(0);
  expect(await page.getByRole('button', { name: 'Delete etsy' }).count()).toBe(0);
  expect((await fetch(`${service.url}/formats/old`)).status).toBe(404);
});

test.each(LOOKS)(
  'in the %s theme the list and a format fit %s pixels, and axe finds nothing',
  async (colorScheme, width) => {
    await put(`a-${'very-long-'.repeat(6)}`.slice(0, 64), 'woocommerce');
    const page = await openPage(service.url, '/formats', { colorScheme, viewport: { width, height: 740 } });
    await page.getByRole('link', named('shopify')).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('link', named('amazon')).click();
    await page.getByRole('heading', { level: 1, name: 'A copy of amazon' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    expect(await accessibilityProblems(page)).toEqual([]);
  },
);
