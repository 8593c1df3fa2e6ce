/** `/orders`: an order by its id, and lists with filters and cursors. */
import { beforeAll, describe, expect, test } from 'vitest';
import { listAll, type PageJson, problemOf } from '../support/http.ts';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';

interface OrderJson {
  order_id: string;
  created_at: string;
}

let service: Service;
let fileIds: string[];
const ODD_ID = 'A/1 %2F é?#&+';
beforeAll(async () => {
  service = await startService();
  await setStock(service, [
    ['S-1', 'HUB-1', 1_000],
    ['S-2', 'HUB-1', 1_000],
    ['S-2', 'HUB-2', 1_000],
  ]);
  const lines = Array.from({ length: 30 }, (_, i) =>
    orderLine(`O-${String(i).padStart(2, '0')}`, {
      sku: i % 2 ? 'S-1' : 'S-2',
      hub_id: i % 2 || i % 4 ? 'HUB-1' : 'HUB-2',
      customer_name: i % 3 ? 'Ada Lovelace' : 'Grace Hopper',
      customer_email: i % 3 ? 'ada@example.com' : 'grace@example.com',
      order_date: `2026-11-${String(i + 1).padStart(2, '0')}`,
    }),
  );
  const first = await ingest(service, csv(...lines.slice(0, 20)));
  const second = await ingest(service, csv(...lines.slice(20), orderLine(ODD_ID, { sku: 'S-1' })));
  fileIds = [first.file_id, second.file_id];
});

const idsOf = (orders: OrderJson[]) => orders.map((order) => order.order_id);

describe('an order', () => {
  test('is found by its id, with its item, money, source and times', async () => {
    const order = await getJson(service, '/orders/O-01');
    expect(order).toEqual({
      order_id: 'O-01',
      status: 'on_hold',
      version: 1,
      actor: null,
      customer: { name: 'Ada Lovelace', email: 'ada@example.com' },
      items: [
        {
          sku: 'S-1',
          hub_id: 'HUB-1',
          product_name: 'Analytical Engine',
          quantity: 2,
          unit_price: '19.99',
          line_total: '39.98',
        },
      ],
      total_amount: '39.98',
      order_date: '2026-11-02T00:00:00.000Z',
      shipping_address: '12 St James Square',
      source: { file_id: fileIds[0], row: 3 },
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      updated_at: order.created_at,
    });
  });

  test('is found by an id with any characters', async () => {
    expect(await getJson(service, `/orders/${encodeURIComponent(ODD_ID)}`)).toMatchObject({ order_id: ODD_ID });
  });

  test('that is unknown is 404', async () => {
    for (const id of ['nope', 'o-01', '%E0%A4%A', encodeURIComponent("' or 1=1 --")])
      await problemOf(await fetch(`${service.url}/orders/${id}`), 404, 'not_found');
  });
});

