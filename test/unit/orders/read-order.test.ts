/** The JSON bodies that make and change orders: what is read, and all mistakes of each. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../../../src/model/columns.ts';
import { OrderReader, type Read } from '../../../src/orders/read-order.ts';
import { makeHeader } from '../../../src/pipeline/read/header.ts';
import { createRowValidator } from '../../../src/pipeline/validate.ts';

const reader = new OrderReader('UTC');

const item = (values: object = {}) => ({
  ...{ sku: 'SKU-1', hub_id: 'HUB-1', product_name: 'Analytical Engine', quantity: 2, unit_price: '19.99' },
  ...values,
});
const order = (values: object = {}) => ({
  ...{ customer: { name: 'Ada Lovelace', email: 'ada@example.com' }, items: [item()] },
  ...{ shipping_address: '12 St James Square', ...values },
});

function mistakesOf(read: Read<unknown>): [pointer: string, code: string][] {
  if (!('mistakes' in read)) throw new Error(`it was accepted: ${JSON.stringify(read.value)}`);
  for (const { detail } of read.mistakes.list) expect(detail.length).toBeLessThan(300);
  return read.mistakes.list.map(({ pointer, code }) => [pointer, code]);
}

function valueIn<Value>(read: Read<Value>): Value {
  if ('mistakes' in read) throw new Error(JSON.stringify(read.mistakes.list));
  return read.value;
}

describe('a new order', () => {
  test('is read with what it says, trimmed as a row; id and date may be absent, the total follows from the items', () => {
    const read = valueIn(
      reader.newOrder(order({ customer: { name: ' Ada  Lovelace ', email: '\u200bada@example.com\ufeff' } })),
    );
    expect(read).toEqual({
      orderId: null,
      content: {
        customerName: 'Ada  Lovelace',
        customerEmail: 'ada@example.com',
        items: [
          {
            ...{ sku: 'SKU-1', hubId: 'HUB-1', productName: 'Analytical Engine' },
            ...{ quantity: 2, unitPriceMinor: 1999, lineTotalMinor: 3998 },
          },
        ],
        totalMinor: 3998,
        orderDateMs: null,
        shippingAddress: '12 St James Square',
      },
    });
    expect(valueIn(reader.newOrder(order({ order_id: ' Cafe\u0301 ' }))).orderId).toBe('Café');
    const dated = reader.newOrder(
      order({ order_date: '2026-11-20', total_amount: '59.97', items: [item(), item({ quantity: 1 })] }),
    );
    expect(valueIn(dated).content).toMatchObject({ orderDateMs: Date.UTC(2026, 10, 20), totalMinor: 5997 });
  });

  test('may carry what GET shows and nobody sets', () => {
    const shown = { status: 7, version: [[]], actor: {}, source: null, created_at: 'x', updated_at: 1 };
    expect(valueIn(reader.newOrder({ ...order({ items: [item({ line_total: false })] }), ...shown }))).toBeDefined();
  });

  test('has every mistake reported at once, each with its pointer', () => {
    const body = {
      order_id: '',
      customer: { name: 7, email: 'ada', phone: '1' },
      items: [
        item({ quantity: '2', unit_price: 19.99 }),
        'SKU-1',
        { sku: 'A\u200bB', hub_id: null, product_name: 'x'.repeat(501), quantity: 2.5 },
        item({ 'a/b~c': 1, quantity: 0, unit_price: '-1' }),
      ],
      total_amount: 'much',
      order_date: '2026-02-30',
      'ship/to': {},
    };
    expect(mistakesOf(reader.newOrder(body))).toEqual([
      ['/ship~1to', 'unknown_field'],
      ['/order_id', 'missing_value'],
      ['/customer/phone', 'unknown_field'],
      ['/customer/name', 'invalid_type'],
      ['/customer/email', 'invalid_email'],
      ['/items/0/quantity', 'invalid_type'],
      ['/items/0/unit_price', 'invalid_type'],
      ['/items/1', 'invalid_type'],
      ['/items/2/sku', 'control_character'],
      ['/items/2/hub_id', 'invalid_type'],
      ['/items/2/product_name', 'value_too_long'],
      ['/items/2/quantity', 'invalid_quantity'],
      ['/items/2/unit_price', 'missing_value'],
      ['/items/3/a~1b~0c', 'unknown_field'],
      ['/items/3/quantity', 'invalid_quantity'],
      ['/items/3/unit_price', 'invalid_price'],
      ['/total_amount', 'invalid_total'],
      ['/order_date', 'invalid_date'],
      ['/shipping_address', 'missing_value'],
    ]);
    expect(mistakesOf(reader.newOrder({}))).toEqual([
      ['/customer', 'missing_value'],
      ['/items', 'missing_value'],
      ['/shipping_address', 'missing_value'],
    ]);
  });

  test.each<[string, unknown, string, string]>([
    ['a list', [], '', 'invalid_type'],
    ['a text', 'order', '', 'invalid_type'],
    ['null', null, '', 'invalid_type'],
    ['no items', order({ items: [] }), '/items', 'invalid_count'],
    ['items as an object', order({ items: {} }), '/items', 'invalid_type'],
    ['101 items', order({ items: Array(101).fill(item()) }), '/items', 'invalid_count'],
    ['10,000 items', order({ items: Array(10_000).fill({}) }), '/items', 'invalid_count'],
    ['another total', order({ total_amount: '39.99' }), '/total_amount', 'total_mismatch'],
    ['a total as a number', order({ total_amount: 39.98 }), '/total_amount', 'invalid_type'],
    ['an id as a number', order({ order_id: 7 }), '/order_id', 'invalid_type'],
    ['an id of null', order({ order_id: null }), '/order_id', 'invalid_type'],
    ['a dot as an id', order({ order_id: '.' }), '/order_id', 'invalid_id'],
    ['two dots as an id', order({ order_id: '\u200b.. ' }), '/order_id', 'invalid_id'],
    ['a customer as a text', order({ customer: 'Ada' }), '/customer', 'invalid_type'],
    ['a text of a megabyte', order({ shipping_address: 'x'.repeat(1_000_000) }), '/shipping_address', 'value_too_long'],
    [
      'a megabyte of nothing visible',
      order({ shipping_address: '\u200b'.repeat(1_000_000) }),
      '/shipping_address',
      'value_too_long',
    ],
    ['an address of blanks', order({ shipping_address: ' \u00a0 ' }), '/shipping_address', 'missing_value'],
    ['NUL', order({ shipping_address: 'a\0b' }), '/shipping_address', 'control_character'],
    ['half a character', order({ shipping_address: 'a\ud800b' }), '/shipping_address', 'control_character'],
    ['half a character at the end of an id', order({ order_id: 'a\ud800' }), '/order_id', 'control_character'],
    ['half a character at the start of an id', order({ order_id: '\udc00a' }), '/order_id', 'control_character'],
    ['nothing but half a character', order({ shipping_address: '\udc00' }), '/shipping_address', 'control_character'],
    [
      'text in another direction',
      order({ customer: { name: 'a\u202eb', email: 'a@b.de' } }),
      '/customer/name',
      'control_character',
    ],
    [
      'quantity 1e999',
      order({ items: [item({ quantity: JSON.parse('1e999') })] }),
      '/items/0/quantity',
      'invalid_quantity',
    ],
    ['quantity -1', order({ items: [item({ quantity: -1 })] }), '/items/0/quantity', 'invalid_quantity'],
    ['quantity 1,000,001', order({ items: [item({ quantity: 1_000_001 })] }), '/items/0/quantity', 'invalid_quantity'],
    ['quantity true', order({ items: [item({ quantity: true })] }), '/items/0/quantity', 'invalid_type'],
    ['a price with a comma', order({ items: [item({ unit_price: '19,99' })] }), '/items/0/unit_price', 'invalid_price'],
    [
      'items that come to more than an amount',
      order({ items: Array(100).fill(item({ quantity: 1_000_000, unit_price: '9999999.99' })) }),
      '/items',
      'invalid_total',
    ],
  ])('with %s is refused', (_, body, pointer, code) => {
    expect(mistakesOf(reader.newOrder(body))).toEqual([[pointer, code]]);
  });

  test('with a member of the prototype is refused, and changes no prototype', () => {
    const body = JSON.parse(JSON.stringify(order()).replace('{', '{"__proto__":{"quantity":1},"constructor":1,'));
    expect(mistakesOf(reader.newOrder(body))).toEqual([
      ['/__proto__', 'unknown_field'],
      ['/constructor', 'unknown_field'],
    ]);
    expect(({} as { quantity?: number }).quantity).toBeUndefined();
  });

  test('with more mistakes than are listed has their count, and no pointer without end', () => {
    const long = 'x'.repeat(500_000);
    const body = { ...Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`x${n}`, n])), [long]: 1 };
    const read = reader.newOrder(body);
    if (!('mistakes' in read)) throw new Error('it was accepted');
    expect(read.mistakes.count).toBe(5_004);
    expect(read.mistakes.list).toHaveLength(limits.maxMistakes);
    expect(mistakesOf(reader.newOrder({ ...order(), [long]: 1 }))).toEqual([['', 'unknown_field']]);
  });
});

/** A row and a body with the same values. */
const header = makeHeader([...ORDER_COLUMNS]);
const validateRow = createRowValidator(header, { timeZone: 'UTC' });

