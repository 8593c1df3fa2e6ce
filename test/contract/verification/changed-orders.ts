/** Changed orders in a store, and damages of them, each with the violations that `oms verify` must find (INV-2, INV-3, INV-8). */
import type { DatabaseSync } from 'node:sqlite';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import type { Check } from '../../../src/ports/verification.ts';
import { item, newOrder, toCreate, toDelete, toEdit, toMove } from '../../support/changes.ts';
import { chunkOf, ingestChunks, orderRow } from '../../support/chunks.ts';
import { DESK, LAMP } from './filled-stores.ts';

export async function changeOrders(store: OrderStore): Promise<void> {
  const stock = ['LAMP', 'DESK'].map((sku) => ({ sku, hubId: 'HUB-1', available: 100 }));
  await store.stock.change(stock, null);
  const rows = [2, 3, 4, 5].map((row) => orderRow(row, `R-${row}`, { sku: 'LAMP', quantity: row }));
  await ingestChunks(store, [chunkOf(0, rows)]);
  await store.changes.apply([
    toCreate('P-1', newOrder([item('LAMP', 1), item('DESK', 2), item('DESK', 3)]), { actor: 'anna' }),
    toCreate('P-2', newOrder([item('DESK', 4)])),
    toMove('R-2', 'confirmed', { reason: 'paid' }),
    toMove('R-2', 'shipped'),
    toEdit('R-3', { customerName: 'Grace', items: [item('DESK', 7)] }, { actor: 'bob' }),
    toEdit('R-3', { items: [item('DESK', 5), item('LAMP', 5)] }),
    toDelete('R-4'),
    toEdit('P-2', { customerName: 'Grace' }),
    toMove('P-2', 'cancelled'),
  ]);
  await undoOrders(store);
}

/** Of a file that is undone one order comes again, one is moved on before, and one stays undone. */
async function undoOrders(store: OrderStore): Promise<void> {
  const again = orderRow(2, 'U-2', { sku: 'LAMP', quantity: 3 });
  const rows = [again, ...[3, 4].map((row) => orderRow(row, `U-${row}`, { sku: 'LAMP' }))];
  const fileId = await ingestChunks(store, [chunkOf(0, rows)]);
  await store.changes.apply([toMove('U-4', 'confirmed')]);
  await store.undo.request(fileId, null);
  while (await store.undo.step(fileId));
  await ingestChunks(store, [chunkOf(0, [again])]);
}

export interface ChangeDamage {
  name: string;
  sqlite(db: DatabaseSync): void;
  expected: [check: Check, id: string][];
}

const change = (orderId: string, version: number) =>
  `order_no = (select seq from orders where order_id = '${orderId}') and version = ${version}`;
const itemsOf = (orderId: string) => `order_no = (select seq from orders where order_id = '${orderId}')`;

