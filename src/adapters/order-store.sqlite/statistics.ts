/** Sums for `/stats` and its history, from rows that each chunk moved; and the checks of `oms verify`. */
import { FILE_STATUSES } from '../../model/file.ts';
import type { Statistics, Violation } from '../../ports/order-store.ts';
import type { Database } from '../sqlite/database.ts';
import { PUBLISHED } from './outbox.ts';

export function createStatistics(db: Database, publishes: boolean): Statistics {
  const totals = db.prepare('select name, value from totals');
  const amount = db.prepare("select minor from amounts where name = 'orders'");
  const files = db.prepare('select shown_status status, count(*) count from files group by shown_status');
  // Numbers are bound as floats: only a cast makes the division a whole one.
  const history = db.prepare(`
    select minute * 60000 / cast(:bucket as integer) * cast(:bucket as integer) at, sum(rows) rows, sum(accepted) accepted,
      sum(invalid) invalid
    from history where minute >= cast(:from / 60000 as integer) and minute * 60000 < :to group by at order by at`);

  return {
    async totals() {
      const sums = new Map((totals.all() as { name: string; value: number }[]).map(({ name, value }) => [name, value]));
      const startingWith = (prefix: string) =>
        Object.fromEntries(
          [...sums]
            .filter(([name]) => name.startsWith(prefix))
            .map(([name, value]) => [name.slice(prefix.length), value]),
        );
      const byStatus = new Map(
        (files.all() as { status: string; count: number }[]).map((row) => [row.status, row.count]),
      );
      const accepted = sums.get('accepted') ?? 0;
      return {
        files: Object.fromEntries(FILE_STATUSES.map((status) => [status, byStatus.get(status) ?? 0])) as never,
        rows: { total: sums.get('rows') ?? 0, accepted, invalid: sums.get('invalid') ?? 0 },
        orders: {
          total: accepted,
          byStatus: startingWith('status:'),
          byHub: startingWith('hub:'),
          amountMinor: BigInt((amount.get() as { minor: string } | undefined)?.minor ?? '0'),
        },
        invalidByCode: startingWith('code:'),
        events: publishes
          ? { published: sums.get(PUBLISHED) ?? 0, pending: accepted - (sums.get(PUBLISHED) ?? 0) }
          : { published: accepted, pending: 0 },
      };
    },

    async history(bucketMs, fromMs, toMs) {
      const rows = history.all({ bucket: bucketMs, from: fromMs, to: toMs }) as Record<string, number>[];
      return rows.map(({ at, rows, accepted, invalid }) => ({
        atMs: at!,
        rows: rows!,
        accepted: accepted!,
        invalid: invalid!,
      }));
    },

    async *verify() {
      // One read transaction: what the service writes meanwhile is not seen, so nothing can look off that is not.
      db.exec('begin');
      try {
        for (const { invariant, what, sql } of CHECKS)
          for (const { id, detail } of db.prepare(sql).iterate() as Iterable<{ id: string; detail: string }>)
            yield { invariant, what: `${what}: ${detail}`, id } satisfies Violation;
      } finally {
        db.exec('rollback');
      }
    },
  };
}

const CHECKS: readonly { invariant: Violation['invariant']; what: string; sql: string }[] = [
  {
    invariant: 'INV-1',
    what: 'rows are not accepted + invalid',
    sql: `select file_id id, rows || ' rows, ' || accepted || ' accepted, ' || invalid || ' invalid' detail
      from files where rows <> accepted + invalid`,
  },
  {
    invariant: 'INV-1',
    what: 'the orders in the store are not the accepted rows',
    sql: `select f.file_id id, count(o.seq) || ' orders, ' || f.accepted || ' accepted' detail
      from files f left join orders o on o.file_no = f.file_no group by f.file_no having count(o.seq) <> f.accepted`,
  },
  {
    invariant: 'INV-1',
    what: 'the rejections in the store are not the invalid rows',
    sql: `select f.file_id id, count(r.row) || ' rejections, ' || f.invalid || ' invalid' detail
      from files f left join rejections r on r.file_no = f.file_no group by f.file_no having count(r.row) <> f.invalid`,
  },
  {
    invariant: 'INV-1',
    what: 'a row is an order and a rejection',
    sql: `select o.order_id id, f.file_id || ' row ' || o.row detail
      from orders o join rejections r on r.file_no = o.file_no and r.row = o.row join files f on f.file_no = o.file_no`,
  },
  {
    invariant: 'INV-1',
    what: 'a row is several orders',
    sql: `select min(o.order_id) id, f.file_id || ' row ' || o.row detail
      from orders o join files f on f.file_no = o.file_no group by o.file_no, o.row having count(*) > 1`,
  },
  {
    invariant: 'INV-2',
    what: 'received - available is not what orders hold',
    sql: `select json_array(sku, hub_id) id,
        'received ' || sum(received) || ', available ' || sum(available) || ', held ' || sum(held) detail
      from (
        select sku, hub_id, received, available, 0 held from stock
        union all
        select sku, hub_id, 0, 0, sum(quantity) from orders where stock_taken = 1 group by sku, hub_id
      ) group by sku, hub_id having sum(received) - sum(available) <> sum(held)`,
  },
  {
    invariant: 'INV-3',
    what: 'an order has no number in the outbox that follows the one before',
    sql: `select order_id id, 'number ' || seq || ' after ' || before detail
      from (select order_id, seq, lag(seq, 1, 0) over (order by seq) before from orders) where seq <> before + 1`,
  },
  {
    invariant: 'INV-3',
    what: 'the orders of a chunk are not the ones that it numbered',
    sql: `select f.file_id id, 'chunk ' || c.n || ': ' || count(o.seq) || ' orders, ' || c.accepted || ' numbered' detail
      from chunks c join files f on f.file_no = c.file_no
      left join orders o on o.seq between c.first_seq and c.first_seq + c.accepted - 1 and o.file_no = c.file_no
      group by c.file_no, c.n having count(o.seq) <> c.accepted`,
  },
];
