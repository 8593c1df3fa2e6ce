/** `/stats` and its history: sums that each chunk updates, so that no request scans orders. */
import { Hono } from 'hono';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { formatMinor } from '../model/money.ts';
import type { FinalizerLag } from '../pipeline/finalizer/lag.ts';
import { erasedSoFar } from '../pipeline/keep-orders.ts';
import { type DeletedSoFar, deletedSoFar } from '../pipeline/retention.ts';
import type { Clock } from '../ports/clock.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { oneOf, timeIn } from './parameters.ts';
import { projectorJson } from './read-models.ts';
import { type HistoryResponse, historyResponse, type StatsResponse, statsResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

const BUCKET_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

interface StatsPorts {
  store: Pick<OrderStore, 'statistics' | 'smallRecords' | 'journal'>;
  views: ReadModels | null;
  clock: Clock;
}

/** `lag`: null when there is no finalizer. */
export function statsRoutes(
  ports: StatsPorts,
  rowsPerSecond: () => number,
  timeZone = 'UTC',
  lag: (() => Promise<FinalizerLag>) | null = null,
) {
  const app = new Hono<HttpEnv>();
  app.get('/stats', getStats(ports, rowsPerSecond, lag));
  app.get('/stats/history', getHistory(ports, timeZone));
  return app;
}

const getStats = (
  { store, views }: StatsPorts,
  rowsPerSecond: () => number,
  lag: (() => Promise<FinalizerLag>) | null,
) =>
  route(
    {
      id: 'getStats',
      tag: 'Statistics',
      summary: 'Totals of files, rows, orders and events',
      responses: { 200: json(statsResponse, 'The totals.') },
      engines: ['store'],
    },
    async (c) => {
      const [totals, finalizer, projector, uploads, reports, people] = await Promise.all([
        store.statistics.totals(),
        lag?.(),
        projectorJson({ store, views }),
        deletedSoFar(store, 'upload'),
        deletedSoFar(store, 'report'),
        erasedSoFar(store),
      ]);
      const { files, rows, orders, invalidByCode, events } = totals;
      const response: StatsResponse = {
        files: { total: Object.values(files).reduce((sum, count) => sum + count, 0), ...files },
        rows: { ...rows, skipped: rows.total - rows.accepted - rows.invalid },
        orders: {
          total: orders.total,
          by_status: orders.byStatus,
          by_hub: orders.byHub,
          amount: formatMinor(orders.amountMinor),
        },
        invalid_by_code: invalidByCode,
        events,
        finalizer: finalizer ? lagJson(finalizer) : null,
        projector,
        retention: {
          uploads: deletedJson(uploads),
          reports: deletedJson(reports),
          orders: { erased: people.erased, through: timeOf(people.throughMs) },
        },
        rows_per_second: rowsPerSecond(),
      };
      return c.json(response);
    },
  );

const timeOf = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

const deletedJson = ({ deleted, throughMs }: DeletedSoFar) => ({ deleted, through: timeOf(throughMs) });

export const lagJson = ({ eventsBehind, held, aside }: FinalizerLag) => ({ events_behind: eventsBehind, held, aside });

function getHistory({ store, clock }: StatsPorts, timeZone: string) {
  const time = timeIn(timeZone);
  return route(
    {
      id: 'getHistory',
      tag: 'Statistics',
      summary: 'Rows over time',
      description: `\`from\` must be before \`to\`, and both span at most ${limits.maxHistoryBuckets} buckets.`,
      query: { bucket: oneOf(['minute', 'hour', 'day']), from: time, to: time },
      responses: { 200: json(historyResponse, 'Counts for each bucket that has any.') },
      problems: ['invalid_parameter'],
      engines: ['store'],
    },
    async (c, readQuery) => {
      const query = readQuery(c);
      const bucketMs = BUCKET_MS[query.bucket ?? 'minute'];
      const toMs = query.to ?? clock.now() + 1;
      const fromMs = query.from ?? toMs - bucketMs * limits.historyBuckets;
      if (fromMs >= toMs) throw new OmsError('invalid_parameter', 'from must be before to');
      if ((toMs - fromMs) / bucketMs > limits.maxHistoryBuckets)
        throw new OmsError(
          'invalid_parameter',
          `from and to span more than ${limits.maxHistoryBuckets} buckets: ask for less or a larger bucket`,
        );
      // If the clock was set back, there are counts at future times: they are left out.
      const items = await store.statistics.history(bucketMs, fromMs, Math.min(toMs, clock.now() + 1));
      const response: HistoryResponse = {
        items: items.map(({ atMs, ...counts }) => ({ at: new Date(atMs).toISOString(), ...counts })),
      };
      return c.json(response);
    },
  );
}