describe('the list of orders', () => {
  test('is newest first, without gaps or repeats, whatever the limit', async () => {
    const all = await listAll<OrderJson>(service, '/orders?limit=1000');
    expect(all).toHaveLength(31);
    const keys = all.map((order) => `${order.created_at} ${order.order_id}`);
    expect(keys).toEqual([...keys].sort().reverse());
    for (const limit of [1, 7, 31]) expect(await listAll(service, `/orders?limit=${limit}`)).toEqual(all);
  });

  test('continues where it was when newer orders arrive', async () => {
    const page = await getJson<PageJson<OrderJson>>(service, '/orders?limit=10&sku=S-2');
    const rest = await listAll<OrderJson>(service, '/orders?limit=10&sku=S-2');
    await ingest(service, csv(orderLine('LATER-1', { sku: 'S-2', customer_name: 'Later' })));
    const next = await getJson<PageJson<OrderJson>>(service, `/orders?limit=10&sku=S-2&cursor=${page.next_cursor}`);
    expect(idsOf([...page.items, ...next.items])).toEqual(idsOf(rest));
  });

  test('is filtered by each parameter, and by several together', async () => {
    const count = async (query: string) => (await listAll(service, `/orders?limit=7&q=O-&${query}`)).length;
    expect(await count('status=on_hold')).toBe(30);
    expect(await count('sku=S-1')).toBe(15);
    expect(await count('hub_id=HUB-2')).toBe(8);
    expect(await count('sku=S-2&hub_id=HUB-1')).toBe(7);
    expect(await count(`file_id=${fileIds[0]}`)).toBe(20);
    expect(await count('customer_email=grace@example.com')).toBe(10);
    expect(await count('from=2026-11-05')).toBe(26);
    expect(await count('to=2026-11-05')).toBe(4);
    expect(await count('from=2026-11-05&to=2026-11-06T00:00:00Z')).toBe(1);
    expect(await count('from=2026-11-05T01:00:00%2B01:00&to=2026-11-05T00:00:00.001Z')).toBe(1);
    expect(await count('sku=none')).toBe(0);
  });

  test('is filtered by the times of creation and of the last change', async () => {
    const all = await listAll<OrderJson>(service, '/orders?q=O-');
    const times = [...new Set(all.map(({ created_at }) => created_at))].sort();
    const find = async (query: string) => idsOf(await listAll(service, `/orders?limit=7&q=O-&sort=created&${query}`));
    const since = (from: string, to = '9999') =>
      idsOf(all.filter(({ created_at }) => created_at >= from && created_at < to));
    expect(times.length).toBeGreaterThan(1);
    for (const time of times) {
      expect(await find(`created_from=${time}`)).toEqual(since(time));
      expect(await find(`created_to=${time}`)).toEqual(since('', time));
      expect(await find(`updated_from=${time}`)).toEqual(since(time));
      expect(await find(`created_from=${times[0]}&created_to=${time}&file_id=${fileIds[0]}`)).toEqual(
        time === times[0] ? [] : since('', times[1]),
      );
    }
    expect(await find('created_from=2100-01-01')).toEqual([]);
    expect(await find('created_to=2000-01-01')).toEqual([]);
    expect(await find('created_from=2100-01-01&created_to=2000-01-01')).toEqual([]);
  });

  test('finds orders by the start of the id, the email address and any word of the name, in any case', async () => {
    const find = async (q: string) => idsOf(await listAll(service, `/orders?limit=100&q=${encodeURIComponent(q)}`));
    expect(await find('O-1')).toHaveLength(10);
    expect(await find('Grace')).toHaveLength(10);
    expect(await find('grace@')).toHaveLength(10);
    expect(await find(ODD_ID.slice(0, 5))).toEqual([ODD_ID]);
    expect(await find('LOVE')).toHaveLength(21);
    expect(await find('hopper grace')).toHaveLength(10);
    expect(await find('ovelace')).toEqual([]);
    expect(await find('O_0')).toEqual([]);
    expect(await find('%')).toEqual([]);
  });

  test('has the order with exactly this id first, and shows how far back it has searched', async () => {
    const page = await getJson<PageJson<OrderJson> & { searched_to: string | null }>(service, '/orders?q=O-1&limit=2');
    expect(page.searched_to).toBe(page.items[1]!.created_at);
    await ingest(service, csv(orderLine('AB', { sku: 'S-1' }), orderLine('ABC', { sku: 'S-1' })));
    expect(idsOf((await getJson<PageJson<OrderJson>>(service, '/orders?q=AB')).items)).toEqual(['AB', 'ABC']);
    for (const limit of [1, 2])
      expect(idsOf(await listAll(service, `/orders?q=AB&limit=${limit}`))).toEqual(['AB', 'ABC']);
    expect(await listAll(service, '/orders?q=AB&hub_id=HUB-2&limit=5')).toEqual([]);
    expect(await getJson(service, '/orders?q=AB')).toMatchObject({ searched_to: null });
    // As copied from an email or a cell of a spreadsheet.
    for (const copied of [' AB', 'AB ', '\tAB\r\n', '\u200bAB\ufeff', '\u00a0AB'])
      expect(
        idsOf((await getJson<PageJson<OrderJson>>(service, `/orders?q=${encodeURIComponent(copied)}`)).items),
      ).toEqual(['AB', 'ABC']);
  });

  test('refuses a bad value of any parameter, and a parameter given twice', async () => {
    for (const query of [
      'limit=0',
      'limit=1001',
      'limit=-1',
      'limit=1.5',
      'limit=ten',
      'limit=',
      'status=lost',
      'status=',
      'sku=',
      'hub_id=',
      'file_id=',
      'customer_email=',
      'q=',
      `q=${'x'.repeat(501)}`,
      'from=yesterday',
      'created_from=yesterday',
      'created_to=',
      'updated_from=x',
      'sort=total',
      'from=2026-02-30',
      'to=',
      'limit=5&limit=6',
    ])
      await problemOf(await fetch(`${service.url}/orders?${query}`), 400, 'invalid_parameter');
  });

  test('refuses a cursor of other filters, of another list, or an invented one', async () => {
    const { next_cursor: cursor } = await getJson<PageJson<OrderJson>>(service, '/orders?limit=2&sku=S-1');
    expect(
      (await getJson<PageJson<OrderJson>>(service, `/orders?limit=9&sku=S-1&cursor=${cursor}`)).items,
    ).toHaveLength(9);
    const version2 = JSON.parse(Buffer.from(cursor!, 'base64url').toString()) as unknown[];
    const endless = [...version2.slice(0, 2), '[1e999]'];
    version2[0] = 2;
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const path of [
      `/orders?cursor=${cursor}`,
      `/orders?sku=S-2&cursor=${cursor}`,
      `/orders?sku=S-1&status=on_hold&cursor=${cursor}`,
      `/files?cursor=${cursor}`,
      `/inventory?sku=S-1&cursor=${cursor}`,
      '/orders?cursor=nonsense',
      '/orders?cursor=',
      `/orders?sku=S-1&cursor=${encode(version2)}`,
      `/orders?sku=S-1&cursor=${encode(endless)}`,
    ])
      await problemOf(await fetch(`${service.url}${path}`), 400, 'invalid_cursor');
    await problemOf(await fetch(`${service.url}/orders?cursor=${'x'.repeat(5_000)}`), 400, 'invalid_parameter');
  });
});
