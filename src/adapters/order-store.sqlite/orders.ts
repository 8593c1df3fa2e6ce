/**
 * Reads orders. Lists go backwards by `seq`, which is the order of (created_at, order_id), through windows of rows, and scan a bounded
 * number of orders per page: filters have no indexes, as each index slows ingestion down.
 */
import { limits } from '../../limits.ts';
import { formsOfId } from '../../model/characters.ts';
import { ORDER_CREATED, orderCreated } from '../../model/event.ts';
import type { Order } from '../../model/order.ts';
import { alikeCharacters, BEFORE_WORDS, searchWords } from '../../model/search.ts';
import type { OrderFilter, OrderPage, Orders } from '../../ports/orders.ts';
import type { NumberedEvents } from '../event-stream.outbox.ts';
import { takes } from '../order-filter.ts';
import { readPosition } from '../page.ts';
import type { Commits } from '../sqlite/calls.ts';
import type { Database } from '../sqlite/database.ts';

export interface OrderRow {
  seq: number;
  order_id: string;
  file_id: string;
  row: number;
  customer_name: string;
  customer_email: string;
  product_name: string;
  sku: string;
  hub_id: string;
  quantity: number;
  unit_price_minor: number;
  total_minor: number;
  order_date: number;
  shipping_address: string;
  status: string;
  created_at: number;
  updated_at: number;
}

export const SELECT = `
  select o.seq, o.order_id, f.file_id, o.row, o.customer_name, o.customer_email, o.product_name, o.sku, o.hub_id, o.quantity,
    o.unit_price_minor, o.total_minor, o.order_date, o.shipping_address, o.status, o.created_at, o.updated_at
  from orders o join files f on f.file_no = o.file_no`;

export function toOrder(row: OrderRow): Order {
  return {
    orderId: row.order_id,
    status: row.status,
    version: 1,
    actor: null,
    customerName: row.customer_name,
    customerEmail: row.customer_email,
    items: [
      {
        sku: row.sku,
        hubId: row.hub_id,
        productName: row.product_name,
        quantity: row.quantity,
        unitPriceMinor: row.unit_price_minor,
        lineTotalMinor: row.total_minor,
      },
    ],
    totalMinor: row.total_minor,
    orderDateMs: row.order_date,
    shippingAddress: row.shipping_address,
    fileId: row.file_id,
    row: row.row,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  };
}

function* windows(low: number, from: number): Generator<{ low: number; high: number }> {
  for (let high = from; high >= low; high -= limits.maxScanOrders)
    yield { low: Math.max(low, high - limits.maxScanOrders + 1), high };
}

export function createOrders(db: Database): Orders {
  const get = db.prepare(`${SELECT} where o.order_id = ?`);
  const newest = db.prepare('select coalesce(max(seq), 0) seq from orders');
  const timeOf = db.prepare('select created_at from orders where seq = ?');
  const chunksOf = db.prepare(`
    select c.first_seq first, c.accepted from chunks c join files f on f.file_no = c.file_no
    where f.file_id = ? and c.accepted > 0 and c.first_seq <= ? order by c.n desc`);
  const statements = new Map<string, ReturnType<Database['prepare']>>();
  const prepare = (sql: string) => {
    const known = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, known);
    return known;
  };

  /** The ranges of seq to scan, newest first, none larger than the scan limit. */
  function* ranges(filter: OrderFilter, from: number): Generator<{ low: number; high: number }> {
    if (filter.fileId !== undefined) {
      for (const chunk of chunksOf.all(filter.fileId, from) as { first: number; accepted: number }[])
        yield* windows(chunk.first, Math.min(from, chunk.first + chunk.accepted - 1));
      return;
    }
    yield* windows(1, from);
  }

  const find = (orderId: string): Order | null => {
    for (const id of formsOfId(orderId)) {
      const row = get.get(id) as unknown as OrderRow | undefined;
      if (row) return toOrder(row);
    }
    return null;
  };

  return {
    async get(orderId) {
      const order = find(orderId);
      return order && { order, holdsStock: true, deleted: false };
    },

    async list(filter, { limit, after }) {
      const position = readPosition<[number]>(after, 'number');
      const from = position ? position[0] - 1 : (newest.get() as { seq: number }).seq;
      const named = filter.q === undefined ? null : find(filter.q);
      const items = named && position === null && takes(filter, named) ? [named] : [];
      const upTo = (seq: number, reachedMs: number): OrderPage => ({ items, next: JSON.stringify([seq]), reachedMs });
      const { where, values } = conditions(filter, named);
      const page = prepare(`${SELECT} where o.seq between ? and ? ${where} order by o.seq desc limit ?`);
      let scanned = 0;
      if (items.length === limit) return upTo(from + 1, items[0]!.createdAtMs);
      for (const { low, high } of ranges(filter, from)) {
        if (scanned > 0 && scanned + (high - low + 1) > limits.maxScanOrders)
          return upTo(high + 1, (timeOf.get(high + 1) as { created_at: number }).created_at);
        scanned += high - low + 1;
        const rows = page.all(low, high, ...values, limit - items.length) as unknown as OrderRow[];
        items.push(...rows.map(toOrder));
        const last = rows.at(-1);
        if (last && items.length === limit) return upTo(last.seq, last.created_at);
      }
      return { items, next: null, reachedMs: null };
    },
  };
}

