/** An order's page changes it: moves, edits, deletion, and what is said when others were faster. On a workflow with names of its own. */
import type { Page, Route } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import type { OrderHistoryResponse, OrderResponse } from '../../src/http/responses.ts';
import { getJson, type Service, setStock, startService } from '../support/service.ts';
import { accessibilityProblems, expectComplaints, LOOKS, openPage } from './support/browser.ts';
import { createOrder, editOrder, item, moveOrder } from './support/orders-api.ts';

let service: Service;
beforeAll(async () => {
  service = await startService({ env: { OMS_WORKFLOW: 'paid' } });
  await setStock(service, [
    ['SKU-1', 'HUB-1', 1_000],
    ['SKU-2', 'HUB-1', 3],
    ['SKU-3', 'HUB-1', 3],
  ]);
});

const badge = (page: Page) => page.locator('.order-head .status-badge');
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const dialog = (page: Page) => page.getByRole('dialog').filter({ visible: true });
const timeline = (page: Page) => page.locator('.timeline > li');
const order = (id: string) => getJson<OrderResponse>(service, `/orders/${id}`);
const history = async (id: string) => (await getJson<OrderHistoryResponse>(service, `/orders/${id}/history`)).items;
const available = async (sku: string) =>
  (await getJson<{ items: { available: number }[] }>(service, `/inventory?sku=${sku}`)).items[0]!.available;

async function openOrder(id: string): Promise<Page> {
  const page = await openPage(service.url, `/orders/${id}`);
  await timeline(page).first().waitFor();
  return page;
}

test('the buttons are those of the workflow, for the keyboard too; a move that gives stock back asks for a reason first', async () => {
  await createOrder(service, 'MOVE-1', [item('SKU-2', 2)]);
  const page = await openOrder('MOVE-1');
  await expect
    .poll(() => page.locator('.order-actions button').allTextContents())
    .toEqual(['Paid', 'Cancelled', 'Edit', 'Delete']);
  await button(page, 'Move to Paid').focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => badge(page).textContent()).toBe('Paid');
  await expect
    .poll(() => page.locator('.order-actions button').allTextContents())
    .toEqual(['Fulfilled', 'Cancelled', 'Delete']);
  expect(await available('SKU-2')).toBe(1);

  // The answer has come, and the buttons can be pressed.
  await expect.poll(() => page.evaluate('document.activeElement.className')).toBe('order-actions');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await dialog(page).getByText('The stock is given back.').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await dialog(page).getByLabel('Reason').fill('ordered twice');
  await dialog(page).getByRole('button', { name: 'Move to Cancelled' }).click();
  await expect.poll(() => badge(page).textContent()).toBe('Cancelled');
  await expect.poll(() => timeline(page).first().textContent()).toMatch(/Paid.*becomes.*Cancelled.*“ordered twice”/);
  await expect.poll(() => timeline(page).count()).toBe(3);
  await expect.poll(() => page.locator('.order-actions button').allTextContents()).toEqual(['Delete']);
  expect(await available('SKU-2')).toBe(3);
});

test('a move is taken back when others were faster, says who and which version it is now, and offers that version', async () => {
  await createOrder(service, 'LATE-1');
  const page = await openOrder('LATE-1');
  expectComplaints(page, /status of 412/);
  await moveOrder(service, 'LATE-1', 'PAID');
  await button(page, 'Move to Paid').click();
  await page.getByRole('alert').getByText('Changed by somebody meanwhile, now version 2.').waitFor();
  await expect.poll(() => badge(page).textContent()).toBe('Pending');
  await button(page, 'Show the newest version').click();
  await expect.poll(() => badge(page).textContent()).toBe('Paid');
  await button(page, 'Move to Fulfilled').click();
  await expect.poll(() => badge(page).textContent()).toBe('Fulfilled');
  await expect.poll(() => page.locator('.order-actions button').count()).toBe(0);
});

test('a move whose answer got lost is sent again, and is made once', async () => {
  await createOrder(service, 'LOST-1');
  const page = await openOrder('LOST-1');
  expectComplaints(page, /ERR_FAILED/);
  const lose = async (route: Route) => {
    await route.fetch();
    await route.abort();
  };
  await page.route('**/status', lose, { times: 1 });
  await button(page, 'Move to Paid').click();
  await page.getByRole('alert').getByText('It is safe to try again').waitFor();
  await button(page, 'Try again').click();
  await page.getByRole('alert').waitFor({ state: 'detached' });
  await expect.poll(() => badge(page).textContent()).toBe('Paid');
  expect((await history('LOST-1')).map(({ to }) => to)).toEqual(['PENDING', 'PAID']);
});

