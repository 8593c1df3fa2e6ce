/** What routes on read models share. `POST /projector/rebuild` makes them anew. */
import { Hono } from 'hono';
import { OmsError } from '../errors.ts';
import { dayText } from '../model/calendar-day.ts';
import { formatMinor } from '../model/money.ts';
import { projectorLag } from '../pipeline/projector/lag.ts';
import { askForRebuild } from '../pipeline/projector/rebuild.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { Ports } from '../ports/ports.ts';
import type { ReadModels, SubjectSums, Sums } from '../ports/read-models.ts';
import { auditTarget } from './audit-trail.ts';
import { type RebuildResponse, rebuildResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

/** Of each route on read models. */
export const VIEW_PROBLEMS = ['no_read_models', 'read_models_unavailable'] as const;

/** Throws `no_read_models`. */
export function viewsOf({ views }: Pick<Ports, 'views'>): ReadModels {
  if (views) return views;
  throw new OmsError(
    'no_read_models',
    'customers, products and reports are made where orders are in SQLite, and not on MongoDB yet',
  );
}

export const sumsJson = ({ orders, units, amountMinor, cancelled }: Sums) => ({
  ...{ orders, units, amount: formatMinor(amountMinor), cancelled },
});

export const daysJson = ({ firstDay, lastDay }: SubjectSums) => ({
  first_order: dayText(firstDay),
  last_order: dayText(lastDay),
});

export function projectorRoutes(ports: Pick<Ports, 'store' | 'views'>) {
  return new Hono<HttpEnv>().post('/projector/rebuild', rebuildReadModels(ports));
}

const rebuildReadModels = (ports: Pick<Ports, 'store' | 'views'>) =>
  route(
    {
      id: 'rebuildReadModels',
      tag: 'Service',
      summary: 'Make customers, products and reports anew',
      description: 'From all orders, beside other work. Until `projector.behind` of `GET /stats` is 0 they lack some.',
      responses: { 202: json(rebuildResponse, 'How many creations and changes of orders are to be read.') },
      problems: VIEW_PROBLEMS,
      engines: ['store'],
    },
    async (c) => {
      viewsOf(ports);
      await askForRebuild(ports.store);
      auditTarget(c, 'read models');
      return c.json({ behind: await ports.store.journal!.behind(null) } satisfies RebuildResponse, 202);
    },
  );

/** Null where no read models are made. */
export async function projectorJson({
  store,
  views,
}: {
  store: Pick<OrderStore, 'journal'>;
  views: ReadModels | null;
}) {
  if (!views || !store.journal) return null;
  return { behind: Math.max(0, await projectorLag(store.journal, views)) };
}
