/** The page where an OpenID Connect issuer says who somebody is. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { startClosedService } from '../support/keys.ts';
import { type Issuer, PAGE_CLIENT, startIssuer } from '../support/oidc-issuer.ts';
import type { Service } from '../support/service.ts';
import { accessibilityProblems, expectComplaints, openPage } from './support/browser.ts';

let issuer: Issuer;
let service: Service;
beforeAll(async () => {
  issuer = await startIssuer();
  issuer.accounts = {
    'ada|1': { roles: ['staff'], email: 'ada@example.com', email_verified: true },
    'mallory|2': { roles: ['of another application'] },
  };
  service = await startClosedService({
    env: {
      ...{ OMS_OIDC_ISSUER: issuer.url, OMS_OIDC_CLIENT_ID: PAGE_CLIENT },
      OMS_OIDC_ROLES: 'staff=operator',
    },
  });
  issuer.register(`${service.url}/auth/oidc/callback`);
});

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true });
const account = (page: Page) => page.getByRole('region', { name: 'Account' });
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const goToIssuer = (page: Page) => button(page, 'Sign in with your organization').click();

async function open(path: string): Promise<Page> {
  const page = await openPage(service.url, path);
  expectComplaints(page, /status of 40[13]/);
  await heading(page, 'Sign in').waitFor();
  return page;
}

test('whoever signs in at the issuer comes back to the view of the address, and out again', async () => {
  const page = await open('/inventory?sku=SKU-1');
  await button(page, 'Sign in with your organization').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  issuer.next = 'ada|1';
  await goToIssuer(page);
  await heading(page, 'Inventory').waitFor();
  expect(page.url()).toBe(`${service.url}/inventory?sku=SKU-1`);
  await account(page).getByText('ada@example.com').waitFor();
  await account(page).getByText('operator', { exact: true }).waitFor();
  await page.goBack().catch(() => null);
  expect(page.url()).not.toContain('code=');
  await page.goto('/orders');
  await button(page, 'Sign out everywhere').click();
  await heading(page, 'Sign in').waitFor();
});

test('who cancels, or has no role, is told why where the button is', async () => {
  const page = await open('/orders');
  issuer.next = null;
  await goToIssuer(page);
  await page.getByRole('alert').getByText('you cancelled').waitFor();
  expect(page.url()).toBe(`${service.url}/orders`);
  issuer.next = 'mallory|2';
  await goToIssuer(page);
  await page.getByRole('alert').getByText('none of the roles').waitFor();
});

test('an answer that somebody else began shows the sign-in, and runs nothing', async () => {
  const page = await open('/auth/oidc/callback?code=x&state=y&error=%3Cscript%3Ealert(1)%3C%2Fscript%3E');
  await page.getByRole('alert').getByText('not begun in this browser').waitFor();
  expect(page.url()).toBe(`${service.url}/`);
});

test('what was typed when the session ended goes on after a sign-in in a new tab', async () => {
  const page = await open('/new-order');
  expectComplaints(page, /status of 422/);
  issuer.next = 'ada|1';
  await goToIssuer(page);
  await page.getByLabel('Order id').fill('TYPED-1');
  await page.context().clearCookies();
  await button(page, 'Create the order').click();
  await page.getByText('It opens in a new tab.').waitFor();
  const opened = page.context().waitForEvent('page');
  await goToIssuer(page);
  await account(await opened)
    .getByText('ada@example.com')
    .waitFor();
  await account(page).waitFor();
  expect(await page.getByLabel('Order id').inputValue()).toBe('TYPED-1');
});
