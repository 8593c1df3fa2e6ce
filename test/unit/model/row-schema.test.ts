/** The schema of a row, and its short form for rows that are valid. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ORDER_COLUMNS } from '../../../src/model/columns.ts';
import { createOrderDateParser } from '../../../src/model/order-date.ts';
import { createRowSchema, passesRowSchema, type RowValues } from '../../../src/model/row-schema.ts';

const parseDate = createOrderDateParser('UTC');
const schema = createRowSchema(parseDate);

const VALID: RowValues = {
  order_id: 'O-1',
  customer_name: 'Ada',
  customer_email: 'ada@example.com',
  product_name: 'Engine',
  sku: '007',
  hub_id: 'HUB-1',
  quantity: '2',
  unit_price: '19.99',
  total_amount: '39.98',
  order_date: '2026-11-20',
  shipping_address: '12 St James\nLondon',
};

describe('the short form of the schema', () => {
  test('passes exactly the rows that the schema passes', () => {
    const odd = fc.oneof(
      fc.constantFrom(
        '',
        '0',
        '1',
        '1000000',
        '1000001',
        '0.5',
        '1.234',
        '-1',
        '1e3',
        'a@b.de',
        '2026-02-30',
        '2026-11-20',
        'x\ny',
        'x\u0000',
      ),
      fc.string({ unit: 'binary', maxLength: 600 }),
      fc.nat(1000).map((length) => 'é'.repeat(length)),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...ORDER_COLUMNS), odd, { maxKeys: 2 }), (changes) => {
        const values = { ...VALID, ...changes };
        const passes = schema.safeParse(values).success;
        expect(passesRowSchema(values, parseDate)).toBe(passes);
      }),
      { numRuns: 2_000 },
    );
    expect(passesRowSchema(VALID, parseDate)).toBe(true);
  });
});
