/** Many orders are selected in the list and moved at once; what became of each is told. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { getJson, type Service, setStock, startService } from '../support/service.ts';
import { accessibilityProblems, LOOKS, openPage } from './support/browser.ts';
import { createOrders, moveOrder } from './support/orders-api.ts';

/** More than one page. */
const ORDERS = 60;

let service: Service;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', ORDERS]]);
  await createOrders(
    service,
    Array.from({ length: ORDERS }, (_, i) => `B-${String(i).padStart(2, '0')}`),
  );
});

const byStatus = async () =>
  (await getJson<{ orders: { by_status: Record<string, number> } }>(service, '/stats')).orders.by_status;
const box = (page: Page, id: string) => page.getByRole('checkbox', { name: `Select ${id}` });
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const statusOf = (page: Page, id: string) =>
  page
    .getByRole('row')
    .filter({ has: page.getByRole('link', { name: id, exact: true }) })
    .locator('.status-badge');

test('orders are selected by the keyboard and moved together, and those that cannot move are named with the reason', async () => {
  await moveOrder(service, 'B-00', 'cancelled');
  const page = await openPage(service.url, '/orders?q=B-0');
  await box(page, 'B-02').focus();
  await page.keyboard.press('Space');
  await box(page, 'B-01').check();
  await box(page, 'B-00').check();
  await page.getByRole('status').getByText('3 orders selected').waitFor();
  await button(page, 'Move to Confirmed').focus();
  await page.keyboard.press('Enter');
  const outcome = page.getByRole('region', { name: 'What became of the selected orders' });
  await outcome.getByText('2 orders are now Confirmed. 1 order was not changed.').waitFor();
  await expect
    .poll(() => outcome.locator('tbody tr').allTextContents())
    .toEqual(['B-00From Cancelled an order cannot go to Confirmed or elsewhere.']);
  await expect.poll(() => statusOf(page, 'B-02').first().textContent()).toBe('Confirmed');
  await expect.poll(() => box(page, 'B-00').isChecked()).toBe(true);
  await expect.poll(() => box(page, 'B-01').isChecked()).toBe(false);
  for (const [colorScheme, width] of [...LOOKS, ['light', 320]] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await page.locator('html').evaluate((html) => html.scrollWidth)).toBeLessThanOrEqual(width);
  }
});

test('all orders of a list, more than its page has, are cancelled after a question; the filter counts them', async () => {
  const page = await openPage(service.url, '/orders?status=on_hold');
  const { on_hold = 0, cancelled = 0 } = await byStatus();
  await page.getByLabel('Select all orders on this page').check();
  await page.getByRole('status').getByText('50 orders selected').waitFor();
  await button(page, 'Select up to 1,000').click();
  await page.getByRole('status').getByText(`${on_hold} orders selected`).waitFor();
  await button(page, 'Move to Cancelled').click();
  const dialog = page.getByRole('dialog').filter({ visible: true });
  await dialog.getByText(`Move ${on_hold} orders to Cancelled?`).waitFor();
  await dialog.getByLabel('Reason').fill('the supplier is gone');
  await dialog.getByRole('button', { name: 'Move to Cancelled' }).click();
  await page.getByText(`${on_hold} orders are now Cancelled.`).waitFor();
  const option = page.getByLabel('Status').locator('option[value=cancelled]');
  await expect.poll(() => option.textContent()).toBe(`Cancelled (${on_hold + cancelled})`);
  await page.getByText('No order matches all of these filters').waitFor();
  expect((await byStatus()).on_hold ?? 0).toBe(0);
});
