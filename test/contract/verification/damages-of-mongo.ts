/** Damages of changed orders on MongoDB, each with the violations that `oms verify` must find (INV-2, INV-3, INV-8). */
import type { Database } from '../../../src/adapters/order-store.mongo/database.ts';
import type { Check } from '../../../src/ports/verification.ts';
import { DESK, LAMP } from './filled-stores.ts';

export interface MongoDamage {
  name: string;
  mongo(database: Database): Promise<unknown>;
  expected: [check: Check, id: string][];
}

const TICKET = { o: 'P-1', r: 1, q: 3, at: new Date(0) };

export const mongoDamages: MongoDamage[] = [
  {
    name: 'an order of the API is gone',
    mongo: ({ orders }) => orders.deleteOne({ _id: 'P-1' }),
    expected: [
      ['stock', DESK],
      ['stock', LAMP],
    ],
  },
  {
    name: 'a change is gone',
    mongo: ({ orders }) => orders.updateOne({ _id: 'R-2' }, { $pull: { log: { m: 2 } } } as never),
    expected: [['history', 'R-2']],
  },
  {
    name: 'an undone order holds its stock again',
    mongo: ({ orders }) => orders.updateOne({ _id: 'U-3' }, { $set: { stock_taken: true } }),
    expected: [
      ['stock', LAMP],
      ['history', 'U-3'],
    ],
  },
  {
    name: 'an order does not say that it was undone',
    mongo: ({ orders }) => orders.updateOne({ _id: 'U-3' }, { $unset: { undone_as: '' } }),
    expected: [['history', 'U-3']],
  },
  {
    name: 'an order that came again was of no file before',
    mongo: ({ orders }) => orders.updateOne({ _id: 'U-2' }, { $unset: { 'log.$[].former': '' } } as never),
    expected: [['rows', 'U-2']],
  },
  {
    name: 'the last change is gone',
    mongo: ({ orders }) => orders.updateOne({ _id: 'P-2' }, { $pull: { log: { m: 3 } } } as never),
    expected: [['history', 'P-2']],
  },
  {
    name: 'an order has another version',
    mongo: ({ orders }) => orders.updateOne({ _id: 'R-2' }, { $set: { version: 7 } }),
    expected: [['history', 'R-2']],
  },
  {
    name: 'an order that was never changed has another version',
    mongo: ({ orders }) => orders.updateOne({ _id: 'R-5' }, { $set: { version: 2 } }),
    expected: [['history', 'R-5']],
  },
  {
    name: 'an order has another status',
    mongo: ({ orders }) => orders.updateOne({ _id: 'R-2' }, { $set: { status: 'delivered' } }),
    expected: [
      ['history', 'R-2'],
      ['sums', 'status:shipped'],
      ['sums', 'status:delivered'],
    ],
  },
  {
    name: 'an order that was never changed has another status',
    mongo: ({ orders }) => orders.updateOne({ _id: 'R-5' }, { $set: { status: 'confirmed' } }),
    expected: [
      ['history', 'R-5'],
      ['sums', 'status:on_hold'],
    ],
  },
  {
    name: 'a change is from another status',
    mongo: ({ orders }) => orders.updateOne({ _id: 'R-2' }, { $set: { 'log.1.from': 'on_hold' } } as never),
    expected: [['history', 'R-2']],
  },
  {
    name: 'an edited order has another customer',
    mongo: ({ orders }) => orders.updateOne({ _id: 'R-3' }, { $set: { 'customer.name': 'Mallory' } }),
    expected: [['history', 'R-3']],
  },
  {
    name: 'an order of the API that was never changed has another address',
    mongo: ({ orders }) => orders.updateOne({ _id: 'P-1' }, { $set: { shipping_address: 'elsewhere' } }),
    expected: [['history', 'P-1']],
  },
  {
    name: 'an edit says something else',
    mongo: ({ orders }) => orders.updateOne({ _id: 'R-3' }, { $set: { 'log.0.set.0.to': 'Mallory' } } as never),
    expected: [['history', 'R-3']],
  },
  {
    name: 'the last change was made by somebody else',
    mongo: ({ orders }) => orders.updateOne({ _id: 'R-3' }, { $set: { actor: 'mallory' } }),
    expected: [['history', 'R-3']],
  },
  {
    name: 'an item has another quantity',
    mongo: ({ orders }) => orders.updateOne({ _id: 'R-3' }, { $set: { 'items.1.quantity': 50 } } as never),
    expected: [
      ['history', 'R-3'],
      ['stock', LAMP],
    ],
  },
  {
    name: 'an item is gone',
    mongo: ({ orders }) => orders.updateOne({ _id: 'P-1' }, { $pop: { items: 1 } } as never),
    expected: [
      ['history', 'P-1'],
      ['stock', DESK],
    ],
  },
  {
    name: 'a cancelled order holds its stock again',
    mongo: ({ orders }) => orders.updateOne({ _id: 'P-2' }, { $set: { stock_taken: true } }),
    expected: [
      ['history', 'P-2'],
      ['stock', DESK],
    ],
  },
  {
    name: 'stock was given back twice',
    mongo: ({ stock }) => stock.updateOne({ _id: DESK }, { $inc: { available: 4 } }),
    expected: [['stock', DESK]],
  },
  {
    name: 'a ticket was left behind for long',
    mongo: ({ stock }) =>
      stock.updateOne({ _id: DESK }, { $set: { 'tickets.left': TICKET, busy_since: TICKET.at } } as never),
    expected: [['stock', DESK]],
  },
  {
    name: 'a deleted order has content',
    mongo: ({ orders }) => orders.updateOne({ _id: 'R-4' }, { $set: { customer: { name: 'Ada', email: '' } } }),
    expected: [['history', 'R-4']],
  },
  {
    name: 'the history of a deleted order has content',
    mongo: ({ orders }) => orders.updateOne({ _id: 'R-4' }, { $set: { 'log.0.reason': 'as Ada asked' } } as never),
    expected: [['history', 'R-4']],
  },
  {
    name: 'a change will never be published',
    mongo: ({ orders }) => orders.updateOne({ _id: 'P-2' }, { $set: { published: 1 } }),
    expected: [['events', 'P-2']],
  },
  {
    name: 'more was published than there is',
    mongo: ({ orders }) => orders.updateOne({ _id: 'P-2' }, { $set: { published: 9 } }),
    expected: [['events', 'P-2']],
  },
  {
    name: 'a published change has no number',
    mongo: ({ outbox }) => outbox.deleteOne({ order: 'R-2', m: 2 }),
    expected: [['events', 'R-2']],
  },
  {
    name: 'a change is numbered more than once',
    mongo: ({ outbox }) => outbox.insertOne({ _id: 99, order: 'R-2', m: 2, type: 'order.status_changed', count: 1 }),
    expected: [['events', 'R-2']],
  },
  {
    name: 'a change is numbered that was never made',
    mongo: ({ outbox }) => outbox.insertOne({ _id: 99, order: 'R-2', m: 9, type: 'order.status_changed', count: 1 }),
    expected: [['events', 'R-2']],
  },
  {
    name: 'a sum of a status is off',
    mongo: ({ totals }) => totals.updateOne({ _id: 'orders' }, { $inc: { 'by_status.shipped': 1 } }),
    expected: [['sums', 'status:shipped']],
  },
  {
    name: 'a sum of a hub is off',
    mongo: ({ totals }) => totals.updateOne({ _id: 'orders' }, { $inc: { 'by_hub.HUB-1': 1 } }),
    expected: [['sums', 'hub:HUB-1']],
  },
];
