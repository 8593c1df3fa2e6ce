/** `/orders` in a browser: filters, pages, and what is shown when there is nothing or more to search. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { generated, stockGenerated } from '../support/http.ts';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';
import { accessibilityProblems, expectComplaints, LOOKS, openPage } from './support/browser.ts';

const PAGE = 50;
const ORDERS = 130;
/** More than the service searches for one page. */
const MANY = 52_000;
const ODD_ID = 'A/1 %2F%';
const ODD_NAME = '<img src=x onerror=alert(1)>';

let service: Service;
let mainFile: string;
let oddFile: string;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [
    ['S-1', 'HUB-1', 10_000],
    ['S-2', 'HUB-2', 10_000],
  ]);
  const day = (i: number) => `2026-11-${String(1 + (i % 20)).padStart(2, '0')}`;
  const lines = Array.from({ length: ORDERS }, (_, i) =>
    orderLine(`O-${String(i).padStart(3, '0')}`, {
      ...(i % 10 === 0 ? { sku: 'S-2', hub_id: 'HUB-2' } : { sku: 'S-1' }),
      customer_name: i % 26 === 0 ? 'Grace Hopper' : 'Ada Lovelace',
      order_date: i % 20 === 19 ? `${day(i)}T23:59:59Z` : day(i),
    }),
  );
  const odd = orderLine(ODD_ID, { sku: 'S-1', customer_name: ODD_NAME, quantity: '1000', total_amount: '19990.00' });
  mainFile = (await ingest(service, csv(...lines), '?name=november.csv')).file_id;
  oddFile = (await ingest(service, csv(orderLine('X-1', { quantity: 'two' }), odd), '?name=odd.csv')).file_id;
});

const idsOf = (page: Page) => page.locator('tbody tr .order-id').allTextContents();
const query = (page: Page) => Object.fromEntries(new URL(page.url()).searchParams);
const api = async (search: string) =>
  (await getJson<{ items: { order_id: string }[] }>(service, `/orders?${search}`)).items.map((order) => order.order_id);

async function openOrders(search = '', options = {}): Promise<Page> {
  const page = await openPage(service.url, `/orders${search}`, options);
  await page.locator('tbody tr').first().waitFor();
  return page;
}