test('an edit in place shows mistakes and missing stock at their fields, sums up exactly, and is in the history', async () => {
  await createOrder(service, 'EDIT-1');
  const page = await openOrder('EDIT-1');
  expectComplaints(page, /status of (?:422|409)/);
  await button(page, 'Edit').click();
  await page.getByLabel('Customer e-mail').fill('nobody');
  await page.getByLabel('Quantity').fill('two');
  await button(page, 'Save').click();
  await page.getByText('2 values need a change.').waitFor();
  const email = page.getByLabel('Customer e-mail');
  await expect.poll(() => email.evaluate((field) => field === document.activeElement)).toBe(true);
  const described = (await email.getAttribute('aria-describedby'))!;
  expect(await page.locator(`[id="${described}"]`).textContent()).toContain('is not an e-mail address');
  for (const [colorScheme, width] of [...LOOKS, ['light', 320]] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await page.locator('html').evaluate((html) => html.scrollWidth)).toBeLessThanOrEqual(width);
  }
  await email.fill('countess@example.com');
  await page.getByLabel('Quantity').fill('3');
  await button(page, 'Add an item').click();
  const second = page.getByRole('group', { name: 'Item 2' });
  for (const [label, value] of [
    ['Product', 'Punched cards'],
    ['SKU', 'SKU-3'],
    ['Hub', 'HUB-1'],
    ['Quantity', '99'],
    ['Unit price', '0.1'],
  ] as const)
    await second.getByLabel(label).fill(value);
  await page.getByText('Total 69.87').waitFor();
  await button(page, 'Save').click();
  await second.getByText('Not enough stock: 3 available').waitFor();
  await second.getByLabel('Quantity').fill('2');
  await page.getByLabel('Reason of the edit').fill('she called');
  await button(page, 'Save').click();
  await page.getByText('60.17', { exact: true }).waitFor();
  await expect.poll(() => timeline(page).count()).toBe(2);
  const edit = (await timeline(page).first().textContent())!;
  for (const text of [
    'Edited',
    '“she called”',
    'ada@example.com',
    'countess@example.com',
    'Punched cards (SKU-3, HUB-1)',
  ])
    expect(edit).toContain(text);
  const { items, total_amount } = await order('EDIT-1');
  expect([items.map(({ quantity }) => quantity), total_amount]).toEqual([[3, 2], '60.17']);
});

test('an edit that meets another one keeps what was typed, and goes on from the newest version', async () => {
  await createOrder(service, 'MEET-1');
  const page = await openOrder('MEET-1');
  expectComplaints(page, /status of 412/);
  await button(page, 'Edit').click();
  await page.getByLabel('Shipping address').fill('1 New Street');
  await editOrder(service, 'MEET-1', { customer: { name: 'Grace Hopper', email: 'grace@example.com' } });
  await button(page, 'Save').click();
  const alert = page.getByRole('alert');
  await alert.getByText('Changed by somebody meanwhile, now version 2.').waitFor();
  await alert.getByText('Other now: Customer.').waitFor();
  await button(page, 'Continue with the newest version').click();
  await expect.poll(() => page.getByLabel('Customer name').inputValue()).toBe('Grace Hopper');
  expect(await page.getByLabel('Shipping address').inputValue()).toBe('1 New Street');
  await button(page, 'Save').click();
  await expect.poll(() => timeline(page).count()).toBe(3);
  const { version, customer, shipping_address } = await order('MEET-1');
  expect([version, customer.name, shipping_address]).toEqual([3, 'Grace Hopper', '1 New Street']);
});

test('what is typed is not lost by leaving the view unasked', async () => {
  await createOrder(service, 'STAY-1');
  const page = await openOrder('STAY-1');
  await button(page, 'Edit').click();
  await page.getByLabel('Shipping address').fill('1 New Street');
  await page.getByRole('link', { name: 'Inventory' }).click();
  await dialog(page).getByText('Leave without saving?').waitFor();
  await button(page, 'Stay').click();
  await dialog(page).waitFor({ state: 'detached' });
  expect(await page.getByLabel('Shipping address').inputValue()).toBe('1 New Street');
  await page.getByRole('link', { name: 'Inventory' }).click();
  await button(page, 'Leave').click();
  await page.getByRole('heading', { level: 1, name: 'Inventory' }).waitFor();
});

test('an order is deleted after a question; its page says so, and what happened when', async () => {
  await createOrder(service, 'GONE-1', [item('SKU-2', 1)]);
  const page = await openOrder('GONE-1');
  expectComplaints(page, /status of 410/);
  const before = await available('SKU-2');
  await button(page, 'Delete').click();
  await dialog(page).getByText('The stock that it holds is given back.').waitFor();
  await dialog(page).getByRole('button', { name: 'Delete' }).click();
  const heading = page.getByRole('heading', { level: 1, name: 'The order “GONE-1” was deleted' });
  await heading.waitFor();
  await page.reload();
  await heading.waitFor();
  await expect
    .poll(() => timeline(page).allTextContents())
    .toEqual([expect.stringContaining('Deleted'), expect.stringContaining('Created')]);
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(await available('SKU-2')).toBe(before + 1);
});
