/**
 * `oms stress`: many clients order the same product of a running service at the same time. Prints the rate, the latencies and what was
 * refused, and checks that exactly the stock was sold or, where stock is not tracked, that all orders are stored. Exit code 0 when that
 * is so, else 1.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { visible } from '../model/characters.ts';
import { CLIENT_OPTIONS, connect } from './connect.ts';
import { type Load, order } from './stress/load.ts';
import { checkSold, preparePair, type Sold } from './stress/stock.ts';

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      ...CLIENT_OPTIONS,
      num: { type: 'string', default: '1000' },
      batch: { type: 'string', default: '1' },
      concurrency: { type: 'string', default: '50' },
      sku: { type: 'string' },
      hub: { type: 'string' },
      stock: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const orders = whole('num', values.num, limits.stressOrders);
  const batch = whole('batch', values.batch, limits.maxOrdersOfBatch);
  const clients = whole('concurrency', values.concurrency, limits.stressClients);
  const stock = values.stock === undefined ? null : whole('stock', values.stock, limits.maxStock);
  const client = connect(values, readConfig(), clients);
  try {
    const name = `stress-${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;
    const pair = await preparePair(client, { name, sku: values.sku, hubId: values.hub, stock, orders });
    const load = await order(client, { ...pair, name, orders, batch, clients });
    const sold = await checkSold(client, pair, name, load);
    const text = values.json ? `${JSON.stringify({ ...pair, ...load, ...sold })}\n` : report(load, sold, batch);
    process.stdout.write(text);
    return sold.ok ? 0 : 1;
  } finally {
    client.close();
  }
}

function report(load: Load, sold: Sold, batch: number): string {
  const { p50, p95, p99, max } = load.latencyMs;
  const ms = (value: number) => value.toFixed(1);
  const refused = Object.entries(load.refused).map(
    ([code, { count, detail }]) => `  refused    ${count} ${code}, such as: ${visible(detail)}\n`,
  );
  return [
    `${load.orders} orders of ${visible(load.sku)} at ${visible(load.hubId)}, ${batch} in a request, from ${load.clients} clients\n`,
    `  rate       ${Math.round(load.ordersPerSecond)} orders/s, ${load.seconds.toFixed(2)} s in all\n`,
    `  latency    p50 ${ms(p50)}, p95 ${ms(p95)}, p99 ${ms(p99)}, max ${ms(max)} ms\n`,
    '             from sending a request until its answer is complete, repeats included; a client sends\n',
    '             its next request after that, so a service that is slow is asked less often\n',
    `  accepted   ${load.accepted}\n`,
    ...refused,
    load.repeated > 0
      ? `  repeated   ${load.repeated} requests, after 503 or a broken connection; ${load.paused} after 429\n`
      : '',
    load.unknown > 0 ? `  unknown    ${load.unknown} orders, whose requests were not answered\n` : '',
    `  stock      ${stockText(load, sold)}, ${sold.stored} orders stored\n`,
    sold.ok
      ? `  exactly what was accepted ${load.tracked ? 'was sold' : 'is stored'}\n`
      : sold.wrong.map((line) => `  WRONG      ${line}\n`).join(''),
  ].join('');
}

const stockText = ({ tracked }: Load, { before, after }: Sold): string =>
  `${before} before, ${after} after: ${tracked ? `${before - after} sold` : 'not tracked'}`;

function whole(option: string, value: string, most: number): number {
  const number = /^\d{1,13}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= (option === 'stock' ? 0 : 1) && number <= most))
    throw new OmsError('invalid_option', `--${option} "${value}" is not a whole number up to ${most}`);
  return number;
}
