/** The views of admins: keys are made, shown once and revoked, and the audit log says who did it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { send } from '../support/http.ts';
import { type Service, startService, temporaryDirectory } from '../support/service.ts';
import { PASSWORD } from '../support/users.ts';
import { accessibilityProblems, expectComplaints, LOOKS, openPage } from './support/browser.ts';

const BOSS = 'boss@example.com';
const OPERATOR = 'olga@example.com';
const SECRET = 'a-secret-of-the-tests-that-nobody-guesses';
const ADMIN = { authorization: `Bearer ${SECRET}` };

let service: Service;
beforeAll(async () => {
  const file = join(await temporaryDirectory(), 'admin-key');
  await writeFile(file, SECRET);
  service = await startService({ env: { OMS_AUTH: 'required', OMS_ADMIN_KEY_FILE: file } });
  for (const [email, role] of [
    [BOSS, 'admin'],
    [OPERATOR, 'operator'],
  ])
    expect((await send(service, 'POST', '/users', { email, password: PASSWORD, role }, ADMIN)).status).toBe(201);
});

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true });
const link = (page: Page, name: string) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name });

async function open(path: string, email: string, options = {}): Promise<Page> {
  const page = await openPage(service.url, path, options);
  expectComplaints(page, /status of 401/);
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  return page;
}

const me = (key: string) => fetch(`${service.url}/auth/me`, { headers: { authorization: `Bearer ${key}` } });

test('a key is made, shown once, used and revoked', async () => {
  const page = await open('/keys', BOSS);
  await page.getByRole('button', { name: 'Make a key…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Make a key' });
  await dialog.getByLabel('Name').fill('the shop');
  await dialog.getByLabel('Role').selectOption('operator');
  await dialog.getByLabel('Hubs').fill('HUB-1, HUB-2');
  expect(await accessibilityProblems(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Make the key' }).click();
  await page.getByText('Copy it now: it is never shown again.').waitFor();
  const key = (await page.locator('.made-key pre').textContent())!;
  expect(await (await me(key)).json()).toMatchObject({ role: 'operator', hubs: ['HUB-1', 'HUB-2'] });
  await page.getByRole('cell', { name: 'HUB-1, HUB-2' }).waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.reload();
  await page.getByRole('cell', { name: 'the shop', exact: true }).waitFor();
  expect(await page.getByText(key).count()).toBe(0);

  await page.getByRole('button', { name: 'Revoke the shop' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke the key' }).click();
  await expect.poll(() => page.getByRole('cell', { name: 'the shop', exact: true }).count()).toBe(0);
  await expect.poll(async () => (await me(key)).status).toBe(401);
});

test('a key that is refused says why in the dialog', async () => {
  const page = await open('/keys', BOSS);
  expectComplaints(page, /status of 4(?:00|22)/);
  await page.getByRole('button', { name: 'Make a key…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Make a key' });
  await dialog.getByLabel('Name').fill('of yesterday');
  await dialog.getByLabel('Expires').fill('2020-01-01');
  await dialog.getByRole('button', { name: 'Make the key' }).click();
  await dialog.getByRole('alert').getByText('expires_at').waitFor();
});

test('the audit log is filtered in the address, and an operator has neither view in the menu', async () => {
  const page = await open('/audit', BOSS);
  await page.getByRole('cell', { name: 'createUser' }).first().waitFor();
  await page.getByLabel('Of what').fill(`user ${OPERATOR}`);
  await page.getByLabel('Of what').press('Enter');
  await expect.poll(() => page.getByRole('row').count()).toBe(2);
  expect(new URL(page.url()).searchParams.get('target')).toBe(`user ${OPERATOR}`);
  await page.getByLabel('Of what').fill('nothing');
  await page.getByText('No entry has these filters.').waitFor();
  await link(page, 'Keys').waitFor();

  const operator = await open('/', OPERATOR);
  await link(operator, 'Files').waitFor();
  expect(await link(operator, 'Keys').count()).toBe(0);
  expect(await link(operator, 'Audit log').count()).toBe(0);
});

test.each(LOOKS)('in the %s theme both fit %s pixels, and axe finds nothing', async (colorScheme, width) => {
  const page = await open('/audit', BOSS, { colorScheme, viewport: { width, height: 740 } });
  await page.getByRole('cell', { name: 'createUser' }).first().waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  expect(await accessibilityProblems(page)).toEqual([]);
  await link(page, 'Keys').click();
  await heading(page, 'Keys').waitFor();
  await page.getByRole('button', { name: 'Make a key…' }).click();
  await page.getByRole('dialog', { name: 'Make a key' }).waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  expect(await accessibilityProblems(page)).toEqual([]);
});