/** `named`: the order that is listed first, wherever it belongs, and so not again. */
function conditions(filter: OrderFilter, named: Order | null): { where: string; values: (string | number)[] } {
  const parts: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, ...bound: (string | number | undefined)[]) => {
    if (bound[0] === undefined) return;
    parts.push(` and ${condition}`);
    values.push(...(bound as (string | number)[]));
  };
  add('o.status = ?', filter.status);
  add('o.hub_id = ?', filter.hubId);
  add('o.sku = ?', filter.sku);
  add('o.customer_email = ?', filter.customerEmail);
  add('o.order_date >= ?', filter.fromMs);
  add('o.order_date < ?', filter.toMs);
  add('o.order_id <> ?', named?.orderId);
  if (filter.q === undefined) return { where: parts.join(''), values };
  // No order contains a NUL, and a NUL ends a pattern.
  if (filter.q.includes('\0')) return { where: ' and false', values: [] };
  const start = `${filter.q.replace(/[\\%_]/g, '\\$&')}%`;
  const words = searchWords(filter.q).map(globOf);
  const name = words.map(() => '(o.customer_name glob ? or o.customer_name glob ?)').join(' and ') || 'false';
  add(
    `(o.order_id like ? escape '\\' or o.customer_email like ? escape '\\' or ${name})`,
    start,
    start,
    ...words.flatMap((word) => [`${word}*`, `*[${BEFORE_WORDS}]${word}*`]),
  );
  return { where: parts.join(''), values };
}

/**
 * In a set of GLOB a hyphen stands for itself only at the end, where `alikeCharacters` puts it; outside of a set only * ? [ are special.
 */
const globOf = (word: string): string =>
  alikeCharacters(word)
    .map((alike) => (alike.length > 1 || /[*?[]/.test(alike[0]!) ? `[${alike.join('')}]` : alike[0]!))
    .join('');

/** The events by their number in the outbox, oldest first. */
export function numberedEvents(db: Database, writer: Commits): NumberedEvents {
  const after = db.prepare(`${SELECT} where o.seq > ? order by o.seq limit ?`);
  const newest = db.prepare('select coalesce(max(seq), 0) seq from orders');
  const last = () => (newest.get() as { seq: number }).seq;
  return {
    newest: async () => last(),
    async after(number, types, limit) {
      if (!types.has(ORDER_CREATED)) return { last: last(), events: [] };
      const rows = after.all(number, limit) as unknown as OrderRow[];
      const events = rows.map((row) => ({ number: row.seq, ...orderCreated(toOrder(row)) }));
      return { last: events.at(-1)?.number ?? number, events };
    },
    async wait(number, signal) {
      // `last` is read in the same turn as the wait begins, so that no commit comes in between.
      while (!signal.aborted && last() <= number) await writer.nextCommit(signal);
    },
  };
}