test('a value of any column is accepted and refused as in a row, with the same code and words', () => {
  const valid: Record<OrderColumn, string> = {
    ...{ order_id: 'A-1', customer_name: 'Ada', customer_email: 'ada@example.com', product_name: 'Engine' },
    ...{ sku: 'SKU-1', hub_id: 'HUB-1', quantity: '1', unit_price: '1.00', total_amount: '1.00' },
    ...{ order_date: '2026-11-20', shipping_address: 'London' },
  };
  const columns = ORDER_COLUMNS.filter((column) => !['quantity', 'unit_price', 'total_amount'].includes(column));
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.string({ unit: fc.constantFrom('a', '\u200b', '@', '.', ' ', '\0', '\u0301', 'é', '2', '-'), maxLength: 60 }),
    fc.constantFrom(
      '2026-11-20',
      '2026-11-31',
      '2026-11-20T14:03:00Z',
      'a@b.de',
      '20.11.2026',
      'Ada <ada@example.com>',
    ),
  );
  fc.assert(
    fc.property(fc.constantFrom(...columns), value, (column, text) => {
      const row = { ...valid, [column]: text };
      const cells = ORDER_COLUMNS.map((name) => row[name]);
      const { reasons, order: stored } = validateRow({ row: 2, cells, undecodable: null } as never);
      const read = reader.newOrder({
        ...{ order_id: row.order_id, customer: { name: row.customer_name, email: row.customer_email } },
        items: [
          item({ sku: row.sku, hub_id: row.hub_id, product_name: row.product_name, quantity: 1, unit_price: '1.00' }),
        ],
        ...{ order_date: row.order_date, shipping_address: row.shipping_address },
      });
      if ('mistakes' in read)
        expect(read.mistakes.list.map(({ code, detail }) => ({ code, reason: detail }))).toEqual(
          reasons.map(({ code, reason }) => ({ code, reason })),
        );
      else {
        const { customerName, customerEmail, orderDateMs, shippingAddress, items } = read.value.content;
        const { sku, hubId, productName } = items[0]!;
        expect({
          orderId: read.value.orderId,
          customerName,
          customerEmail,
          sku,
          hubId,
          productName,
          orderDateMs,
          shippingAddress,
        }).toEqual({
          ...{ orderId: stored?.orderId, customerName: stored?.customerName, customerEmail: stored?.customerEmail },
          ...{ sku: stored?.sku, hubId: stored?.hubId, productName: stored?.productName },
          ...{ orderDateMs: stored?.orderDateMs, shippingAddress: stored?.shippingAddress },
        });
      }
    }),
  );
});

