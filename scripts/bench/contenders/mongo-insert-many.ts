/**
 * A baseline of the benchmark: the rows of an order file as documents into MongoDB by `insertMany`, 5,000 at a time, with the write
 * concern and the indexes of the order store, and nothing else: no validation, no stock, no events. Prints how many a second.
 */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { MongoClient } from 'mongodb';

const [url, file] = process.argv.slice(2) as [string, string];
const CHUNK = 5_000;
const rows = parse(await readFile(file), { columns: true, relax_quotes: true, relax_column_count: true }) as Record<
  string,
  string
>[];
const seen = new Set<string>();
const documents = rows
  .filter(({ order_id }) => !seen.has(order_id!) && seen.add(order_id!))
  .map((row, i) => ({
    _id: row.order_id,
    status: 'on_hold',
    customer: { name: row.customer_name, email: row.customer_email },
    items: [
      {
        sku: row.sku,
        hub_id: row.hub_id,
        product_name: row.product_name,
        quantity: Number(row.quantity),
        unit_price_minor: Math.round(Number(row.unit_price) * 100),
        line_total_minor: Math.round(Number(row.total_amount) * 100),
      },
    ],
    total_minor: Math.round(Number(row.total_amount) * 100),
    order_date: new Date(),
    shipping_address: row.shipping_address,
    file: 'f_bench',
    row: i + 2,
    stock_taken: true,
    created_at: new Date(),
    updated_at: new Date(),
  }));

const client = new MongoClient(url, { writeConcern: { w: 'majority' } });
const db = client.db(`insert-many-${randomUUID()}`);
const orders = db.collection<(typeof documents)[number]>('orders');
await orders.createIndex({ created_at: -1, _id: -1 });
await orders.createIndex({ file: 1, created_at: -1, _id: -1 });
const started = performance.now();
for (let at = 0; at < documents.length; at += CHUNK)
  await orders.insertMany(documents.slice(at, at + CHUNK) as never, { ordered: false });
const seconds = (performance.now() - started) / 1000;
await db.dropDatabase();
await client.close();
process.stdout.write(JSON.stringify({ count: documents.length, seconds }));
