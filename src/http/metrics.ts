/** `GET /metrics`: the sums of `/stats` and the state of the process, for Prometheus. */
import { Hono } from 'hono';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { FinalizerLag } from '../pipeline/finalizer/lag.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { projectorJson } from './read-models.ts';
import { type HttpEnv, route } from './route.ts';

/** `lag`: null when there is no finalizer. */
export function metricsRoutes(
  {
    store,
    queue,
    views,
  }: { store: Pick<OrderStore, 'statistics' | 'journal'>; queue: JobQueue; views: ReadModels | null },
  lag: (() => Promise<FinalizerLag>) | null,
) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const files = gauge('oms_files', 'Files by status.', ['status']);
  const rows = gauge('oms_rows_total', 'Rows decided, by outcome.', ['outcome']);
  const rejected = gauge('oms_rejected_rows_total', 'Rejected rows by reason code.', ['code']);
  const orders = gauge('oms_orders', 'Orders by status.', ['status']);
  const events = gauge('oms_events', 'order.created events by state.', ['state']);
  const jobs = gauge('oms_jobs', 'Messages of the job queue by state.', ['state']);
  const behind = lag && gauge('oms_finalizer_events_behind', 'Events that the finalizer has not read.');
  const kept = lag && gauge('oms_finalizer_orders', 'Orders that the finalizer keeps, by state.', ['state']);

  const viewsBehind =
    views && gauge('oms_projector_behind', 'Creations and changes of orders that the read models lack.');

  const collect = async () => {
    const [totals, depth, finalizer, projector] = await Promise.all([
      store.statistics.totals(),
      queue.depth(),
      lag?.(),
      projectorJson({ store, views }),
    ]);
    for (const [status, count] of Object.entries(totals.files)) files.set({ status }, count);
    rows.set({ outcome: 'accepted' }, totals.rows.accepted);
    rows.set({ outcome: 'invalid' }, totals.rows.invalid);
    rows.set({ outcome: 'skipped' }, totals.rows.total - totals.rows.accepted - totals.rows.invalid);
    for (const [code, count] of Object.entries(totals.invalidByCode)) rejected.set({ code }, count);
    for (const [status, count] of Object.entries(totals.orders.byStatus)) orders.set({ status }, count);
    for (const [state, count] of Object.entries(totals.events)) events.set({ state }, count);
    jobs.set({ state: 'visible' }, depth.visible);
    jobs.set({ state: 'in_flight' }, depth.inFlight);
    jobs.set({ state: 'dead' }, depth.dead);
    if (projector) viewsBehind!.set(projector.behind);
    if (finalizer) {
      behind!.set(finalizer.eventsBehind ?? Number.NaN);
      kept!.set({ state: 'held' }, finalizer.held);
      kept!.set({ state: 'aside' }, finalizer.aside);
    }
    return registry.metrics();
  };

  return new Hono<HttpEnv>().get(
    '/metrics',
    route(
      {
        id: 'getMetrics',
        tag: 'Service',
        summary: 'Metrics for Prometheus',
        responses: { 200: { description: 'Text exposition format.', content: { 'text/plain': null } } },
        engines: ['store', 'queue'],
      },
      async (c) => c.body(await collect(), 200, { 'content-type': registry.contentType }),
    ),
  );
}
