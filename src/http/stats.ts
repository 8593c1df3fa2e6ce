/** `/stats` and its history: sums that every chunk moved, no scan of orders. */
import { Hono } from 'hono';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { formatMinor } from '../model/money.ts';
import type { Clock } from '../ports/clock.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { oneOf, readQuery, timeIn } from './parameters.ts';
import type { HistoryResponse, StatsResponse } from './responses.ts';

const BUCKET_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

export function statsRoutes(
  { store, clock }: { store: Pick<OrderStore, 'statistics'>; clock: Clock },
  rowsPerSecond: () => number,
  timeZone = 'UTC',
) {
  const app = new Hono();
  const time = timeIn(timeZone);

  app.get('/stats', async (c) => {
    const { files, rows, orders, invalidByCode, events } = await store.statistics.totals();
    const answer: StatsResponse = {
      files: { total: Object.values(files).reduce((sum, count) => sum + count, 0), ...files },
      rows,
      orders: {
        total: orders.total,
        by_status: orders.byStatus,
        by_hub: orders.byHub,
        amount: formatMinor(orders.amountMinor),
      },
      invalid_by_code: invalidByCode,
      events,
      rows_per_second: rowsPerSecond(),
    };
    return c.json(answer);
  });

  app.get('/stats/history', async (c) => {
    const query = readQuery(c, { bucket: oneOf(['minute', 'hour', 'day']), from: time, to: time });
    const bucketMs = BUCKET_MS[query.bucket ?? 'minute'];
    const toMs = query.to ?? clock.now() + 1;
    const fromMs = query.from ?? toMs - bucketMs * limits.historyBuckets;
    if (fromMs >= toMs) throw new OmsError('invalid_parameter', 'from must be before to');
    if ((toMs - fromMs) / bucketMs > limits.maxHistoryBuckets)
      throw new OmsError(
        'invalid_parameter',
        `from and to span more than ${limits.maxHistoryBuckets} buckets: ask for less or a larger bucket`,
      );
    // What the clock has not come to, as it was set back, is not told yet.
    const items = await store.statistics.history(bucketMs, fromMs, Math.min(toMs, clock.now() + 1));
    const answer: HistoryResponse = {
      items: items.map(({ atMs, ...counts }) => ({ at: new Date(atMs).toISOString(), ...counts })),
    };
    return c.json(answer);
  });
  return app;
}

/** Rows per second over the last seconds, from totals that were seen. */
export class RowRate {
  #seen: { atMs: number; rows: number }[] = [];

  see(atMs: number, rows: number): void {
    // A clock that was set back or forward begins anew.
    const recent = this.#seen.filter((old) => old.atMs <= atMs && atMs - old.atMs <= limits.rateWindowMs);
    this.#seen = [...recent, { atMs, rows }];
  }

  forget(): void {
    this.#seen = [];
  }

  get rowsPerSecond(): number {
    const first = this.#seen[0];
    const last = this.#seen.at(-1);
    if (!first || !last || last.atMs <= first.atMs) return 0;
    return Math.max(0, Math.round(((last.rows - first.rows) * 1000) / (last.atMs - first.atMs)));
  }
}

/** Looks at the totals once a second. */
export function sampleRowsPerSecond({ store, clock }: { store: Pick<OrderStore, 'statistics'>; clock: Clock }) {
  const rate = new RowRate();
  const sample = async () => {
    const atMs = clock.now();
    try {
      rate.see(atMs, (await store.statistics.totals()).rows.total);
    } catch {
      rate.forget();
    }
  };
  const timer = setInterval(sample, limits.rateSampleMs);
  sample();
  return { rowsPerSecond: () => rate.rowsPerSecond, stop: () => clearInterval(timer) };
}
