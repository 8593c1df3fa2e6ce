/**
 * The baseline: what a plain script does in one thread, and no more. Parses a CSV with csv-parse and inserts its rows into
 * SQLite with node:sqlite, 1,000 rows a transaction, as durable as we are (WAL, synchronous=FULL). No validation, stock,
 * events, reports, or restart. Prints the rows per second of its own work as JSON.
 */
import { createReadStream } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { parse } from 'csv-parse';

const [path, database] = process.argv.slice(2);
const db = new DatabaseSync(database!);
db.exec(`
  pragma journal_mode = wal;
  pragma synchronous = full;
  create table orders (
    order_id text primary key, customer_name text, customer_email text, product_name text, sku text, hub_id text,
    quantity integer, unit_price text, total_amount text, order_date text, shipping_address text
  );
`);
const insert = db.prepare('insert or ignore into orders values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
const started = performance.now();
let rows = 0;
db.exec('begin');
const parser = createReadStream(path!, { highWaterMark: 256 * 1024 }).pipe(
  parse({ from_line: 2, relax_quotes: true, relax_column_count: true, skip_records_with_error: true }),
);
// Plain `data` events: an asynchronous iterator would halve its speed.
parser.on('data', (row: string[]) => {
  if (row.length === 11) insert.run(...row);
  if (++rows % 1000 === 0) db.exec('commit; begin');
});
parser.on('end', () => {
  db.exec('commit');
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(JSON.stringify({ rows, seconds }));
});
