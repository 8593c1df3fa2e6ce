/** What must hold of orders once all requests of clients were answered, whatever happened in between: read through HTTP alone. */
import { expect } from 'vitest';
import type { OrderHistoryResponse, OrderResponse, StatsResponse } from '../../src/http/responses.ts';
import { listAll, readEvents } from '../support/http.ts';
import { historyOf } from '../support/orders.ts';
import { getJson, type Service } from '../support/service.ts';
import { type Answer, type Asked, ask } from './clients.ts';

type Url = Pick<Service, 'url'>;
type Entry = OrderHistoryResponse['items'][number];

export interface Settled {
  asked: Asked;
  answers: Answer[];
}

export interface Orders {
  /** Without deleted ones. */
  listed: Map<string, OrderResponse>;
  /** Of each order that a client has named or that is listed; of one that nobody has changed it is not read. */
  histories: Map<string, Entry[]>;
  deleted: ReadonlySet<string>;
  /** The ids of all events that there must be, with their types. */
  events: Map<string, string>;
}

export async function listOrders(service: Url): Promise<Map<string, OrderResponse>> {
  const all = await listAll<OrderResponse>(service, '/orders?limit=1000');
  const listed = new Map(all.map((order) => [order.order_id, order]));
  expect(listed.size, 'no order is listed twice').toBe(all.length);
  return listed;
}

export async function readOrders(service: Url, settled: readonly Settled[]): Promise<Orders> {
  const listed = await listOrders(service);
  const named = new Set(
    settled.flatMap(({ answers }) => answers.map(({ orderId }) => orderId)).filter((id) => id !== ''),
  );
  const histories = new Map<string, Entry[]>();
  const deleted = new Set<string>();
  for (const id of named) {
    const { status } = await fetch(`${service.url}/orders/${id}`);
    expect([200, 404, 410]).toContain(status);
    if (status === 404) continue;
    histories.set(id, await historyOf(service, id));
    if (status === 410) deleted.add(id);
  }
  const events = new Map([...listed.keys()].map((id) => [`${id}:created`, 'order.created']));
  for (const [id, entries] of histories)
    for (const { version, action } of entries)
      events.set(`${id}:${version === 1 ? 'created' : version}`, `order.${action}`);
  return { listed, histories, deleted, events };
}

/** INV-8: versions without gaps, each from where the one before led to, up to the order as it is; each request in it at most once. */
export function checkHistories({ listed, histories, deleted }: Orders, settled: readonly Settled[]): void {
  const madeBy = new Map<string, { orderId: string; version: number; to: string }[]>();
  for (const [orderId, entries] of histories) {
    expect(
      entries.map(({ version }) => version),
      orderId,
    ).toEqual(entries.map((_, n) => n + 1));
    expect(entries.map(({ from }) => from).slice(1), orderId).toEqual(entries.map(({ to }) => to).slice(0, -1));
    const last = entries.at(-1)!;
    const { status, version } = listed.get(orderId) ?? { status: 'deleted', version: last.version };
    expect({ orderId, status, version }).toEqual({ orderId, status: last.to, version: last.version });
    if (deleted.has(orderId)) continue;
    for (const { reason, version, to } of entries.slice(1))
      madeBy.set(reason!, [...(madeBy.get(reason!) ?? []), { orderId, version, to }]);
  }
  for (const { asked, answers } of settled) {
    if (asked.kind !== 'move' && asked.kind !== 'edit') continue;
    const changes = madeBy.get(asked.key) ?? [];
    madeBy.delete(asked.key);
    for (const { orderId, status, version } of answers) {
      if (deleted.has(orderId)) continue;
      const own = changes.filter((change) => change.orderId === orderId);
      if (status === 200 && own.length === 0) {
        const { status: wanted } = asked.body as { status?: string };
        // It was so already.
        if (wanted) expect(histories.get(orderId)![version! - 1]!.to, asked.key).toBe(wanted);
      } else
        expect(
          own.map((change) => change.version),
          `${asked.key} on ${orderId}`,
        ).toEqual(status === 200 ? [version] : []);
    }
  }
  expect([...madeBy.keys()], 'changes that nobody asked for').toEqual([]);
  for (const [orderId, { source }] of listed) {
    const made = settled.flatMap(({ asked, answers }) =>
      answers.filter((answer) => asked.kind === 'create' && answer.orderId === orderId && answer.status === 201),
    );
    if (source.file_id === null || made.length > 0)
      expect({ orderId, file: source.file_id, made: made.length }).toEqual({ orderId, file: null, made: 1 });
  }
}

