/**
 * What a good developer writes in a day to do our job: csv-parse, zod and node:sqlite in one thread. Every check of a row, known SKUs
 * and hubs, duplicates, stock and outbox in the transaction of each chunk, invalid rows in a table and in a report at the end.
 * What it leaves out: restarts, progress, the event's text, what differs in a repeated order, other encodings and delimiters.
 */
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { z } from 'zod';

const [path, database, stockPath, settings] = process.argv.slice(2) as [string, string, string, string];
const { pragmas, chunkRows } = JSON.parse(settings) as { pragmas: string; chunkRows: number };

// A quote that begins a value here was not closed where it should be; U+FFFD stands for bytes that are no UTF-8.
const line = z.string().regex(/^(?!")[^\x00-\x1f\x7f-\x9f\ufffd]{1,500}$/u);
const lines = z.string().regex(/^(?!")[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]{1,500}$/u);
const price = /^\d{1,7}(\.\d{1,2})?$/;
const total = /^\d{1,13}(\.\d{1,2})?$/;
const schema = z.object({
  order_id: line,
  customer_name: lines,
  customer_email: z.string().max(500).regex(z.regexes.email),
  product_name: lines,
  sku: line,
  hub_id: line,
  quantity: z
    .string()
    .regex(/^\d{1,7}$/)
    .refine((text) => Number(text) >= 1 && Number(text) <= 1_000_000),
  unit_price: z.string().regex(price),
  total_amount: z.string().regex(total),
  order_date: z.string().refine((text) => !Number.isNaN(toMs(text))),
  shipping_address: lines,
});
type Values = z.infer<typeof schema>;
type Column = keyof Values;
const COLUMNS = Object.keys(schema.shape) as Column[];

const DATE =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?(?: ?(?:Z|([+-])([01]\d|2[0-3]):?([0-5]\d)))?)?$/;

/** Milliseconds since 1970, NaN when it is no date. Without an offset it is UTC. */
function toMs(text: string): number {
  const found = DATE.exec(text);
  if (found === null) return Number.NaN;
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = '0', sign, hours, minutes] = found;
  const midnight = Date.UTC(+year!, +month! - 1, +day!);
  // The 30th of February would be the 2nd of March.
  if (new Date(midnight).getUTCDate() !== +day! || +month! > 12) return Number.NaN;
  const ms = midnight + (+hour * 3600 + +minute * 60 + +second) * 1000 + Math.floor(+`0.${fraction}` * 1000);
  if (sign === undefined) return ms;
  const offset = (+hours! * 60 + +minutes!) * 60_000;
  return sign === '+' ? ms - offset : ms + offset;
}

function toMinor(text: string): number {
  const point = text.indexOf('.');
  if (point === -1) return Number(text) * 100;
  return Number(text.slice(0, point)) * 100 + Number(text.slice(point + 1).padEnd(2, '0'));
}

interface Order {
  row: number;
  cells: string[];
  values: Values;
  quantity: number;
  priceMinor: number;
  totalMinor: number;
  dateMs: number;
}

interface Invalid {
  row: number;
  cells: string[];
  reasons: string[];
}

interface Level {
  stockNo: number;
  available: number;
  taken: number;
}

const db = new DatabaseSync(database);
db.exec(pragmas);
db.exec(`
  create table orders (
    order_no integer primary key, order_id text not null unique, customer_name text, customer_email text, product_name text,
    sku text, hub_id text, quantity integer, unit_price_minor integer, total_minor integer, order_date integer,
    shipping_address text, status text, created_at integer
  );
  create table outbox (order_no integer primary key);
  create table stock (stock_no integer primary key, sku text, hub_id text, available integer check (available >= 0));
  create table invalid (row integer primary key, reasons text, cells text);
`);
const levels = new Map<string, Level>();
const skus = new Set<string>();
const hubs = new Set<string>();
loadStock();

const insertOrder = db.prepare(`insert into orders values (null, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'on_hold', ?)
  on conflict (order_id) do nothing`);
const lastOrder = db.prepare('select coalesce(max(order_no), 0) last from orders');
const insertEvents = db.prepare('insert into outbox select order_no from orders where order_no > ?');
const take = db.prepare('update stock set available = available - ? where stock_no = ?');
const insertInvalid = db.prepare('insert into invalid values (?, ?, ?)');

const started = performance.now();
let header: string[] = [];
let at = {} as Record<Column, number>;
let rows = 0;
let accepted = 0;
let orders: Order[] = [];
let invalid: Invalid[] = [];

const parser = createReadStream(path, { highWaterMark: 256 * 1024 }).pipe(
  parse({ bom: true, relax_quotes: true, relax_column_count: true, skip_empty_lines: true }),
);
// Plain `data` events: an asynchronous iterator would halve its speed.
parser.on('data', (cells: string[]) => {
  if (header.length === 0) {
    header = cells.map((cell) => cell.trim().toLowerCase());
    at = Object.fromEntries(COLUMNS.map((column) => [column, header.indexOf(column)])) as Record<Column, number>;
    return;
  }
  check(++rows, cells);
  if (rows % chunkRows === 0) commit();
});
parser.on('end', async () => {
  commit();
  await writeReport(`${database}-report.csv`);
  const seconds = (performance.now() - started) / 1000;
  const { left } = db.prepare('select sum(available) "left" from stock').get() as { left: number };
  process.stdout.write(JSON.stringify({ rows, accepted, invalid: rows - accepted, stockLeft: left, seconds }));
});

function check(row: number, cells: string[]): void {
  if (cells.length !== header.length) {
    invalid.push({ row, cells, reasons: [`the row has ${cells.length} cells, the header has ${header.length}`] });
    return;
  }
  const parsed = schema.safeParse({
    order_id: cells[at.order_id]!.trim(),
    customer_name: cells[at.customer_name]!.trim(),
    customer_email: cells[at.customer_email]!.trim(),
    product_name: cells[at.product_name]!.trim(),
    sku: cells[at.sku]!.trim(),
    hub_id: cells[at.hub_id]!.trim(),
    quantity: cells[at.quantity]!.trim(),
    unit_price: cells[at.unit_price]!.trim(),
    total_amount: cells[at.total_amount]!.trim(),
    order_date: cells[at.order_date]!.trim(),
    shipping_address: cells[at.shipping_address]!.trim(),
  });
  if (!parsed.success) {
    invalid.push({ row, cells, reasons: parsed.error.issues.map(({ path }) => `${String(path[0])} is not valid`) });
    return;
  }
  const values = parsed.data;
  const quantity = Number(values.quantity);
  const priceMinor = toMinor(values.unit_price);
  const totalMinor = toMinor(values.total_amount);
  const reasons: string[] = [];
  if (quantity * priceMinor !== totalMinor) reasons.push('total_amount is not quantity x unit_price');
  if (!skus.has(values.sku)) reasons.push('sku is not known');
  if (!hubs.has(values.hub_id)) reasons.push('hub_id is not known');
  if (reasons.length > 0) invalid.push({ row, cells, reasons });
  else orders.push({ row, cells, values, quantity, priceMinor, totalMinor, dateMs: toMs(values.order_date) });
}

function commit(): void {
  db.exec('begin immediate');
  const { last } = lastOrder.get() as { last: number };
  const now = Date.now();
  const touched = new Set<Level>();
  for (const { row, cells, values, quantity, priceMinor, totalMinor, dateMs } of orders) {
    const level = levels.get(`${values.sku}\n${values.hub_id}`);
    if (level === undefined || level.available < quantity) {
      invalid.push({ row, cells, reasons: ['quantity is more than is left'] });
      continue;
    }
    const { changes } = insertOrder.run(
      values.order_id,
      values.customer_name,
      values.customer_email,
      values.product_name,
      values.sku,
      values.hub_id,
      quantity,
      priceMinor,
      totalMinor,
      dateMs,
      values.shipping_address,
      now,
    );
    if (changes === 0) {
      invalid.push({ row, cells, reasons: ['order_id is already stored'] });
      continue;
    }
    accepted++;
    level.available -= quantity;
    level.taken += quantity;
    touched.add(level);
  }
  insertEvents.run(last);
  for (const level of touched) {
    take.run(level.taken, level.stockNo);
    level.taken = 0;
  }
  for (const { row, cells, reasons } of invalid) insertInvalid.run(row, JSON.stringify(reasons), JSON.stringify(cells));
  db.exec('commit');
  orders = [];
  invalid = [];
}

async function writeReport(report: string): Promise<void> {
  const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  function* reportLines() {
    yield `${[...header, '_row', '_reason'].join(',')}\n`;
    for (const { row, reasons, cells } of db.prepare('select * from invalid order by row').iterate() as Iterable<{
      row: number;
      reasons: string;
      cells: string;
    }>) {
      const original = JSON.parse(cells) as string[];
      const values = header.map((_, i) => original[i] ?? '');
      yield `${[...values, String(row), (JSON.parse(reasons) as string[]).join(' | ')].map(cell).join(',')}\n`;
    }
  }
  await pipeline(Readable.from(reportLines()), createWriteStream(report, { flush: true }));
}

function loadStock(): void {
  const insert = db.prepare('insert into stock values (?, ?, ?, ?)');
  db.exec('begin immediate');
  for (const [i, text] of readFileSync(stockPath, 'utf8').trim().split('\n').slice(1).entries()) {
    const [sku, hubId, available] = text.split(',') as [string, string, string];
    insert.run(i + 1, sku, hubId, Number(available));
    levels.set(`${sku}\n${hubId}`, { stockNo: i + 1, available: Number(available), taken: 0 });
    skus.add(sku);
    hubs.add(hubId);
  }
  db.exec('commit');
}
