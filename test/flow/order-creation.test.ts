/** `POST /orders` and `POST /orders/batch`: orders that are made through the API, and bodies that are not accepted. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { OrderResponse, OrderResultsResponse } from '../../src/http/responses.ts';
import { limits } from '../../src/limits.ts';
import { problemOf, send } from '../support/http.ts';
import { availableOf, historyOf, itemBody, made, moved, orderBody } from '../support/orders.ts';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';

let service: Service;
let skus = 0;
const newSku = async (available: number) => {
  const sku = `SKU-C${++skus}`;
  await setStock(service, [[sku, 'HUB-1', available]]);
  return sku;
};
const create = (body: unknown, headers: Record<string, string> = {}) => send(service, 'POST', '/orders', body, headers);
const createAll = async (orders: unknown[], headers: Record<string, string> = {}) => {
  const response = await send(service, 'POST', '/orders/batch', { orders }, headers);
  expect(response.status).toBe(200);
  return ((await response.json()) as OrderResultsResponse).results;
};

beforeAll(async () => {
  service = await startService();
  await setStock(service, [
    ['SKU-1', 'HUB-1', 10_000],
    ['SKU-2', 'HUB-2', 10_000],
  ]);
});

describe('an order', () => {
  test('is made with all its items, and found where it says', async () => {
    const [first, second] = [await newSku(10), await newSku(10)];
    const items = [
      itemBody({ sku: first }),
      itemBody({ sku: second, quantity: 3, unit_price: '5' }),
      itemBody({ sku: first }),
    ];
    const response = await create(orderBody({ order_id: 'Ö 1/2', items }));
    expect(response.status).toBe(201);
    expect(response.headers.get('etag')).toBe('"1"');
    const location = response.headers.get('location')!;
    expect(location).toBe(`/orders/${encodeURIComponent('Ö 1/2')}`);
    const order = (await response.json()) as OrderResponse;
    expect(order).toMatchObject({
      ...{ order_id: 'Ö 1/2', status: 'on_hold', version: 1, actor: null, total_amount: '94.96' },
      items: [{ line_total: '39.98' }, { unit_price: '5.00', line_total: '15.00' }, { sku: first }],
      source: { file_id: null, row: null },
    });
    expect(await getJson(service, location)).toEqual(order);
    expect([await availableOf(service, first), await availableOf(service, second)]).toEqual([6, 7]);
    expect(await historyOf(service, encodeURIComponent('Ö 1/2'))).toMatchObject([
      { version: 1, action: 'created', to: 'on_hold' },
    ]);
  });

  test('without an id and a date gets both', async () => {
    const { order_date: _, ...body } = orderBody();
    const [one, other] = (await Promise.all([create(body), create(body)].map(async (made) => (await made).json()))) as [
      OrderResponse,
      OrderResponse,
    ];
    expect(one.order_id).toMatch(/^o_[0-9a-z]{21}$/);
    expect(other.order_id).not.toBe(one.order_id);
    expect(one.order_date).toBe(one.created_at);
  });

  test('that is sent again is the stored one, whatever its status; with other content it is a conflict', async () => {
    const order = await made(service, 'AGAIN-1');
    await moved(service, 'AGAIN-1', 'confirmed');
    const { order_date: _, ...undated } = orderBody({ order_id: 'AGAIN-1', total_amount: '39.98', status: 'x' });
    for (const body of [undated, order]) {
      const again = await create(body);
      expect([again.status, again.headers.get('etag')]).toEqual([200, '"2"']);
      expect(await again.json()).toMatchObject({ order_id: 'AGAIN-1', status: 'confirmed', version: 2 });
    }
    const other = {
      ...undated,
      shipping_address: 'Elsewhere',
      items: [itemBody({ quantity: 1 })],
      total_amount: '19.99',
    };
    const problem = await problemOf(await create(other), 409, 'order_conflict');
    expect(problem.fields).toEqual(['quantity', 'total_amount', 'shipping_address']);
  });

  test('and a row with one id are one order: the second is told', async () => {
    await ingest(service, csv(orderLine('ROW-1')));
    expect((await create(orderBody({ order_id: 'ROW-1' }))).status).toBe(200);
    await problemOf(await create(orderBody({ order_id: 'ROW-1', shipping_address: 'x' })), 409, 'order_conflict');
    await made(service, 'ROW-2');
    const file = await ingest(
      service,
      csv(orderLine('ROW-2'), orderLine('ROW-2', { customer_name: 'X' })),
      '?name=2.csv',
    );
    expect(file.invalid_by_code).toEqual({ duplicate_order: 1, order_conflict: 1 });
  });

  test('without enough stock takes nothing; each item that is short is named, with what is available', async () => {
    const [short, plenty] = [await newSku(3), await newSku(10)];
    const items = [itemBody({ sku: short }), itemBody({ sku: plenty }), itemBody({ sku: short })];
    const problem = await problemOf(await create(orderBody({ order_id: 'SHORT-1', items })), 409, 'out_of_stock');
    expect(problem.errors).toMatchObject([
      { pointer: '/items/0/quantity', code: 'out_of_stock', available: 3 },
      { pointer: '/items/2/quantity', code: 'out_of_stock', available: 3 },
    ]);
    expect([await availableOf(service, short), await availableOf(service, plenty)]).toEqual([3, 10]);
    expect((await fetch(`${service.url}/orders/SHORT-1`)).status).toBe(404);
  });

  test('with mistakes is refused with all of them, unknown SKUs and hubs included', async () => {
    const items = [itemBody({ sku: 'NOBODY', hub_id: 'NOWHERE' }), itemBody({ quantity: '2' })];
    const body = orderBody({ customer: { name: 'Ada', email: 'ada' }, items });
    const problem = await problemOf(await create(body), 422, 'invalid_order');
    expect(problem.errors).toMatchObject([
      { pointer: '/customer/email', code: 'invalid_email' },
      { pointer: '/items/1/quantity', code: 'invalid_type' },
      { pointer: '/items/0/sku', code: 'unknown_sku' },
      { pointer: '/items/0/hub_id', code: 'unknown_hub' },
    ]);
    expect(problem.error_count).toBe(4);
  });

  test('for the last units is made once, however many ask for them at the same time', async () => {
    const sku = await newSku(7);
    const body = orderBody({ items: [itemBody({ sku, quantity: 1 })] });
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await create(body)).status));
    expect(statuses.filter((status) => status === 201)).toHaveLength(7);
    expect(statuses.filter((status) => status === 409)).toHaveLength(13);
    expect(await availableOf(service, sku)).toBe(0);
  });
});

describe('under an Idempotency-Key', () => {
  const key = { 'idempotency-key': 'create-1' };

  test('an order without an id is made once, also when all repeats come at the same time', async () => {
    const sku = await newSku(100);
    const body = orderBody({ items: [itemBody({ sku })] });
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const response = await create(body, key);
        return { status: response.status, order: (await response.json()) as OrderResponse };
      }),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]!.status).toBe(201);
    expect(await availableOf(service, sku)).toBe(98);
    await moved(service, answers[0]!.order.order_id, 'confirmed');
    // The same request in other words, and as it was then.
    const again = await send(service, 'POST', '/api/v1/orders', { ...body, version: 9 }, key);
    expect([again.status, again.headers.get('etag'), await again.json()]).toEqual([201, '"1"', answers[0]!.order]);
    await problemOf(await create({ ...body, order_id: 'KEY-OTHER' }, key), 422, 'key_reused');
    for (const bad of ['', 'x'.repeat(256)])
      await problemOf(await create(body, { 'idempotency-key': bad }), 400, 'invalid_parameter');
  });

  test('a refusal for lack of stock stays, one for an unknown SKU does not', async () => {
    const sku = await newSku(1);
    const body = orderBody({ order_id: 'KEY-2', items: [itemBody({ sku })] });
    const refused = { 'idempotency-key': 'create-2' };
    const first = await problemOf(await create(body, refused), 409, 'out_of_stock');
    await setStock(service, [[sku, 'HUB-1', 10]]);
    expect(await problemOf(await create(body, refused), 409, 'out_of_stock')).toEqual(first);
    expect((await create(body)).status).toBe(201);
  });
});

describe('a batch', () => {
  test('is judged order by order, as if they were sent one after the other', async () => {
    const sku = await newSku(5);
    const one = (id: string, values: object = {}) =>
      orderBody({ order_id: id, items: [itemBody({ sku, quantity: 3, ...values })] });
    const results = await createAll([
      one('BATCH-1'),
      one('BATCH-2'),
      one('BATCH-1'),
      one('BATCH-1', { sku: 'NOBODY' }),
      one('BATCH-3', { sku: 'NOBODY' }),
      7,
      { ...one('BATCH-4'), shipping_address: 4 },
      one('BATCH-2', { quantity: 2 }),
      one('BATCH-2', { quantity: 2 }),
    ]);
    expect(
      results.map((result) => [result.status, 'problem' in result ? result.problem.code : result.order.order_id]),
    ).toEqual([
      [201, 'BATCH-1'],
      [409, 'out_of_stock'],
      [200, 'BATCH-1'],
      [409, 'order_conflict'],
      [422, 'invalid_order'],
      [422, 'invalid_order'],
      [422, 'invalid_order'],
      [201, 'BATCH-2'],
      [200, 'BATCH-2'],
    ]);
    expect(results[5]).toMatchObject({ problem: { title: 'Unprocessable Entity', errors: [{ pointer: '' }] } });
    expect(await availableOf(service, sku)).toBe(0);
  });

  test('under a key has one for each order: a repeat changes nothing, and another order is refused', async () => {
    const sku = await newSku(100);
    const orders = [1, 2, 3].map((quantity) => orderBody({ items: [itemBody({ sku, quantity })] }));
    const key = { 'idempotency-key': 'batch-1' };
    const first = await createAll(orders, key);
    expect(first.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(await createAll(orders, key)).toEqual(first);
    const changed = await createAll([orders[0], orders[2], orders[2]], key);
    expect(changed).toMatchObject([first[0], { status: 422, problem: { code: 'key_reused' } }, first[2]]);
    expect(await availableOf(service, sku)).toBe(94);
  });

  test('of a thousand is made', async () => {
    const sku = await newSku(10_000);
    const ids = Array.from({ length: 1_000 }, (_, n) => `K-${n}`);
    const results = await createAll(
      ids.map((order_id) => orderBody({ order_id, items: [itemBody({ sku, quantity: 1 })] })),
    );
    expect(results.every(({ status }) => status === 201)).toBe(true);
    expect(await availableOf(service, sku)).toBe(9_000);
    const moves = await send(service, 'POST', '/orders/status', {
      ...{ order_ids: [...ids.slice(2), 'NO-SUCH', 'K-2'], status: 'confirmed' },
    });
    const { results: statuses } = (await moves.json()) as OrderResultsResponse;
    expect(statuses.map(({ status }) => status)).toEqual([...Array(998).fill(200), 404, 200]);
  });

  test('leaves health and single orders their turn, however many of the largest are in work and wait', async () => {
    const sku = await newSku(100_000);
    const one = (order_id: string) => orderBody({ order_id, items: [itemBody({ sku, quantity: 1 })] });
    let ended = 0;
    const batches = Array.from({ length: 4 * limits.batchesAtOnce }, async (_, b) => {
      const results = await createAll(Array.from({ length: limits.maxOrdersOfBatch }, (_, n) => one(`F-${b}-${n}`)));
      ended++;
      return results;
    });
    await Promise.race(batches);
    expect(await getJson(service, '/healthz')).toEqual({ status: 'ok' });
    expect(ended).toBeLessThan(batches.length);
    const small = (await (await create(one('F-SMALL'))).json()) as OrderResponse;
    const last = (await Promise.all(batches)).map((results) => results.at(-1)!);
    // It waits for the batches in work, not for those that wait: the service has made their orders later.
    const later = last.filter((result) => 'order' in result && result.order.created_at > small.created_at);
    expect(later.length).toBeGreaterThanOrEqual(batches.length / 2);
  });
});

describe('a body that is no order', () => {
  const raw = (body: NonNullable<RequestInit['body']>, path = '/orders', headers: Record<string, string> = {}) =>
    fetch(`${service.url}${path}`, { method: 'POST', headers, body });
  const text = JSON.stringify(orderBody());

  test.each<[string, NonNullable<RequestInit['body']>, number, string]>([
    ['nothing', '', 400, 'invalid_body'],
    ['text', 'order', 400, 'invalid_body'],
    ['half an order', text.slice(0, -1), 400, 'invalid_body'],
    ['two orders', text + text, 400, 'invalid_body'],
    ['another encoding', Buffer.from(text.replace('Ada', 'Adé'), 'latin1'), 400, 'invalid_body'],
    ['UTF-16', Buffer.from(text, 'utf16le'), 400, 'invalid_body'],
    ['a number that is none', text.replace(':2,', ':NaN,'), 400, 'invalid_body'],
    ['a number without end', text.replace(':2,', ':1e999,'), 422, 'invalid_order'],
    ['numbers as texts', text.replace(':2,', ':"2",'), 422, 'invalid_order'],
    ['texts as numbers', text.replace('"19.99"', '19.99'), 422, 'invalid_order'],
    ['a list', `[${text}]`, 422, 'invalid_order'],
    ['NUL in a key', text.replace('HUB-1', 'HUB\\u0000'), 422, 'invalid_order'],
    ['half a character', text.replace('Ada', '\\ud800'), 422, 'invalid_order'],
    ['an invisible character in a key', text.replace('SKU-1', 'SKU\u200b-1'), 422, 'invalid_order'],
    ['a member of the prototype', text.replace('{', '{"__proto__":{"a":1},'), 422, 'invalid_order'],
    ['a text of a megabyte', text.replace('Ada', 'x'.repeat(1_000_000)), 422, 'invalid_order'],
    ['10,000 items', JSON.stringify(orderBody({ items: Array(10_000).fill(1) })), 422, 'invalid_order'],
    ['100,000 items', JSON.stringify(orderBody({ items: Array(100_000).fill(1) })), 413, 'too_large'],
    ['nothing but brackets', '['.repeat(500_000), 413, 'too_large'],
    ['deep nesting', `${'{"items":['.repeat(3_000)}${']}'.repeat(3_000)}`, 422, 'invalid_order'],
    ['more than a megabyte', text + ' '.repeat(limits.maxOrderBytes), 413, 'too_large'],
    [
      'more than a megabyte of unknown length',
      ReadableStream.from([new Uint8Array(limits.maxOrderBytes + 1)]) as never,
      413,
      'too_large',
    ],
  ])('such as %s is refused', async (_, body, status, code) => {
    const response = await fetch(`${service.url}/orders`, { method: 'POST', body, duplex: 'half' } as RequestInit);
    const answer = await response.text();
    expect([response.status, (JSON.parse(answer) as { code: string }).code]).toEqual([status, code]);
    expect(answer.length).toBeLessThan(3_000);
  });

  test('of a batch is refused as a whole when it is no batch', async () => {
    await problemOf(await raw('{"orders":{}}', '/orders/batch'), 422, 'invalid_order');
    await problemOf(await raw(`{"orders":[${'{},'.repeat(1_000)}{}]}`, '/orders/batch'), 422, 'invalid_order');
    await problemOf(await raw(' '.repeat(limits.maxOrderBatchBytes + 1), '/orders/batch'), 413, 'too_large');
    await problemOf(await raw('{"order_ids":[1],"status":"confirmed"}', '/orders/status'), 422, 'invalid_order');
  });

  test('leaves nothing behind, and a member that is there twice counts as the last', async () => {
    const response = await raw(text.replace('"quantity":2', '"quantity":"x","quantity":1'));
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ total_amount: '19.99' });
    // A byte order mark, blanks, and no content type that says JSON.
    expect((await raw(`\ufeff\n ${text}\n`, '/orders', { 'content-type': 'text/plain' })).status).toBe(201);
  });
});