export const changeDamages: ChangeDamage[] = [
  {
    name: 'an order is gone, with its change',
    sqlite: (db) => db.exec(`delete from orders where order_id = 'P-2'`),
    expected: [
      ['sums', 'status:cancelled'],
      // Its number is all that is known of it.
      ['history', '11'],
    ],
  },
  {
    name: 'an order of the API that has no changes is gone',
    sqlite: (db) => db.exec(`delete from orders where order_id = 'P-1'`),
    expected: [
      ['stock', DESK],
      ['events', 'P-2'],
      ['sums', 'status:on_hold'],
    ],
  },
  {
    name: 'a change is gone',
    sqlite: (db) => db.exec(`delete from order_changes where ${change('R-2', 2)}`),
    expected: [
      ['history', 'R-2'],
      ['events', 'R-2'],
    ],
  },
  {
    name: 'the last change is gone',
    sqlite: (db) => db.exec(`delete from order_changes where ${change('P-2', 3)}`),
    expected: [['history', 'P-2']],
  },
  {
    name: 'an order has another version',
    sqlite: (db) => db.exec(`update orders set version = 7 where order_id = 'R-2'`),
    expected: [['history', 'R-2']],
  },
  {
    name: 'an order that was never changed has another version',
    sqlite: (db) => db.exec(`update orders set version = 2 where order_id = 'R-5'`),
    expected: [['history', 'R-5']],
  },
  {
    name: 'an order has another status',
    sqlite: (db) => db.exec(`update orders set status = 'delivered' where order_id = 'R-2'`),
    expected: [
      ['history', 'R-2'],
      ['sums', 'status:shipped'],
      ['sums', 'status:delivered'],
    ],
  },
  {
    name: 'an order that was never changed has another status',
    sqlite: (db) => db.exec(`update orders set status = 'confirmed' where order_id = 'R-5'`),
    expected: [['sums', 'status:on_hold']],
  },
  {
    name: 'a change is from another status',
    sqlite: (db) => db.exec(`update order_changes set from_status = 'on_hold' where ${change('R-2', 3)}`),
    expected: [['history', 'R-2']],
  },
  {
    name: 'a change has another number',
    sqlite: (db) => db.exec(`update order_changes set seq = 99 where ${change('R-2', 2)}`),
    expected: [['events', 'R-2']],
  },
  {
    name: 'the last change was made by somebody else',
    sqlite: (db) => db.exec(`update orders set actor = 'mallory' where order_id = 'R-3'`),
    expected: [['history', 'R-3']],
  },
  {
    name: 'an edited order has another customer',
    sqlite: (db) => db.exec(`update orders set customer_name = 'Mallory' where order_id = 'R-3'`),
    expected: [['history', 'R-3']],
  },
  {
    name: 'an edit says something else',
    sqlite: (db) =>
      db.exec(`update order_changes set fields = replace(fields, 'Grace', 'Mallory') where ${change('R-3', 2)}`),
    expected: [['history', 'R-3']],
  },
  {
    name: 'an edit begins with something else',
    sqlite: (db) =>
      db.exec(
        `update order_changes set fields = replace(fields, '"quantity":7', '"quantity":6') where ${change('R-3', 3)}`,
      ),
    expected: [['history', 'R-3']],
  },
  {
    name: 'an item is gone',
    sqlite: (db) => db.exec(`delete from order_items where ${itemsOf('P-1')} and n = 2`),
    expected: [
      ['history', 'P-1'],
      ['stock', DESK],
    ],
  },
  {
    name: 'an item is of no order',
    sqlite: (db) =>
      db.exec(`insert into order_items select 77, 1, sku, hub_id, product_name, 9, 1 from order_items limit 1`),
    expected: [['history', '77']],
  },
  {
    name: 'an item has another quantity',
    sqlite: (db) => db.exec(`update order_items set quantity = 50 where ${itemsOf('R-3')}`),
    expected: [
      ['history', 'R-3'],
      ['stock', LAMP],
    ],
  },
  {
    name: 'a cancelled order holds its stock again',
    sqlite: (db) => db.exec(`update orders set stock_taken = 1 where order_id = 'P-2'`),
    expected: [['stock', DESK]],
  },
  {
    name: 'an undone order holds its stock again',
    sqlite: (db) => db.exec(`update orders set stock_taken = 1 where order_id = 'U-3'`),
    expected: [['stock', LAMP]],
  },
  {
    name: 'an order does not say that it was undone',
    sqlite: (db) => db.exec(`update orders set undone_as = 0 where order_id = 'U-3'`),
    expected: [['history', 'U-3']],
  },
  {
    name: 'an order that came again is of the file that it came from',
    sqlite: (db) => db.exec(`update orders set file_no = (select max(file_no) - 1 from files) where order_id = 'U-2'`),
    expected: [['events', 'U-2']],
  },
  {
    name: 'an order that came again was of no file before',
    sqlite: (db) => db.exec(`update order_changes set former_file_no = 0 where ${change('U-2', 3)}`),
    expected: [['events', 'U-2']],
  },
  {
    name: 'stock was given back twice',
    sqlite: (db) => db.exec(`update stock set available = available + 4 where sku = 'DESK'`),
    expected: [['stock', DESK]],
  },
  {
    name: 'a deleted order has content',
    sqlite: (db) => db.exec(`update orders set customer_name = 'Ada' where order_id = 'R-4'`),
    expected: [['history', 'R-4']],
  },
  {
    name: 'the history of a deleted order has content',
    sqlite: (db) => db.exec(`update order_changes set reason = 'as Ada asked' where ${change('R-4', 2)}`),
    expected: [['history', 'R-4']],
  },
  {
    name: 'a sum of a status is off',
    sqlite: (db) => db.exec(`update totals set value = value + 1 where name = 'status:shipped'`),
    expected: [['sums', 'status:shipped']],
  },
  {
    name: 'a sum is of a status that no order has',
    sqlite: (db) => db.exec(`insert into totals (name, value) values ('status:lost', 1)`),
    expected: [['sums', 'status:lost']],
  },
  {
    name: 'a window of numbers counts an order too many',
    sqlite: (db) => db.exec(`update status_windows set orders = orders + 1 where status = 'shipped'`),
    expected: [['sums', 'shipped in window 0']],
  },
  {
    name: 'a window of numbers is not counted',
    sqlite: (db) => db.exec(`delete from status_windows where status = 'on_hold'`),
    expected: [['sums', 'on_hold in window 0']],
  },
  {
    name: 'a sum of amounts is off',
    sqlite: (db) => db.exec(`update amounts set minor = minor + 1 where name = 'status:on_hold'`),
    expected: [['sums', 'status:on_hold']],
  },
];