describe('the list of orders', () => {
  test('shows the newest first, their number, and the content of each', async () => {
    const page = await openOrders();
    await expect.poll(() => idsOf(page)).toEqual(await api(`limit=${PAGE}`));
    await page.getByText(`${ORDERS + 1} orders, newest first`).waitFor();
    const row = page.locator('tbody tr').first();
    for (const text of [ODD_ID, ODD_NAME, 'ada@example.com', 'S-1 · HUB-1', '1,000', '19990.00', 'On hold', 'Row 3'])
      await expect.poll(() => row.textContent()).toContain(text);
    const amount = row.locator('td', { hasText: '19990.00' });
    expect(await amount.evaluate((cell) => getComputedStyle(cell).textAlign)).toBe('right');
    expect(await amount.evaluate((cell) => getComputedStyle(cell).fontVariantNumeric)).toBe('tabular-nums');
  });

  test('is filtered by each field, kept in the address over reload and back', async () => {
    const page = await openOrders();
    for (const [label, value, expected, count] of [
      ['Starts with', 'O-00', { q: 'O-00' }, 10],
      ['Hub', 'HUB-2', { hub_id: 'HUB-2' }, 13],
      ['SKU', 'S-2', { sku: 'S-2' }, 13],
      ['Ordered from', '2026-11-20', { from: '2026-11-20' }, 7],
      // The API's `to` is the first day that does not count.
      ['Up to and including', '2026-11-01', { to: '2026-11-02' }, 7],
    ] as const) {
      const field = page.getByLabel(label, { exact: true });
      await field.fill(value);
      await expect.poll(() => query(page)).toEqual(expected);
      const ids = await api(`limit=${PAGE}&${new URLSearchParams(expected)}`);
      expect(ids).toHaveLength(count);
      await expect.poll(() => idsOf(page)).toEqual(ids);
      await page.getByText(`${count} orders match`).waitFor();
      await page.reload();
      await expect.poll(() => idsOf(page)).toEqual(ids);
      await expect.poll(() => field.inputValue()).toBe(value);
      await page.goBack();
      await expect.poll(() => query(page)).toEqual({});
      await expect.poll(() => field.inputValue()).toBe('');
      await expect.poll(() => idsOf(page)).toHaveLength(PAGE);
    }
    await page.goForward();
    await expect.poll(() => query(page)).toEqual({ to: '2026-11-02' });
    await expect.poll(() => idsOf(page)).toHaveLength(7);
  });

  test('is filtered by status and by file, and all filters are cleared together', async () => {
    const page = await openOrders();
    await page.getByLabel('Status').selectOption(`On hold (${ORDERS + 1})`);
    await expect.poll(() => query(page)).toEqual({ status: 'on_hold' });
    await page.getByLabel('File', { exact: true }).fill(oddFile);
    await expect.poll(() => query(page)).toEqual({ status: 'on_hold', file_id: oddFile });
    await expect.poll(() => idsOf(page)).toEqual([ODD_ID]);
    await page.getByText('1 order matches').waitFor();
    await expect.poll(() => page.getByRole('link', { name: 'odd.csv' }).getAttribute('href')).toBe(`/files/${oddFile}`);
    await page.getByRole('button', { name: 'Clear all' }).click();
    await expect.poll(() => query(page)).toEqual({});
    await expect.poll(() => idsOf(page)).toHaveLength(PAGE);
    await expect.poll(() => page.getByLabel('File', { exact: true }).inputValue()).toBe('');
  });

  test('includes the whole last day of a range, and says so', async () => {
    const page = await openOrders('?from=2026-11-20&to=2026-11-21');
    await expect.poll(() => page.getByLabel('Up to and including').inputValue()).toBe('2026-11-20');
    await expect.poll(() => idsOf(page)).toEqual(await api('from=2026-11-20&to=2026-11-21'));
    await expect.poll(() => idsOf(page)).toHaveLength(7);
    await page.getByText('Both days are included').waitFor();
  });

  test('has a field for each filter of the API that is in the address', async () => {
    const page = await openOrders(`?customer_email=ada@example.com&created_from=2026-01-01&file_id=${oddFile}`);
    await expect.poll(() => idsOf(page)).toEqual([ODD_ID]);
    await page.getByLabel('Stored from').fill('2999-01-01');
    await page.getByText('No order matches all of these filters').waitFor();
    await expect
      .poll(() => query(page))
      .toMatchObject({ customer_email: 'ada@example.com', created_from: '2999-01-01' });
  });

  test('filters immediately with Enter', async () => {
    const page = await openOrders();
    await page.getByLabel('Starts with').pressSequentially('O-001');
    await page.keyboard.press('Enter');
    await expect.poll(() => idsOf(page)).toEqual(['O-001']);
    expect(query(page)).toEqual({ q: 'O-001' });
  });

  test('says so when nothing matches', async () => {
    const page = await openPage(service.url, '/orders?q=nobody');
    await page.getByText('No order matches all of these filters').waitFor();
  });

  test('is paged forth and back, also over a reload', async () => {
    const all = await api('limit=1000');
    const [first, second, third] = [all.slice(0, PAGE), all.slice(PAGE, 2 * PAGE), all.slice(2 * PAGE)];
    const page = await openOrders();
    const go = async (name: string, ids: string[]) => {
      await page.getByRole('button', { name, exact: true }).click();
      await expect.poll(() => idsOf(page)).toEqual(ids);
    };
    await go('Older', second);
    await go('Older', third);
    await expect.poll(() => page.getByRole('button', { name: 'Older' }).count()).toBe(0);
    await page.reload();
    await expect.poll(() => idsOf(page)).toEqual(third);
    await go('Newer', second);
    await page.goBack();
    await expect.poll(() => idsOf(page)).toEqual(third);
    await page.goForward();
    await expect.poll(() => idsOf(page)).toEqual(second);
    await go('Newer', first);
    expect(query(page)).toEqual({});
    await go('Older', second);
    await go('Newest', first);
  });

  test('offers the first page when the cursor is of another list', async () => {
    const page = await openPage(service.url, '/orders?sku=S-2&cursor=made-up');
    expectComplaints(page, /status of 400/);
    await page.getByRole('alert').getByText('the cursor is not one of this list').waitFor();
    await page.getByRole('button', { name: 'Newest' }).click();
    await expect.poll(() => idsOf(page)).toHaveLength(13);
    expect(query(page)).toEqual({ sku: 'S-2' });
  });

  test('finds a name by any of its words', async () => {
    const page = await openOrders();
    await page.getByLabel('Starts with').fill('hopper');
    await expect.poll(() => idsOf(page)).toEqual(await api('q=grace+hopper'));
    await page.getByText('5 orders match').waitFor();
  });

  describe('of more orders than are searched at a time', () => {
    let own: Service;
    beforeAll(async () => {
      own = await startService();
      await stockGenerated(own);
      await setStock(own, [['S-1', 'HUB-1', 10]]);
      await ingest(own, csv(orderLine('FIRST', { sku: 'S-1' }), orderLine('FIRST-2', { sku: 'S-1' })));
      await ingest(own, generated({ rows: MANY }));
    });

    /** Holds the requests that continue a search until `letThrough`. */
    async function openHeld(search: string) {
      const page = await openPage(own.url, '/stats');
      const held = Promise.withResolvers<void>();
      await page.route(/\/orders\?.*cursor=/, async (route) => {
        await held.promise;
        await route.continue().catch(() => {});
      });
      await page.goto(`${own.url}/orders${search}`);
      return { page, letThrough: held.resolve };
    }

    test('continues by itself, says how far back it has searched, and shows all on one page', async () => {
      const { page, letThrough } = await openHeld('?sku=S-1');
      await page.getByRole('heading', { name: 'Searching older orders' }).waitFor();
      const since = page.getByText('Searched all orders stored since').locator('time');
      const { searched_to } = await getJson<{ searched_to: string }>(own, '/orders?sku=S-1');
      expect(await since.getAttribute('datetime')).toBe(searched_to);
      expect(await accessibilityProblems(page)).toEqual([]);
      letThrough();
      await expect.poll(() => idsOf(page)).toEqual(['FIRST-2', 'FIRST']);
      await page.getByText('2 orders match').waitFor();
      for (const name of ['Stop', 'Continue searching', 'Older', 'Newer'])
        expect(await page.getByRole('button', { name, exact: true }).count()).toBe(0);
    });

    test('is stopped, and continues on request', async () => {
      const { page, letThrough } = await openHeld('?sku=S-1');
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.getByRole('heading', { name: 'Nothing found so far' }).waitFor();
      letThrough();
      await page.getByRole('button', { name: 'Continue searching' }).click();
      await expect.poll(() => idsOf(page)).toEqual(['FIRST-2', 'FIRST']);
    });

    test('has the order with exactly this id immediately, and others that start with it on request', async () => {
      const { page, letThrough } = await openHeld('?q=FIRST');
      await expect.poll(() => idsOf(page)).toEqual(['FIRST']);
      await page.getByText('The order with exactly this id comes first').waitFor();
      letThrough();
      await page.getByRole('button', { name: 'Continue searching' }).click();
      await expect.poll(() => idsOf(page)).toEqual(['FIRST', 'FIRST-2']);
      await page.getByText('2 orders match').waitFor();
    });
  });
});

