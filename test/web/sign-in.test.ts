/** The page where access is required: signing in and out, and what each role is shown. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test, vi } from 'vitest';
import { send } from '../support/http.ts';
import { csv, orderLine, type Service, startService, temporaryDirectory } from '../support/service.ts';
import { EMAIL, PASSWORD } from '../support/users.ts';
import { accessibilityProblems, expectComplaints, LOOKS, openPage } from './support/browser.ts';
import { item } from './support/orders-api.ts';

const VIEWER = 'vera@example.com';
const OTHER = 'olga@example.com';
const CUSTOMER = 'carl@example.com';
const ADMIN = { authorization: 'Bearer a-secret-of-the-tests-that-nobody-guesses' };

let service: Service;
let fileId: string;
beforeAll(async () => {
  const file = join(await temporaryDirectory(), 'admin-key');
  await writeFile(file, ADMIN.authorization.slice('Bearer '.length));
  service = await startService({ env: { OMS_AUTH: 'required', OMS_ADMIN_KEY_FILE: file } });
  for (const [email, role] of [
    [EMAIL, 'operator'],
    [OTHER, 'operator'],
    [VIEWER, 'viewer'],
    [CUSTOMER, 'customer'],
  ]) {
    const user = { email, password: PASSWORD, role, email_verified: role === 'customer' };
    expect((await send(service, 'POST', '/users', user, ADMIN)).status).toBe(201);
  }
  const stock = { items: [{ sku: 'SKU-1', hub_id: 'HUB-1', available: 100 }] };
  expect((await send(service, 'PUT', '/inventory', stock, ADMIN)).status).toBe(200);
  const order = {
    ...{ order_id: 'A-1', items: [item()], order_date: '2026-11-20', shipping_address: '12 St James Square' },
    customer: { name: 'Ada Lovelace', email: 'ada@example.com' },
  };
  expect((await send(service, 'POST', '/orders', order, ADMIN)).status).toBe(201);
  const uploaded = await fetch(`${service.url}/upload?name=bad.csv`, {
    ...{ method: 'POST', headers: { ...ADMIN, 'content-type': 'text/csv' } },
    body: csv(orderLine('B-1', { quantity: 'two' })),
  });
  fileId = ((await uploaded.json()) as { file_id: string }).file_id;
  await vi.waitFor(
    async () => expect(await getFile()).toMatchObject({ status: 'completed', progress: { invalid: 1 } }),
    { timeout: 60_000, interval: 50 },
  );
});

const getFile = async () => (await fetch(`${service.url}/files/${fileId}`, { headers: ADMIN })).json();

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true });
const account = (page: Page) => page.getByRole('region', { name: 'Account' });
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

async function open(path: string, options = {}): Promise<Page> {
  const page = await openPage(service.url, path, options);
  expectComplaints(page, /status of 401/);
  await heading(page, 'Sign in').waitFor();
  return page;
}

async function signIn(page: Page, email = EMAIL, password = PASSWORD): Promise<void> {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(password);
  await button(page, 'Sign in').click();
}

test('whoever signs in gets the view of the address, also after a reload; a wrong password is told in place', async () => {
  const page = await open('/inventory?sku=SKU-1');
  expect(await page.getByRole('navigation').count()).toBe(0);
  await signIn(page, EMAIL, 'wrong horse battery');
  await page.getByRole('alert').getByText('The e-mail address or the password is wrong.').waitFor();
  expect(await page.getByLabel('E-mail address').inputValue()).toBe(EMAIL);
  await signIn(page);
  await heading(page, 'Inventory').waitFor();
  expect(new URL(page.url()).search).toBe('?sku=SKU-1');
  await page.getByRole('cell', { name: 'SKU-1', exact: true }).waitFor();
  await page.reload();
  await heading(page, 'Inventory').waitFor();
  await account(page).getByText(EMAIL).waitFor();
  await account(page).getByText('operator', { exact: true }).waitFor();

  await button(page, 'Sign out').click();
  await heading(page, 'Sign in').waitFor();
  expect(await page.context().cookies()).toEqual([]);
});

test('too many tries are told with the time to wait, and a connection that is not encrypted', async () => {
  const page = await open('/');
  const problem = (status: number, code: string, headers = {}) =>
    page.route(
      '**/auth/session',
      (route) =>
        route.fulfill({ status, headers, json: { type: 'about:blank', title: code, status, detail: code, code } }),
      { times: 1 },
    );
  expectComplaints(page, /status of 4(?:29|03)/);
  await problem(429, 'rate_limited', { 'retry-after': '90' });
  await signIn(page);
  await page.getByRole('alert').getByText('Try again in 1 min 30 s.').waitFor();
  await problem(403, 'insecure_connection');
  await signIn(page);
  await page.getByRole('alert').getByText('Open this page by https.').waitFor();
});

