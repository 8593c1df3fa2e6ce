/**
 * The rows of an order file into SQLite, and no more: csv-parse and node:sqlite in one thread. No validation, stock, events, report
 * or restart. Prints what it did and the seconds of its own work as JSON.
 */
import { createReadStream } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { parse } from 'csv-parse';

const [path, database, , settings] = process.argv.slice(2) as [string, string, string, string];
const { pragmas, chunkRows } = JSON.parse(settings) as { pragmas: string; chunkRows: number };
const COLUMNS = 11;

const db = new DatabaseSync(database);
db.exec(pragmas);
db.exec(`
  create table orders (
    order_id text primary key, customer_name text, customer_email text, product_name text, sku text, hub_id text,
    quantity integer, unit_price text, total_amount text, order_date text, shipping_address text
  );
`);
const insert = db.prepare('insert or ignore into orders values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
const started = performance.now();
let rows = 0;
db.exec('begin immediate');
const parser = createReadStream(path, { highWaterMark: 256 * 1024 }).pipe(
  parse({ from_line: 2, relax_quotes: true, relax_column_count: true }),
);
// Plain `data` events: an asynchronous iterator would halve its speed.
parser.on('data', (row: string[]) => {
  if (row.length === COLUMNS) insert.run(...row);
  if (++rows % chunkRows === 0) db.exec('commit; begin immediate');
});
parser.on('end', () => {
  db.exec('commit');
  const seconds = (performance.now() - started) / 1000;
  const { stored } = db.prepare('select count(*) stored from orders').get() as { stored: number };
  process.stdout.write(JSON.stringify({ rows, stored, seconds }));
});
