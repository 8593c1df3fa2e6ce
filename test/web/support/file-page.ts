/** The page of one file, and the locators of its parts. */
import type { BrowserContextOptions, Page } from 'playwright-core';
import type { Service } from '../../support/service.ts';
import { openPage } from './browser.ts';

export async function openFile(
  service: Pick<Service, 'url'>,
  file: { file_id: string; name: string },
  options: BrowserContextOptions & { search?: string } = {},
): Promise<Page> {
  const { search = '', ...context } = options;
  const page = await openPage(service.url, `/files/${file.file_id}${search}`, context);
  await page.getByRole('heading', { level: 1, name: file.name, exact: true }).waitFor();
  return page;
}

export const figure = (page: Page, name: string) =>
  page.locator('.figure', { has: page.getByText(name, { exact: true }) }).locator('dd');
export const region = (page: Page) =>
  page.getByRole('region', { name: 'Failed rows' }).getByRole('table').locator('..');
export const failedRow = (page: Page, row: string) =>
  page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: row, exact: true }) });
export const reasonLink = (page: Page, name: RegExp) => page.locator('.reasons').getByRole('link', { name });
export const badge = (page: Page) => page.locator('.file-under-name .status-badge');
