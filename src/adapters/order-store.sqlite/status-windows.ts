/**
 * How many orders of each status have their number in a window of numbers, of which a list of one status reads those that have any. An
 * index by status would be an entry for each row of a file; this is one for each window of a chunk.
 */
import { limits } from '../../limits.ts';
import { DELETED } from '../../model/order-change.ts';
import type { Backfill } from '../../ports/backfills.ts';
import type { Database } from '../sqlite/database.ts';
import { STATUS_SUM } from './record-sums.ts';
import { newestNumber } from './sequence.ts';

const SIZE = limits.statusWindowNumbers;
const windowOf = (seq: number): number => Math.floor(seq / SIZE);

/** Counts the orders of some numbers anew. */
export const countedAnew = (numbers: string): string =>
  `select status, seq / ${SIZE} window, count(*) orders from orders where status <> '${DELETED}' and ${numbers} group by window, status`;

/** Writes them, with the orders themselves. */
export function statusWindows(db: Database) {
  const add = db.prepare(`insert into status_windows (status, window, orders) values (?, ?, ?)
    on conflict (status, window) do update set orders = orders + excluded.orders`);
  const remove = db.prepare('delete from status_windows where status = ? and window = ? and orders = 0');
  return {
    /** So many orders have the numbers from `first` on. */
    add(status: string, first: number, count: number): void {
      const end = first + count;
      for (let from = first; from < end; ) {
        const window = windowOf(from);
        const next = Math.min(end, (window + 1) * SIZE);
        add.run(status, window, next - from);
        from = next;
      }
    },
    /** An order with this number moves. */
    move(seq: number, from: string, to: string): void {
      if (from === to) return;
      add.run(from, windowOf(seq), -1);
      remove.run(from, windowOf(seq));
      if (to !== DELETED) add.run(to, windowOf(seq), 1);
    },
  };
}

/** Those of orders of earlier releases. A window that was changed before its step is counted anew. */
export const statusWindowsBackfill: Backfill<Database, string | null> = {
  name: 'status-windows',
  sinceVersion: 13,
  step(db, cursor) {
    const first = Number(cursor ?? 0);
    const end = first + Math.ceil(limits.backfillRows / SIZE);
    // Each status that an order ever had has a sum.
    const statuses = `select substr(name, ${STATUS_SUM.length + 1}) from totals where name like '${STATUS_SUM}%'`;
    db.prepare(`delete from status_windows where status in (${statuses}) and window >= ? and window < ?`).run(
      first,
      end,
    );
    const count = countedAnew('seq >= ? and seq < ?');
    db.prepare(`insert into status_windows (status, window, orders) ${count}`).run(first * SIZE, end * SIZE);
    return end * SIZE > newestNumber(db)() ? null : String(end);
  },
};

export const ALL_COUNTED = `exists (select 1 from backfills where name = '${statusWindowsBackfill.name}' and done = 1)`;

/** From and to, both included. */
export type Range = { low: number; high: number };

/**
 * Reads them. Returns the ranges that have all orders of a status between two numbers, newest first, none larger than a scan; null while
 * orders of earlier releases are not counted yet.
 */
export function statusRanges(db: Database) {
  const isDone = db.prepare(`select 1 where ${ALL_COUNTED}`);
  const find = db.prepare(
    'select window from status_windows where status = ? and window between ? and ? and orders > 0 order by window desc',
  );
  let known = false;

  function* ranges(status: string, low: number, high: number): Generator<Range> {
    let range: Range | undefined;
    for (const { window } of find.iterate(status, windowOf(low), windowOf(high)) as Iterable<{ window: number }>) {
      const start = Math.max(low, window * SIZE);
      const end = (window + 1) * SIZE;
      if (range && range.low === end && range.high - start < limits.maxScanOrders) range.low = start;
      else {
        if (range) yield range;
        range = { low: start, high: Math.min(high, end - 1) };
      }
    }
    if (range) yield range;
  }

  return (status: string, low: number, high: number) => {
    known ||= isDone.get() !== undefined;
    return known ? ranges(status, low, high) : null;
  };
}
