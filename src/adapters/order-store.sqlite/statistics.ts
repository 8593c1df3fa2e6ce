/** Sums for `/stats` and its history, from rows that each chunk updated. */
import { FILE_STATUSES } from '../../model/file.ts';
import type { Statistics } from '../../ports/statistics.ts';
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
  };
}
