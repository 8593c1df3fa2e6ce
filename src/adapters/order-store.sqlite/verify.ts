/**
 * The checks of `oms verify` on SQLite. Each run reads a snapshot in one transaction: what is written
 * meanwhile is not seen, and the log grows by no more than that.
 */
import type { Order } from '../../model/order.ts';
import { DELETED } from '../../model/order-change.ts';
import type { Verification, Violation } from '../../ports/verification.ts';
import type { Database } from '../sqlite/database.ts';
import { orderHistories } from './order-history.ts';
import { type OrderRow, SELECT, toOrder } from './order-row.ts';
import { PUBLISHED } from './outbox.ts';
import { HUB_SUM, STATUS_SUM } from './record-sums.ts';
import { ALL_COUNTED, countedAnew } from './status-windows.ts';
import { type StoreCheck, violationsOf } from './store-check.ts';
import { OF_HISTORY } from './verify-history.ts';
import { NO_FILE } from './write-orders.ts';

interface Chunk {
  rows: number;
  first_seq: number;
  orders: number;
}

export function createVerification(db: Database): Verification {
  function* run(checks: readonly StoreCheck[], parameters: Record<string, string>): Generator<Violation> {
    db.exec('begin');
    try {
      for (const check of checks) yield* typeof check === 'function' ? check(db) : violationsOf(db, check, parameters);
    } finally {
      // A read error may have ended the transaction.
      if (db.isTransaction) db.exec('rollback');
    }
  }

  const chunksOf = db.prepare(`
    select c.rows, c.first_seq, c.orders from chunks c join files f using (file_no)
    where f.file_id = ? and c.n < ? order by c.n`);
  const ordersOf = db.prepare(`${SELECT} where o.seq between ? and ?`);
  const takenAgain = db.prepare(
    "select order_no seq, version from order_changes where kind = 'created' and seq between ? and ?",
  );
  const histories = orderHistories(db);
  const orderAt = (found: Pick<OrderRow, 'seq'>, version: number): Order =>
    histories.whole(found, (row) => {
      const order = histories.orderAt(row, version);
      return row.status === DELETED ? { ...order, status: DELETED } : order;
    });

  /** As they were created, or taken again. */
  function* madeBy({ first_seq: first, orders }: Chunk): Generator<Order> {
    const last = first + orders - 1;
    for (const found of ordersOf.all(first, last) as unknown as OrderRow[])
      yield found.more === null ? toOrder(found) : orderAt(found, 1);
    for (const { seq, version } of takenAgain.all(first, last) as { seq: number; version: number }[])
      yield orderAt({ seq }, version);
  }

  return {
    async *chunks({ fileId, nextChunk }) {
      for (const chunk of chunksOf.iterate(fileId, nextChunk) as Iterable<Chunk>)
        yield { rows: chunk.rows, orders: [...madeBy(chunk)].filter((order) => order.fileId === fileId) };
    },
    async *file(fileId) {
      yield* run(OF_A_FILE, { file_id: fileId });
    },
    async *stock() {
      yield* run(OF_STOCK, {});
      return (db.prepare('select count(*) count from stock').get() as { count: number }).count;
    },
    async *rest() {
      yield* run([...OF_ALL, ...OF_HISTORY], {});
      return (db.prepare('select count(*) count from orders').get() as { count: number }).count;
    },
  };
}

/** Of an order `o` as it was at a version: what it was before it was next taken again, or is now. */
const sourceAt = (column: 'file_no' | 'row', version: string) => `
  iif(o.created_as <= ${version}, o.${column}, (
    select former_${column} from order_changes later where later.order_no = o.seq and later.kind = 'created' and later.version > ${version}
    order by later.version limit 1))`;

/** What chunks have made by its numbers: new orders, and orders that were taken again; each as it was then (INV-1). */
const MADE = `
  made(file_no, n, seq, order_id, source_no, row) as (
    select c.file_no, c.n, o.seq, o.order_id, ${sourceAt('file_no', '1')}, ${sourceAt('row', '1')}
    from file join chunks c using (file_no) join orders o on o.seq between c.first_seq and c.first_seq + c.orders - 1
    union all
    select c.file_no, c.n, t.seq, o.order_id, ${sourceAt('file_no', 't.version')}, ${sourceAt('row', 't.version')}
    from file join chunks c using (file_no)
      join order_changes t on t.seq between c.first_seq and c.first_seq + c.orders - 1 and t.kind = 'created'
      join orders o on o.seq = t.order_no)`;

