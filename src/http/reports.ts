/** `GET /reports/orders`: orders, units and amount by day, month, customer, product, hub or status. From sums, never from orders. */
import { Readable } from 'node:stream';
import { type Context, Hono } from 'hono';
import type { Config } from '../config.ts';
import { limits } from '../limits.ts';
import { createDayOf } from '../model/calendar-day.ts';
import { csvLine, escapeCell } from '../model/spreadsheet-cell.ts';
import { type PageRequest, pagesOf } from '../ports/page.ts';
import type { Ports } from '../ports/ports.ts';
import { REPORTS, type ReportBy, type ReportRow } from '../ports/read-models.ts';
import { accepts } from './accept.ts';
import { principalOf, refuseWithout } from './access-guard.ts';
import { compressed } from './compression.ts';
import { pageShape, readPage, respondWithPage } from './pages.ts';
import { oneOf, timeIn } from './parameters.ts';
import { sumsJson, VIEW_PROBLEMS, viewsOf } from './read-models.ts';
import { orderReportResponse, type ReportRowResponse } from './responses.ts';
import { type HttpEnv, route } from './route.ts';
import { streamBytes } from './streams.ts';

type ReportPorts = Pick<Ports, 'views'>;

export const reportRoutes = (ports: ReportPorts, config: Pick<Config, 'timeZone'>) =>
  new Hono<HttpEnv>().get('/reports/orders', getOrderReport(ports, config));

function getOrderReport(ports: ReportPorts, { timeZone }: Pick<Config, 'timeZone'>) {
  const time = timeIn(timeZone);
  const dayOf = createDayOf(timeZone);
  return route(
    {
      id: 'getOrderReport',
      tag: 'Statistics',
      summary: 'Orders, units and amount by day, month, customer, product, hub or status',
      description:
        'Days are those of the order date. An order of several products or hubs counts in each of them, with its items there. As CSV the whole report is sent, without pages.',
      query: {
        ...pageShape,
        by: oneOf(REPORTS).describe('By default `day`.'),
        from: time.describe('The first day.'),
        to: time.describe('The day behind the last one.'),
      },
      headers: {},
      responses: {
        200: {
          description: 'A page of the report, in the order of its keys; or all of it.',
          content: { 'application/json': orderReportResponse, 'text/csv': null },
        },
      },
      problems: ['invalid_parameter', 'invalid_cursor', 'too_many_reads', ...VIEW_PROBLEMS],
      engines: ['store'],
    },
    (c, readQuery) => {
      const views = viewsOf(ports);
      const query = readQuery(c);
      const by = query.by ?? 'day';
      if (by === 'customer') refuseWithout(principalOf(c), 'personal:read');
      const days = {
        from: query.from === undefined ? null : dayOf(query.from),
        to: query.to === undefined ? null : dayOf(query.to - 1),
      };
      const read = (slice: PageRequest) => views.report(by, days, slice);
      c.header('vary', 'Accept');
      if (accepts(c.req.header('accept'), 'text/csv'))
        return respondWithCsv(c, by, pagesOf(read, limits.viewsSubjectsAtOnce));
      const list = ['report', by, days.from, days.to];
      return respondWithPage(c, list, readPage(list, query), read, rowJson, () => ({ time_zone: timeZone }));
    },
  );
}

const rowJson = ({ key, name, ...sums }: ReportRow): ReportRowResponse => ({ key, name, ...sumsJson(sums) });

const NAMED: readonly ReportBy[] = ['customer', 'product'];

function respondWithCsv(c: Context<HttpEnv>, by: ReportBy, pages: AsyncIterable<ReportRow[]>): Response {
  const isNamed = NAMED.includes(by);
  const names = isNamed ? ['name'] : [];
  async function* lines() {
    yield csvLine([by, ...names, 'orders', 'units', 'amount', 'cancelled']);
    for await (const rows of pages) yield rows.map((row) => line(row, isNamed)).join('');
  }
  const isHead = c.req.method === 'HEAD';
  const blocks = isHead ? null : compressed(c, Readable.from(encoded(lines()), { objectMode: false }));
  return c.newResponse(blocks && streamBytes(blocks), 200, {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="orders-by-${by}.csv"`,
  });
}

async function* encoded(texts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const text of texts) if (text !== '') yield Buffer.from(text);
}

function line(row: ReportRow, isNamed: boolean): string {
  const { orders, units, amount, cancelled } = sumsJson(row);
  const name = isNamed ? [escapeCell(row.name ?? '')] : [];
  return csvLine([escapeCell(row.key), ...name, String(orders), String(units), amount, String(cancelled)]);
}
