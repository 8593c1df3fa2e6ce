/** What tests of the files page share: choosing and dropping files, and the rows. */
import type { Locator, Page } from 'playwright-core';

export const row = (page: Page, name: string): Locator =>
  page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });

/** The row of an upload that is under way or needs a decision. */
export const uploadOf = (page: Page, name: string): Locator =>
  page.getByRole('region', { name: 'Uploads' }).getByRole('listitem').filter({ hasText: name });

export interface Chosen {
  name: string;
  buffer: Buffer;
}

export const choose = (page: Page, ...files: Chosen[]): Promise<void> =>
  page.getByLabel('CSV files to upload').setInputFiles(files.map((file) => ({ ...file, mimeType: 'text/csv' })));

/** Drags files and folders of this machine into the window; returns the function that drops them. */
export async function drag(page: Page, paths: string[]): Promise<() => Promise<void>> {
  const debug = await page.context().newCDPSession(page);
  const event = (type: 'dragEnter' | 'dragOver' | 'drop') =>
    debug.send('Input.dispatchDragEvent', {
      type,
      x: 300,
      y: 500,
      data: { items: [], files: paths, dragOperationsMask: 1 },
    });
  await event('dragEnter');
  await event('dragOver');
  // The session ends with the page: one that is detached may take the drop with it.
  return async () => {
    await event('drop');
  };
}
