/** Orders of one product from many clients, each of which sends its next request when the one before was answered. */
import type { OrderResultsResponse } from '../../http/responses.ts';
import type { ServiceClient } from '../service-client.ts';

/** What is ordered, and how much of it there is. */
export interface Pair {
  sku: string;
  hubId: string;
  stock: number;
  /** Whether orders take stock, as the service says. */
  tracked: boolean;
}

export interface LoadOptions extends Pair {
  /** The start of the id of each order. */
  name: string;
  orders: number;
  /** Orders of one request. */
  batch: number;
  clients: number;
}

export interface Load extends Omit<LoadOptions, 'batch'> {
  seconds: number;
  ordersPerSecond: number;
  /** Of the requests, repeats and their pauses included. */
  latencyMs: { p50: number; p95: number; p99: number; max: number };
  accepted: number;
  /** By code, with the words of the first. */
  refused: Record<string, { count: number; detail: string }>;
  /** Requests that were sent again, and how many of these repeats the service asked for by 429. */
  repeated: number;
  paused: number;
  /** Orders whose requests were not answered in time: they may be stored. */
  unknown: number;
}

export async function order(client: ServiceClient, options: LoadOptions): Promise<Load> {
  const { batch: size, ...shown } = options;
  const requests = Math.ceil(options.orders / size);
  const latencies = new Float64Array(requests);
  const load: Omit<Load, 'seconds' | 'ordersPerSecond' | 'latencyMs'> = {
    ...shown,
    ...{ accepted: 0, refused: {}, repeated: 0, paused: 0, unknown: 0 },
  };
  let next = 0;
  const work = async () => {
    while (next < requests) {
      const n = next++;
      const from = n * size;
      const count = Math.min(size, options.orders - from);
      const started = performance.now();
      const path = size === 1 ? '/orders' : '/orders/batch';
      const answer = await client.request('POST', path, bodyOf(options, from, count)).catch(() => null);
      latencies[n] = performance.now() - started;
      if (answer === null || answer.status >= 500 || answer.status === 429) {
        load.unknown += count;
        continue;
      }
      load.repeated += answer.tries - 1;
      load.paused += answer.paused;
      const { status, body } = answer;
      if (size === 1 || status >= 400) for (let i = 0; i < count; i++) add(load, status, body);
      else
        for (const result of (body as OrderResultsResponse).results)
          add(load, result.status, 'problem' in result ? result.problem : null);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: Math.min(options.clients, requests) }, work));
  const seconds = (performance.now() - started) / 1000;
  return { ...load, seconds, ordersPerSecond: options.orders / seconds, latencyMs: percentiles(latencies) };
}

/** 200 is an order that was stored by a request whose answer was lost. */
function add(load: Pick<Load, 'accepted' | 'refused'>, status: number, body: unknown): void {
  if (status < 400) {
    load.accepted++;
    return;
  }
  const { code, detail } = body as { code: string; detail: string };
  load.refused[code] ??= { count: 0, detail };
  load.refused[code].count++;
}

function bodyOf(options: LoadOptions, from: number, count: number): object {
  if (options.batch === 1) return orderOf(options, from);
  return { orders: Array.from({ length: count }, (_, i) => orderOf(options, from + i)) };
}

const orderOf = ({ name, sku, hubId }: LoadOptions, n: number) => ({
  order_id: `${name}-${n}`,
  customer: { name: 'Stress Test', email: 'stress@example.com' },
  items: [{ sku, hub_id: hubId, product_name: 'Stress test', quantity: 1, unit_price: '1.00' }],
  shipping_address: '1 Test Street, Testville',
});

function percentiles(latencies: Float64Array): Load['latencyMs'] {
  const sorted = latencies.toSorted();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
