/** `/new-order`: one order of each attempt, however often it is sent; what is wrong stands at its field. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import type { OrderResponse } from '../../src/http/responses.ts';
import { getJson, type Service, setStock, startService } from '../support/service.ts';
import { accessibilityProblems, expectComplaints, LOOKS, openPage } from './support/browser.ts';
import { createOrder } from './support/orders-api.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [
    ['SKU-1', 'HUB-1', 100],
    ['SKU-1', 'HUB-2', 7],
    ['SKU-2', 'HUB-1', 3],
    ['SKU-3', 'HUB-1', 3],
  ]);
});

const create = (page: Page) => page.getByRole('button', { name: 'Create the order' });
const group = (page: Page, name: string) => page.getByRole('group', { name });
const ordersOf = async (email: string) =>
  (await getJson<{ items: OrderResponse[] }>(service, `/orders?customer_email=${email}`)).items;

async function fillItem(page: Page, n: number, sku: string, quantity: string, price = '19.99'): Promise<void> {
  const fields = { Product: 'Analytical Engine', SKU: sku, Hub: 'HUB-1', Quantity: quantity, 'Unit price': price };
  for (const [label, value] of Object.entries(fields)) await group(page, `Item ${n}`).getByLabel(label).fill(value);
}

async function fill(page: Page, email: string): Promise<void> {
  await page.getByLabel('Customer name').fill('Ada Lovelace');
  await page.getByLabel('Customer e-mail').fill(email);
  await page.getByLabel('Shipping address').fill('12 St James Square');
  await fillItem(page, 1, 'SKU-1', '2');
}

test('a double click makes one order of several items, and leads to it', async () => {
  const page = await openPage(service.url, '/orders');
  await page.getByRole('link', { name: 'New order' }).click();
  await fill(page, 'double@example.com');
  await expect
    .poll(() =>
      page.locator('datalist option').evaluateAll((all) => all.map((one) => (one as HTMLOptionElement).value)),
    )
    .toEqual(['HUB-1', 'HUB-2', 'SKU-1', 'SKU-2', 'SKU-3']);
  await page.getByRole('button', { name: 'Add an item' }).click();
  await fillItem(page, 2, 'SKU-2', '1', '0.02');
  await page.getByText('Total 40.00').waitFor();
  await create(page).dblclick();
  await page.getByRole('heading', { name: 'History' }).waitFor();
  const [order, ...others] = await ordersOf('double@example.com');
  expect([order!.items.length, order!.total_amount, order!.source, others]).toEqual([
    2,
    '40.00',
    { file_id: null, row: null },
    [],
  ]);
  expect(new URL(page.url()).pathname).toBe(`/orders/${encodeURIComponent(order!.order_id)}`);
  await page.getByText('Created through the API').waitFor();
});

test('an answer that got lost is asked for again: still one order', async () => {
  const page = await openPage(service.url, '/new-order');
  expectComplaints(page, /ERR_FAILED/);
  await fill(page, 'lost@example.com');
  await page.route(
    '**/orders',
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
  await create(page).click();
  await page.getByRole('alert').getByText('only one order is made').waitFor();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'History' }).waitFor();
  expect(await ordersOf('lost@example.com')).toHaveLength(1);
});

test('everything that is wrong is said at its field at once, and nothing that was typed is lost', async () => {
  const page = await openPage(service.url, '/new-order');
  expectComplaints(page, /status of (?:422|409)/);
  await fill(page, 'nowhere');
  await fillItem(page, 1, 'SKU-2', 'two', '-1');
  await page.getByLabel('Shipping address').fill('');
  await create(page).click();
  await page.getByText('4 values need a change.').waitFor();
  await expect.poll(() => page.locator('[aria-invalid]').count()).toBe(4);
  for (const [colorScheme, width] of [...LOOKS, ['light', 320]] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await page.locator('html').evaluate((html) => html.scrollWidth)).toBeLessThanOrEqual(width);
  }
  await fill(page, 'right@example.com');
  await expect.poll(() => page.locator('[aria-invalid]').count()).toBe(0);
  await page.getByRole('button', { name: 'Add an item' }).click();
  await fillItem(page, 2, 'SKU-3', '4');
  await create(page).click();
  await group(page, 'Item 2').getByText('Not enough stock: 3 available').waitFor();
  await group(page, 'Item 2').getByLabel('Quantity').fill('3');
  await create(page).click();
  await page.getByRole('heading', { name: 'History' }).waitFor();
  expect(await ordersOf('right@example.com')).toHaveLength(1);
});

test('an id that another order has is refused with what differs and a link to that order', async () => {
  await createOrder(service, 'TAKEN-1');
  const page = await openPage(service.url, '/new-order');
  expectComplaints(page, /status of 409/);
  await fill(page, 'ada@example.com');
  await page.getByLabel('Order id').fill('TAKEN-1');
  await create(page).click();
  await page.getByRole('alert').getByText('It differs in Quantity, Total.').waitFor();
  await page.getByRole('link', { name: 'Show that order' }).click();
  await page.getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('heading', { level: 1, name: 'TAKEN-1' }).waitFor();
});
