/** The words for what only the order store can know. */
import { expect, test } from 'vitest';
import { deletedOrder, duplicateOrder, orderConflict, outOfStock, repeatedOrder } from '../../../src/model/reasons.ts';
import { fileOfStored } from '../../../src/model/stored-order.ts';

test('an order of no file is from the API, a deleted one is a conflict', () => {
  expect(duplicateOrder('A-1', null, null).reason).toBe('order_id "A-1" is already stored, made through the API');
  expect(orderConflict('A-1', ['quantity'], null, null).reason).toBe(
    'order_id "A-1" is already stored with another quantity, made through the API',
  );
  expect(deletedOrder('A-1')).toEqual({
    column: 'order_id',
    code: 'order_conflict',
    reason: 'order_id "A-1" was deleted, and its id stays taken',
  });
});

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

test('the file that a stored order is from is found in its reasons, and in no others', () => {
  expect(fileOfStored(orderConflict('A of file f_9', ['quantity'], 'f_1', 12))).toBe('f_1');
  expect(fileOfStored(duplicateOrder('A\n1', 'f_1', 2))).toBe('f_1');
  expect(fileOfStored(repeatedOrder('A', ['quantity'], 2))).toBeNull();
  expect(fileOfStored(outOfStock('is already stored, from row 1 of file f_1', 'H', 2, 1))).toBeNull();
});