/** The file, and the place of each of its rows: an order, or a former version of one, or a rejection. */
const PLACES = `
  with file as (select * from files where file_id = :file_id), ${MADE},
  places(row, order_id) as (
    select row, order_id from made where source_no = file_no
    union all
    select r.row, null from file join rejections r using (file_no)
  )`;

const OF_A_FILE: readonly StoreCheck[] = [
  {
    check: 'rows',
    what: 'rows are not accepted + invalid + skipped',
    sql: `${PLACES} select file_id id,
        rows || ' rows, ' || accepted || ' accepted, ' || invalid || ' invalid, ' || skipped || ' skipped' detail
      from file where rows <> accepted + invalid + skipped or (skipped > 0 and format is null)`,
  },
  {
    check: 'rows',
    what: 'the chunks do not add up to the file',
    sql: `${PLACES} select file_id id,
        count(c.n) || ' chunks of ' || next_chunk || ', ' || total(c.rows) || ' of ' || (f.rows - f.skipped) || ' rows, '
          || total(c.accepted) || ' of ' || f.accepted || ' accepted, ' || total(c.invalid) || ' of ' || f.invalid || ' invalid, '
          || total(c.orders) || ' of ' || f.orders || ' orders' detail
      from file f left join chunks c using (file_no) group by file_no
      having count(c.n) <> next_chunk or total(c.rows) <> f.rows - f.skipped or total(c.accepted) <> f.accepted
        or total(c.invalid) <> f.invalid or total(c.orders) <> iif(f.dry_run, 0, f.orders)`,
  },
  {
    check: 'rows',
    what: 'the orders of a chunk are not as many as it has',
    sql: `${PLACES} select file_id || ':' || c.n id, count(o.seq) || ' orders of ' || c.orders || ' are there, ' || c.accepted || ' rows accepted' detail
      from file join chunks c using (file_no) left join made o on o.n = c.n and o.source_no = o.file_no
      where dry_run = 0 group by c.n having count(o.seq) <> c.orders or c.orders > c.accepted or (c.orders = 0 and c.accepted > 0)`,
  },
  {
    check: 'rows',
    what: 'the undo of a file is not of its orders',
    sql: `${PLACES} select file_id id,
        undone || ' undone, ' || kept || ' kept, ' || count(k.order_id) || ' of them listed, ' || orders || ' orders' detail
      from file left join kept_orders k using (file_no) where undo_state is not null or kept + undone > 0
      group by file_no having count(k.order_id) <> kept or iif(undo_state is 'done', undone + kept <> orders, undone + kept > orders)`,
  },
  {
    check: 'rows',
    what: 'the rejections are not the invalid rows',
    sql: `${PLACES} select file_id id, count(r.row) || ' rejections, ' || invalid || ' invalid' detail
      from file left join rejections r using (file_no) where report_deleted_at is null group by file_no having count(r.row) <> invalid`,
  },
  {
    check: 'rows',
    what: 'the rejections of a code are not as many as the file has',
    sql: `${PLACES}, codes as (
        select code.key code, code.value counted, (
          select count(*) from rejections r where r.file_no = file.file_no and instr(r.codes, ' ' || code.key || ' ') > 0) found
        from file, json_each(invalid_by_code) code)
      select :file_id id, found || ' rejections, ' || counted || ' in the file as ' || code detail
      from codes where found <> counted and (select report_deleted_at from file) is null`,
  },
  {
    check: 'rows',
    what: 'a row is in several places',
    sql: `${PLACES} select coalesce(max(order_id), :file_id) id,
        'row ' || row || ' of ' || :file_id || ': ' || count(order_id) || ' orders, ' || (count(*) - count(order_id)) || ' rejections' detail
      from places group by row having count(*) > 1`,
  },
  {
    check: 'rows',
    what: 'a row lies where nothing was read',
    sql: `${PLACES} select coalesce(order_id, :file_id) id, 'row ' || row || ' of ' || :file_id || ', read up to ' || position_row detail
      from places, file where row <= 1 or row > position_row`,
  },
  {
    check: 'events',
    what: 'an order of another file is among the numbers of a chunk',
    sql: `${PLACES} select order_id id, 'number ' || seq || ', ' || file_id || ' chunk ' || n detail
      from file join made using (file_no) where source_no <> file_no`,
  },
];

