/**
 * Reads orders. Lists go backwards by `seq`, which is the order of (created_at, order_id), and scan a bounded number of orders per page:
 * filters have no indexes, as each index slows ingestion down. Ranges without an order of the status that is asked for are passed over.
 */
import { limits } from '../../limits.ts';
import type { Order } from '../../model/order.ts';
import { DELETED } from '../../model/order-change.ts';
import { alikeCharacters, BEFORE_WORDS, searchWords } from '../../model/search.ts';
import { takes } from '../../ports/order-filter.ts';
import type { OrderFilter, OrderPage, Orders } from '../../ports/orders.ts';
import { readPosition } from '../page.ts';
import type { Database } from '../sqlite/database.ts';
import { orderHistories } from './order-history.ts';
import { type OrderRow, SELECT, SELECT_BY_IDS, type StoredRow, toOrder, toStored } from './order-row.ts';
import { type Range, statusRanges } from './status-windows.ts';

function* slices(low: number, from: number): Generator<Range> {
  for (let high = from; high >= low; high -= limits.maxScanOrders)
    yield { low: Math.max(low, high - limits.maxScanOrders + 1), high };
}

export function createOrders(db: Database): Orders {
  const { find } = orderHistories(db);
  const ofStatus = statusRanges(db);
  const many = db.prepare(SELECT_BY_IDS);
  const newest = db.prepare('select coalesce(max(seq), 0) seq from orders');
  const timeFrom = db.prepare('select created_at from orders where seq >= ? order by seq limit 1');
  const chunksOf = db.prepare(`
    select c.first_seq first, c.orders from chunks c join files f on f.file_no = c.file_no
    where f.file_id = ? and c.orders > 0 and c.first_seq <= ? order by c.n desc`);
  const takenAgain = db.prepare(`
    select seq from orders where file_no = (select file_no from files where file_id = ?) and created_as > 1 and seq between ? and ?
    order by seq desc limit ?`);
  const statements = new Map<string, ReturnType<Database['prepare']>>();
  const prepare = (sql: string) => {
    const known = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, known);
    return known;
  };

  const last = () => (newest.get() as { seq: number }).seq;
  /** When the order with this number, or the next one, was created; numbers behind the last order are of changes. */
  const timeAt = (seq: number) => (timeFrom.get(Math.min(seq, last())) as { created_at: number }).created_at;

  /** The first number from which on all orders were created at this time or later. */
  const seqAt = (ms: number): number => {
    let low = 1;
    let high = last() + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const { created_at } = timeFrom.get(middle) as { created_at: number };
      if (created_at < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  /** The ranges of seq to scan, newest first, none larger than the scan limit. */
  function* ranges(filter: OrderFilter, from: number): Generator<Range> {
    const within = (low: number, high: number): Iterable<Range> =>
      (filter.status !== undefined && filter.orChangedSinceMs === undefined && ofStatus(filter.status, low, high)) ||
      slices(low, high);
    const lowest = filter.createdFromMs === undefined ? 1 : seqAt(filter.createdFromMs);
    const highest = filter.createdToMs === undefined ? from : Math.min(from, seqAt(filter.createdToMs) - 1);
    if (filter.fileId === undefined) yield* within(lowest, highest);
    else for (const { low, high } of rangesOfFile(filter.fileId, lowest, highest)) yield* within(low, high);
  }

  /** Of the orders that a file has made: those of its chunks, and those that it has taken again. */
  function* rangesOfFile(fileId: string, lowest: number, highest: number): Generator<Range> {
    const again = rangesTakenAgain(fileId, lowest, highest);
    let next = again.next();
    for (const { first, orders } of chunksOf.all(fileId, highest) as { first: number; orders: number }[]) {
      for (; !next.done && next.value.low > first; next = again.next()) yield next.value;
      const [low, high] = [Math.max(lowest, first), Math.min(highest, first + orders - 1)];
      if (low <= high) yield { low, high };
    }
    if (!next.done) yield next.value;
    yield* again;
  }

  /** Orders that follow each other by number are one range. */
  function* rangesTakenAgain(fileId: string, lowest: number, highest: number): Generator<Range> {
    let range: Range | null = null;
    for (let from = highest; ; ) {
      const found = takenAgain.all(fileId, lowest, from, limits.sliceItems) as { seq: number }[];
      for (const { seq } of found)
        if (range?.low === seq + 1) range.low = seq;
        else {
          if (range) yield range;
          range = { low: seq, high: seq };
        }
      if (found.length < limits.sliceItems) break;
      from = found.at(-1)!.seq - 1;
    }
    if (range) yield range;
  }

  return {
    async get(orderId) {
      const row = find(orderId);
      return row && toStored(row);
    },

    async getMany(orderIds) {
      return (many.all(JSON.stringify(orderIds)) as unknown as StoredRow[]).map(toStored);
    },

    async list(filter, { limit, after }) {
      const position = readPosition<[number]>(after, 'number');
      const from = position ? position[0] - 1 : last();
      const row = filter.q === undefined ? null : find(filter.q);
      const named = row && row.status !== DELETED ? toOrder(row) : null;
      const items = named && position === null && takes(filter, named) ? [named] : [];
      const upTo = (seq: number, reachedMs: number): OrderPage => ({ items, next: JSON.stringify([seq]), reachedMs });
      const { where, values } = conditions(filter, named);
      const page = prepare(`${SELECT} where o.seq between ? and ? ${where} order by o.seq desc limit ?`);
      let scanned = 0;
      if (items.length === limit) return upTo(from + 1, items[0]!.createdAtMs);
      for (const { low, high } of ranges(filter, from)) {
        const size = Math.max(high - low + 1, limits.leastScanOrders);
        if (scanned > 0 && scanned + size > limits.maxScanOrders) return upTo(high + 1, timeAt(high + 1));
        scanned += size;
        const rows = page.all(low, high, ...values, limit - items.length) as unknown as OrderRow[];
        items.push(...rows.map(toOrder));
        const oldest = rows.at(-1);
        if (oldest && items.length === limit) return upTo(oldest.seq, oldest.created_at);
      }
      return { items, next: null, reachedMs: null };
    },
  };
}

/** `named`: the order that is listed first, wherever it belongs, and so not again. */
function conditions(filter: OrderFilter, named: Order | null): { where: string; values: (string | number)[] } {
  let parts: string[] = [];
  const values: (string | number)[] = [];
  const add: Add = (condition, ...bound) => {
    if (bound[0] === undefined) return;
    parts.push(` and ${condition}`);
    values.push(...(bound as (string | number)[]));
  };
  add('o.status = ?', filter.status);
  addItem(filter, add);
  addView(filter, add);
  add('o.customer_email = ?', filter.customerEmail);
  add('o.order_date >= ?', filter.fromMs);
  add('o.order_date < ?', filter.toMs);
  add('o.updated_at >= ?', filter.updatedFromMs);
  if (parts.length > 0 && filter.orChangedSinceMs !== undefined) {
    parts = [` and (true${parts.join('')} or o.updated_at >= ?)`];
    values.push(filter.orChangedSinceMs);
  }
  add('o.file_no = (select file_no from files where file_id = ?)', filter.fileId);
  add('o.order_id <> ?', named?.orderId);
  add('o.status <> ?', DELETED);
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

type Add = (condition: string, ...bound: (string | number | undefined)[]) => void;

/** One and the same item matches: the first, or one of the others. */
function addItem({ sku, hubId }: OrderFilter, add: Add): void {
  const asked = Object.entries({ sku, hub_id: hubId }).filter(([, value]) => value !== undefined);
  const of = (table: string) => asked.map(([column]) => `${table}.${column} = ?`).join(' and ');
  const values = asked.map(([, value]) => value);
  const others = `select 1 from order_items i where i.order_no = o.seq and ${of('i')}`;
  add(`(${of('o')} or (o.more_items > 0 and exists (${others})))`, ...values, ...values);
}

/** As `seesOrder`. SQLite's `lower` knows ASCII letters only, too. */
function addView({ seenBy }: OrderFilter, add: Add): void {
  const { hubs = null, email = null } = seenBy ?? {};
  if (email !== null) add('lower(o.customer_email) = ?', email);
  if (hubs === null) return;
  const inHubs = 'hub_id in (select value from json_each(?))';
  const others = `select 1 from order_items i where i.order_no = o.seq and i.${inHubs}`;
  const list = JSON.stringify(hubs);
  add(`(o.${inHubs} or (o.more_items > 0 and exists (${others})))`, list, list);
}

/**
 * In a set of GLOB a hyphen stands for itself only at the end, where `alikeCharacters` puts it; outside of a set only * ? [ are special.
 */
const globOf = (word: string): string =>
  alikeCharacters(word)
    .map((alike) => (alike.length > 1 || /[*?[]/.test(alike[0]!) ? `[${alike.join('')}]` : alike[0]!))
    .join('');
