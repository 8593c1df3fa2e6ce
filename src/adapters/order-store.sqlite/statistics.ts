/** Sums for `/stats` and its history, from rows that each chunk and each change updated. */
import { FILE_STATUSES } from '../../model/file.ts';
import { isCounted, type Workflow } from '../../model/workflow.ts';
import type { Statistics } from '../../ports/statistics.ts';
import type { Database } from '../sqlite/database.ts';
import { PUBLISHED } from './outbox.ts';
import { HUB_SUM, STATUS_SUM } from './record-sums.ts';
import { newestNumber } from './sequence.ts';

export function createStatistics(db: Database, workflow: Workflow, publishes: boolean): Statistics {
  const totals = db.prepare('select name, value from totals');
  const amounts = db.prepare('select name, minor from amounts');
  const newest = newestNumber(db);
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
            .filter(([name, value]) => name.startsWith(prefix) && value > 0)
            .map(([name, value]) => [name.slice(prefix.length), value]),
        );
      const byStatus = new Map(
        (files.all() as { status: string; count: number }[]).map((row) => [row.status, row.count]),
      );
      const newestNow = newest();
      const published = publishes ? (sums.get(PUBLISHED) ?? 0) : newestNow;
      const orderCounts = startingWith(STATUS_SUM);
      return {
        files: Object.fromEntries(FILE_STATUSES.map((status) => [status, byStatus.get(status) ?? 0])) as never,
        rows: { total: sums.get('rows') ?? 0, accepted: sums.get('accepted') ?? 0, invalid: sums.get('invalid') ?? 0 },
        orders: {
          total: Object.values(orderCounts).reduce((total, count) => total + count, 0),
          byStatus: orderCounts,
          byHub: startingWith(HUB_SUM),
          amountMinor: (amounts.all() as { name: string; minor: string }[])
            .filter(({ name }) => isCounted(workflow, name.slice(STATUS_SUM.length)))
            .reduce((sum, { minor }) => sum + BigInt(minor), 0n),
        },
        invalidByCode: startingWith('code:'),
        // Numbers have no gaps, so the newest is how many there are.
        events: { published, pending: newestNow - published },
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
  };
}
