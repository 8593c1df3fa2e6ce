/** Damages of a store, each with the violations that `oms verify` must find. */
import type { DatabaseSync } from 'node:sqlite';
import type { Database } from '../../../src/adapters/order-store.mongo/database.ts';
import { reportKey, uploadKey } from '../../../src/model/file.ts';
import type { Check } from '../../../src/ports/verification.ts';
import { chunkOf, orderRow } from '../../support/chunks.ts';
import { DESK, type Filled, LAMP, second, sourceOf } from './filled-stores.ts';

/** The violations that are found: of which check, about which id. */
type Expected = [check: Check, id: string][];

export interface Damage {
  name: string;
  /** Null where the store has no such data, or refuses the change. */
  sqlite: ((db: DatabaseSync, filled: Filled) => void) | null;
  mongo: ((database: Database, filled: Filled) => Promise<unknown>) | null;
  both?: (filled: Filled) => Promise<unknown>;
  expected(filled: Filled, on: 'sqlite' | 'mongo'): Expected;
}

async function replaceReport({ objects, report }: Filled, change: (text: string) => string): Promise<void> {
  const key = reportKey(report);
  const text = Buffer.concat(await (await objects.open(key)).toArray()).toString();
  const staged = await objects.stage(key);
  await staged.write(Buffer.from(change(text)));
  await staged.commit();
}