test('without orders there is a link to upload some', async () => {
  const own = await startService();
  const page = await openPage(own.url, '/orders');
  await page.getByRole('heading', { name: 'No orders yet' }).waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.getByRole('link', { name: 'Upload an order file' }).click();
  await page.getByRole('heading', { level: 1, name: 'Files' }).waitFor();
});

test('axe finds nothing in both themes, and the view fits a narrow window', async () => {
  const page = await openOrders(`?file_id=${mainFile}&from=2026-11-01&to=2026-11-02`);
  await page.getByText('Both days are included').waitFor();
  for (const [colorScheme, width] of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    expect(await accessibilityProblems(page)).toEqual([]);
    for (const box of ['html', '.list-panel'])
      expect(await page.locator(box).evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
  }
});

test('a day in a file is the same day in the list, the filters and on the page of the order, in any time zone of the reader', async () => {
  const berlin = await startService({ env: { OMS_TIME_ZONE: 'Europe/Berlin' } });
  await setStock(berlin, [['S-1', 'HUB-1', 10]]);
  const day = (order_date: string) => orderLine(`D-${order_date}`, { sku: 'S-1', order_date });
  await ingest(berlin, csv(day('2026-11-20'), day('2026-11-21'), day('2026-11-22')));
  const page = await openPage(berlin.url, '/orders?from=2026-11-21&to=2026-11-22', { timezoneId: 'Asia/Tokyo' });
  await page.getByText('use the time zone Europe/Berlin.').waitFor();
  await page.getByRole('columnheader', { name: 'Order date (Europe/Berlin)' }).waitFor();
  await expect.poll(() => idsOf(page)).toEqual(['D-2026-11-21']);
  await expect.poll(() => page.locator('tbody time').first().textContent()).toBe('2026-11-21');
  await page.locator('tbody a').first().click();
  await page.getByText('Ordered (Europe/Berlin)').waitFor();
  await page.locator('dd time', { hasText: /^2026-11-21$/ }).waitFor();
});