describe('a change', () => {
  test('is either a status or an edit', () => {
    expect(valueIn(reader.patch({ status: 'shipped', reason: ' packed ' }))).toEqual({
      ...{ kind: 'status', status: 'shipped', reason: 'packed' },
    });
    expect(valueIn(reader.patch({ customer: { email: 'b@c.de' }, reason: null }))).toEqual({
      ...{ kind: 'edit', patch: { customerEmail: 'b@c.de' }, reason: null },
    });
    expect(
      valueIn(reader.patch({ shipping_address: ' Paris ', order_date: '2026-11-21', items: [item()] })),
    ).toMatchObject({
      patch: { shippingAddress: 'Paris', orderDateMs: Date.UTC(2026, 10, 21), items: [{ lineTotalMinor: 3998 }] },
    });
    expect(valueIn(reader.patch({ version: 3, total_amount: 'x', order_id: 'y', source: {} }))).toMatchObject({
      patch: {},
    });
    expect(mistakesOf(reader.patch({ status: 'shipped', items: 7, shipping_address: 'x' }))).toEqual([
      ['/items', 'conflicting_fields'],
      ['/shipping_address', 'conflicting_fields'],
    ]);
  });

  test('has every mistake reported', () => {
    const body = { items: [{}], customer: { name: '', age: 3 }, reason: 3, order_date: 7, lines: [] };
    expect(mistakesOf(reader.patch(body))).toEqual([
      ['/lines', 'unknown_field'],
      ['/items/0/sku', 'missing_value'],
      ['/items/0/hub_id', 'missing_value'],
      ['/items/0/product_name', 'missing_value'],
      ['/items/0/quantity', 'missing_value'],
      ['/items/0/unit_price', 'missing_value'],
      ['/order_date', 'invalid_type'],
      ['/customer/age', 'unknown_field'],
      ['/customer/name', 'missing_value'],
      ['/reason', 'invalid_type'],
    ]);
    expect(mistakesOf(reader.move({ reason: 'x'.repeat(501), to: 'shipped' }))).toEqual([
      ['/to', 'unknown_field'],
      ['/status', 'missing_value'],
      ['/reason', 'value_too_long'],
    ]);
    expect(mistakesOf(reader.move({ status: '\u202e' }))).toEqual([['/status', 'missing_value']]);
    expect(mistakesOf(reader.moves({ order_ids: ['A', 7, 'a\ud800b'], status: null }))).toEqual([
      ['/order_ids/1', 'invalid_type'],
      ['/order_ids/2', 'control_character'],
      ['/status', 'invalid_type'],
    ]);
  });
});

test('a batch is a list of 1 to 1,000', () => {
  expect(valueIn(reader.newOrders({ orders: [1, null] }))).toEqual([1, null]);
  for (const orders of [[], Array(1_001).fill(0)])
    expect(mistakesOf(reader.newOrders({ orders }))).toEqual([['/orders', 'invalid_count']]);
  expect(mistakesOf(reader.newOrders([]))).toEqual([['', 'invalid_type']]);
  expect(mistakesOf(reader.moves({ order_ids: Array(1_001).fill('A'), status: 'x' }))).toEqual([
    ['/order_ids', 'invalid_count'],
  ]);
});
