/** What holds on every view: its address, theme, accessibility and size, and a service that stops and comes back. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';
import { accessibilityProblems, expectComplaints, openPage } from './support/browser.ts';

const MAX_FIRST_LOAD_BYTES = 150_000;
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const MENU = [
  ['Files', '/'],
  ['Orders', '/orders'],
  ['Inventory', '/inventory'],
  ['Dashboard', '/stats'],
  ['Live events', '/live'],
] as const;

let service: Service;
let views: [heading: string, path: string][];
beforeAll(async () => {
  service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 100]]);
  const file = await ingest(service, csv(orderLine('A-1'), orderLine('A-2', { quantity: 'two' })), '?name=first.csv');
  views = [
    ...MENU.map(([name, path]): [string, string] => [name, path]),
    ['first.csv', `/files/${file.file_id}`],
    ['A-1', '/orders/A-1'],
    ['New order', '/new-order'],
  ];
});

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true });
const menu = (page: Page, name: string) => page.getByRole('navigation').getByRole('link', { name, exact: true });

describe('views', () => {
  test('are reached from the menu, which marks the current one, and by the back button; a file dropped on one does not replace the page', async () => {
    const page = await openPage(service.url);
    const drop = () => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([], 'nothing.csv'));
      const [over, dropped] = (['dragover', 'drop'] as const).map((type) => {
        const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
        return !document.body.dispatchEvent(event);
      });
      return over && dropped;
    };
    for (const [name, path] of MENU) {
      await menu(page, name).click();
      await heading(page, name).waitFor();
      expect(new URL(page.url()).pathname).toBe(path);
      expect(await page.title()).toBe(`${name} · OMS`);
      await expect.poll(() => page.locator('nav a[aria-current="page"]').allTextContents()).toEqual([name]);
      if (name !== 'Files') expect(await page.evaluate(drop)).toBe(true);
    }
    await page.goBack();
    await heading(page, 'Dashboard').waitFor();
  });

  test('have an address, which a reload keeps', async () => {
    const page = await openPage(service.url);
    for (const [name, path] of views) {
      await page.goto(path);
      await heading(page, name).waitFor();
      await page.reload();
      await heading(page, name).waitFor();
      expect(new URL(page.url()).pathname).toBe(path);
    }
  });

  test('have their filters in the address, without invalid ones', async () => {
    const page = await openPage(service.url, '/inventory?sku=007&sort=nonsense&other=1');
    await heading(page, 'Inventory').waitFor();
    await expect.poll(() => new URL(page.url()).search).toBe('?sku=007');
  });

  test("the API's address of the list of files leads to the files", async () => {
    const page = await openPage(service.url, '/files');
    await heading(page, 'Files').waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
  });

  test('an address without a view says so, with a link to the files', async () => {
    const page = await openPage(service.url);
    expectComplaints(page, /status of 404/);
    expect((await page.goto('/nowhere/at/all'))?.status()).toBe(404);
    await heading(page, 'Page not found').waitFor();
    await page.getByRole('link', { name: 'Go to the files' }).click();
    await heading(page, 'Files').waitFor();
  });

  test('an unknown file shows the message of the service', async () => {
    const page = await openPage(service.url, '/files/f_none');
    expectComplaints(page, /status of 404/);
    await page.getByRole('alert').getByText('there is no file "f_none"').waitFor();
  });

  test('the keyboard reaches the content first', async () => {
    const page = await openPage(service.url);
    await heading(page, 'Files').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('main');
  });
});

test('the theme follows the system until the user changes it, and is remembered', async () => {
  const page = await openPage(service.url, '/', { colorScheme: 'dark' });
  const ground = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
  const dark = await ground();
  await page.getByRole('button', { name: 'Use the light theme' }).click();
  await page.getByRole('button', { name: 'Use the dark theme' }).waitFor();
  const light = await ground();
  expect(light).not.toBe(dark);
  await page.reload();
  await page.getByRole('button', { name: 'Use the dark theme' }).waitFor();
  await expect.poll(() => ground()).toBe(light);
  await page.getByRole('button', { name: 'Use the dark theme' }).click();
  await page.emulateMedia({ colorScheme: 'light' });
  await expect.poll(() => ground()).toBe(dark);
  // Following the system again, also when it changes.
  await page.getByRole('button', { name: 'Use the light theme' }).click();
  await page.getByRole('button', { name: 'Use the system theme' }).click();
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(() => ground()).toBe(dark);
  await page.reload();
  await page.emulateMedia({ colorScheme: 'light' });
  await expect.poll(() => ground()).toBe(light);
});

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  test.each([360, 1920])(
    'axe finds nothing on any view, and none is wider than its window of %s pixels',
    async (width) => {
      const page = await openPage(service.url, '/', { colorScheme, viewport: { width, height: 900 } });
      for (const [name, path] of views) {
        await page.goto(path);
        await heading(page, name).waitFor();
        expect(await accessibilityProblems(page), path).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(width);
      }
    },
  );
});

test('browsers get the page under a strict policy, other clients get the API', async () => {
  for (const [, path] of views) {
    const html = await fetch(`${service.url}${path}`, { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect([html.status, html.headers.get('content-security-policy')]).toEqual([200, CSP]);
    expect(html.headers.get('vary')).toContain('Accept');
    expect(html.headers.get('x-content-type-options')).toBe('nosniff');
    expect(html.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(await html.text()).toContain('<div id="root">');
    if (['/', '/live', '/new-order'].includes(path)) continue;
    expect(await getJson(service, path)).toBeTypeOf('object');
  }
});

test(`the first load of any view has at most ${MAX_FIRST_LOAD_BYTES} bytes of script`, async () => {
  for (const [name, path] of views) {
    const page = await openPage(service.url, 'about:blank');
    let bytes = 0;
    page.on('response', (response) => {
      if (!response.url().endsWith('.js')) return;
      expect(response.headers()['content-encoding']).toBe('gzip');
      bytes += Number(response.headers()['content-length']);
    });
    await page.goto(path, { waitUntil: 'load' });
    await heading(page, name).waitFor();
    expect(bytes, path).toBeGreaterThan(0);
    expect(bytes, path).toBeLessThanOrEqual(MAX_FIRST_LOAD_BYTES);
  }
});

test('a banner says that the service is unreachable, and the page resumes when it is back; after an update it is reloaded', async () => {
  const own = await startService();
  const page = await openPage(own.url, '/stats');
  expectComplaints(page, /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE/);
  await heading(page, 'Dashboard').waitFor();
  const banner = page.getByText('The service cannot be reached since');
  await expect.poll(() => banner.count()).toBe(0);
  await own.kill('SIGKILL');
  await banner.waitFor();
  await menu(page, 'Orders').click();
  await page.getByRole('alert').getByText('This view loads when it is back').waitFor();
  await startService({ dataDirectory: own.dataDirectory, env: { OMS_PORT: new URL(own.url).port } });
  const asked = page.waitForRequest((request) => request.url().endsWith('/stats'));
  await banner.waitFor({ state: 'detached' });
  await asked;
  await heading(page, 'Orders').waitFor();
  await page.getByText('No orders yet').waitFor();

  await page.route('**/assets/inventory-page-*', (route) => route.abort());
  expectComplaints(page, /ERR_FAILED/);
  await menu(page, 'Inventory').click();
  await page.getByText('The service was updated').waitFor();
  await page.unrouteAll();
  await page.getByRole('button', { name: 'Reload the page' }).click();
  await heading(page, 'Inventory').waitFor();
});
