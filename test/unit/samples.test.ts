/** The sample files in the root: what a newcomer sees after uploading them, row by row. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fileOutcome } from '../support/file-outcome.ts';

function sample(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
}

const outcome = fileOutcome(sample('sample_orders.csv'), sample('sample_catalog.csv'), sample('sample_stock.csv'));

test('of the 30 sample orders 18 are accepted and 12 are reported', () => {
  expect(outcome.accepted.length).toBe(18);
  expect(outcome.rejected.map(({ row, codes }) => [row, codes.join(' ')])).toEqual([
    [7, 'missing_value'],
    [10, 'invalid_email'],
    [13, 'invalid_quantity'],
    [16, 'invalid_price'],
    [18, 'total_mismatch'],
    [20, 'invalid_date'],
    [22, 'unknown_sku'],
    [23, 'unknown_hub'],
    [25, 'duplicate_order'],
    [26, 'out_of_stock'],
    [28, 'order_conflict'],
    [30, 'invalid_email invalid_quantity invalid_date'],
  ]);
});

test('the sample orders show a leading zero, a line break in quotes and names beyond ASCII', () => {
  expect(outcome.accepted.some(({ sku }) => sku === '00417-BLK')).toBe(true);
  expect(outcome.accepted.some(({ shippingAddress }) => shippingAddress.includes('\n'))).toBe(true);
  expect(outcome.accepted.some(({ customerName }) => customerName === '王 秀英')).toBe(true);
});