/** INV-2. `received`: by SKU and hub. */
export async function checkStock(
  service: Url,
  { listed }: Orders,
  received: ReadonlyMap<string, number>,
): Promise<void> {
  const left = new Map(received);
  for (const { status, items } of listed.values())
    for (const { sku, hub_id, quantity } of status === 'cancelled' ? [] : items)
      left.set(`${sku} ${hub_id}`, left.get(`${sku} ${hub_id}`)! - quantity);
  const rows = await listAll<{ sku: string; hub_id: string; available: number }>(service, '/inventory?limit=1000');
  const available = new Map(rows.map((row) => [`${row.sku} ${row.hub_id}`, row.available]));
  expect(Object.fromEntries(available)).toEqual(Object.fromEntries(left));
  expect(Math.min(...available.values())).toBeGreaterThanOrEqual(0);
}

/** INV-8: the sums are the fold of all orders. */
export async function checkSums(service: Url, { listed }: Orders): Promise<void> {
  const by_status: Record<string, number> = {};
  const by_hub: Record<string, number> = {};
  let minor = 0;
  for (const { status, items, total_amount } of listed.values()) {
    by_status[status] = (by_status[status] ?? 0) + 1;
    for (const hub of new Set(items.map(({ hub_id }) => hub_id))) by_hub[hub] = (by_hub[hub] ?? 0) + 1;
    if (status !== 'cancelled') minor += Math.round(Number(total_amount) * 100);
  }
  const amount = (minor / 100).toFixed(2);
  const { orders } = await getJson<StatsResponse>(service, '/stats');
  expect(orders).toEqual({ total: listed.size, by_status, by_hub, amount });
}

/** INV-3: each event once. Its bytes by its id, in the order of the stream. */
export async function readAllEvents(service: Url, { events }: Orders): Promise<Map<string, string>> {
  const stopped = new AbortController();
  const response = await fetch(`${service.url}/events?type=*&after=0`, { signal: stopped.signal });
  const found = new Map<string, string>();
  const types = new Map<string, string>();
  // Without end, so one that is missing shows as another that is too much.
  for await (const { data } of readEvents(response)) {
    if (data === '') continue;
    const { id, type } = JSON.parse(data) as { id: string; type: string };
    expect(found.has(id), `event ${id} comes twice`).toBe(false);
    expect(events.get(id), `event ${id}`).toBe(type);
    found.set(id, data);
    types.set(id, type);
    if (found.size === events.size) break;
  }
  stopped.abort();
  return found;
}

/** One key, one outcome: only what is judged afresh, as its order was deleted since, may have another. */
export async function checkAskedAgain(service: Url, { deleted }: Orders, settled: readonly Settled[]): Promise<number> {
  let repeated = 0;
  for (const { asked, answers } of settled) {
    // The order may be there by now, or have the version that was asked for.
    if (answers.some(({ status }) => status === 404 || status === 412)) continue;
    const again = await ask(service, asked);
    expect(again.length, asked.key).toBe(answers.length);
    for (const [n, answer] of answers.entries()) {
      if (deleted.has(answer.orderId)) {
        const statusOf = { create: 409, move: 410, edit: 410, delete: 204, restock: 200 };
        expect({ key: asked.key, status: again[n]!.status }).toEqual({ key: asked.key, status: statusOf[asked.kind] });
      } else expect({ key: asked.key, ...again[n]! }).toEqual({ key: asked.key, ...answer });
      repeated++;
    }
  }
  return repeated;
}

/** Something else under a key that was used is refused, and changes nothing. Returns how often. */
export async function checkKeysUsed(service: Url, { deleted }: Orders, settled: readonly Settled[]): Promise<number> {
  const changed = settled.filter(
    ({ asked, answers }) =>
      !('orders' in Object(asked.body)) &&
      ['create', 'move', 'edit'].includes(asked.kind) &&
      answers.every(({ orderId, status }) => status < 300 && !deleted.has(orderId)),
  );
  for (const { asked } of changed) {
    const other = asked.kind === 'create' ? { shipping_address: '1 Another Lane' } : { reason: 'another' };
    const answers = await ask(service, { ...asked, body: { ...Object(asked.body), ...other } });
    for (const { status, code } of answers)
      expect({ key: asked.key, status, code }).toEqual({ key: asked.key, status: 422, code: 'key_reused' });
  }
  return changed.length;
}