export const damages: Damage[] = [
  {
    name: 'an order is gone',
    sqlite: (db) => db.exec("delete from orders where order_id = 'A-3'"),
    mongo: ({ orders }) => orders.deleteOne({ _id: 'A-3' }),
    expected: () => [
      ['rows', 'A-3'],
      ['stock', DESK],
    ],
  },
  {
    name: 'an order is there twice, under another id',
    sqlite: (db) => {
      const { names } = db
        .prepare(
          "select group_concat(name) names from pragma_table_info('orders') where name not in ('seq', 'order_id')",
        )
        .get() as { names: string };
      db.exec(
        `insert into orders (seq, order_id, ${names}) select 99, 'A-3-AGAIN', ${names} from orders where order_id = 'A-3'`,
      );
    },
    mongo: async ({ orders }) => orders.insertOne({ ...(await orders.findOne({ _id: 'A-3' }))!, _id: 'A-3-AGAIN' }),
    expected: (_, on) => [
      [on === 'mongo' ? 'rows' : 'events', 'A-3-AGAIN'],
      ['stock', DESK],
    ],
  },
  {
    name: 'an order has another id',
    sqlite: (db) => db.exec("update orders set order_id = 'A-33' where order_id = 'A-3'"),
    mongo: async ({ orders }) => {
      const order = (await orders.findOne({ _id: 'A-3' }))!;
      await orders.deleteOne({ _id: 'A-3' });
      await orders.insertOne({ ...order, _id: 'A-33' });
    },
    expected: () => [['rows', 'A-33']],
  },
  {
    name: 'an order says that it is of a file that is not there',
    sqlite: (db) => db.exec("update orders set file_no = 99 where order_id = 'A-3'"),
    mongo: ({ orders }) => orders.updateOne({ _id: 'A-3' }, { $set: { file: 'f_unknown' } }),
    expected: (_, on) => [[on === 'mongo' ? 'rows' : 'events', 'A-3']],
  },
  {
    name: 'an order says that it is of another row',
    sqlite: (db) => db.exec("update orders set row = 5 where order_id = 'A-3'"),
    mongo: ({ orders }) => orders.updateOne({ _id: 'A-3' }, { $set: { row: 5 } }),
    expected: () => [['rows', 'A-3']],
  },
  {
    name: 'an order says that it is of a row that was never read',
    sqlite: (db) => db.exec("update orders set row = 77 where order_id = 'A-6'"),
    mongo: ({ orders }) => orders.updateOne({ _id: 'A-6' }, { $set: { row: 77 } }),
    expected: () => [['rows', 'A-6']],
  },
  {
    name: 'an order has another customer',
    sqlite: (db) => db.exec("update orders set customer_name = 'Grace Hopper' where order_id = 'A-3'"),
    mongo: ({ orders }) => orders.updateOne({ _id: 'A-3' }, { $set: { 'customer.name': 'Grace Hopper' } }),
    expected: () => [['rows', 'A-3']],
  },
  {
    name: 'a rejection has other cells',
    sqlite: (db) =>
      db.exec(
        "update rejection_cells set cells = replace(cells, 'sku', 'SKU') where cells_no = (select cells_no from rejected_rows where row = 5)",
      ),
    mongo: null,
    expected: ({ fileId }) => [
      ['rows', fileId],
      ['reports', fileId],
    ],
  },
  {
    name: 'an order has another quantity',
    sqlite: (db) => db.exec("update orders set quantity = 9 where order_id = 'A-3'"),
    mongo: ({ orders }) => orders.updateOne({ _id: 'A-3' }, { $set: { 'items.0.quantity': 9 } }),
    expected: () => [['stock', DESK]],
  },
  {
    name: 'there is more stock than there should be',
    sqlite: (db) => db.exec("update stock set available = available + 1 where sku = 'LAMP'"),
    mongo: ({ stock }) => stock.updateOne({ _id: LAMP }, { $inc: { available: 1 } }),
    expected: () => [['stock', LAMP]],
  },
  {
    name: 'a restock was not written down',
    sqlite: (db) => db.exec("update stock set received = received - 5 where sku = 'LAMP'"),
    mongo: ({ stock }) => stock.updateOne({ _id: LAMP }, { $inc: { received: -5 } }),
    expected: () => [['stock', LAMP]],
  },
  {
    name: 'stock was taken that no order holds',
    sqlite: (db) => db.exec("update stock set available = 3 where sku = 'SOFA'"),
    mongo: ({ stock }) => stock.updateOne({ sku: 'SOFA' }, { $set: { available: 3 } }),
    expected: () => [['stock', '["SOFA","HUB-1"]']],
  },
  {
    name: 'available is below zero',
    sqlite: null,
    mongo: ({ stock }) => stock.updateOne({ _id: LAMP }, { $inc: { available: -40, received: -40 } }),
    expected: () => [['stock', LAMP]],
  },
  {
    name: 'a stock row is gone',
    sqlite: (db) => db.exec("delete from stock where sku = 'DESK'"),
    mongo: ({ stock }) => stock.deleteOne({ _id: DESK }),
    expected: () => [['stock', DESK]],
  },
  {
    name: 'a rejection is gone',
    sqlite: (db) => db.exec('delete from rejected_rows where row = 5'),
    mongo: ({ chunks }, { fileId }) => chunks.updateOne({ _id: `${fileId}:0` }, { $set: { rejections: null } }),
    expected: ({ fileId }, on) => [
      ['rows', on === 'mongo' ? `${fileId}:0` : fileId],
      ['reports', fileId],
    ],
  },
  {
    name: 'a rejection is of a row that is an order',
    sqlite: (db) => db.exec('update rejected_rows set row = 4 where row = 5'),
    mongo: null,
    expected: ({ fileId }) => [
      ['rows', 'A-4'],
      ['reports', fileId],
    ],
  },
  {
    name: 'a file says that it accepted more',
    sqlite: (db, { fileId }) => db.exec(`update files set accepted = accepted + 1 where file_id = '${fileId}'`),
    mongo: ({ files }, { fileId }) => files.updateOne({ _id: fileId }, { $inc: { accepted: 1 } }),
    expected: ({ fileId }) => [['rows', fileId]],
  },
  {
    name: 'a file says that it rejected for another reason',
    sqlite: (db) =>
      db.exec(`update files set invalid_by_code = replace(invalid_by_code, 'invalid_date', 'unknown_sku')`),
    mongo: ({ files }, { fileId }) =>
      files.updateOne({ _id: fileId }, { $rename: { 'invalid_by_code.invalid_date': 'invalid_by_code.unknown_sku' } }),
    expected: ({ fileId }) => [['rows', fileId]],
  },
  {
    name: 'a chunk is gone',
    sqlite: (db) => db.exec('delete from chunks where file_no = 1 and n = 1'),
    mongo: ({ chunks }, { fileId }) => chunks.deleteOne({ _id: `${fileId}:1` }),
    expected: ({ fileId }, on) => [['rows', fileId], on === 'mongo' ? ['rows', 'A-6'] : ['events', 'A-6']],
  },
  {
    name: 'a file is gone',
    sqlite: (db) => db.exec('delete from files where file_no = 2'),
    mongo: ({ files }, { other }) => files.deleteOne({ _id: other }),
    expected: ({ other }, on) =>
      on === 'mongo'
        ? [
            ['rows', 'B-2'],
            ['rows', other],
          ]
        : [['rows', '2']],
  },
  {
    name: 'an event has another number',
    sqlite: (db) => db.exec("update orders set seq = 99 where order_id = 'B-2'"),
    mongo: async ({ outbox }, { other }) => {
      const entry = (await outbox.findOne({ chunk: `${other}:0` }))!;
      await outbox.deleteOne({ _id: entry._id });
      await outbox.insertOne({ ...entry, _id: 99 });
    },
    expected: ({ other }, on) => [['events', on === 'mongo' ? `${other}:0` : 'B-2']],
  },
  {
    name: 'the event of an order was never to be published',
    sqlite: null,
    mongo: ({ chunks }, { other }) => chunks.updateOne({ _id: `${other}:0` }, { $set: { publish: 'none' } }),
    expected: ({ other }) => [['events', `${other}:0`]],
  },
  {
    name: 'the events of a chunk are not in the stream',
    sqlite: null,
    mongo: ({ outbox }, { other }) => outbox.deleteOne({ chunk: `${other}:0` }),
    expected: ({ other }) => [['events', `${other}:0`]],
  },
  {
    name: 'the events of a chunk are in the stream twice',
    sqlite: null,
    mongo: ({ outbox }, { other }) => outbox.insertOne({ _id: 6, chunk: `${other}:0`, count: 1 }),
    expected: ({ other }) => [['events', `${other}:0`]],
  },
  {
    name: 'events are marked as published that no order has',
    sqlite: (db) => db.exec("update totals set value = 99 where name = 'published'"),
    mongo: null,
    expected: () => [['events', 'published']],
  },
  {
    name: 'a sum of the statistics is off',
    sqlite: (db) => db.exec("update totals set value = value + 1 where name = 'hub:HUB-1'"),
    mongo: null,
    expected: () => [['sums', 'hub:HUB-1']],
  },
  {
    name: 'a file has other rows',
    sqlite: () => {},
    mongo: async () => {},
    both: async ({ objects, other }) => {
      const staged = await objects.stage(uploadKey(other));
      await staged.write(Buffer.from('another file'));
      await staged.commit();
    },
    expected: ({ other }) => [['rows', other]],
  },
  {
    name: 'a completed file has a row more',
    sqlite: () => {},
    mongo: async () => {},
    both: async ({ objects, other }) => {
      const staged = await objects.stage(uploadKey(other));
      await staged.write(Buffer.from(sourceOf([...second, chunkOf(1, [orderRow(3, 'B-3')])])));
      await staged.commit();
    },
    expected: () => [['rows', 'B-3']],
  },
  {
    name: 'a report says something else',
    sqlite: () => {},
    mongo: async () => {},
    both: (filled) => replaceReport(filled, (text) => text.replace('row 9', 'row 8')),
    expected: ({ fileId }) => [['reports', fileId]],
  },
  {
    name: 'a report lost its end',
    sqlite: () => {},
    mongo: async () => {},
    both: (filled) => replaceReport(filled, (text) => text.slice(0, -20)),
    expected: ({ fileId }) => [['reports', fileId]],
  },
  {
    name: 'a report has a line too many',
    sqlite: () => {},
    mongo: async () => {},
    both: (filled) => replaceReport(filled, (text) => `${text}a,b\n`),
    expected: ({ fileId }) => [['reports', fileId]],
  },
];
