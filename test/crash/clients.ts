/**
 * Clients that create and change orders while the service dies and comes back: each request has an Idempotency-Key, and is sent again
 * until it is answered. They share some order ids, with each other and with the rows of a file.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { OrderResponse, OrderResultsResponse } from '../../src/http/responses.ts';
import { createRandom } from '../simulator/random.ts';
import { send } from '../support/http.ts';
import { itemBody, orderBody } from '../support/orders.ts';
import { orderLine, type Service } from '../support/service.ts';
import { type Life, startLife, whileAlive } from './lives.ts';

export const HUBS = ['HUB-1', 'HUB-2'];
/** Enough of the first for a share of those who want it. */
export const STOCK = { 'SCARCE-1': 40, 'PLENTY-1': 1_000_000, 'PLENTY-2': 1_000_000 } as const;
const SKUS = Object.keys(STOCK);

/** Each of these rows of the file may be wanted by clients, too. */
const ROW_STEP = 40;
export const rowId = (n: number): string => `F-${n}`;
const quantityOf = (n: number): number => 1 + (n % 4);
const skuOf = (n: number): string => (n % 500 === 0 ? 'SCARCE-1' : 'PLENTY-1');

export const rowLine = (n: number): string =>
  orderLine(rowId(n), {
    sku: skuOf(n),
    quantity: String(quantityOf(n)),
    total_amount: ((quantityOf(n) * 1999) / 100).toFixed(2),
  });

export interface Asked {
  key: string;
  method: string;
  path: string;
  body: unknown;
  headers: Record<string, string>;
  kind: 'create' | 'move' | 'edit' | 'delete' | 'restock';
  /** Those that it may change. */
  orderIds: string[];
}

/** What became of one order of a request. */
export interface Answer {
  orderId: string;
  status: number;
  version: number | null;
  code: string | null;
}

/** Lives of the service, one after the other. */
export class Lives {
  readonly #dataDirectory: string;
  #current: Promise<Life>;
  /** Requests that had no answer when the service died. */
  lost = 0;

  constructor(dataDirectory: string) {
    this.#dataDirectory = dataDirectory;
    this.#current = startLife(dataDirectory);
  }

  get current(): Promise<Life> {
    return this.#current;
  }

  /** `kill -9`, unless this life has ended before, and the next life. */
  async endOf(life: Life): Promise<void> {
    if (life.killed) return;
    life.kill();
    this.#current = life.gone.then(() => startLife(this.#dataDirectory));
    await this.#current;
  }

  /** Sends until there is an answer. */
  async settle(asked: Asked): Promise<Answer[]> {
    for (;;) {
      const life = await this.#current;
      const answers = await whileAlive(life, (service) => ask(service, asked));
      if (answers === null) this.lost++;
      else if (answers.every(({ status }) => status !== 503)) return answers;
      else await delay(20);
    }
  }
}

export async function ask(service: Pick<Service, 'url'>, asked: Asked): Promise<Answer[]> {
  const { method, path, body, headers, key, orderIds } = asked;
  const response = await send(service, method, path, body, { ...headers, 'idempotency-key': key });
  const text = await response.text();
  const json = text === '' ? {} : JSON.parse(text);
  if (asked.kind === 'restock') return [{ orderId: '', status: response.status, version: null, code: null }];
  const single = { status: response.status, order: response.ok ? json : undefined, problem: json };
  const results = 'results' in json ? (json as OrderResultsResponse).results : [single];
  return results.map((result, n) => {
    const order = 'order' in result ? (result.order as Partial<OrderResponse> | undefined) : undefined;
    const problem = 'problem' in result ? (result.problem as { code?: string }) : {};
    const code = problem.code ?? null;
    return {
      orderId: order?.order_id ?? orderIds[n] ?? '',
      status: result.status,
      version: order?.version ?? null,
      code,
    };
  });
}

/** `rows`: of the file. */
export function createClients(seed: number, rows: number) {
  /** The orders that somebody was told of. */
  const known: string[] = [rowId(0)];

  function createClient(client: number) {
    const random = createRandom(seed * 1_000 + client);
    let requests = 0;
    const items = () =>
      Array.from({ length: random.between(1, 3) }, () =>
        itemBody({ sku: random.pick(SKUS), hub_id: random.pick(HUBS), quantity: random.between(1, 3) }),
      );
    const knownId = () =>
      random.chance(0.3) ? rowId(ROW_STEP * random.between(0, rows / ROW_STEP - 1)) : random.pick(known);
    const ifMatch = (): Record<string, string> =>
      random.chance(0.2) ? { 'if-match': `"${random.between(1, 3)}"` } : {};

    function newOrder(): { order_id?: string } & Record<string, unknown> {
      const n = ROW_STEP * random.between(0, rows / ROW_STEP - 1);
      const asRow = itemBody({ sku: skuOf(n), quantity: quantityOf(n) });
      return random.weighted<() => ReturnType<typeof newOrder>>([
        [3, () => orderBody({ order_id: `A-${client}-${requests}`, items: items() })],
        [2, () => orderBody({ items: items() })],
        // Others make the same order, or another one with its id.
        [2, () => orderBody({ order_id: `S-${random.between(1, 60)}`, items: [itemBody({ sku: random.pick(SKUS) })] })],
        [2, () => orderBody({ order_id: rowId(n), items: random.chance(0.5) ? [asRow] : items() })],
      ])();
    }

    function next(): Asked {
      const key = `key-${client}-${++requests}`;
      const on = (method: string, path: string, kind: Asked['kind'], orderIds: string[], body?: unknown): Asked => ({
        ...{ key, method, path, kind, orderIds, body },
        headers: {},
      });
      const status = random.pick(['confirmed', 'confirmed', 'shipped', 'delivered', 'cancelled']);
      return random.weighted<() => Asked>([
        [
          6,
          () => {
            const body = newOrder();
            return on('POST', '/orders', 'create', [body.order_id ?? ''], body);
          },
        ],
        [
          1,
          () => {
            const orders = [newOrder(), newOrder(), newOrder()];
            const ids = orders.map(({ order_id = '' }) => order_id);
            return on('POST', '/orders/batch', 'create', ids, { orders });
          },
        ],
        [
          5,
          () => {
            const id = knownId();
            const move = on('PUT', `/orders/${id}/status`, 'move', [id], { status, reason: key });
            return { ...move, headers: ifMatch() };
          },
        ],
        [
          5,
          () => {
            const id = knownId();
            const what = random.chance(0.7) ? { items: items() } : { shipping_address: `${requests} Mill Lane` };
            return { ...on('PATCH', `/orders/${id}`, 'edit', [id], { ...what, reason: key }), headers: ifMatch() };
          },
        ],
        [
          2,
          () => {
            const id = knownId();
            return on('DELETE', `/orders/${id}`, 'delete', [id]);
          },
        ],
        [
          1,
          () => {
            const ids = [...new Set([knownId(), knownId(), knownId()])];
            return on('POST', '/orders/status', 'move', ids, { order_ids: ids, status, reason: key });
          },
        ],
        [
          1,
          () => {
            const items = [{ sku: 'SCARCE-1', hub_id: random.pick(HUBS), delta: random.between(1, 3) }];
            return on('POST', '/inventory/adjust', 'restock', [], { items });
          },
        ],
      ])();
    }

    return {
      next,
      learn(answers: readonly Answer[]): void {
        for (const { orderId, status } of answers) if (status === 201) known.push(orderId);
      },
    };
  }
  return createClient;
}