test('what was typed and sent when the session ended goes on after the sign-in; another user finds nothing of it', async () => {
  const page = await open('/new-order');
  expectComplaints(page, /status of 422/);
  // Else its stream, not the button, may find that the session has ended.
  const streaming = () => page.waitForResponse((response) => response.url().endsWith('/progress') && response.ok());
  await Promise.all([streaming(), signIn(page)]);
  await page.getByLabel('Order id').fill('TYPED-1');
  await page.context().clearCookies();
  await button(page, 'Create the order').click();
  await page.getByText('Your session has ended.').waitFor();
  await Promise.all([streaming(), signIn(page)]);
  // The service says what else it needs.
  await page.getByRole('alert').waitFor();
  expect(await page.getByLabel('Order id').inputValue()).toBe('TYPED-1');

  await page.context().clearCookies();
  await button(page, 'Create the order').click();
  await heading(page, 'Sign in').waitFor();
  page.on('dialog', (dialog) => dialog.accept());
  await signIn(page, OTHER);
  await account(page).getByText(OTHER).waitFor();
  expect(await page.getByLabel('Order id').inputValue()).toBe('');
});

test('signing out everywhere ends the other tabs, and other browsers, whose streams go on after the sign-in', async () => {
  const page = await open('/orders');
  await signIn(page);
  await account(page).waitFor();
  const tab = await page.context().newPage();
  await tab.goto('/orders/A-1');
  await heading(tab, 'A-1').waitFor();
  const other = await open('/live?after=0');
  await signIn(other);
  await other.getByRole('status').getByText('Live', { exact: true }).waitFor();

  await button(page, 'Sign out everywhere').click();
  await heading(page, 'Sign in').waitFor();
  await heading(tab, 'Sign in').waitFor();
  expect(await tab.getByText('Ada Lovelace').count()).toBe(0);
  await signIn(tab);
  await heading(tab, 'A-1').waitFor();
  await heading(page, 'Files').waitFor();

  // Its stream ends within seconds.
  await heading(other, 'Sign in').waitFor();
  await signIn(other);
  await other.getByRole('link', { name: 'Orders', exact: true }).click();
  await other.getByRole('link', { name: 'A-1' }).waitFor();
  await other.getByRole('link', { name: 'Live events' }).click();
  await other.getByRole('status').getByText('Live', { exact: true }).waitFor();
});

test('a viewer is shown nothing that would be refused, an operator is', async () => {
  const [viewer, operator] = [await open('/'), await open('/')];
  await signIn(viewer, VIEWER);
  await signIn(operator);
  await account(viewer).waitFor();
  await account(operator).waitFor();
  const controls = (page: Page) =>
    page.locator('main').locator('button:visible, input[type=checkbox]:visible, a[download]:visible, a.button:visible');
  for (const [path, ready, allowed] of [
    ['/', 'bad.csv', ['Choose files', 'Report']],
    [`/files/${fileId}`, 'About this file', ['Download the report', 'Choose the file…', 'Go']],
    ['/orders', 'A-1', ['New order']],
    ['/orders/A-1', '"specversion"', ['Confirmed', 'Cancelled', 'Edit']],
    ['/inventory', 'SKU-1', ['Add a row', 'Upload a stock CSV', 'Set', 'Adjust']],
  ] as const) {
    await Promise.all([viewer.goto(path), operator.goto(path)]);
    for (const name of allowed) await controls(operator).filter({ hasText: name }).first().waitFor();
    expect(await controls(operator).filter({ hasText: 'Delete' }).count()).toBe(0);
    await viewer.locator('main').getByText(ready).first().waitFor();
    expect(await controls(viewer).filter({ hasNotText: 'Copy' }).count(), path).toBe(0);
    expect(await viewer.locator('main').getByText('Ada Lovelace').count(), path).toBe(0);
    if (path.startsWith('/orders'))
      await viewer.locator('main').getByText('Hidden or erased', { exact: true }).first().waitFor();
  }
});

test('a viewer sees formats, and changes none', async () => {
  const viewer = await open('/formats');
  await signIn(viewer, VIEWER);
  await viewer.getByRole('link', { name: 'shopify', exact: true }).click();
  await heading(viewer, 'Format shopify').waitFor();
  expect(await viewer.getByLabel('Order id order_id').isDisabled()).toBe(true);
  expect(await button(viewer, 'Save').count()).toBe(0);
});

test('a viewer who types the address of a new order is told why there is none, and a customer is led to the orders', async () => {
  const viewer = await open('/new-order');
  await signIn(viewer, VIEWER);
  await viewer.getByText('Your role may see orders, but not make them.').waitFor();
  expect(await viewer.getByLabel('Order id').count()).toBe(0);
  const customer = await open('/');
  await signIn(customer, CUSTOMER);
  await heading(customer, 'Orders').waitFor();
  expect(new URL(customer.url()).pathname).toBe('/orders');
});

test.each(LOOKS)('is accessible in the %s theme at %i pixels', async (colorScheme, width) => {
  const page = await open('/orders', { colorScheme, viewport: { width, height: 800 } });
  await signIn(page, EMAIL, 'wrong horse battery');
  await page.getByRole('alert').getByText('is wrong').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await signIn(page);
  await account(page).waitFor();
  await page.getByRole('link', { name: 'A-1' }).waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
});