const OF_STOCK: readonly StoreCheck[] = [
  {
    check: 'stock',
    what: 'received - available is not what orders hold',
    sql: `select json_array(sku, hub_id) id,
        'received ' || sum(received) || ', available ' || sum(available) || ', held ' || sum(held) detail
      from (
        select sku, hub_id, received, available, 0 held from stock
        union all
        select sku, hub_id, 0, 0, sum(quantity) from orders where stock_taken = 1 group by sku, hub_id
        union all
        select i.sku, i.hub_id, 0, 0, sum(i.quantity)
        from order_items i join orders o on o.seq = i.order_no where o.stock_taken = 1 group by i.sku, i.hub_id
      ) group by sku, hub_id having sum(received) - sum(available) <> sum(held)`,
  },
];

const MOST = 2 ** 53;

const OF_ALL: readonly StoreCheck[] = [
  {
    check: 'rows',
    what: 'a chunk or a rejection is of no file',
    sql: `select file_no || '' id, 'by its number in the tables' detail
      from (select file_no from chunks union select file_no from rejections)
      where file_no not in (select file_no from files)`,
  },
  {
    check: 'events',
    what: 'the numbers of events do not follow those before',
    sql: `with numbers(low, count, id) as (
        select c.first_seq, c.orders, file_id || ':' || n from chunks c join files using (file_no) where c.orders > 0
        union all
        select seq, 1, order_id from orders o where ${sourceAt('file_no', '1')} = ${NO_FILE}
        union all
        select c.seq, 1, o.order_id from order_changes c left join orders o on o.seq = c.order_no
        where c.kind <> 'created' or ${sourceAt('file_no', 'c.version')} = ${NO_FILE})
      select coalesce(id, low || '') id, 'from ' || low || ', expected ' || expected detail
      from (select id, low, lag(low + count, 1, 1) over (order by low) expected from numbers) where low <> expected`,
  },
  {
    check: 'events',
    what: 'an order belongs to no chunk',
    sql: `with spans as (select first_seq low, first_seq + orders - 1 high from chunks where orders > 0),
      gaps(low, high) as (
        select lag(high, 1, -${MOST}) over (order by low) + 1, low - 1 from spans
        union all
        select coalesce(max(high), -${MOST}) + 1, ${MOST} from spans)
      select order_id id, 'number ' || seq detail from gaps cross join orders o on seq between gaps.low and gaps.high
      where ${sourceAt('file_no', '1')} <> ${NO_FILE}`,
  },
  {
    check: 'rows',
    what: 'a dry run has made an order',
    sql: `select order_id id, 'it says row ' || o.row || ' of ' || file_id detail
      from orders o join files using (file_no) where dry_run = 1`,
  },
  {
    check: 'events',
    what: 'more events are marked as published than there are',
    sql: `select '${PUBLISHED}' id, value || ' published, ' || newest || ' are there' detail
      from totals, (
        select max(coalesce((select max(seq) from orders), 0), coalesce((select max(seq) from order_changes), 0)) newest)
      where name = '${PUBLISHED}' and value > newest`,
  },
  {
    check: 'sums',
    what: 'a sum of the statistics is not that of the files and orders',
    sql: `with sums(name, value) as (
        select 'rows', total(rows) from files where dry_run = 0
        union all select 'accepted', total(accepted) from files where dry_run = 0
        union all select 'invalid', total(invalid) from files where dry_run = 0
        union all select 'code:' || key, sum(value) from files, json_each(invalid_by_code) where dry_run = 0 group by key
        union all select '${STATUS_SUM}' || status, count(*) from orders where status <> '${DELETED}' group by status
        union all select '${HUB_SUM}' || hub_id, count(*) from (
          select hub_id from orders where status <> '${DELETED}'
          union all
          select hub_id from (
            select distinct i.order_no, i.hub_id from order_items i join orders o on o.seq = i.order_no where i.hub_id <> o.hub_id)
        ) group by hub_id)
      select name id, coalesce(t.value, 0) || ' in the statistics, ' || cast(coalesce(s.value, 0) as integer) || ' are there' detail
      from sums s full join totals t using (name) where coalesce(t.value, 0) <> coalesce(s.value, 0) and name <> '${PUBLISHED}'`,
  },
  {
    check: 'sums',
    what: 'a window of numbers has another count of a status than orders',
    sql: `with counted as (${countedAnew('true')})
      select status || ' in window ' || window id, coalesce(w.orders, 0) || ' counted, ' || coalesce(c.orders, 0) || ' are there' detail
      from counted c full join status_windows w using (status, window)
      where coalesce(c.orders, 0) <> coalesce(w.orders, 0) and ${ALL_COUNTED}`,
  },
];
