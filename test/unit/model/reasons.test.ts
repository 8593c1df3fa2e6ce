/** The words for what only the order store can know. */
import { expect, test } from 'vitest';
import { duplicateOrder, orderConflict, outOfStock } from '../../../src/model/reasons.ts';

test('a repeated order names where it came from, and what differs', () => {
  expect(duplicateOrder('A-1', 'f1', 12)).toEqual({
    column: 'order_id',
    code: 'duplicate_order',
    reason: 'order_id "A-1" is already stored, from row 12 of file f1',
  });
  expect(orderConflict('A-1', ['quantity', 'total_amount'], 'f1', 12)).toEqual({
    column: 'order_id',
    code: 'order_conflict',
    reason: 'order_id "A-1" is already stored with another quantity, total_amount, from row 12 of file f1',
  });
});

test('an order that finds too little stock names how much is left', () => {
  expect(outOfStock('00417-BLK', 'HUB-1', 5, 3)).toEqual({
    column: 'quantity',
    code: 'out_of_stock',
    reason: 'quantity 5 is more than the 3 left of sku "00417-BLK" at hub "HUB-1"',
  });
});
