/** `GET /orders.csv`: orders by the filters of `/orders` as one CSV file, a row for each item, which the format `oms` reads. */
import { Readable } from 'node:stream';
import { Hono } from 'hono';
import type { Config } from '../config.ts';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { ORDER_COLUMNS } from '../model/columns.ts';
import { formatMinor } from '../model/money.ts';
import type { Order } from '../model/order.ts';
import { csvLine, escapeCell } from '../model/spreadsheet-cell.ts';
import { ordersAsOf } from '../pipeline/export-orders.ts';
import type { Clock } from '../ports/clock.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { viewFor } from './access-guard.ts';
import { compressed } from './compression.ts';
import { orderFilters, readOrderFilter } from './orders.ts';
import { type HttpEnv, route } from './route.ts';
import { streamBytes } from './streams.ts';

interface ExportPorts {
  store: Pick<OrderStore, 'orders' | 'changes'>;
  clock: Clock;
}

export function orderCsvRoutes(ports: ExportPorts, config: Pick<Config, 'timeZone' | 'workflow'>) {
  return new Hono<HttpEnv>().get('/orders.csv', exportOrders(ports, config));
}

function exportOrders({ store, clock }: ExportPorts, config: Pick<Config, 'timeZone' | 'workflow'>) {
  let running = 0;
  return route(
    {
      id: 'exportOrders',
      tag: 'Orders',
      summary: 'Export orders as CSV, newest first',
      description:
        'All orders that the filters match, as they were when the request came; one that is deleted meanwhile is left out. `total_amount` is the total of the row.',
      query: orderFilters(config),
      responses: {
        200: { description: 'A row for each item.', content: { 'text/csv': null }, headers: ['content-disposition'] },
      },
      problems: ['invalid_parameter', 'too_many_reads'],
      engines: ['store'],
    },
    (c, readQuery) => {
      const filter = readOrderFilter(c, readQuery(c));
      const { personal } = viewFor(c);
      const headers = {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': 'attachment; filename="orders.csv"',
      };
      if (c.req.method === 'HEAD') return c.newResponse(null, 200, headers);
      if (running >= limits.maxExports)
        throw new OmsError('too_many_reads', `${limits.maxExports} exports are running: try again when one has ended`, {
          retryable: true,
        });
      running++;
      // Including what was done in this millisecond.
      const orders = ordersAsOf(store, filter, clock.now() + 1);
      const blocks = Readable.from(blocksOf(orders, personal), { objectMode: false });
      blocks.once('close', () => running--);
      return c.newResponse(streamBytes(compressed(c, blocks)), 200, headers);
    },
  );
}

async function* blocksOf(pages: AsyncIterable<Order[]>, personal: boolean): AsyncGenerator<Uint8Array> {
  yield Buffer.from(csvLine([...ORDER_COLUMNS, 'status', 'version']));
  for await (const orders of pages) {
    const text = orders.map((order) => rowsOf(order, personal)).join('');
    if (text !== '') yield Buffer.from(text);
  }
}

/** The order of the cells is that of `ORDER_COLUMNS`. What is hidden, or was erased, is empty. */
function rowsOf(order: Order, personal: boolean): string {
  const [name, email, address] = personal
    ? [escapeCell(order.customerName), escapeCell(order.customerEmail), escapeCell(order.shippingAddress)]
    : ['', '', ''];
  const date = new Date(order.orderDateMs).toISOString();
  const version = String(order.version);
  let rows = '';
  for (const { productName, sku, hubId, quantity, unitPriceMinor, lineTotalMinor } of order.items)
    rows += csvLine([
      ...[escapeCell(order.orderId), name, email, escapeCell(productName), escapeCell(sku), escapeCell(hubId)],
      ...[String(quantity), formatMinor(unitPriceMinor), formatMinor(lineTotalMinor), date, address],
      ...[order.status, version],
    ]);
  return rows;
}
